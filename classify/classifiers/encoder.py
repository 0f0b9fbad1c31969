"""The fine-tuned transformer alone: reads what a text means, a hundred times slower than the linear model."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from classify.digest import of_reading
from classify.encoder import artifact
from classify.encoder.scoring import EncoderScorer
from classify.judging import judge, thresholds
from classify.reading import read
from classify.verdict import Judgement, Label
from flow.errors import Broken

FOLDER = "encoder"


class Encoder:
    """Judges by the network in ``models/encoder``."""

    def __init__(self, scorer: EncoderScorer) -> None:
        self.scorer = scorer
        self.lacks: tuple[str, ...] = ()
        self.model = f"encoder@{scorer.version}.{of_reading()}"

    @classmethod
    def open(cls, models: Path) -> "Encoder":
        """The classifier whose files are in ``models/encoder``.

        Raises:
            Broken: they are missing, altered or of another version.
        """
        found = cls.open_if_there(models)
        if found is None:
            raise Broken(
                "there is no encoder", place=str(models / FOLDER), remedy="Set classifier.name to 'linear' or 'cascade'"
            )
        return found

    @classmethod
    def open_if_there(cls, models: Path) -> "Encoder | None":
        """The same, or None where no encoder lies.

        Raises:
            Broken: one lies there, incomplete, altered or of another version.
        """
        files = artifact.load(models / FOLDER)
        return cls(EncoderScorer(files)) if files else None

    def classify(self, texts: Sequence[str]) -> list[Judgement]:
        """One judgement per text, in order."""
        return judge(self.scorer, read(texts), name=self.model)

    def thresholds(self, text: str) -> Mapping[Label, float]:
        """From which probability each label of ``text`` is flagged; a long text has higher thresholds."""
        return thresholds(self.scorer, read([text])[0])
