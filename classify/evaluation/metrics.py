"""Measures of how well probabilities and flags fit the truth, and how sure they are."""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.intp]
Interval = tuple[float, float]
_DRAWS: Final = 200
_BINS: Final = 10
_Z_SQUARED: Final = 1.96**2


@dataclass(frozen=True, slots=True)
class Figure:
    """A share from 0 to 1. The interval holds 95 % of bootstrap draws (Efron, 1979)."""

    value: float
    interval: Interval

    def __str__(self) -> str:
        return f"{self:.2f}"

    def __format__(self, form: str) -> str:
        low, high = self.interval
        return f"{self.value:{form}} ({low:{form}}-{high:{form}})" if form else str(self)


@dataclass(frozen=True, slots=True)
class Bin:
    """The ``texts`` whose probability is at least ``low`` and below the next bin's: their mean probability, the share true.

    ``places`` (texts,) is where they stand.
    """

    low: float
    texts: int
    mean: float
    share: float
    places: Places = field(compare=False, repr=False)


def draws(owners: Sequence[Hashable]) -> list[Places]:
    """Bootstrap draws of places. What has one owner, such as an author, is drawn together: it is not independent."""
    held: dict[Hashable, list[int]] = {}
    for place, owner in enumerate(owners):
        held.setdefault(owner, []).append(place)
    groups = [np.array(places) for places in held.values()]
    random = np.random.default_rng(0)
    return [
        np.concatenate([groups[group] for group in random.integers(len(groups), size=len(groups))])
        for _ in range(_DRAWS)
    ]


def figure(measure: Callable[[Places], float], count: int, drawn: Sequence[Places]) -> Figure:
    """``measure`` of all ``count`` places, with the interval that it has over ``drawn``."""
    low, high = np.quantile([measure(places) for places in drawn] or [0.0], (0.025, 0.975))
    return Figure(_round(measure(np.arange(count))), (_round(low), _round(high)))


def unanimous(value: float, owners: int) -> Interval:
    """Where a share lies of which all of ``owners`` independent ones say the same, 0 or 1: no draw among them could tell.

    Wilson's interval at 95 % (1927).
    """
    beyond = _round(_Z_SQUARED / (owners + _Z_SQUARED))
    return (0.0, beyond) if value == 0 else (1 - beyond, 1.0)


def average_precision(truth: Flags, chances: Array) -> float:
    """The mean over recall of the precision at each threshold; equal chances share one threshold. As in scikit-learn."""
    order = np.argsort(-chances, kind="stable")
    hits, ranked = np.cumsum(truth[order]), chances[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    gained = np.diff(hits[last], prepend=0)
    return float((gained * hits[last] / (last + 1)).sum() / hits[-1])


def precision_at_recall(truth: Flags, chances: Array, recall: float) -> float:
    """The precision at the highest threshold that finds at least the share ``recall`` of what is there."""
    there = np.sort(chances[truth])[::-1]
    at = there[math.ceil(recall * len(there) - 1e-9) - 1]
    return float(truth[chances >= at].mean())


def recall_at_false_alarms(truth: Flags, chances: Array, share: float, *, clean: Flags) -> float:
    """The share found at the lowest threshold that flags at most the share ``share`` of the ``clean`` texts.

    With fewer than ``1 / share`` of them that means: above every one. There must be one.
    """
    others = np.sort(chances[clean])[::-1]
    return float((chances[truth] > others[int(share * len(others))]).mean())


def f1(truth: Flags, flagged: Flags) -> float:
    """The harmonic mean of precision and recall of what was flagged."""
    return float(2 * (truth & flagged).sum() / max(1, truth.sum() + flagged.sum()))


def calibration_error(truth: Flags, chances: Array) -> float:
    """The mean distance of probability and share over ten equal bins of probability, each weighted by its texts."""
    return sum(abs(bin.mean - bin.share) * bin.texts for bin in reliability(truth, chances)) / len(truth)


def reliability(truth: Flags, chances: Array) -> list[Bin]:
    """Ten equal bins of probability, from the lowest, without those that are empty."""
    bins = np.minimum((chances * _BINS).astype(int), _BINS - 1)
    return [
        Bin(bin / _BINS, len(places), float(chances[places].mean()), float(truth[places].mean()), places)
        for bin in sorted(set(bins.tolist()))
        for places in [np.flatnonzero(bins == bin)]
    ]


def _round(value: float) -> float:
    return round(float(value), 4)
