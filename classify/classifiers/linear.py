"""The hashed character n-gram model: fast, and good at what its corpus shows."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from classify.digest import of_reading
from classify.judging import judge, thresholds
from classify.linear import artifact
from classify.linear.scoring import LinearScorer
from classify.reading import read
from classify.verdict import Judgement, Label

FOLDER = "linear"
_BATCH = 512


class Linear:
    """Judges by the weights in ``models/linear``."""

    def __init__(self, scorer: LinearScorer) -> None:
        self.scorer = scorer
        self.lacks: tuple[str, ...] = ()
        self.model = f"linear@{scorer.version}.{of_reading()}"

    @classmethod
    def open(cls, models: Path) -> "Linear":
        """The classifier whose files are in ``models/linear``.

        Raises:
            Broken: they are missing, altered or of another version.
        """
        return cls(LinearScorer(artifact.load(models / FOLDER)))

    def classify(self, texts: Sequence[str]) -> list[Judgement]:
        """One judgement per text, in order."""
        judgements: list[Judgement] = []
        for start in range(0, len(texts), _BATCH):
            judgements += judge(self.scorer, read(texts[start : start + _BATCH]), name=self.model)
        return judgements

    def thresholds(self, text: str) -> Mapping[Label, float]:
        """From which probability each label of ``text`` is flagged; a long text has higher thresholds."""
        return thresholds(self.scorer, read([text])[0])
