"""The hashed character n-gram model: fast, and good at what its corpus shows."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from classify import artifact
from classify.artifact import HEADS, STEPS, Model, Weights
from classify.concepts import WORDS
from classify.reading import Reading, Window, read, unable
from classify.scoring import contributions, decision, probabilities
from classify.severity import settle
from classify.verdict import LABELS, Judgement, Label, Score, Span

FOLDER = "linear"
_MOST_SPANS = 3
_BATCH = 512


class Linear:
    """Judges by the weights in ``models/linear``."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.model = f"linear@{model.version}"

    @classmethod
    def open(cls, models: Path) -> "Linear":
        """The classifier whose files are in ``models/linear``.

        Raises:
            Broken: they are missing, altered or of another version.
        """
        return cls(artifact.load(models / FOLDER))

    def classify(self, texts: Sequence[str]) -> list[Judgement]:
        """One judgement per text, in order."""
        judgements: list[Judgement] = []
        for start in range(0, len(texts), _BATCH):
            judgements += self.judge([read(text) for text in texts[start : start + _BATCH]])
        return judgements

    def judge(self, readings: Sequence[Reading]) -> list[Judgement]:
        """One judgement per reading, in order; a reading that is ``unable`` stays so."""
        masked: list[str] = []
        bounds = [0]
        for reading in readings:
            if reading.unable is None:
                masked += (window.masked for window in reading.windows)
            bounds.append(len(masked))
        chances = probabilities(self._model, decision(self._model, masked))
        return [
            unable(reading.unable, self.model)
            if reading.unable is not None
            else self._judgement(reading, masked[first:last], chances[first:last])
            for reading, first, last in zip(readings, bounds, bounds[1:], strict=False)
        ]

    def _judgement(self, reading: Reading, masked: Sequence[str], chances: Weights) -> Judgement:
        best = chances.max(axis=0)
        labels = {
            label: Score(float(best[head]), bool(best[head] >= stricter(self._model.thresholds[label], len(masked))))
            for head, label in enumerate(LABELS)
        }
        by_window: dict[int, list[Label]] = {}
        for head, label in enumerate(LABELS):
            if labels[label].flagged:
                by_window.setdefault(int(chances[:, head].argmax()), []).append(label)
        spans = [
            span
            for window, flagged in by_window.items()
            for span in self._spans(reading.windows[window], masked[window], flagged)
        ]
        reached = [step for step in STEPS if best[HEADS.index(step)] >= stricter(self._model.steps[step], len(masked))]
        severity = settle(labels, reached)
        return Judgement(reading.guess.nearest, None, severity, labels, tuple(spans), self.model)

    def _spans(self, window: Window, masked: str, labels: Sequence[Label]) -> list[Span]:
        added = contributions(self._model, masked, [LABELS.index(label) for label in labels])
        words = [(word.start(), word.end()) for word in WORDS.finditer(masked)]
        return [
            Span(*window.span(start, end), label)
            for column, label in enumerate(labels)
            for start, end in strongest(words, [float(added[start:end, column].sum()) for start, end in words])
        ]


def stricter(threshold: float, windows: int) -> float:
    """The threshold for a text of several windows: its odds times their number.

    A long text has more chances to look like abuse by accident than the posts on which the threshold was chosen.
    """
    odds = threshold / (1 - threshold) * windows
    return float(odds / (1 + odds))


def strongest(words: Sequence[tuple[int, int]], weights: Sequence[float]) -> list[tuple[int, int]]:
    """The few words that weigh most, those next to each other as one, in the order of the text."""
    if not words:
        return []
    most = max(weights)
    order = np.argsort(weights, kind="stable")[::-1]
    chosen = sorted(
        int(place) for place in order[: 2 * _MOST_SPANS] if weights[place] > 0 and weights[place] >= most / 3
    )
    merged: list[list[int]] = []
    for place in chosen:
        if merged and place - merged[-1][1] <= 1:
            merged[-1][1] = place
        else:
            merged.append([place, place])
    heaviest = sorted(merged, key=lambda run: -max(weights[run[0] : run[1] + 1]))[:_MOST_SPANS]
    return [(words[first][0], words[last][1]) for first, last in sorted(heaviest)]
