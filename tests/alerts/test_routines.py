"""Routines: which is an incident's own, what it takes, and what is wrong with a file that is."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.incidents.incident import Incident
from alerts.messages.translations import LANGUAGES
from alerts.routines.routines import Routines, load_routines
from classify.verdict import LABELS, Label, Severity
from flow.errors import Broken
from tests.review.people import START

FILE = Path(__file__).parents[2] / "config" / "routines" / "routines.toml"
ONE = """
[[routine]]
name = "any"
steps = [{ step = "call", within = "15 min" }]
[owner.officer]
sv = "vakten"
fi = "päivystäjä"
en = "the officer"
[step.call]
owner = "officer"
title = { sv = "Ring", fi = "Soita", en = "Call" }
help = { sv = "Ring nu", fi = "Soita nyt", en = "Call now" }
"""


def incident(**changes: Any) -> Incident:
    usual = Incident(
        *("i1", "posts", "ekvik", "anna", "", "high", False, "triggered", "urgent"), 1, 0, None, START, START
    )
    return replace(usual, **changes)


@pytest.fixture(scope="module")
def shipped() -> Routines:
    return load_routines(FILE)


def steps(routines: Routines, of: Incident, *labels: str, country: Any = "SE") -> dict[str, timedelta]:
    return dict(routines.of(of, labels=labels, country=country))


def test_what_came_along_begins_with_her_safety_and_knows_both_countries(shipped: Routines) -> None:
    threat = steps(shipped, incident(threat=True))
    assert next(iter(threat.items())) == ("safe", timedelta(minutes=15))
    assert "police-se" in threat
    assert "police-fi" not in threat
    finnish = steps(shipped, incident(threat=True), country="FI")
    assert "police-fi" in finnish
    assert "police-se" not in finnish
    assert {"secrecy-se", "removal"} <= steps(shipped, incident(), "doxxing").keys()
    assert threat["follow-up"] == timedelta(days=7)
    assert steps(shipped, incident(kind="campaign", threat=True)) != threat
    assert steps(shipped, incident(severity="low")) == {}
    assert steps(shipped, incident(kind="drill")) == {}
    for label in LABELS:
        assert "employer" in steps(shipped, incident(severity="critical"), label)


@pytest.mark.parametrize("severity", ["medium", "high", "critical"])
@pytest.mark.parametrize(
    ("label", "own"),
    [
        ("hate", {"hate-motive", "not-alone", "removal"}),
        ("sexual", {"not-alone", "removal"}),
        ("influence", {"no-answer", "conflict-of-interest", "decision"}),
    ],
)
def test_what_each_label_takes_beside_its_severity(
    shipped: Routines, label: Label, own: set[str], severity: Severity
) -> None:
    by_severity, others = steps(shipped, incident(severity=severity)), {"evidence", "talk", "security-manager"}
    for country, police in (("SE", "police-se"), ("FI", "police-fi")):
        taken = steps(shipped, incident(severity=severity), label, "harassment", country=country)
        assert taken.keys() >= own | others | {police, "employer", "follow-up"}
        assert taken["evidence"] <= min(by_severity["evidence"], *taken.values())
        assert taken["evidence"] < taken[police]
    assert steps(shipped, incident(severity=severity, threat=True), label) == steps(shipped, incident(threat=True))


def test_of_lesser_abuse_one_decides_whether_to_report_it(shipped: Routines) -> None:
    assert "report-or-not" in steps(shipped, incident(severity="medium"), "harassment")
    assert "report-or-not" not in steps(shipped, incident(severity="high"), "harassment")


def test_every_step_says_in_three_languages_whose_it_is_and_how_it_is_done(shipped: Routines) -> None:
    for id in shipped._steps:
        step = shipped.step(id)
        assert step is not None
        for language in LANGUAGES:
            assert shipped.title(id, language) != id
            assert len(step.help.to(language)) > 20
            assert shipped.owner(step.owner, language) != step.owner
    assert shipped.title("gone", "sv") == shipped.owner("gone", "sv") == "gone"
    assert shipped.step("gone") is None


@pytest.mark.parametrize(
    ("wrong", "right", "says"),
    [
        ('within = "15 min"', 'within = "soon"', "routine 'any', key 'steps[0]': is not of the form"),
        ('step = "call"', 'step = "cal"', "routine 'any': there is no [step.cal]"),
        ('owner = "officer"', 'owner = "nobody"', "[step.call], key 'owner': there is no [owner.nobody]"),
        ('fi = "Soita", ', "", "[step.call]: key 'title': Object missing required field `fi`"),
        ('en = "Call now"', 'en = " "', "[step.call]: key 'help': key 'en': is empty"),
        (
            'name = "any"',
            'name = "any"\nlabels = ["rude"]',
            "routine 'any': key 'labels[0]': Invalid enum value. There are threat, ",
        ),
        ('name = "any"', 'name = "any"\nlabel = []', "routine 'any': unknown key `label`. There are name, "),
        ("[[routine]]", "[[routine]", "is not valid TOML"),
        ('[{ step = "call", within = "15 min" }]', "[]", "routine 'any': has no step"),
        (
            '{ step = "call", within = "15 min" }',
            '{ step = "call", within = "1 h" }, { step = "call", within = "2 h" }',
            "routine 'any': has the step 'call' twice",
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_place_with_the_remedy(wrong: str, right: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "routines.toml"
    file.write_text(ONE, "utf-8")
    assert steps(load_routines(file), incident()) == {"call": timedelta(minutes=15)}
    file.write_text(ONE.replace(wrong, right), "utf-8")
    with pytest.raises(Broken) as broken:
        load_routines(file)
    assert says in str(broken.value)
    assert str(file) in str(broken.value)
    assert "docs/routines.md" in str(broken.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Broken, match=r"alerts\.routines"):
        load_routines(tmp_path / "none.toml")
