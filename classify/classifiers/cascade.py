"""What the monitor uses: the linear model screens, both models judge what it cannot exclude, written rules may raise it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import compress
from pathlib import Path

import numpy as np

from classify.blending import Blend
from classify.calibration import Array
from classify.classifier import Judges
from classify.classifiers.encoder import Encoder
from classify.classifiers.linear import Linear
from classify.heads import WATCHED
from classify.judging import MOST_WINDOWS, Scorer, chances, settled, thresholds
from classify.reading import Reading, read, unable
from classify.rules.digest import of_rules
from classify.rules.matching import find, raised
from classify.verdict import Judgement, Label

_BATCH = 512


class Cascade:
    """Without an encoder the linear model judges alone, under the same rules.

    An encoder and a linear model that were made for each other judge as one what the latter cannot exclude. Beside another one
    the encoder judges it by itself, which is worse: `lacks` names ``blend`` then.

    Args:
        told: is told by which models how many texts were judged. It must not raise.
    """

    def __init__(
        self,
        linear: Linear,
        encoder: Encoder | None,
        *,
        told: Callable[[Judges, int], None] = lambda judges, many: None,
    ) -> None:
        self._told = told
        self._linear = linear.scorer
        self._both: Scorer | None = None
        self.lacks: tuple[str, ...] = ()
        if encoder is None:
            self.lacks = ("encoder",)
        elif encoder.scorer.together.linear == self._linear.version:
            self._both = Blend(encoder.scorer, self._linear)
        else:
            self._both, self.lacks = encoder.scorer, ("blend",)
        second = encoder.scorer.version if encoder else "none"
        self.model = f"cascade@{self._linear.version}.{second}.{of_rules()}"

    @classmethod
    def open(cls, models: Path, *, told: Callable[[Judges, int], None] = lambda judges, many: None) -> "Cascade":
        """Over the models in ``models/linear`` and, where there is one, ``models/encoder``.

        Raises:
            Broken: a file is missing, altered or of another version.
        """
        return cls(Linear.open(models), Encoder.open_if_there(models), told=told)

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
            self._told("linear", len(readings))
            return settled(self._linear, readings, screened, name=self.model)
        doubtful = [self._doubtful(windows) for windows in screened]
        doubted = list(compress(readings, doubtful))
        self._told("both", len(doubted))
        self._told("linear", len(readings) - len(doubted))
        asked = list(map(self._narrowed, doubted, compress(screened, doubtful)))
        whole = [reading.length for reading in doubted]
        sure = [not doubt for doubt in doubtful]
        passed, calm = list(compress(readings, sure)), list(compress(screened, sure))
        second = iter(settled(self._both, asked, chances(self._both, asked), name=self.model, whole=whole))
        first = iter(settled(self._linear, passed, calm, name=self.model))
        return [next(second) if doubt else next(first) for doubt in doubtful]

    def _narrowed(self, reading: Reading, windows: Array) -> Reading:
        """The windows of a long text that are worth a second look, the most doubtful ones, in their order."""
        most = windows[:, WATCHED].max(axis=1)
        chosen = [place for place in np.argsort(-most)[:MOST_WINDOWS].tolist() if most[place] >= self._linear.screen]
        return replace(reading, windows=tuple(reading.windows[place] for place in sorted(chosen)))

    def _doubtful(self, windows: Array) -> bool:
        """Whether the linear model cannot exclude that a text is of severity high or above."""
        return bool(np.max(windows[:, WATCHED]) >= self._linear.screen)
