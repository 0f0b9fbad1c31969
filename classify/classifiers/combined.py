"""Patterns over the linear model: a written rule may raise what the model says, never lower it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from classify.classifiers.linear import Linear
from classify.classifiers.patterns import VERSION, find, raised
from classify.reading import read
from classify.verdict import Judgement, Label

_BATCH = 512


class Combined:
    """What the monitor uses."""

    def __init__(self, linear: Linear) -> None:
        self._linear = linear
        self.model = f"combined@{linear.model.partition('@')[2]}.{VERSION}"

    @classmethod
    def open(cls, models: Path) -> "Combined":
        """The combination over the linear model in ``models/linear``.

        Raises:
            Broken: its files are missing, altered or of another version.
        """
        return cls(Linear.open(models))

    def classify(self, texts: Sequence[str]) -> list[Judgement]:
        """One judgement per text, in order."""
        found: list[Judgement] = []
        for start in range(0, len(texts), _BATCH):
            readings = read(texts[start : start + _BATCH])
            judgements = self._linear.judge(readings, name=self.model)
            found += [raised(*pair, self.model) for pair in zip(judgements, map(find, readings), strict=True)]
        return found

    def thresholds(self, text: str) -> Mapping[Label, float]:
        """Those of the linear model; what a rule raises is above any."""
        return self._linear.thresholds(text)
