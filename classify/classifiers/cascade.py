"""What the monitor uses: the linear model screens, both models judge what it cannot exclude, written rules may raise it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from classify.blending import Blend
from classify.calibration import Array
from classify.classifiers.encoder import Encoder
from classify.classifiers.linear import Linear
from classify.classifiers.patterns import VERSION, find, raised
from classify.heads import HEADS
from classify.judging import chances, settled, thresholds
from classify.reading import Reading, read, unable
from classify.verdict import LABELS, Judgement, Label

_BATCH = 512
_SCREENED = [*range(len(LABELS)), HEADS.index("high")]


class Cascade:
    """Without an encoder the linear model judges alone, under the same rules."""

    def __init__(self, linear: Linear, encoder: Encoder | None) -> None:
        self._linear = linear.scorer
        self._both = Blend(encoder.scorer, linear.scorer) if encoder else None
        self.lacks: tuple[str, ...] = () if encoder else ("encoder",)
        second = encoder.scorer.version if encoder else "none"
        self.model = f"cascade@{self._linear.version}.{second}.{VERSION}"

    @classmethod
    def open(cls, models: Path) -> "Cascade":
        """Over the models in ``models/linear`` and, where there is one, ``models/encoder``.

        Raises:
            Broken: a file is missing, altered or of another version.
        """
        return cls(Linear.open(models), Encoder.open_if_there(models))

    def classify(self, texts: Sequence[str]) -> list[Judgement]:
        """One judgement per text, in order."""
        found: list[Judgement] = []
        for start in range(0, len(texts), _BATCH):
            readings = read(texts[start : start + _BATCH])
            able = iter(self._judge([reading for reading in readings if reading.unable is None]))
            judgements = [
                next(able) if reading.unable is None else unable(reading.unable, self.model) for reading in readings
            ]
            found += [raised(*pair, self.model) for pair in zip(judgements, map(find, readings), strict=True)]
        return found

    def thresholds(self, text: str) -> Mapping[Label, float]:
        """Those of the model that judges ``text``; what a rule raises is above any."""
        readings = read([text])
        if self._both and readings[0].unable is None and self._doubtful(chances(self._linear, readings)[0]):
            return thresholds(self._both, readings[0])
        return thresholds(self._linear, readings[0])

    def _judge(self, readings: Sequence[Reading]) -> list[Judgement]:
        """One judgement per reading, none of which is ``unable``."""
        screened = chances(self._linear, readings)
        if self._both is None:
            return settled(self._linear, readings, screened, name=self.model)
        doubtful = [self._doubtful(windows) for windows in screened]
        asked = [reading for reading, doubt in zip(readings, doubtful, strict=True) if doubt]
        passed = [row for row, doubt in zip(readings, doubtful, strict=True) if not doubt]
        calm = [windows for windows, doubt in zip(screened, doubtful, strict=True) if not doubt]
        second = iter(settled(self._both, asked, chances(self._both, asked), name=self.model))
        first = iter(settled(self._linear, passed, calm, name=self.model))
        return [next(second) if doubt else next(first) for doubt in doubtful]

    def _doubtful(self, windows: Array) -> bool:
        """Whether the linear model cannot exclude that a text is of severity high or above."""
        return bool(np.max(windows[:, _SCREENED]) >= self._linear.screen)
