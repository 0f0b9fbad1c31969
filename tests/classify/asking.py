"""A local classifier, texts that it judges, and a way to see what a remote one tells."""

from collections import Counter

from classify.classifiers.remote import Remote
from classify.verdict import Judgement
from tests.classify.watchword import Watchword

LOCAL = Watchword("farlig")
HARMLESS, MEETING, DANGER = "det var en fin dag", "vi ses på ett möte", "det här är en farlig text"


class Told(Counter[str]):
    """Counts what a classifier tells."""

    def __call__(self, outcome: str, many: int) -> None:
        self[outcome] += many


def one(classifier: Remote, text: str) -> Judgement:
    (judgement,) = classifier.classify([text])
    return judgement
