"""The data set as others will meet it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pyarrow import parquet

from classify.corpus import read, row
from classify.training.publishing import SPLITS, WARNING, publish
from classify.training.targets import split
from flow.errors import BadInput, Broken
from tests.classify.material import MODELS
from tests.turvakt.process import Program

CORPUS = MODELS / "corpus"
FIELDS = ["id", "lang", "text", "labels", "severity", "target", "author", "topic", "register", "contrast", "source"]
LANGUAGES = ("sv", "fi")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("published") / "corpus"
    publish(CORPUS, out)
    return out


def test_what_is_published_is_the_corpus(out: Path) -> None:
    found = [example for language in LANGUAGES for example in read(out / language)]
    assert {example.id: example for example in found} == {example.id: example for example in read(CORPUS)}
    assert all(example.lang == language for language in LANGUAGES for example in read(out / language))


@pytest.mark.parametrize("part", SPLITS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_part_has_every_field_in_both_forms(out: Path, language: str, part: str) -> None:
    path = out / language / f"abusive_{part}.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert rows
    assert all(list(each) == FIELDS for each in rows)
    table = parquet.read_table(path.with_suffix(".parquet"))
    assert table.column_names == FIELDS
    assert table.to_pylist() == rows == [row(example) for example in read(path)]
    assert all((split(example) or "topics") == part for example in read(path))


def test_no_author_stands_on_two_sides(out: Path) -> None:
    sides = [
        {example.author for language in LANGUAGES for example in read(out / language / f"abusive_{part}.jsonl")}
        for part in ("train", "dev", "test")
    ]
    assert len(set().union(*sides)) == sum(map(len, sides))


def test_everything_warns(out: Path) -> None:
    assert (out / "WARNING.txt").read_text("utf-8") == WARNING
    for word in ("Warning", "Varning", "Varoitus"):
        assert word in WARNING
    assert "Warning" in (out / "README.md").read_text("utf-8")
    for language in LANGUAGES:
        for path in (out / language).iterdir():
            assert path.name.startswith("abusive_")
            if path.suffix == ".parquet":
                assert parquet.read_schema(path).metadata[b"warning"].decode() == WARNING


def test_the_card_is_one_that_the_hub_reads(out: Path) -> None:
    _, head, card = (out / "README.md").read_text("utf-8").split("---\n", 2)
    assert card.strip() == (CORPUS / "README.md").read_text("utf-8").strip()
    assert "language: [sv, fi]\nlicense: cc-by-4.0\ntask_categories: [text-classification]\n" in head
    paths = re.findall(r'path: "(.+)"', head)
    assert len(paths) == 3 * len(SPLITS)
    held = [found for path in paths for found in out.glob(path)]
    assert sorted(held) == sorted([*out.glob("*/*.parquet")] * 2)  # once under "all", once under its language
    for page in ("README.md", "DATASHEET.md"):
        for link in re.findall(r"\]\(([^):]+)\)", (out / page).read_text("utf-8")):
            assert (out / link).exists(), link


def test_labels_by_id_come_along_without_texts(out: Path) -> None:
    for name in ("readings", "native"):
        assert sorted(path.name for path in (out / name).iterdir()) == sorted(
            path.name for path in (CORPUS / name).iterdir()
        )
        for path in (out / name).iterdir():
            assert all("text" not in json.loads(line) for line in path.read_text("utf-8").splitlines())


def test_nothing_is_written_over(out: Path) -> None:
    with pytest.raises(BadInput, match="there already"):
        publish(CORPUS, out)
    with pytest.raises(BadInput, match="there already"):
        publish(CORPUS, out / "README.md")


def test_a_corpus_without_its_card_is_not_published(tmp_path: Path) -> None:
    (tmp_path / "part.jsonl").write_text(
        '{"id": "a-1", "lang": "sv", "text": "Hej", "labels": [], "severity": "none", "author": "a"}\n', "utf-8"
    )
    with pytest.raises(Broken, match=r"README\.md"):
        publish(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_pyarrow_the_remedy_is_named(tmp_path: Path) -> None:
    """In a process that cannot import it."""
    code = "import sys; sys.modules['pyarrow'] = None; from turvakt.cli import main; main(sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", code, "corpus", "export", "--corpus", str(CORPUS), "--out", str(tmp_path / "out")],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 4
    assert b"'pyarrow' is missing" in done.stderr
    assert b"uv pip install pyarrow" in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_commands(tmp_path: Path) -> None:
    program = Program(tmp_path / "data")
    ((counts),) = program.json("corpus", "export", "--out", str(tmp_path / "json"))
    assert sum(sum(each.values()) for each in counts.values()) == len(read(CORPUS))
    assert "topics" in program.run("corpus", "export", "--out", str(tmp_path / "shown"))
    assert program.finish("corpus", "export", "--out", str(tmp_path / "shown")).returncode == 2
    ((agreement),) = program.json("corpus", "agreement")
    assert set(agreement["posts"]) == set(LANGUAGES)
    assert "with the same labels and severity" in program.run("corpus", "agreement")
