"""A wrong line is named by file, line and field. Contains abusive test material."""

import json
from pathlib import Path
from typing import Any

import pytest

from classify.corpus import read
from flow.errors import BadInput, Broken
from tests.classify.material import MODELS

ROW: dict[str, Any] = {"id": "a-1", "lang": "sv", "text": "Hej", "labels": [], "severity": "none", "author": "a"}


def written(folder: Path, *rows: Any) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    (folder / "part.jsonl").write_text("\n".join(lines) + "\n\n", encoding="utf-8")
    return folder


def test_reads_a_folder_and_a_file(tmp_path: Path) -> None:
    folder = written(tmp_path, ROW, ROW | {"id": "a-2", "labels": ["threat"], "severity": "high", "target": "person"})
    assert [example.id for example in read(folder)] == ["a-1", "a-2"]
    assert read(folder / "part.jsonl")[1].labels == {"threat"}


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (ROW | {"lang": "en"}, "lang"),
        (ROW | {"text": " "}, "text"),
        (ROW | {"id": 3}, "id"),
        (ROW | {"labels": ["rude"]}, "labels"),
        (ROW | {"labels": "threat"}, "labels"),
        (ROW | {"severity": "bad"}, "severity"),
        (ROW | {"severity": "high"}, "severity"),
        (ROW | {"labels": ["threat"]}, "severity"),
        (ROW | {"target": "dog"}, "target"),
        ({key: value for key, value in ROW.items() if key != "author"}, "author"),
        (ROW | {"id": "a-0"}, "id"),
    ],
)
def test_names_file_line_and_field(tmp_path: Path, row: dict[str, Any], field: str) -> None:
    folder = written(tmp_path, ROW | {"id": "a-0"}, row)
    with pytest.raises(BadInput, match=rf"part.jsonl, line 2: field '{field}'"):
        read(folder)


@pytest.mark.parametrize("line", ["{", "[1]", '"x"'])
def test_refuses_what_is_no_object(tmp_path: Path, line: str) -> None:
    with pytest.raises(BadInput, match="line 1"):
        read(written(tmp_path, line))


def test_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="no labelled posts"):
        read(tmp_path)
    with pytest.raises(Broken, match="cannot be read"):
        read(tmp_path / "absent.jsonl")


def test_the_shipped_corpus_is_right_and_large_enough() -> None:
    examples = read(MODELS / "corpus")
    for language in ("sv", "fi"):
        assert sum(example.lang == language for example in examples) >= 600
    ids = {example.id for example in examples}
    assert all(example.contrast in ids for example in examples if example.contrast)
