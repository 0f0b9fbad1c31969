"""Asking a text classifier behind ``/predict``, as Hugging Face's text-embeddings-inference serves it."""

import math
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from classify.remote.answer import PLACE, Answer
from classify.verdict import LABELS, Label
from flow.errors import BadInput, Broken, Unavailable

_REMEDY = "Check remote.labels against the names that the model gives its labels"


class _Scored(Struct):
    label: str
    score: float


_ANSWER: Final = msgspec.json.Decoder(list[_Scored])
_ANSWERS: Final = msgspec.json.Decoder(list[list[_Scored]])


class Labelling:
    """A `classify.remote.answer.Form`.

    Args:
        labels: the server's name of a label -> ours; several of its names may mean the same, then the highest counts. Every name
            here must be in each answer, and what else is there is not read.
        raw: ask for the model's raw scores and make each a probability by itself. For models that may give several labels at
            once: the server's own probabilities sum to 1.
    """

    def __init__(self, *, labels: Mapping[str, Label], raw: bool) -> None:
        self._labels = labels
        self._raw = raw

    def request(self, text: str) -> dict[str, Any]:
        """One text; the server gathers those that come at the same time."""
        return {"inputs": text, "raw_scores": self._raw, "truncate": True}

    def answer(self, body: bytes) -> Answer:
        """A list of labels with scores; or, as some servers have it, a list with one such list in it."""
        try:
            scored = _ANSWER.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            scored = self._nested(body)
        scores = {each.label: each.score for each in scored}
        if len(scores) < len(scored) or not self._labels.keys() <= scores.keys():
            raise BadInput("the answer lacks a label, or has one twice", place=PLACE, remedy=_REMEDY)
        found: dict[Label, float] = {}
        for name, label in self._labels.items():
            found[label] = max(found.get(label, 0.0), self._probability(scores[name]))
        return Answer(found, None)

    def _nested(self, body: bytes) -> list[_Scored]:
        try:
            (scored,) = _ANSWERS.decode(body)
        except (ValueError, msgspec.DecodeError):
            remedy = "Check remote.url and remote.kind"
            raise Unavailable("the answer is no list of labels and scores", place=PLACE, remedy=remedy) from None
        return scored

    def _probability(self, score: float) -> float:
        if self._raw:
            return 0.5 + 0.5 * math.tanh(score / 2)  # the logistic function, without an overflow far out
        if not 0 <= score <= 1:
            raise BadInput("a score is no probability", place=PLACE, remedy="Set remote.kind to 'raw-labels'")
        return score


def pairs(written: list[str]) -> dict[str, Label]:
    """The names of labels from the settings, each ``THEIRS=OURS``; none means that the server uses our six names.

    Raises:
        Broken: one of them is no pair, is there twice, or names no label of ours.
    """
    found: dict[str, Label] = {}
    for each in written:
        theirs, _, ours = (part.strip() for part in each.rpartition("="))
        label = next((label for label in LABELS if label == ours), None)
        if not theirs or label is None or theirs in found:
            remedy = f'Write each name once, as "THEIRS=OURS"; ours are {", ".join(LABELS)}'
            raise Broken("is no list of pairs", place="settings, remote.labels", remedy=remedy)
        found[theirs] = label
    return found or {label: label for label in LABELS}
