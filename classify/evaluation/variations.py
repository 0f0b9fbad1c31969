"""How far a judgement moves when a text changes without a change in meaning, or when somebody hides words from the machine.

Invariance tests: Ribeiro et al., ACL 2020, arXiv 2005.04118. Ways to evade: Gröndahl et al., AISec 2018, arXiv 1808.09115.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from random import Random
from typing import Any, Final, Literal

import numpy as np

from classify.calibration import LANGUAGES
from classify.classifier import Classifier
from classify.corpus import Example
from classify.evaluation import changes, disguises
from classify.evaluation.report import Table
from classify.verdict import LABELS, Judgement, at_least

Change = Callable[[str, Random], str]


HEADINGS: Final = {
    "sv": "Till Anna Lindqvist, moderat i Uppsala: ",
    "fi": "Terveisiä Liisa Virtaselle, demarille Tampereella: ",
}


@dataclass(frozen=True, slots=True)
class Variation:
    """``change`` gives the same text for the same chance. ``limit`` is the share of verdicts that may flip by it, at most.

    ``headed``: the text gets a heading before it is changed, as few cases name anybody, a party or a town.
    """

    name: str
    kind: Literal["same meaning", "evasion"]
    change: Change
    limit: float
    headed: bool = False

    def of(self, case: Example) -> tuple[str, str]:
        """The text of ``case`` before the change and after it: always the same."""
        before = HEADINGS[case.lang] + case.text if self.headed else case.text
        return before, self.change(before, Random(f"{self.name} {case.id}"))


VARIATIONS: Final = (
    Variation("another name", "same meaning", changes.names, 0.01, headed=True),
    Variation("a mention in front", "same meaning", changes.mention, 0.02),
    Variation("another gender", "same meaning", changes.gender, 0.02, headed=True),
    Variation("another party", "same meaning", changes.party, 0.02, headed=True),
    Variation("another municipality", "same meaning", changes.municipality, 0.01, headed=True),
    Variation("typos", "same meaning", changes.typos, 0.05),
    Variation("small letters", "same meaning", changes.lower, 0.02),
    Variation("capitals", "same meaning", changes.upper, 0.05),
    Variation("no marks on å, ä, ö", "same meaning", changes.bare, 0.05),
    Variation("one spaced word", "same meaning", changes.one_spaced, 0.03),
    Variation("emoji at the end", "same meaning", changes.emoji, 0.02),
    Variation("digits for letters", "evasion", disguises.leet, 0.05),
    Variation("a letter starred out", "evasion", disguises.starred, 0.10),
    Variation("spaced letters", "evasion", disguises.spaced, 0.05),
    Variation("dots between letters", "evasion", disguises.dotted, 0.05),
    Variation("characters without width", "evasion", disguises.unseen, 0.01),
    Variation("Cyrillic or Greek letters", "evasion", disguises.lookalikes, 0.05),
    Variation("repeated letters", "evasion", disguises.repeated, 0.05),
    Variation("more punctuation", "evasion", disguises.punctuated, 0.03),
    Variation("combining marks", "evasion", disguises.marked, 0.01),
    Variation("full width, mathematical", "evasion", disguises.styled, 0.01),
    Variation("split words", "evasion", disguises.split, 0.10),
    Variation("other case, emoji between", "evasion", disguises.mixed, 0.10),
)
"""Each with the limit that was set for it before anything was measured. A variation that can be undone exactly has the lowest."""


@dataclass(frozen=True, slots=True)
class Movement:
    """What one variation does in one language, over the ``texts`` that it changes and that could be judged before.

    ``mean`` and ``most`` are the mean and the 95th percentile of the change, up or down, of the probability of the label that was
    highest before. A verdict is whether the severity is high or above: of ``high`` such ones ``lost`` fall below, of the others
    ``gained`` rise. ``unable`` can no longer be judged.
    """

    language: str
    variation: str
    kind: str
    limit: float
    texts: int
    mean: float
    most: float
    high: int
    lost: int
    gained: int
    unable: int

    @property
    def flipped(self) -> float:
        """The share of the verdicts that changed."""
        return (self.lost + self.gained) / self.texts

    @property
    def kept(self) -> bool:
        """Whether the limit holds."""
        return self.flipped <= self.limit


@dataclass(frozen=True, slots=True)
class VariationReport:
    """What a classifier did on all variations."""

    model: str
    movements: tuple[Movement, ...]

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON."""
        return {
            "model": self.model,
            "movements": [
                {**asdict(each), "flipped": round(each.flipped, 4), "kept": each.kept} for each in self.movements
            ],
        }

    def tables(self) -> dict[str, Table]:
        """Tables to print, by title; the first row of each is the heading."""
        heading = (
            "language",
            "variation",
            "texts",
            "mean",
            "95 %",
            "flipped",
            "limit",
            "high lost",
            "others gained",
            "unable",
        )
        tables: dict[str, Table] = {}
        for each in self.movements:
            tables.setdefault(f"Variations: {each.kind}", [heading]).append(
                (
                    each.language,
                    each.variation,
                    str(each.texts),
                    f"{each.mean:.3f}",
                    f"{each.most:.2f}",
                    f"{each.flipped:.1%}",
                    f"{each.limit:.0%}{'' if each.kept else ' (over)'}",
                    f"{each.lost} of {each.high}",
                    f"{each.gained} of {each.texts - each.high}",
                    str(each.unable),
                )
            )
        return tables


def run(
    classifier: Classifier, cases: Sequence[Example], *, progress: Callable[[str, int, int], None] | None = None
) -> VariationReport:
    """Judge all ``cases`` as they are and in every variation."""
    tell = progress or (lambda step, done, of: None)
    movements: dict[str, list[Movement]] = {language: [] for language in LANGUAGES}
    known: dict[str, Judgement] = {}
    for number, variation in enumerate(VARIATIONS):
        tell("vary", number, len(VARIATIONS))
        forms = [(case.lang, *variation.of(case)) for case in cases]
        changed = [form for form in forms if form[1] != form[2]]
        fresh = [before for _, before, _ in changed if before not in known]
        known |= zip(fresh, classifier.classify(fresh), strict=True)
        able = [form for form in changed if known[form[1]].unable is None]
        judged = classifier.classify([after for *_, after in able])
        for language, found in movements.items():
            pairs = [
                (known[before], after)
                for (lang, before, _), after in zip(able, judged, strict=True)
                if lang == language
            ]
            if pairs:
                found.append(_movement(language, variation, pairs))
    tell("vary", len(VARIATIONS), len(VARIATIONS))
    return VariationReport(classifier.model, tuple(chain.from_iterable(movements.values())))


def _movement(language: str, variation: Variation, pairs: Sequence[tuple[Judgement, Judgement]]) -> Movement:
    moves = [_moved(first, second) for first, second in pairs]
    verdicts = [(at_least(first.severity, "high"), at_least(second.severity, "high")) for first, second in pairs]
    return Movement(
        language=language,
        variation=variation.name,
        kind=variation.kind,
        limit=variation.limit,
        texts=len(pairs),
        mean=round(float(np.mean(moves)), 4),
        most=round(float(np.quantile(moves, 0.95)), 4),
        high=sum(first for first, _ in verdicts),
        lost=verdicts.count((True, False)),
        gained=verdicts.count((False, True)),
        unable=sum(second.unable is not None for _, second in pairs),
    )


def _moved(first: Judgement, second: Judgement) -> float:
    """How far the probability of the label went that was highest at first."""
    top = max(LABELS, key=lambda label: first.labels[label].probability)
    return abs(second.labels[top].probability - first.labels[top].probability)
