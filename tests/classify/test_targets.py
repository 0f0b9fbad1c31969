"""What heads should say of an example, and that no author stands on both sides of the split."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classify.corpus import Example, read
from classify.heads import HEADS
from classify.training.calibrating import AT_LEAST, FALSE_ALARMS, calibrate, screen_at, shared
from classify.training.card import bars
from classify.training.decisions import read_decisions
from classify.training.targets import split, wanted
from flow.errors import Broken
from tests.classify.material import MODELS

KNOWN = Example("1", "sv", "x", frozenset({"hate"}), "medium", "a", target="person")


def said(example: Example) -> dict[str, float]:
    return dict(zip(HEADS, wanted([example])[0].tolist(), strict=True))


def test_everything_is_known_of_our_own() -> None:
    heads = said(KNOWN)
    assert [head for head, value in heads.items() if value == 1] == ["hate", "low", "medium", "person"]
    assert not np.isnan(list(heads.values())).any()


def test_what_was_not_judged_is_masked() -> None:
    other = Example("1", "fi", "x", frozenset({"threat"}), None, "a", source="x", judged=frozenset({"threat"}))
    heads = said(other)
    assert [head for head, value in heads.items() if value == 1] == ["threat", "low", "medium", "high"]
    assert np.isnan([heads[head] for head in ("hate", "critical", "person")]).all()


def test_whom_it_is_aimed_at_may_be_unknown() -> None:
    decided = Example("1", "sv", "x", frozenset({"hate"}), "medium", "a", target="unknown", source="decisions")
    heads = said(decided)
    assert [head for head, value in heads.items() if value == 1] == ["hate", "low", "medium"]
    assert [head for head, value in heads.items() if np.isnan(value)] == ["person"]
    unknown = Example("1", "fi", "x", frozenset(), None, "a", source="x", judged=frozenset({"hate"}))
    assert [head for head, value in said(unknown).items() if not np.isnan(value)] == ["hate"]


def test_a_severity_is_the_least_one_where_not_all_labels_were_judged() -> None:
    hate = frozenset({"hate"})
    there = Example("1", "sv", "x", hate, "medium", "a", target="unknown", source="decisions", judged=hate)
    absent = replace(there, labels=frozenset(), severity=None, below="high")
    assert {head: value for head, value in said(there).items() if not np.isnan(value)} == {
        "hate": 1,
        "low": 1,
        "medium": 1,
    }
    assert {head: value for head, value in said(absent).items() if not np.isnan(value)} == {
        "hate": 0,
        "high": 0,
        "critical": 0,
    }


def test_decisions_are_trained_on_whoever_wrote_them() -> None:
    """What they are known by hangs on a salt that is another one in each export."""
    texts = [replace(KNOWN, author=f"author {number}") for number in range(100)]
    assert len({split(each) for each in texts}) == 3
    assert {split(replace(each, source="decisions")) for each in texts} == {"train"}


def test_the_same_decisions_come_in_the_same_order_whatever_they_are_called(tmp_path: Path) -> None:
    rows = [{"lang": "sv", "labels": [], "severity": "none", "text": f"Tack för bron nummer {n}"} for n in range(9)]
    for salt in (1, 2):
        lines = sorted(
            json.dumps({"id": f"{n * salt % 7}-{n}", "author": f"a{n * salt % 7}"} | row) for n, row in enumerate(rows)
        )
        (tmp_path / f"{salt}.jsonl").write_text("\n".join(lines), "utf-8")
    first, second = (read_decisions(tmp_path / f"{salt}.jsonl") for salt in (1, 2))
    assert [each.text for each in first] == [each.text for each in second]
    assert [each.id for each in first] != [each.id for each in second]


def test_authors_are_on_one_side() -> None:
    examples = read(MODELS / "corpus")
    sides: dict[str, set[str | None]] = {}
    for example in examples:
        sides.setdefault(example.author, set()).add(split(example))
    assert all(len(found - {None}) <= 1 for found in sides.values())
    shares = {side: sum(split(example) == side for example in examples) / len(examples) for side in ("dev", "test")}
    assert all(0.04 < share < 0.13 for share in shares.values())
    taught = {example.topic for example in examples if split(example) == "train"}
    assert {example.topic for example in examples} - taught


def test_probabilities_mean_what_they_say() -> None:
    random = np.random.default_rng(0)
    truth = random.random(4000) < 0.3
    scores = np.repeat((truth * 2.0 + random.normal(size=4000))[:, None], len(HEADS), axis=1)
    examples = [
        Example(
            str(place),
            ("sv", "fi")[place % 2],
            "x",
            frozenset({"threat"} if there else ()),
            "high" if there else "none",
            "a",
        )
        for place, there in enumerate(truth)
    ]
    targets = np.repeat(truth[:, None], len(HEADS), axis=1).astype(np.float32)
    calibration = calibrate(scores, targets, examples)
    languages = np.arange(4000) % 2
    chances = calibration.probabilities(scores.astype(np.float32), languages)
    for low in (0.0, 0.2, 0.4, 0.6, 0.8):
        within = (chances[:, 0] >= low) & (chances[:, 0] < low + 0.2)
        assert abs(chances[within, 0].mean() - truth[within].mean()) < 0.06
    flagged = chances[:, 0] >= calibration.bars[languages, 0]
    assert flagged[~truth].mean() < FALSE_ALARMS["threat"] + 0.005
    low, high = (calibration.bars[:, HEADS.index(severity)] for severity in ("low", "high"))
    assert (low < AT_LEAST["high"]).all()
    assert (high >= AT_LEAST["high"]).all()
    with pytest.raises(Broken, match="no post with 'threat'"):
        calibrate(scores, np.zeros_like(targets), examples)
    assert shared(targets, examples) == set()
    screen = screen_at(chances, truth)
    assert (chances[truth, 0] >= screen).mean() >= 0.998


def test_a_language_with_few_posts_of_a_label_shares_the_calibration_of_all_and_the_card_says_so() -> None:
    random = np.random.default_rng(1)
    truth = random.random(600) < 0.3
    examples = [
        Example(str(place), ("sv", "fi")[place % 2], "x", frozenset(), "high" if there else "none", "a")
        for place, there in enumerate(truth)
    ]
    targets = np.repeat(truth[:, None], len(HEADS), axis=1).astype(np.float32)
    doxxing = HEADS.index("doxxing")
    finnish = np.flatnonzero(truth & (np.arange(600) % 2 == 1))
    targets[finnish[29:], doxxing] = 0
    assert shared(targets, examples) == {("fi", "doxxing")}
    targets[finnish[29], doxxing] = 1
    assert shared(targets, examples) == set()
    targets[finnish[29], doxxing] = 0
    scores = targets * 2.0 + random.normal(size=targets.shape)
    calibration = calibrate(scores, targets, examples)
    heading, swedish, finns, budget = bars(calibration, shared(targets, examples))
    column = heading.index("doxxing")
    assert [cell for row in (swedish, finns, budget) for cell in row if "*" in cell] == [finns[column]]
    assert calibration.slope[0, doxxing] != calibration.slope[1, doxxing]
