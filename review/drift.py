"""Whether what comes in, or what is said of it, has changed: the population stability index of each measure."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt
from typing import Final, Literal

from classify.verdict import LABELS, Verdict

State = Literal["few", "steady", "watch", "act"]
BOUNDS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 0.9)
"""Where a probability changes its class: most are near zero, and there they are told apart."""
_CLASSES: Final = tuple(f"{low:.0%}-{high:.0%}" for low, high in pairwise((0.0, *BOUNDS, 1.0)))
_FEWEST: Final = 100
"""Posts that both spans need before anything is said."""
_WATCH, _ACT = 0.1, 0.25
_DEVIATIONS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Drift:
    """One measure. ``moved`` is the class that adds most to the index, with its ``shares`` before and now."""

    name: str
    posts: tuple[int, int]
    moved: str
    shares: tuple[float, float]
    index: float
    state: State


class Period:
    """The verdicts of a time as numbers: of each measure, how many posts are in which class. Holds no verdict."""

    def __init__(self) -> None:
        self.measures: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def add(self, verdict: Verdict) -> None:
        """Count its language, whether it could be judged, its severity and the probability of each label."""
        judgement, measures = verdict.judgement, self.measures
        measures["language"][judgement.language] += 1
        measures["unable"][judgement.unable or "no"] += 1
        if judgement.unable is None:
            measures["severity"][judgement.severity] += 1
            for label, score in judgement.labels.items():
                passed = sum(score.probability > bound for bound in BOUNDS)
                measures[f"{judgement.language} {label}"][_CLASSES[passed]] += 1


def drifts(before: Period, now: Period) -> list[Drift]:
    """How each measure has changed."""
    old, new = before.measures, now.measures
    return [_drift(name, old[name], new[name]) for name in sorted(old.keys() | new.keys(), key=_order)]


_FIRST = ("language", "unable", "severity", *(f"{language} {label}" for language in ("sv", "fi") for label in LABELS))


def _order(name: str) -> tuple[int, str]:
    return (_FIRST.index(name) if name in _FIRST else len(_FIRST), name)


def _drift(name: str, before: Mapping[str, int], now: Mapping[str, int]) -> Drift:
    """Half a post is added to each class, so that an empty one has a logarithm.

    Below 0.1 an index counts as steady and from 0.25 as a change, as is usual (Siddiqi, Credit Risk Scorecards, 2006). Two
    samples of the same posts differ, too: an index counts only beyond what chance gives, whose mean and deviation follow
    from its chi-squared distribution (Yurdakul, Statistical Properties of Population Stability Index, 2018).
    """
    classes = sorted(before.keys() | now.keys())
    many = sum(before.values()), sum(now.values())

    def shares(each: str, more: float) -> tuple[float, float]:
        was, is_now = (
            (counts.get(each, 0) + more) / (max(1, total) + more * len(classes))
            for counts, total in zip((before, now), many, strict=True)
        )
        return was, is_now

    added = {each: (new - old) * log(new / old) for each in classes for old, new in [shares(each, 0.5)]}
    index, free = sum(added.values()), len(classes) - 1
    chance = (free + _DEVIATIONS * sqrt(2 * free)) * sum(1 / max(1, each) for each in many)
    moved = max(classes, key=added.__getitem__)
    return Drift(name, many, moved, shares(moved, 0), index, _state(index, chance, fewest=min(many)))


def _state(index: float, chance: float, *, fewest: int) -> State:
    if fewest < _FEWEST:
        return "few"
    if index < max(_WATCH, chance):
        return "steady"
    return "watch" if index < _ACT else "act"
