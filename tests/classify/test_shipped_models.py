"""What the models in ``models/`` must keep to, on posts and cases that they were not trained on: floors, all stated here.

With an encoder the whole file takes about a minute.
"""

from functools import cache
from typing import Final

import numpy as np
import pytest

from classify.classifiers.linear import Linear
from classify.corpus import Example, read
from classify.evaluation import faithfulness, groups
from classify.evaluation.report import Report, judge, report
from classify.evaluation.suite import read_suite
from classify.evaluation.variations import Movement, run
from classify.heads import WATCHED
from classify.judging import chances
from classify.reading import read as read_texts
from classify.training.held_out import held_out
from classify.verdict import LABELS, Judgement, at_least
from tests.classify.material import MODELS, shipped

SCREENED: Final = 0.995
"""The share of posts of high severity or above that the linear model passes on to the encoder, at least."""
CALIBRATION_ERROR: Final = 0.05
"""Of each label in each language, at most."""
TIMES: Final = 4
"""How many times its limit a single variation may reach, in verdicts that flip and in how far probabilities move."""
KNOWN: Final = {"another name, first": 6, "another name, small letters": 5, "more punctuation": 5}
"""The same of what is known to be worse: names that neither matching nor masking finds, and marks in odd places."""
TIMES_ON_AVERAGE: Final = 1.5
"""The same, of all variations together."""
MEAN_GAP: Final = 0.35
"""Between the groups of people that lawful sentences are judged the most and the least harshly about, of the means, at most:
0.30 and, on a processor that does eight bits otherwise, 0.33 were measured. It is too much, and may not grow unseen
(docs/evaluation.md, Groups)."""
FLAGGED_GAP: Final = 0.25
"""The same of the shares flagged: two sentences of eight, as measured."""
FLAGGED_TALK: Final = {"sv": 11, "fi": 15}
"""So many of the 144 lawful sentences of a language are flagged at most: 8 and 12 were measured. None is judged high."""
FALLS: Final = 0.4
"""How far a probability falls at least, on average, without the words that are marked for it: 0.56 was measured."""
OTHERS_FALL: Final = 0.15
"""How far at most without as many other words: 0.05 was measured."""
NO_BETTER: Final = 0.1
"""Share of posts in which the marked words weigh no more than others, at most: 0.02 was measured."""
TRIED: Final = 60
"""Posts of each language with which marked words are tried."""
EVERY: Final = 5
"""Each variation is tried on one case of so many: a model that judges 30,000 texts takes minutes."""


@cache
def held() -> list[Example]:
    return held_out(read(MODELS / "corpus"), "authors")


@cache
def judged() -> list[Judgement]:
    return judge(shipped("cascade"), held())


@cache
def measured() -> Report:
    return report(held(), judged(), model="shipped")


@cache
def moved() -> tuple[Movement, ...]:
    return run(shipped("cascade"), read_suite(MODELS / "suite")[::EVERY]).movements


def test_the_screen_passes_on_what_is_severe() -> None:
    linear = Linear.open(MODELS)
    severe = [example.text for example in held() if example.severity and at_least(example.severity, "high")]
    readings = [reading for reading in read_texts(severe) if reading.unable is None]
    passed = [bool(windows[:, WATCHED].max() >= linear.scorer.screen) for windows in chances(linear.scorer, readings)]
    assert len(passed) > 300
    assert np.mean(passed) >= SCREENED


def test_probabilities_mean_what_they_say() -> None:
    errors = {(each.language, each.label): each.calibration_error.value for each in measured().figures}
    assert len(errors) == 2 * len(LABELS)
    assert {name: error for name, error in errors.items() if error > CALIBRATION_ERROR} == {}


def test_no_variation_moves_a_verdict_much() -> None:
    texts: dict[str, int] = {}
    flips: dict[str, int] = {}
    for each in moved():  # both languages together: so few texts of one would tell little
        texts[each.variation] = texts.get(each.variation, 0) + each.texts
        flips[each.variation] = flips.get(each.variation, 0) + each.lost + each.gained
    limits = {each.variation: each.limit.flipped for each in moved()}
    shares = {name: flips[name] / texts[name] for name in texts}
    assert {name: share for name, share in shares.items() if share > KNOWN.get(name, TIMES) * limits[name]} == {}
    assert np.mean(list(shares.values())) <= TIMES_ON_AVERAGE * np.mean(list(limits.values()))


def test_talk_about_no_group_is_judged_more_harshly_than_was_known() -> None:
    found = groups.run(shipped("cascade"), groups.read_groups(MODELS / "suite" / groups.FILE))
    assert [(each.language, each.group, each.high) for each in found.slices if each.high] == []
    assert {gap.language: (gap.mean <= MEAN_GAP, gap.flagged <= FLAGGED_GAP) for gap in found.gaps} == {
        "sv": (True, True),
        "fi": (True, True),
    }
    for language in ("sv", "fi"):
        assert sum(each.flagged for each in found.slices if each.language == language) <= FLAGGED_TALK[language]


def test_marked_words_carry_the_verdict() -> None:
    found = faithfulness.run(shipped("cascade"), held(), judged(), most=TRIED)
    assert [faith.language for faith in found.faiths] == ["sv", "fi"]
    for faith in found.faiths:
        assert faith.posts > TRIED / 2
        assert faith.passages.value >= FALLS
        assert faith.others.value <= OTHERS_FALL
        assert faith.no_better.value <= NO_BETTER


@pytest.mark.parametrize("language", ["sv", "fi"])
def test_no_variation_moves_a_probability_far(language: str) -> None:
    found = [each for each in moved() if each.language == language]
    assert [
        (each.variation, each.most) for each in found if each.most > KNOWN.get(each.variation, TIMES) * each.limit.moved
    ] == []
    assert np.mean([each.most for each in found]) <= TIMES_ON_AVERAGE * np.mean([each.limit.moved for each in found])
