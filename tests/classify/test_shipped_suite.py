"""The functional suite in ``models/suite`` is complete, in pairs, and nothing of it was ever trained on."""

from collections import Counter
from functools import cache

import pytest

from classify.corpus import Example, read
from classify.evaluation.functionalities import FUNCTIONALITIES
from classify.evaluation.suite import LAWFUL, read_suite
from classify.training.quality import near_copies, words
from tests.classify.material import MODELS

pytestmark = pytest.mark.parametrize("language", ["sv", "fi"])


@cache
def shipped(language: str) -> list[Example]:
    return [case for case in read_suite(MODELS / "suite") if case.lang == language]


def test_asks_for_many_abilities_often_enough(language: str) -> None:
    counts = Counter(case.topic for case in shipped(language))
    assert len(counts) >= 40
    assert set(counts) == set(FUNCTIONALITIES)
    assert {name: count for name, count in counts.items() if count < 6} == {}


def test_every_ability_has_pairs(language: str) -> None:
    paired = Counter(case.topic for case in shipped(language) if case.contrast)
    assert [name for name in FUNCTIONALITIES if not paired[name]] == []
    lawful = [case for case in shipped(language) if case.topic.startswith(LAWFUL)]
    assert sum(case.contrast is not None for case in lawful) > 0.9 * len(lawful)


def test_nothing_of_it_stands_in_the_corpus(language: str) -> None:
    corpus = [example for example in read(MODELS / "corpus") if example.lang == language]
    cases = shipped(language)
    known = {words(example.text) for example in corpus}
    assert [case.id for case in cases if words(case.text) in known and len(words(case.text)) > 2] == []
    ours = {case.id for case in cases}
    copies = near_copies([*corpus, *cases])
    assert [(one.id, two.id) for one, two in copies if {one.id, two.id} & ours] == []
