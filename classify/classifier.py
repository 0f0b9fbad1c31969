"""What every classifier looks like to the rest of Turvakt."""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from classify.verdict import Judgement, Label

Judges = Literal["linear", "both"]
"""Which models of a cascade judged a text: the first one alone, or both."""


class Classifier(Protocol):
    """Judges texts in batches. Pure: the same text always gets the same judgement, whatever stands beside it.

    ``remote`` is not, since it asks a server: a judgement in which it got no answer names the local model alone.
    """

    model: str
    """``name@version``, as each judgement names it."""
    lacks: tuple[str, ...]
    """The parts whose work another does, worse: their files are absent (``encoder``), or not made for each other (``blend``);
    mostly none."""

    def classify(self, texts: Sequence[str]) -> list[Judgement]:
        """One judgement per text, in order. No text makes it raise; what cannot be judged is ``unable``."""
        ...

    def thresholds(self, text: str) -> Mapping[Label, float]:
        """From which probability each label of ``text`` is flagged; empty if the labels are not decided by thresholds."""
        ...
