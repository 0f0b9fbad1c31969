"""From what a model says of windows to judgements of texts: the same for every model."""

from collections.abc import Mapping, Sequence
from itertools import accumulate, chain, compress
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from classify.calibration import LANGUAGES, Array, Calibration, stricter
from classify.heads import HEADS, PERSON, SCALE, STEPS
from classify.masking import NAME
from classify.reading import Reading, Window, unable
from classify.severity import settle
from classify.verdict import LABELS, Aim, Judgement, Label, Score, Span

Words = list[tuple[int, int]]
MOST_WINDOWS = 16
"""Of one text, judged by both models: a hundred would hold up the posts of others for a second."""
_MOST_SPANS = 3
_ABUSE = SCALE.start  # the head of the least severity: whether it is abuse at all
_AT_PERSON, _AT_GROUP = 0.6, 0.4  # parts of the chance of abuse; between them nothing is said


class Scorer(Protocol):
    """A model: windows of texts in, raw scores out."""

    calibration: Calibration

    def scores(self, windows: Sequence[Window]) -> Array:
        """(windows, heads): the raw score of each head."""
        ...

    def contributions(self, windows: Sequence[Window], heads: Sequence[int]) -> list[tuple[Words, NDArray[np.float64]]]:
        """Per window: where its words start and end in its masked text, and (words, heads) what each added to ``heads``."""
        ...


def chances(scorer: Scorer, readings: Sequence[Reading]) -> list[Array]:
    """Per reading: (windows, heads) calibrated probabilities."""
    windows = [window for reading in readings for window in reading.windows]
    sizes = [len(reading.windows) for reading in readings]
    if not windows:
        return []
    found = scorer.calibration.probabilities(scorer.scores(windows), _languages(readings))
    return [found[end - size : end] for size, end in zip(sizes, accumulate(sizes), strict=True)]


def judge(scorer: Scorer, readings: Sequence[Reading], *, name: str) -> list[Judgement]:
    """One judgement per reading, in order, each with ``name`` as its model; a reading that is ``unable`` stays so."""
    able = [reading for reading in readings if reading.unable is None]
    judged = iter(settled(scorer, able, chances(scorer, able), name=name))
    return [next(judged) if reading.unable is None else unable(reading.unable, name) for reading in readings]


def settled(
    scorer: Scorer,
    readings: Sequence[Reading],
    found: Sequence[Array],
    *,
    name: str,
    whole: Sequence[int] | None = None,
) -> list[Judgement]:
    """The judgements of ``readings``, none of which is ``unable``, from their `chances`.

    ``whole``: how many windows each text has, where a reading holds only some of them.
    """
    if not readings:
        return []
    sizes = np.array([len(windows) for windows in found])
    firsts = sizes.cumsum() - sizes
    lengths = [reading.length for reading in readings] if whole is None else whole
    best = np.maximum.reduceat(np.concatenate(found), firsts)
    bars = stricter(scorer.calibration.bars[_languages(readings)], np.repeat(lengths, sizes)[:, None])
    over = np.split(np.concatenate(found) - bars, firsts[1:])
    passed = np.array([(windows >= 0).any(axis=0) for windows in over])
    loudest: dict[tuple[int, int], list[int]] = {}  # text, window -> the heads that pass their bar most there
    for text, head in zip(*(axis.tolist() for axis in passed[:, : len(LABELS)].nonzero()), strict=True):
        loudest.setdefault((text, int(over[text][:, head].argmax())), []).append(head)
    spans = _spans(scorer, readings, loudest)
    judgements = []
    for text, (reading, row, flags) in enumerate(zip(readings, best.tolist(), passed.tolist(), strict=True)):
        labels = dict(zip(LABELS, map(Score, row, flags), strict=False))
        severity = settle(labels, tuple(compress(STEPS, flags[SCALE]))) if text in spans else "none"
        aim = _aim(found[text]) if text in spans else None
        judgements.append(
            Judgement(reading.guess.nearest, None, severity, labels, tuple(spans.get(text, ())), name, aim)
        )
    return judgements


def thresholds(scorer: Scorer, reading: Reading) -> Mapping[Label, float]:
    """From which probability each label of a text is flagged; a long text has higher thresholds.

    A part of it in the other language has those of that one, which are not told here.
    """
    row = LANGUAGES.index(reading.guess.nearest)
    bars = stricter(scorer.calibration.bars[row], np.array(max(1, reading.length)))
    return dict(zip(LABELS, bars.tolist(), strict=False))


def _languages(readings: Sequence[Reading]) -> NDArray[np.intp]:
    """(windows,): the number of the language of each window of ``readings``."""
    return np.array(
        [
            LANGUAGES.index(window.language or reading.guess.nearest)
            for reading in readings
            for window in reading.windows
        ],
        dtype=np.intp,
    )


def _aim(windows: Array) -> Aim | None:
    """Whom the abuse is aimed at, in the window where there is most of it: `PERSON` is a part of the chance of abuse."""
    abuse, person = windows[windows[:, _ABUSE].argmax(), [_ABUSE, HEADS.index(PERSON)]].tolist()
    return "person" if person >= _AT_PERSON * abuse else "group" if person < _AT_GROUP * abuse else None


def _spans(
    scorer: Scorer, readings: Sequence[Reading], loudest: Mapping[tuple[int, int], list[int]]
) -> dict[int, list[Span]]:
    """The spans of each text that has a flagged label."""
    if not loudest:
        return {}
    found: dict[int, list[Span]] = {}
    asked = sorted(set(chain.from_iterable(loudest.values())))
    windows = [readings[text].windows[window] for text, window in loudest]
    added = scorer.contributions(windows, asked)
    for ((text, _), heads), window, (words, weights) in zip(loudest.items(), windows, added, strict=True):
        # A masked name carries nothing: what weighs there is only where it stands.
        weights[[NAME in window.masked[start:end] for start, end in words]] = 0
        found.setdefault(text, []).extend(
            Span(*window.span(start, end), LABELS[head])
            for head in heads
            for start, end in strongest(words, weights[:, asked.index(head)].tolist())
        )
    return found


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
