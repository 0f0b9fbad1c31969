"""A classifier for tests of measures: its judgements can be told beforehand."""

from collections.abc import Mapping, Sequence

from classify.verdict import LABELS, Judgement, Label, Score


class Watchword:
    """A text with one of ``words`` is a threat of 0.9 and high, one that mentions a meeting has 0.4 and no flag, others 0.1.

    What is half something else than letters and blanks it cannot judge.
    """

    model = "watchword@1"
    lacks: tuple[str, ...] = ()

    def __init__(self, *words: str) -> None:
        self._words = words

    def classify(self, texts: Sequence[str]) -> list[Judgement]:
        return [self._judge(text) for text in texts]

    def thresholds(self, text: str) -> Mapping[Label, float]:
        return {}

    def _judge(self, text: str) -> Judgement:
        if sum(not (letter.isalpha() or letter == " ") for letter in text) >= len(text) / 2 > 0:
            return Judgement("other", "no-text", "none", {label: Score(0.0, False) for label in LABELS}, (), self.model)
        found = any(word in text for word in self._words)
        chance = 0.9 if found else 0.4 if "möte" in text or "kokous" in text else 0.1
        labels = {label: Score(chance if label == "threat" else 0.0, found and label == "threat") for label in LABELS}
        return Judgement("sv", None, "high" if found else "none", labels, (), self.model)
