"""Scores of the linear model: windows of texts in, one row of head scores each out.

All sums are over few rows of the weights, gathered by number; nothing here is a dense product, so no thread pool wakes.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate, chain, combinations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array  # type: ignore[import-untyped]

from classify.heads import HEADS
from classify.judging import Words
from classify.linear.artifact import Model, Weights
from classify.linear.concepts import COUNT, WORDS, concepts_of_masked
from classify.linear.features import FEW, Features, extract
from classify.reading import Window

SINGLE_SCALE = 0.5
PAIR_SCALE = 0.3
CHUNK = 128
"""Texts hashed at a time: few enough for their arrays to stay in the processor's cache."""


class LinearScorer:
    """The model as `classify.judging` asks it."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.calibration = model.calibration
        self.screen = model.screen
        self.version = model.version

    def scores(self, windows: Sequence[Window]) -> Weights:
        """(windows, heads): the raw score of each head."""
        return decision(self._model, windows)

    def contributions(self, windows: Sequence[Window], heads: Sequence[int]) -> list[tuple[Words, NDArray[np.float64]]]:
        """Per window: its words, and (words, heads) what each added to ``heads``."""
        return contributions(self._model, windows, heads)


def concepts_in(pieces: Iterable[str]) -> list[int]:
    """The concepts of the pieces of a masked text, each once, in ascending order."""
    return sorted(set(chain.from_iterable(map(concepts_of_masked, pieces))))


def presence(texts: Sequence[str]) -> Weights:
    """(texts, concepts): 1 where a masked text has a concept."""
    there = np.zeros((len(texts), COUNT), dtype=np.float32)
    for row, text in enumerate(texts):
        there[row, concepts_in(text.split(" "))] = 1
    return there


def scales(features: Features) -> Weights:
    """(texts,): what each n-gram of a text weighs: one over the root of their number, as if all were different.

    ``FEW`` is added to the number: two words are little evidence, whichever they are.
    """
    return (1 / np.sqrt(features.counts + FEW)).astype(np.float32)


def decision(model: Model, windows: Sequence[Window]) -> Weights:
    """(windows, heads): the raw scores of ``windows``."""
    out = np.empty((len(windows), len(HEADS)), dtype=np.float32)
    for start in range(0, len(windows), CHUNK):
        chunk = windows[start : start + CHUNK]
        ngrams = _ngram_scores(model, [window.masked for window in chunk])
        out[start : start + CHUNK] = ngrams + _concept_scores(model, [concepts_in(window.pieces) for window in chunk])
    out += model.bias
    return out


def _ngram_scores(model: Model, texts: Sequence[str]) -> Weights:
    features = extract(texts)
    runs = features.runs if len(texts) > 1 else features.runs[[0, -1]]
    by_kind = _sums(model.ngrams, features.buckets, runs).reshape(-1, len(texts), len(HEADS))
    scored: Weights = by_kind.sum(axis=0) * scales(features)[:, None]
    return scored


def _concept_scores(model: Model, held: Sequence[list[int]]) -> Weights:
    pairs = [[COUNT * first + second for first, second in combinations(concepts, 2)] for concepts in held]
    total: Weights = _mean(model.singles, held) + _mean(model.pairs.reshape(COUNT * COUNT, -1), pairs)
    return total


def _mean(table: Weights, chosen: Sequence[list[int]]) -> Weights:
    """(texts, heads): the sum of the rows of ``table`` that each text chose, over the root of their number."""
    sizes = [len(rows) for rows in chosen]
    runs = np.fromiter(accumulate(sizes, initial=0), np.int32, len(sizes) + 1)
    places = np.fromiter(chain.from_iterable(chosen), np.int32, runs[-1])
    root: Weights = np.sqrt(np.maximum(1, sizes, dtype=np.float32))
    return _sums(table, places, runs) / root[:, None]


def _sums(table: Weights, places: NDArray[np.int32], runs: NDArray[np.int32]) -> Weights:
    """(runs, heads): the sum of the rows of ``table`` that ``places[runs[i]:runs[i + 1]]`` names."""
    if len(runs) == 2:  # spares building a matrix
        return np.asarray(np.einsum("ij->j", table.take(places, axis=0)))[None]
    ones = np.ones(len(places), dtype=np.float32)
    return np.asarray(csr_array((ones, places, runs), shape=(len(runs) - 1, len(table))) @ table)


def contributions(
    model: Model, windows: Sequence[Window], heads: Sequence[int]
) -> list[tuple[Words, NDArray[np.float64]]]:
    """Per window: where its words start and end in its masked text, and (words, heads) what each added to ``heads``.

    An n-gram's weight is spread evenly over its code points; a concept's goes to its words, a pair's to the words of both.
    """
    features = extract([window.masked for window in windows])
    rows, (starts, ends), bounds = features.rows, features.places, features.bounds
    starts, ends = np.maximum(starts, bounds[rows] + 1), np.minimum(ends, bounds[rows + 1] - 1)
    spread = scales(features)[rows] / np.maximum(1, ends - starts)
    before = np.zeros((bounds[-1] + 1, len(heads)))  # what stands before each code point, all windows in a row
    for column, head in enumerate(heads):
        share = model.ngrams[features.buckets, head] * spread
        steps = np.bincount(starts, share, bounds[-1]) - np.bincount(ends, share, bounds[-1])
        steps.cumsum().cumsum(out=before[1:, column])
    found = []
    for window, first in zip(windows, bounds + 1, strict=False):
        matches = list(WORDS.finditer(window.masked))
        words = [match.span() for match in matches]
        begin, end = first + np.array(words, dtype=np.int64).reshape(-1, 2).T
        concepts = _of_concepts(model, [match[0] for match in matches], heads)
        found.append((words, before[end] - before[begin] + concepts))
    return found


def _of_concepts(model: Model, words: Sequence[str], heads: Sequence[int]) -> NDArray[np.float64]:
    """(words, heads): what the concepts of each word added."""
    by_word = list(map(concepts_of_masked, words))
    numbers = list(chain.from_iterable(by_word))
    added = np.zeros((len(words), len(HEADS)))
    if numbers:
        held = np.array(sorted(set(numbers)))
        pairs = model.pairs[held[:, None], held]
        paired = (pairs.sum(axis=0) + pairs.sum(axis=1)) / 2 / max(1.0, len(held) * (len(held) - 1) / 2) ** 0.5
        each = model.singles[held] / len(held) ** 0.5 + paired
        places = np.repeat(np.arange(len(words)), list(map(len, by_word)))
        np.add.at(added, places, each[held.searchsorted(numbers)])
    return added[:, heads]
