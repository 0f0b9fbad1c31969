"""Whether marked passages carry a verdict: against classifiers that mark what they go by, and something else."""

import json
from collections.abc import Mapping, Sequence

import pytest

from classify.corpus import Example
from classify.evaluation.faithfulness import run
from classify.rules.matching import CERTAIN
from classify.verdict import LABELS, Judgement, Label, Score, Span

WORD = "usel"
TEXTS = [f"{start} du är en {WORD} människa och det vet alla här" for start in ("ja", "nej", "hör du", "kära vän")]
EXAMPLES = [
    Example(str(place), "sv", text, frozenset({"harassment"}), "low", f"a{place}") for place, text in enumerate(TEXTS)
]


class Marking:
    """Goes by one word, and marks ``marked``."""

    model = "marking@1"
    lacks: tuple[str, ...] = ()

    def __init__(self, marked: str, *, chance: float = 0.9) -> None:
        self._marked, self._chance = marked, chance

    def thresholds(self, text: str) -> Mapping[Label, float]:
        return {}

    def classify(self, texts: Sequence[str]) -> list[Judgement]:
        return list(map(self._judge, texts))

    def _judge(self, text: str) -> Judgement:
        found, start = WORD in text, text.find(self._marked)
        spans = (Span(start, start + len(self._marked), "harassment"),) if found and start >= 0 else ()
        chance = self._chance if found else 0.1
        labels = {
            label: Score(chance if label == "harassment" else 0.0, label == "harassment" and found) for label in LABELS
        }
        return Judgement("sv", None, "low" if found else "none", labels, spans, self.model)


def test_passages_that_carry_the_verdict() -> None:
    classifier = Marking(WORD)
    found = run(classifier, EXAMPLES, classifier.classify(TEXTS))
    (faith,) = found.faiths
    assert (faith.language, faith.posts) == ("sv", 4)
    assert faith.passages.value == pytest.approx(0.8)
    assert (faith.others.value, faith.no_better.value) == (0.0, 0.0)
    assert json.loads(json.dumps(found.as_json()))["faiths"][0]["posts"] == 4
    assert found.tables()["Marked passages of held-out authors"][1][:3] == ("sv", "4", "0.80 (0.80-0.80)")


def test_passages_that_do_not() -> None:
    classifier = Marking("människa och det")
    (faith,) = run(classifier, EXAMPLES, classifier.classify(TEXTS)).faiths
    assert faith.passages.value == 0.0
    assert faith.no_better.value == 1.0


def test_what_can_show_nothing_is_left_out() -> None:
    by_rule = Marking(WORD, chance=CERTAIN)
    assert run(by_rule, EXAMPLES, by_rule.classify(TEXTS)).faiths == ()
    everything = Marking(TEXTS[0])
    assert run(everything, EXAMPLES[:1], everything.classify(TEXTS[:1])).faiths == ()
    unmarked = Marking("nothing of it")
    assert run(unmarked, EXAMPLES, unmarked.classify(TEXTS)).faiths == ()
    classifier = Marking(WORD)
    (faith,) = run(classifier, EXAMPLES, classifier.classify(TEXTS), most=2).faiths
    assert faith.posts == 2
