"""Figures on whole verdicts, calibration curves, and on which posts they are measured: against cases counted by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest

from classify.corpus import Example
from classify.evaluation.curves import curves
from classify.evaluation.metrics import Bin, Figure, calibration_error, reliability
from classify.evaluation.report import report
from classify.evaluation.verdicts import GRAVE, by_topic
from classify.training.held_out import held_out
from classify.training.targets import split
from classify.verdict import LABELS, Aim, Judgement, Label, Score, Severity

LAWFUL = Example("1", "sv", "x", frozenset(), "none", "a")
THREAT = replace(LAWFUL, labels=frozenset({"threat"}), severity="high", target="person")
INSULT = replace(LAWFUL, labels=frozenset({"harassment"}), severity="low", target="person")


def said(severity: Severity = "none", aim: Aim | None = None, **chances: float) -> Judgement:
    """A judgement in which every label of a half or more is flagged."""
    scores = {label: Score(chances.get(label, 0.0), chances.get(label, 0.0) >= 0.5) for label in LABELS}
    return Judgement("sv", None, severity, scores, (), "m", aim)


JUDGED = [
    (LAWFUL, said()),
    (LAWFUL, said("low", harassment=0.9)),
    (LAWFUL, said("high", threat=0.6)),
    (LAWFUL, said(threat=0.2)),
    *[(THREAT, said("high", "person", threat=0.9))] * 3,
    (THREAT, said("high", "group", threat=0.8)),
    (THREAT, said("low", harassment=0.7, threat=0.4)),
    (INSULT, said("low", "person", harassment=0.8, threat=0.3)),
    (INSULT, replace(said(), unable="too-short")),
]
EXAMPLES = [replace(example, id=str(place), author=f"a{place}") for place, (example, _) in enumerate(JUDGED)]
JUDGEMENTS = [judgement for _, judgement in JUDGED]


def test_counts_whole_verdicts() -> None:
    found = {each.question: each for each in report(EXAMPLES, JUDGEMENTS, model="m").overall}
    assert {question: (each.posts, each.figure.value) for question, each in found.items()} == {
        "could not be judged": (11, pytest.approx(1 / 11, abs=1e-4)),
        "lawful: flagged": (4, 0.5),
        "lawful: judged high or above": (4, 0.25),
        "lawful: judged critical": (4, 0.0),
        "high or above: judged so": (5, 0.8),
        "flagged abuse: says whom it is aimed at": (6, pytest.approx(5 / 6, abs=1e-4)),
        "flagged abuse: right where it says so": (5, 0.8),
        "high or above: AP": (11, pytest.approx((4 / 4 * 4 / 5) + 5 / 6 / 5, abs=1e-4)),
    }
    low, high = found["high or above: judged so"].figure.interval
    assert low < 0.8 < high
    assert found["lawful: judged critical"].figure.interval == (
        0.0,
        0.4899,
    )  # none of four authors: 1.96² / (4 + 1.96²)


def test_intervals_are_drawn_over_what_is_held_out() -> None:
    """A topic of its own for each author is drawn as they are; of a single one every draw is the same."""
    many = [replace(each, topic=each.author) for each in EXAMPLES]
    one = [replace(each, topic="bron") for each in EXAMPLES]
    by_author = report(EXAMPLES, JUDGEMENTS, model="m")
    assert (
        report(many, JUDGEMENTS, model="m", owner=by_topic)
        == by_author
        != report(one, JUDGEMENTS, model="m", owner=by_topic)
    )
    (threat,) = report(one, JUDGEMENTS, model="m", owner=by_topic).figures
    assert threat.average_precision.interval == (threat.average_precision.value,) * 2


def test_counts_what_was_judged_critical_and_what_is() -> None:
    critical = replace(THREAT, severity="critical")
    pairs = [
        *[(critical, said("critical", threat=0.9))] * 2,
        (critical, said("high", threat=0.9)),
        (critical, said()),
        (THREAT, said("critical", threat=0.9)),
        (LAWFUL, said("critical", threat=0.8)),
        (LAWFUL, said()),
        (replace(LAWFUL, severity=None), said("critical", threat=0.8)),
    ]
    examples = [replace(example, id=str(place), author=f"a{place}") for place, (example, _) in enumerate(pairs)]
    found = {each.question: each for each in report(examples, [judged for _, judged in pairs], model="m").overall}
    assert {name: (each.posts, each.figure.value) for name, each in found.items() if "critical" in name} == {
        "lawful: judged critical": (2, 0.5),
        "critical: judged so": (4, 0.5),
        "critical: judged high or above": (4, 0.75),
        "judged critical: is so": (4, 0.5),
        "judged critical: is high or above": (4, 0.75),
        "judged critical: is lawful": (4, 0.25),
    }


def test_false_alarms_are_those_on_clean_posts() -> None:
    (threat,) = report(EXAMPLES, JUDGEMENTS, model="m").figures
    assert (threat.label, threat.positives, threat.texts, threat.clean) == ("threat", 5, 11, 4)
    assert threat.recall_at_1_per_1000.value == 0.8  # one lawful post has 0.6, one threat 0.4
    insulted = [replace(judged, labels={**judged.labels, "threat": Score(0.95, True)}) for judged in JUDGEMENTS[9:10]]
    (threat,) = report(EXAMPLES, [*JUDGEMENTS[:9], *insulted, JUDGEMENTS[10]], model="m").figures
    assert threat.recall_at_1_per_1000.value == 0.8


def test_what_was_judged_for_one_label_is_not_clean() -> None:
    judged = [replace(each, judged=frozenset({"threat"}), severity=None) for each in EXAMPLES]
    found = report(judged, JUDGEMENTS, model="m")
    assert [(each.label, each.clean, each.recall_at_1_per_1000) for each in found.figures] == [("threat", 0, None)]
    assert found.rows()[1][7] == "-"


def test_of_a_label_that_all_have_nothing_is_said() -> None:
    assert report(EXAMPLES[4:9], JUDGEMENTS[4:9], model="m").figures == ()


def test_verdicts_are_told_apart_by_language_and_source() -> None:
    examples = [replace(each, lang=("sv", "fi")[place % 2], source="x") for place, each in enumerate(EXAMPLES)]
    found = report([*EXAMPLES, *examples], JUDGEMENTS * 2, model="m", of="posts")
    assert {(each.source, each.language) for each in found.overall} == {("turvakt", "sv"), ("x", "sv"), ("x", "fi")}
    assert list(found.tables()) == ["Verdicts on posts", "Labels of posts"]
    assert found.overall_rows()[2] == ("sv", "turvakt", "lawful: flagged", "4", f"{found.overall[1].figure:.3f}")
    assert json.loads(json.dumps(found.as_json()))["overall"][0]["question"] == "could not be judged"


def test_nothing_is_said_of_aims_where_none_was_judged() -> None:
    judgements = [replace(judgement, aimed_at=None) for judgement in JUDGEMENTS]
    assert not any("aimed" in each.question for each in report(EXAMPLES, judgements, model="m").overall)


def test_an_insult_alone_is_never_grave() -> None:
    assert set(LABELS) - set(GRAVE) == {"harassment"}


def test_nothing_to_measure() -> None:
    found = report([], [], model="m")
    assert (found.overall, found.figures) == ((), ())
    assert curves([], [], model="m").curves == ()


EVERYWHERE = np.array([])  # where bins stand is not compared


def test_bins_of_probability() -> None:
    truth, chances = np.array([False, True, True, True]), np.array([0.02, 0.08, 0.55, 1.0])
    assert reliability(truth, chances) == [
        Bin(0.0, 2, pytest.approx(0.05), 0.5, EVERYWHERE),
        Bin(0.5, 1, pytest.approx(0.55), 1.0, EVERYWHERE),
        Bin(0.9, 1, 1.0, 1.0, EVERYWHERE),
    ]
    assert [each.places.tolist() for each in reliability(truth, chances)] == [[0, 1], [2], [3]]
    assert calibration_error(truth, chances) == pytest.approx((0.45 * 2 + 0.45) / 4)


def test_curves_by_language_source_and_label() -> None:
    found = curves(EXAMPLES, JUDGEMENTS, model="m")
    elsewhere = curves([*EXAMPLES, *(replace(each, source="x") for each in EXAMPLES)], JUDGEMENTS * 2, model="m").curves
    assert [(each.source, each.bins) for each in elsewhere] == [
        (name, found.curves[0].bins) for name in ("turvakt", "x")
    ]
    assert [(each.language, each.source, each.label) for each in found.curves] == [("sv", "turvakt", "threat")]
    assert sum(bin.texts for bin in found.curves[0].bins) == len(EXAMPLES)
    rows = found.tables()["Calibration on held-out authors"]
    assert rows[-1] == ("sv", "turvakt", "threat", "0.9", "3", "0.90", "1.00 (0.44-1.00)")
    unsure = next(bin for bin in found.curves[0].bins if bin.low == 0.0)
    assert (unsure.texts, unsure.interval) == (3, (0.0, 0.5615))  # 1.96² / (3 + 1.96²)
    wavering = [
        replace(LAWFUL, author="b0"),
        *[replace(each, author=f"b{n}") for n, each in enumerate([THREAT] * 5, 1)],
    ]
    (curve,) = curves(wavering, [said(threat=0.9)] * 6, model="m").curves
    low, high = curve.bins[0].interval
    assert curve.bins[0].share == pytest.approx(5 / 6)
    assert low < curve.bins[0].share < high
    assert json.loads(json.dumps(found.as_json()))["curves"][0]["bins"][-1]["texts"] == 3


def test_a_figure_in_any_form() -> None:
    found = Figure(0.1234, (0.1, 0.2))
    assert (str(found), f"{found}", f"{found:.1%}") == (
        "0.12 (0.10-0.20)",
        "0.12 (0.10-0.20)",
        "12.3% (10.0%-20.0%)",
    )


def _author(side: str) -> str:
    return next(name for name in map(str, range(1000)) if split(replace(LAWFUL, author=name)) == side)


def test_what_is_held_out() -> None:
    test, train = _author("test"), _author("train")
    kept = next(
        name for name in map(str, range(10_000)) if split(replace(LAWFUL, author=train, topic=name)) is None
    )  # a topic kept from training
    labels: frozenset[Label] = frozenset()
    posts = [
        Example("alone", "sv", "x", labels, "none", test),
        Example("points", "sv", "x", labels, "none", test, contrast="trained"),
        Example("pointed-at", "sv", "x", labels, "none", test),
        Example("twins-1", "sv", "x", labels, "none", test, contrast="twins-2"),
        Example("twins-2", "sv", "x", labels, "none", test, contrast="twins-1"),
        Example("trained", "sv", "x", labels, "none", train, contrast="pointed-at"),
        Example("topic", "sv", "x", labels, "none", train, topic=kept),
    ]
    assert [post.id for post in held_out(posts, "authors")] == [post.id for post in posts[:5]]
    assert [post.id for post in held_out(posts, "authors", apart=True)] == ["alone", "twins-1", "twins-2"]
    assert [post.id for post in held_out(posts, "topics")] == ["topic"]
    calibrated = Example("calibrated", "sv", "x", labels, "none", _author("dev"), topic=kept)
    assert held_out([*posts, calibrated], "topics") == []
    assert held_out(posts, "all") == posts
