"""From a model's raw scores to probabilities and flags, for each language by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from classify.heads import HEADS

LANGUAGES: Final = ("sv", "fi")
Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Calibration:
    """All arrays are (languages, heads). A probability is ``1 / (1 + exp(-(slope * score + shift)))`` (Platt, 1999).

    ``bars`` are the probabilities from which a label is flagged or a severity reached; none is for `heads.PERSON`.
    """

    slope: Array = field(repr=False)
    shift: Array = field(repr=False)
    bars: Array = field(repr=False)

    def probabilities(self, scores: Array, languages: NDArray[np.intp]) -> Array:
        """(texts, heads): of raw ``scores``, each in the language of that number."""
        return np.asarray(1 / (1 + np.exp(-(self.slope[languages] * scores + self.shift[languages]))), dtype=np.float32)

    def as_json(self) -> dict[str, Any]:
        """By language, then by head: slope, shift and bar."""
        return {
            language: {
                head: [round(float(array[row, column]), 5) for array in (self.slope, self.shift, self.bars)]
                for column, head in enumerate(HEADS)
            }
            for row, language in enumerate(LANGUAGES)
        }

    @classmethod
    def of_json(cls, found: Mapping[str, Mapping[str, Any]]) -> Self:
        """What `as_json` wrote.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        numbers = np.array([[found[language][head] for head in HEADS] for language in LANGUAGES], dtype=np.float32)
        if numbers.shape != (len(LANGUAGES), len(HEADS), 3) or not np.isfinite(numbers).all():
            raise ValueError("not three numbers for each head")
        return cls(*np.moveaxis(numbers, 2, 0))


def stricter(bars: Array, windows: NDArray[np.intp]) -> Array:
    """The bar for a text of several windows: its odds times the root of their number.

    A long text has more chances to look like abuse by accident than the posts on which the bar was chosen. Their number itself
    was too much: what each choice finds and what it costs stands in docs/model-card.md, under long posts.
    """
    odds = bars / (1 - bars) * np.sqrt(windows)
    return np.asarray(odds / (1 + odds), dtype=np.float32)
