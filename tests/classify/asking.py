"""A local classifier, texts that it judges, and a way to see what a remote one tells."""

from collections import Counter
from collections.abc import Mapping, Sequence

from classify.classifiers.remote import Remote
from classify.verdict import LABELS, Judgement, Label, Score, Severity
from tests.classify.watchword import Watchword

LOCAL = Watchword("farlig")
HARMLESS, MEETING, DANGER = "det var en fin dag", "vi ses på ett möte", "det här är en farlig text"


class Fixed:
    """Gives every text the same judgement: ``flagged`` have 0.9, the other labels 0.1."""

    model = "fixed@1"
    lacks: tuple[str, ...] = ()

    def __init__(self, *flagged: Label, severity: Severity) -> None:
        labels = {label: Score(0.9 if label in flagged else 0.1, label in flagged) for label in LABELS}
        self._judgement = Judgement("sv", None, severity, labels, (), self.model)

    def classify(self, texts: Sequence[str]) -> list[Judgement]:
        return [self._judgement for _ in texts]

    def thresholds(self, text: str) -> Mapping[Label, float]:
        return {}


class Told(Counter[str]):
    """Counts what a classifier tells."""

    def __call__(self, outcome: str, many: int) -> None:
        self[outcome] += many


def one(classifier: Remote, text: str) -> Judgement:
    (judgement,) = classifier.classify([text])
    return judgement
