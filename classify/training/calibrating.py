"""From scores on held-out authors to a calibration: probabilities that mean what they say, bars for a budget of false alarms."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from classify.calibration import LANGUAGES, Calibration
from classify.corpus import Example
from classify.heads import HEADS, WATCHED
from flow.errors import Broken

Numbers = NDArray[np.float64]
Truths = NDArray[np.bool_]

FALSE_ALARMS: Final[Mapping[str, float]] = {
    "threat": 0.045,
    "hate": 0.03,
    "harassment": 0.06,
    "sexual": 0.01,
    "doxxing": 0.02,
    "influence": 0.02,
    "critical": 0.02,
}
"""What share of the lawful held-out posts a head may flag.

Most of these are near twins of abusive ones, so it is strict: of ordinary lawful posts a tenth of that or less is flagged
(docs/model-card.md). Of the severities only critical, the gravest, has one: the others count only where a label is flagged, and
labels keep their budgets.
"""
AT_LEAST: Final[Mapping[str, float]] = {"hate": 0.5, "high": 0.5}
"""The bar below which none is. Talk about minorities is what is flagged as hate by mistake, and the corpus holds little of it, so
that no budget keeps it down: what is less likely hate than not is left alone. What is flagged is not raised to high
where that is less likely than not."""
_FEWEST: Final = 30
"""Positives of one language from which it gets a calibration of its own; with fewer it shares that of both."""


Shared = Collection[tuple[str, str]]
"""Pairs of language and head."""


def shared(wanted: NDArray[np.float32], examples: Sequence[Example]) -> Shared:
    """Which languages get a calibration of which heads that is made on all languages, as ``examples`` have too few of their own.

    Args:
        wanted: (examples, heads), as `calibrate` takes it.
    """
    languages = np.array([example.lang for example in examples])
    return {
        (language, name)
        for language in LANGUAGES
        for name, count in zip(HEADS, (wanted[languages == language] == 1).sum(axis=0), strict=True)
        if count < _FEWEST
    }


def calibrate(scores: Numbers, wanted: NDArray[np.float32], examples: Sequence[Example]) -> Calibration:
    """A calibration from raw ``scores`` (examples, heads) on authors that the model has not seen.

    Raises:
        Broken: none of ``examples`` has one of the heads, so nothing can be said of it.
    """
    slope, shift, bars = (np.zeros((len(LANGUAGES), len(HEADS)), dtype=np.float32) for _ in range(3))
    languages = np.array([example.lang for example in examples])
    lawful = np.array([example.severity == "none" for example in examples])
    together = shared(wanted, examples)
    for head, name in enumerate(HEADS):
        judged = ~np.isnan(wanted[:, head])
        for row, language in enumerate(LANGUAGES):
            here = judged & (languages == language)
            if (language, name) in together:
                here = judged & np.isin(languages, LANGUAGES)
            truth = wanted[here, head] == 1
            if not truth.any():
                raise Broken(
                    f"no post with '{name}' among the held-out ones",
                    place="corpus",
                    remedy="Training needs more labelled posts",
                )
            fit = LogisticRegression(C=1e4).fit(scores[here, head, None], truth)
            slope[row, head], shift[row, head] = fit.coef_[0, 0], fit.intercept_[0]
            sure = 1 / (1 + np.exp(-(slope[row, head] * scores[here, head] + shift[row, head])))
            found = _bar(sure, truth, lawful[here], FALSE_ALARMS.get(name, 1.0))
            bars[row, head] = max(found, AT_LEAST.get(name, 0.0))
    return Calibration(slope, shift, bars)


def _bar(chances: Numbers, truth: Truths, lawful: Truths, most: float) -> float:
    """The probability with the best F1, but at least that which leaves no more than ``most`` of the lawful posts flagged."""
    limit = float(np.quantile(chances[lawful], 1 - most)) if lawful.any() else 0.0
    return min(0.97, max(best_f1(chances, truth), round(limit + 0.005, 2)))


def best_f1(chances: Numbers, truth: Truths) -> float:
    """The probability from which flagging gives the best F1, smoothed over its neighbours, rounded to a hundredth."""
    candidates = np.arange(0.08, 0.93, 0.01)
    flagged = chances[:, None] >= candidates
    hits = (flagged & truth[:, None]).sum(axis=0)
    f1 = 2 * hits / np.maximum(1, flagged.sum(axis=0) + truth.sum())
    smooth = np.convolve(np.pad(f1, 3, mode="edge"), np.full(7, 1 / 7), mode="valid")
    return round(float(candidates[smooth.argmax()]), 2)


def screen_at(chances: NDArray[np.floating[Any]], severe: Truths, *, recall: float = 0.998) -> float:
    """The largest bar over which ``recall`` of the ``severe`` texts lie, by the highest of their labels and high severity.

    0.995 is promised of strangers: a little more is asked of the texts on which the bar is chosen.
    """
    highest = chances[severe][:, WATCHED].max(axis=1)
    return float(np.quantile(highest, 1 - recall, method="lower"))
