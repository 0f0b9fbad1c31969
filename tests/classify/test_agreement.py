"""How far two readings agree: against known figures, and over the readings in the repository."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from classify.corpus import Example, read
from classify.evaluation.agreement import FOLDER, Pair, Reading, kappa, measure, read_readings
from classify.training.open_corpora import native_posts
from classify.verdict import Label, Severity
from flow.errors import BadInput, Broken
from tests.classify.material import MODELS

LAWFUL: dict[str, Any] = {"id": "a-1", "labels": [], "severity": "none", "target": "none"}
THREAT: dict[str, Any] = {"id": "a-1", "labels": ["threat"], "severity": "high", "target": "person"}


def written(folder: Path, *, first: list[Any], second: list[Any]) -> Path:
    for name, rows in (("first", first), ("second", second)):
        (folder / f"{name}-sv.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return folder


def example(id: str, author: str = "a") -> Example:
    return Example(id, "sv", "Hej", frozenset(), "none", author)


def reading(severity: Severity, *labels: Label) -> Reading:
    return Reading(frozenset(labels), severity)


def test_kappa_of_a_known_table() -> None:
    """20 times both yes, 5 and 10 times only one, 15 times both no: 0.7 observed, 0.5 by chance."""
    first = np.repeat([1, 1, 0, 0], (20, 5, 10, 15))
    second = np.repeat([1, 0, 1, 0], (20, 5, 10, 15))
    assert kappa(first, second) == pytest.approx(0.4)


def test_kappa_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    first = random.integers(5, size=300)
    second = np.clip(first + random.integers(-1, 2, size=300), 0, 4)
    assert kappa(first, second) == pytest.approx(cohen_kappa_score(first, second, weights="quadratic"))
    assert kappa(first > 2, second > 2) == pytest.approx(cohen_kappa_score(first > 2, second > 2))


def test_kappa_at_its_ends() -> None:
    steps = np.array([0, 1, 0, 1])
    assert kappa(steps, steps) == 1
    assert kappa(steps, 1 - steps) == -1
    assert kappa(steps, np.array([0, 0, 1, 1])) == 0
    assert kappa(np.zeros(3, np.intp), np.zeros(3, np.intp)) == 1


def test_counts_who_said_what() -> None:
    same = reading("high", "threat")
    pairs = {
        "a-1": Pair(same, same),
        "a-2": Pair(same, reading("none")),
        "a-3": Pair(reading("low", "harassment"), reading("critical", "threat", "harassment")),
        "a-4": Pair(reading("none"), reading("none")),
    }
    examples = [example(id, author=id) for id in (*pairs, "a-5")]
    report = measure(pairs, examples)
    assert (report.posts, report.same) == ({"sv": 4}, {"sv": 2})
    found = {each.question: (each.both, each.first, each.second) for each in report.agreements}
    assert found["threat"] == (1, 1, 1)
    assert found["harassment"] == (1, 0, 0)
    assert found["doxxing"] == (0, 0, 0)
    assert found["high or above"] == (1, 1, 1)
    assert found["severity"] == (1, 1, 1)
    assert report.rows()[1][:5] == ("sv", "threat", "1", "1", "1")
    assert report.as_json()["agreements"][0]["kappa"]["value"] == 0
    with pytest.raises(BadInput, match="the corpus lacks"):
        measure(pairs, examples[1:])


def test_reads_the_second_where_no_first_stands(tmp_path: Path) -> None:
    folder = written(tmp_path, first=[LAWFUL], second=[THREAT, THREAT | {"id": "a-2"}])
    threat = reading("high", "threat")
    assert read_readings(folder) == {"a-1": Pair(reading("none"), threat), "a-2": Pair(threat, threat)}


@pytest.mark.parametrize(
    ("first", "second", "place"),
    [
        ([], [THREAT, THREAT], "second-sv.jsonl, line 2"),
        ([], [THREAT, [1]], "second-sv.jsonl, line 2"),
        ([], [{"id": "a-1"}], "second-sv.jsonl, line 1"),
        ([], [THREAT | {"labels": ["rude"]}], "second-sv.jsonl, line 1"),
        ([], [THREAT | {"labels": []}], "second-sv.jsonl, line 1"),
        ([], [THREAT | {"severity": "bad"}], "second-sv.jsonl, line 1"),
        ([THREAT], [THREAT], "first-sv.jsonl, line 1"),
        ([THREAT | {"id": "a-2"}], [THREAT], "first-sv.jsonl, line 1"),
    ],
)
def test_names_file_and_line(tmp_path: Path, first: list[Any], second: list[Any], place: str) -> None:
    with pytest.raises(BadInput, match=place):
        read_readings(written(tmp_path, first=first, second=second))


def test_no_readings(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="no second readings"):
        read_readings(tmp_path)


def test_the_shipped_readings_cover_the_corpus() -> None:
    examples = read(MODELS / "corpus")
    pairs = read_readings(MODELS / "corpus" / FOLDER)
    assert set(pairs) == {each.id for each in examples}


def test_the_shipped_readings_of_native_posts_are_of_posts_with_labels() -> None:
    posts = {each.id for each in native_posts(MODELS / "corpus" / "native")}
    pairs = read_readings(MODELS / "corpus" / FOLDER, native=True)
    assert set(pairs) <= posts
    assert len(posts - set(pairs)) == 98  # the data card says so


@pytest.mark.parametrize("native", [False, True])
def test_the_card_says_what_was_measured(native: bool) -> None:
    card = (MODELS / "corpus" / "README.md").read_text("utf-8")
    examples = native_posts(MODELS / "corpus" / "native") if native else read(MODELS / "corpus")
    report = measure(read_readings(MODELS / "corpus" / FOLDER, native=native), examples)
    for each in report.agreements:
        assert f"{each.both} / {each.first} / {each.second} | {each.kappa} |" in card
    for language, posts in report.posts.items():
        assert f"{report.same[language] / posts:.1%}".replace("%", " %") in card
