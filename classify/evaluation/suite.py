"""Functional tests: small cases that each ask for one ability, in pairs that differ in what matters only.

The manner is HateCheck's (Röttger et al., ACL 2021, arXiv 2012.15606), the cases are our own:
``models/suite/abusive-<language>.jsonl``. Nothing is ever trained on them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from classify.calibration import LANGUAGES
from classify.classifier import Classifier
from classify.corpus import Example, read
from classify.evaluation.functionalities import FUNCTIONALITIES
from classify.evaluation.metrics import Figure, draws, figure
from classify.evaluation.report import Report, Table, report
from classify.verdict import Judgement, at_least
from flow.errors import BadInput

LAWFUL: Final = "lawful"
"""How the functionalities begin that must be left alone; the others begin with the label that they ask for."""
_SEE = "What a case must be is described in models/suite/README.md"
Judged = Sequence[tuple[Example, Judgement]]


@dataclass(frozen=True, slots=True)
class Result:
    """One functionality in one language: how many of its cases came out right, and how many of its pairs stand in order.

    A pair stands in order if the abusive case has a higher probability of one of its labels than the lawful one has of any of
    these.
    """

    language: str
    functionality: str
    cases: int
    right: int
    pairs: int
    in_order: int


@dataclass(frozen=True, slots=True)
class Sums:
    """One language: the shares of abusive and of lawful cases that came out right, and of ``pairs`` that stand in order."""

    language: str
    abusive: Figure
    lawful: Figure
    pairs: int
    in_order: Figure


@dataclass(frozen=True, slots=True)
class SuiteReport:
    """What a classifier did on the suite. All intervals are over pairs: two cases of one pair are not independent."""

    model: str
    sums: tuple[Sums, ...]
    results: tuple[Result, ...]
    labels: Report

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON."""
        return asdict(self)

    def tables(self) -> dict[str, Table]:
        """Tables to print, by title; the first row of each is the heading."""
        sums = [
            (each.language, str(each.abusive), str(each.lawful), str(each.pairs), str(each.in_order))
            for each in self.sums
        ]
        results = [
            (
                each.language,
                each.functionality,
                FUNCTIONALITIES[each.functionality],
                f"{each.right} of {each.cases}",
                f"{each.in_order} of {each.pairs}" if each.pairs else "-",
            )
            for each in self.results
        ]
        return {
            "Functional suite": [("language", "abusive right", "lawful right", "pairs", "pairs in order"), *sums],
            "By label": self.labels.rows(),
            "By functionality": [("language", "functionality", "what a case does", "right", "in order"), *results],
        }


def read_suite(folder: Path) -> list[Example]:
    """The cases; ``topic`` names the functionality of each.

    Raises:
        BadInput: a line is wrong, names no functionality, or its labels, severity or partner do not fit.
        Broken: there are none.
    """
    cases = read(folder)
    by_id = {case.id: case for case in cases}
    for case in cases:
        for wrong in _wrongs(case, by_id.get(case.contrast or "")):
            raise BadInput(wrong, place=case.id, remedy=_SEE)
    return cases


def _wrongs(case: Example, partner: Example | None) -> Iterator[str]:
    asked = case.topic.partition("-")[0]
    if case.topic not in FUNCTIONALITIES:
        yield f"'{case.topic}' is no functionality"
    elif bool(case.labels) == (asked == LAWFUL) or (case.labels and asked not in case.labels):
        yield "labels and functionality do not fit"
    grave = {"threat", "doxxing"} & case.labels
    if case.severity and (grave and not at_least(case.severity, "high")):
        yield "a threat or doxxing is high or critical"
    if case.severity == "critical" and "threat" not in case.labels:
        yield "only a threat is critical"
    if case.contrast and (partner is None or partner.contrast != case.id or partner.lang != case.lang):
        yield "its partner is absent, of another language, or has another partner"
    if partner and bool(partner.labels) == bool(case.labels):
        yield "one of two partners must be lawful and the other not"


def run(classifier: Classifier, cases: Sequence[Example]) -> SuiteReport:
    """Judge all ``cases``."""
    pairs = list(zip(cases, classifier.classify([case.text for case in cases]), strict=True))
    chosen = {language: [pair for pair in pairs if pair[0].lang == language] for language in LANGUAGES}
    by_pair = [replace(case, author=_pair(case), source="suite") for case in cases]
    return SuiteReport(
        model=classifier.model,
        sums=tuple(_sums(language, judged) for language, judged in chosen.items() if judged),
        results=tuple(result for language, judged in chosen.items() for result in _results(language, judged)),
        labels=report(
            by_pair, [judgement for _, judgement in pairs], model=classifier.model, of="the functional suite"
        ),
    )


def right(case: Example, judgement: Judgement) -> bool:
    """Whether a case came out right.

    An abusive one must have one of its labels flagged, and be high or above if it is so; a lawful one must have none flagged.
    """
    if not case.labels:
        return not judgement.flagged
    grave = case.severity is not None and at_least(case.severity, "high")
    return bool(case.labels & set(judgement.flagged)) and (not grave or at_least(judgement.severity, "high"))


def _pair(case: Example) -> str:
    return min(case.id, case.contrast or case.id)


def _results(language: str, judged: Judged) -> Iterator[Result]:
    ordered = _ordered(judged)
    for name in FUNCTIONALITIES:
        chosen = [pair for pair in judged if pair[0].topic == name]
        orders = [ordered[_pair(case)] for case, _ in chosen if _pair(case) in ordered]
        if chosen:
            yield Result(language, name, len(chosen), sum(right(*pair) for pair in chosen), len(orders), sum(orders))


def _sums(language: str, judged: Judged) -> Sums:
    abusive = [pair for pair in judged if pair[0].labels]
    lawful = [pair for pair in judged if not pair[0].labels]
    orders = list(_ordered(judged).values())
    return Sums(
        language=language,
        abusive=_share([right(*pair) for pair in abusive]),
        lawful=_share([right(*pair) for pair in lawful]),
        pairs=len(orders),
        in_order=_share(orders),
    )


def _ordered(judged: Judged) -> dict[str, bool]:
    """Of each pair, whether its abusive case stands above the lawful one."""
    by_id = {case.id: judgement for case, judgement in judged}
    found: dict[str, bool] = {}
    for case, judgement in judged:
        if case.labels and case.contrast in by_id:
            above, below = (
                max(each.labels[label].probability for label in case.labels)
                for each in (judgement, by_id[case.contrast])
            )
            found[_pair(case)] = above > below
    return found


def _share(flags: Sequence[bool]) -> Figure:
    """The share of ``flags`` that are true, none of which shares a pair with another; 0 of none."""
    if not flags:
        return Figure(0.0, (0.0, 0.0))
    values = np.array(flags)
    return figure(lambda places: float(values[places].mean()), len(flags), draws(range(len(flags))))
