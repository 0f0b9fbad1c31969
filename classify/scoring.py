"""Scores of the linear model: masked texts in, one row of head scores each out."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array  # type: ignore[import-untyped]

from classify.artifact import HEADS, Model, Weights
from classify.concepts import COUNT, WORDS, concepts_of_masked
from classify.features import BUCKETS, Features, extract

SINGLE_SCALE = 0.5
PAIR_SCALE = 0.3
CHUNK = 64
"""Texts hashed at a time: few enough for their arrays to stay in the processor's cache."""


def concepts_in(text: str) -> list[int]:
    """The concepts of a masked text, each once, in ascending order."""
    found: set[int] = set()
    for word in WORDS.findall(text):
        found.update(concepts_of_masked(word))
    return sorted(found)


def presence(texts: Sequence[str]) -> Weights:
    """(texts, concepts): 1 where a text has a concept."""
    there = np.zeros((len(texts), COUNT), dtype=np.float32)
    for row, text in enumerate(texts):
        there[row, concepts_in(text)] = 1
    return there


def scales(features: Features) -> Weights:
    """(texts,): what each n-gram of a text weighs: one over the root of their number, as if all were different."""
    return (1 / np.sqrt(np.maximum(1, features.counts))).astype(np.float32)


def decision(model: Model, texts: Sequence[str]) -> Weights:
    """(texts, heads): the raw scores of masked ``texts``."""
    out = np.empty((len(texts), len(HEADS)), dtype=np.float32)
    for start in range(0, len(texts), CHUNK):
        chunk = texts[start : start + CHUNK]
        out[start : start + CHUNK] = _ngram_scores(model, chunk) + _concept_scores(model, chunk)
    out += model.bias
    return out


def _ngram_scores(model: Model, texts: Sequence[str]) -> Weights:
    features = extract(texts)
    if len(texts) == 1:  # spares building a matrix
        one: Weights = model.ngrams[features.buckets].sum(axis=0, keepdims=True) * scales(features)[:, None]
        return one
    ones = np.ones(len(features.buckets), dtype=np.float32)
    matrix = coo_array((ones, (features.rows, features.buckets)), shape=(len(texts), BUCKETS))
    scored: Weights = (matrix @ model.ngrams) * scales(features)[:, None]
    return scored


def _concept_scores(model: Model, texts: Sequence[str]) -> Weights:
    there = presence(texts)
    many = there.sum(axis=1)
    single = (there @ model.singles) / np.sqrt(np.maximum(1, many))[:, None]
    both = (there @ model.pairs.reshape(COUNT, -1)).reshape(len(texts), COUNT, -1)
    pair = np.einsum("nk,nkh->nh", there, both) / np.sqrt(np.maximum(1, many * (many - 1) / 2))[:, None]
    total: Weights = single + pair
    return total


def probabilities(model: Model, scores: Weights) -> Weights:
    """(texts, heads): calibrated probabilities of raw ``scores`` (Platt, 1999)."""
    return np.asarray(1 / (1 + np.exp(-(model.slope * scores + model.shift))), dtype=np.float32)


def contributions(model: Model, text: str, heads: Sequence[int]) -> NDArray[np.float64]:
    """(len(text), len(heads)): how much each code point of one masked text added to the score of each of ``heads``."""
    features = extract([text])
    share = model.ngrams[features.buckets][:, heads] * float(scales(features)[0])
    starts = np.clip(features.starts, 0, len(text))
    ends = np.clip(features.ends, 0, len(text))
    share /= np.maximum(1, ends - starts)[:, None]
    size = len(text) + 1
    placed = np.empty((len(text), len(heads)))
    for column in range(len(heads)):
        weights = share[:, column]
        steps = np.bincount(starts, weights, size) - np.bincount(ends, weights, size)
        placed[:, column] = np.cumsum(steps)[:-1]
    held = concepts_in(text)
    many = max(1, len(held))
    pairs = model.pairs[np.ix_(held, held)][:, :, heads]
    paired = (pairs.sum(axis=0) + pairs.sum(axis=1)) / 2 / max(1.0, many * (many - 1) / 2) ** 0.5
    each = dict(zip(held, model.singles[held][:, heads] / many**0.5 + paired, strict=True))
    for word in WORDS.finditer(text):
        for number in concepts_of_masked(word[0]):
            placed[word.start() : word.end()] += each[number] / len(word[0])
    return placed
