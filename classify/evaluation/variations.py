"""How far a judgement moves when a text changes without a change in meaning, or when somebody hides words from the machine.

Invariance tests: Ribeiro et al., ACL 2020, arXiv 2005.04118. Ways to evade: Gröndahl et al., AISec 2018, arXiv 1808.09115.
"""

from collections.abc import Callable, Mapping, Sequence
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
Heading = Mapping[str, str]
"""By language."""
NAMED: Final[Heading] = {
    "sv": "Till Anna Lindqvist, moderat i Uppsala: ",
    "fi": "Terveisiä Liisa Virtaselle, demarille Tampereella: ",
}
NAME_FIRST: Final[Heading] = {
    "sv": "Anna Lindqvist, moderat i Uppsala: ",
    "fi": "Liisa Virtanen, demari Tampereella: ",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """What a change may do at most: the share of verdicts that flip, and how far a probability moves in 95 % of the texts."""

    flipped: float
    moved: float


EXACT: Final = Limit(0.01, 0.05)
"""For what can be undone exactly, or is masked anyway."""
SLIGHT: Final = Limit(0.02, 0.10)
SOME: Final = Limit(0.03, 0.15)
MUCH: Final = Limit(0.05, 0.25)
GUESSED: Final = Limit(0.10, 0.50)
"""For what a reader has to guess, too."""


@dataclass(frozen=True, slots=True)
class Variation:
    """``change`` gives the same text for the same chance.

    ``heading``: stands before the text, before and after the change, as few cases name anybody, a party or a town. ``form`` is
    given to both texts when all else is done.
    """

    name: str
    kind: Literal["same meaning", "evasion"]
    change: Change
    limit: Limit
    heading: Heading | None = None
    form: Callable[[str], str] = str

    def of(self, case: Example) -> tuple[str, str]:
        """The text of ``case`` before the change and after it: always the same."""
        before = self.heading[case.lang] + case.text if self.heading else case.text
        return self.form(before), self.form(self.change(before, Random(f"{self.name} {case.id}")))


VARIATIONS: Final = (
    Variation("another name", "same meaning", changes.names, EXACT, heading=NAMED),
    Variation("another name, first", "same meaning", changes.names, EXACT, heading=NAME_FIRST),
    Variation("another name, small letters", "same meaning", changes.names, EXACT, heading=NAMED, form=str.lower),
    Variation("a mention in front", "same meaning", changes.mention, SLIGHT),
    Variation("another gender", "same meaning", changes.gender, SLIGHT, heading=NAMED),
    Variation("another party", "same meaning", changes.party, SLIGHT, heading=NAMED),
    Variation("another municipality", "same meaning", changes.municipality, EXACT, heading=NAMED),
    Variation("typos", "same meaning", changes.typos, MUCH),
    Variation("small letters", "same meaning", changes.lower, SLIGHT),
    Variation("capitals", "same meaning", changes.upper, MUCH),
    Variation("a capital on each word", "same meaning", changes.titled, SOME),
    Variation("no marks on å, ä, ö", "same meaning", changes.bare, MUCH),
    Variation("one spaced word", "same meaning", changes.one_spaced, SOME),
    Variation("emoji at the end", "same meaning", changes.emoji, SLIGHT),
    Variation("a row of emoji", "same meaning", changes.many_emoji, SLIGHT),
    Variation("digits for letters", "evasion", disguises.leet, MUCH),
    Variation("a letter starred out", "evasion", disguises.starred, GUESSED),
    Variation("spaced letters", "evasion", disguises.spaced, MUCH),
    Variation("dots between letters", "evasion", disguises.dotted, MUCH),
    Variation("characters without width", "evasion", disguises.unseen, EXACT),
    Variation("Cyrillic or Greek letters", "evasion", disguises.lookalikes, MUCH),
    Variation("repeated letters", "evasion", disguises.repeated, MUCH),
    Variation("more punctuation", "evasion", disguises.punctuated, SOME),
    Variation("combining marks", "evasion", disguises.marked, EXACT),
    Variation("full width, mathematical", "evasion", disguises.styled, EXACT),
    Variation("split words", "evasion", disguises.split, GUESSED),
    Variation("words run together", "evasion", disguises.run_together, GUESSED),
    Variation("all in quotation marks", "evasion", disguises.quoted, SOME),
    Variation("other case, emoji between", "evasion", disguises.mixed, GUESSED),
)
"""The shares of flipped verdicts were set before anything was measured; the moves are five times those."""


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
    limit: Limit
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
        """Whether the limit of flipped verdicts holds."""
        return self.flipped <= self.limit.flipped

    @property
    def steady(self) -> bool:
        """Whether the limit of moves holds."""
        return self.most <= self.limit.moved


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
                {**asdict(each), "flipped": round(each.flipped, 4), "kept": each.kept, "steady": each.steady}
                for each in self.movements
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
            "limit",
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
                    f"{each.limit.moved:.2f}{'' if each.steady else ' (over)'}",
                    f"{each.flipped:.1%}",
                    f"{each.limit.flipped:.0%}{'' if each.kept else ' (over)'}",
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
