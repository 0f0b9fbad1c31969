"""A wrong line is named by file, line and field. Contains abusive test material."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from classify.corpus import Example, line, read
from classify.training.quality import Shape, near_copies, same_words, shape
from classify.verdict import Label
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


def test_what_is_written_is_read(tmp_path: Path) -> None:
    lines = [
        json.dumps(ROW),
        json.dumps(ROW | {"id": "a-2", "topic": "skola", "contrast": "a-1", "source": "decisions"}),
    ]
    examples = read(written(tmp_path, "# a remark", *lines))
    assert [(example.topic, example.source) for example in examples] == [("", "turvakt"), ("skola", "decisions")]
    hate = frozenset[Label]({"hate"})
    examples.append(replace(examples[0], id="a-3", labels=hate, severity="medium", judged=hate))
    examples.append(replace(examples[0], id="a-4", severity=None, judged=hate, below="high"))
    assert read(written(tmp_path, *map(line, examples))) == examples


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
        (ROW | {"severity": None}, "severity"),
        (ROW | {"below": "high"}, "severity"),
        (ROW | {"severity": None, "below": "high", "labels": ["hate"]}, "severity"),
        (ROW | {"severity": None, "below": "none"}, "below"),
        (ROW | {"judged": "hate"}, "judged"),
        (ROW | {"judged": ["hate"], "labels": ["threat"], "severity": "high"}, "judged"),
        (ROW | {"target": "dog"}, "target"),
        (ROW | {"topic": 3}, "topic"),
        (ROW | {"register": ["tweet"]}, "register"),
        (ROW | {"contrast": 7}, "contrast"),
        (ROW | {"source": False}, "source"),
        *(
            (ROW | {name: "a\ud800"}, name)
            for name in ("id", "text", "author", "topic", "register", "contrast", "source")
        ),
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


def example(id: str, text: str, contrast: str | None = None) -> Example:
    return Example(id, "sv", text, frozenset(), "none", "a", contrast=contrast)


def test_a_filled_template_is_a_near_copy() -> None:
    one = example("1", "Ordföranden i Granby borde skämmas för hur hon behandlar föräldrarna, säger Anna Ek.")
    two = example("2", "Ordföranden i Norrvika borde skämmas för hur hon behandlar föräldrarna, säger Olle Berg.")
    three = example("3", "Har nån sett min katt? Grå, lystrar till Sotis, smet vid kyrkan i fredags.")
    assert list(near_copies([one, two, three])) == [(one, two)]
    assert list(near_copies([one, replace(two, contrast="1"), three])) == []


def test_a_template_stops_the_growth_of_words() -> None:
    slots = [f"{chr(97 + place % 26) * 3} säger nej till vindkraften" for place in range(6000)]
    assert shape(slots).growth == 0
    assert shape(["Hej på dig.", "jag kommer", "Nej"]).lengths == (1, 2, 2)


def test_short_posts_of_the_same_words_are_copies() -> None:
    one, two, three = example("1", "Hej då, 12!"), example("2", "hej då Olle Berg"), example("3", "👍")
    assert list(same_words([one, two, three, replace(three, id="4")])) == [(one, two)]
    assert list(same_words([one, replace(two, contrast="1")])) == []
    assert list(same_words([one, replace(two, lang="fi")])) == []


# What native posts look like: Flashback in ABSAbank-Imm (1,865 posts) and Suomi24 (1,667), by classify.training.quality.shape.
NATIVE = {"sv": Shape((6, 22, 64), 17.05), "fi": Shape((6, 21, 71), 35.4)}
SAID_TWICE = {
    ("fi-h-1005", "fi-i-0770"),
    ("fi-i-1016", "fi-j-0197"),
    ("sv-e-0056", "sv-h-0665"),
    ("sv-e-0058", "sv-k-1138"),
}
"""Short posts of which two authors wrote the same words."""


@cache
def shipped() -> list[Example]:
    return read(MODELS / "corpus")


@pytest.mark.parametrize("language", ["sv", "fi"])
def test_the_shipped_corpus_is_as_varied_as_native_posts(language: str) -> None:
    examples = [example for example in shipped() if example.lang == language]
    assert [(one.id, two.id) for one, two in near_copies(examples)] == []
    assert {(one.id, two.id) for one, two in same_words(examples)} <= SAID_TWICE
    random.Random(0).shuffle(examples)
    found, native = shape([example.text for example in examples]), NATIVE[language]
    assert found.growth > 0.85 * native.growth
    assert found.lengths[0] <= native.lengths[0]
    assert 0.6 < found.lengths[1] / native.lengths[1] < 1.4
    assert 0.5 < found.lengths[2] / native.lengths[2] < 1.2  # long posts are too few: the data card says so
    assert len({example.register for example in examples}) >= 12


def test_the_shipped_corpus_is_right() -> None:
    ids = {example.id for example in shipped()}
    assert all(example.contrast in ids for example in shipped() if example.contrast)


@pytest.mark.parametrize("language", ["sv", "fi"])
def test_the_shipped_corpus_is_large_enough(language: str) -> None:
    examples = [example for example in shipped() if example.lang == language]
    assert len(examples) >= 6000
    abusive = {example.id for example in examples if example.labels}
    named = {example.contrast for example in examples if example.labels}
    hard = [each for each in examples if not each.labels and (each.contrast in abusive or each.id in named)]
    assert len(hard) >= 0.4 * len(examples)  # lawful twins of abusive posts
    assert sum("threat" in example.labels for example in examples) >= 0.15 * len(examples)


def test_the_data_card_counts_the_shipped_corpus() -> None:
    card = (MODELS / "corpus" / "README.md").read_text("utf-8")
    by_language = [[example for example in shipped() if example.lang == language] for language in ("sv", "fi")]

    def row(name: str, *counts: Callable[[list[Example]], int]) -> str:
        return (
            f"| {name} | "
            + " | ".join(" / ".join(f"{count(each):,}" for count in counts) for each in by_language)
            + " |"
        )

    def label(name: Label) -> Callable[[list[Example]], int]:
        return lambda examples: sum(name in example.labels for example in examples)

    rows = [
        row("posts", len),
        row("lawful (`none`)", lambda examples: sum(not example.labels for example in examples)),
        row("threat / hate / harassment", label("threat"), label("hate"), label("harassment")),
        row("sexual / doxxing / influence", label("sexual"), label("doxxing"), label("influence")),
        row("invented authors", lambda examples: len({example.author for example in examples})),
    ]
    assert [row for row in rows if row not in card] == []
