"""Two models as one: the encoder's scores and a share of the linear model's. They err on different texts."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classify.calibration import Array
from classify.encoder.scoring import EncoderScorer
from classify.judging import Scorer, Words
from classify.reading import Window


class Blend:
    """A `classify.judging.Scorer` made of two; the encoder's artifact says how."""

    def __init__(self, encoder: EncoderScorer, linear: Scorer) -> None:
        self._encoder, self._linear = encoder, linear
        self._share, self.calibration = np.float32(encoder.together.share), encoder.together.calibration

    def scores(self, windows: Sequence[Window]) -> Array:
        """(windows, heads): the raw score of each head."""
        return self._encoder.scores(windows) + self._share * self._linear.scores(windows)

    def contributions(self, windows: Sequence[Window], heads: Sequence[int]) -> list[tuple[Words, NDArray[np.float64]]]:
        """Per window: its words, and (words, heads) what each added to ``heads`` in both models."""
        found = []
        pairs = zip(
            self._encoder.contributions(windows, heads), self._linear.contributions(windows, heads), strict=True
        )
        for (words, added), (parts, shares) in pairs:
            # The linear model's words are parts of the encoder's, which end at blanks only.
            owners = np.searchsorted([end for _, end in words], [start for start, _ in parts], side="right")
            np.add.at(added, owners, self._share * shares)
            found.append((words, added))
        return found
