"""The hashed character n-gram model: fast, and good at what its corpus shows."""

from collections.abc import Mapping, Sequence
from itertools import accumulate, chain, compress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classify import artifact
from classify.artifact import STEPS, Model, Weights
from classify.features import NAME
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
        bars = [model.thresholds[label] for label in LABELS] + [model.steps[step] for step in STEPS]
        self._bars = np.array(bars)
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
            judgements += self.judge(read(texts[start : start + _BATCH]), name=self.model)
        return judgements

    def thresholds(self, text: str) -> Mapping[Label, float]:
        """From which probability each label of ``text`` is flagged; a long text has higher thresholds."""
        windows = np.array(max(1, len(read([text])[0].windows)))
        bars = stricter(self._bars[: len(LABELS)], windows)
        return dict(zip(LABELS, bars.tolist(), strict=True))

    def judge(self, readings: Sequence[Reading], *, name: str) -> list[Judgement]:
        """One judgement per reading, in order, each with ``name`` as its model; a reading that is ``unable`` stays so."""
        able = iter(self._able([reading for reading in readings if reading.unable is None], name))
        return [next(able) if reading.unable is None else unable(reading.unable, name) for reading in readings]

    def _able(self, readings: Sequence[Reading], name: str) -> list[Judgement]:
        if not readings:
            return []
        windows = [window for reading in readings for window in reading.windows]
        sizes = [len(reading.windows) for reading in readings]
        firsts = list(accumulate(sizes[:-1], initial=0))
        chances = probabilities(self._model, decision(self._model, windows))
        best = np.maximum.reduceat(chances, firsts)
        passed = best >= stricter(self._bars, np.array(sizes)[:, None])
        loudest: dict[tuple[int, int], list[int]] = {}  # text, window -> the heads that are highest there
        for text, head in zip(*(axis.tolist() for axis in passed[:, : len(LABELS)].nonzero()), strict=True):
            first = firsts[text]
            window = first + int(chances[first : first + sizes[text], head].argmax())
            loudest.setdefault((text, window), []).append(head)
        spans = self._spans(windows, loudest)
        found = []
        for text, (reading, row, flags) in enumerate(zip(readings, best.tolist(), passed.tolist(), strict=True)):
            labels = dict(zip(LABELS, map(Score, row, flags), strict=False))
            severity = settle(labels, tuple(compress(STEPS, flags[len(LABELS) :]))) if text in spans else "none"
            found.append(Judgement(reading.guess.nearest, None, severity, labels, tuple(spans.get(text, ())), name))
        return found

    def _spans(self, windows: Sequence[Window], loudest: dict[tuple[int, int], list[int]]) -> dict[int, list[Span]]:
        """The spans of each text that has a flagged label."""
        if not loudest:
            return {}
        found: dict[int, list[Span]] = {}
        asked = sorted(set(chain.from_iterable(loudest.values())))
        added = contributions(self._model, [windows[window] for _, window in loudest], asked)
        for ((text, window), heads), (words, weights) in zip(loudest.items(), added, strict=True):
            # A masked name carries nothing: what weighs there is only where it stands.
            masked = windows[window].masked
            weights[[NAME in masked[start:end] for start, end in words]] = 0
            found.setdefault(text, []).extend(
                Span(*windows[window].span(start, end), LABELS[head])
                for head in heads
                for start, end in strongest(words, weights[:, asked.index(head)].tolist())
            )
        return found


def stricter(threshold: Weights, windows: NDArray[np.intp]) -> Weights:
    """The threshold for a text of several windows: its odds times their number.

    A long text has more chances to look like abuse by accident than the posts on which the threshold was chosen.
    """
    odds = threshold / (1 - threshold) * windows
    return np.asarray(odds / (1 + odds), dtype=np.float32)


def strongest(words: Sequence[tuple[int, int]], weights: Sequence[float]) -> list[tuple[int, int]]:
    """The few words that weigh most, those next to each other as one, in the order of the text."""
    if not words:
        return []
    most = max(weights)
    order = sorted(range(len(weights)), key=weights.__getitem__)[: -2 * _MOST_SPANS - 1 : -1]
    chosen = sorted(place for place in order if weights[place] > 0 and weights[place] >= most / 3)
    merged: list[list[int]] = []
    for place in chosen:
        if merged and place - merged[-1][1] <= 1:
            merged[-1][1] = place
        else:
            merged.append([place, place])
    heaviest = sorted(merged, key=lambda run: -max(weights[run[0] : run[1] + 1]))[:_MOST_SPANS]
    return [(words[first][0], words[last][1]) for first, last in sorted(heaviest)]
