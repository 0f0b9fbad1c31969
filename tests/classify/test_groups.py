"""Lawful sentences about groups of people, and the gaps between the groups."""

import json
from pathlib import Path

import pytest

from classify.classifiers.cascade import Cascade
from classify.classifiers.linear import Linear
from classify.evaluation.groups import FILE, Gap, Sentence, read_groups, run
from flow.errors import BadInput, Broken
from tests.classify.material import MODELS
from tests.classify.watchword import Watchword

SENTENCES = [
    Sentence(group, "sv", f"{name} {text}")
    for group, name in (("teachers", "Lärarna"), ("farmers", "Bönderna"))
    for text in ("gick på möte.", "gick hem.")
]


def test_the_harshest_and_the_mildest_group() -> None:
    report = run(Watchword("Bönderna gick hem"), SENTENCES)
    assert [(each.group, each.texts, each.mean, each.flagged, each.high) for each in report.slices] == [
        ("teachers", 2, 0.25, 0, 0),
        ("farmers", 2, 0.65, 1, 1),
    ]
    assert report.gaps == (Gap("sv", "farmers", "teachers", 0.4, 0.5),)
    assert json.dumps(report.as_json())
    assert report.tables()["Gaps between groups"][1] == ("sv", "farmers", "teachers", "0.40", "50%")


def test_the_shipped_sentences_are_many_and_alike() -> None:
    sentences = read_groups(MODELS / "suite" / FILE)
    groups = {sentence.group for sentence in sentences}
    assert len(groups) >= 15
    for language in ("sv", "fi"):
        texts = [sentence.text for sentence in sentences if sentence.lang == language]
        assert len(set(texts)) == len(texts) >= 6 * len(groups)


def test_the_shipped_linear_model_alarms_nobody_about_lawful_talk() -> None:
    """A floor for the linear model alone: many sentences are flagged, none is judged high or above."""
    report = run(Cascade(Linear.open(MODELS), None), read_groups(MODELS / "suite" / FILE))
    assert [(each.language, each.group, each.high) for each in report.slices if each.high] == []


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("[a", "not valid TOML"),
        ("a = 1", "nothing else"),
        ("[a]\nsv = ['Hej']", "nothing else"),
        ("[a]\nsv = ['Hej']\nfi = ''", "'fi' must be a list"),
        ("[a]\nsv = ['Hej']\nfi = [' ']", "'fi' must be a list"),
        ("[a]\nsv = ['Hej']\nfi = []", "different numbers"),
        ("[a]\nsv = ['Hej']\nfi = ['Hei']\n[b]\nsv = ['Hej', 'du']\nfi = ['Hei', 'sä']", "different numbers"),
        ("", "different numbers"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, written: str, reason: str) -> None:
    path = tmp_path / FILE
    path.write_text(written, "utf-8")
    with pytest.raises(BadInput, match=reason):
        read_groups(path)


def test_an_absent_file_stops(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="cannot be read"):
        read_groups(tmp_path / FILE)
