"""Phrases that are abuse by themselves. Precise, and blind to what is not written down."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from classify.reading import Reading, read, unable
from classify.rules.digest import of_rules
from classify.rules.matching import find, raised
from classify.verdict import LABELS, Judgement, Label, Score


class Patterns:
    """Judges by written rules alone: what no rule names is ``none``."""

    def __init__(self) -> None:
        self.lacks: tuple[str, ...] = ()
        self.model = f"patterns@{of_rules()}"

    @classmethod
    def open(cls, models: Path) -> "Patterns":
        """Rules are part of the program: ``models`` is not read."""
        return cls()

    def classify(self, texts: Sequence[str]) -> list[Judgement]:
        """One judgement per text, in order."""
        return [self._judge(reading) for reading in read(texts)]

    def thresholds(self, text: str) -> Mapping[Label, float]:
        """None: a rule applies or does not."""
        return {}

    def _judge(self, reading: Reading) -> Judgement:
        hits = find(reading)
        if not hits and reading.unable is not None:
            return unable(reading.unable, self.model)
        labels = {label: Score(0.0, False) for label in LABELS}
        return raised(Judgement(reading.guess.nearest, None, "none", labels, (), self.model), hits, self.model)
