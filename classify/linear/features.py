"""Hashed character n-grams and words, for a whole batch of texts at once in NumPy.

All substrings get their hash from one array of prefix sums of a polynomial in an odd base modulo 2**64 (Karp and Rabin, 1987):
``(prefix[end] - prefix[start]) * base**-start``. So an n-gram, a word and a pair of words cost the same few vector operations,
and the same string has the same hash wherever it stands. Hashing trick: Weinberger et al., ICML 2009.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classify.masking import NAME, NAMES

BITS: Final = 18
BUCKETS: Final = 1 << BITS
NGRAMS: Final = (2, 3, 4, 5)
FEW: Final = 60
"""About as many n-grams as three words have: what is added to a text's number of them before it is scaled."""

_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2**64
_INVERSE = pow(_BASE, -1, 1 << 64)
_SALTS = tuple(np.uint64(pow(_INVERSE, 7 + kind, 1 << 64)) for kind in range(16))
_MIX = np.uint64(0xD6E8FEB86659FD93)
_SHIFT = np.uint64(64 - BITS)
_HALF = np.uint64(32)
_MARK, _WORD = _SALTS[1], _SALTS[8]
_PAIRS = ((1, _SALTS[9]), (2, _SALTS[10]))  # words beside each other, and with one between them
_BY_LENGTH = np.array([[_SALTS[n]] for n in NGRAMS])
KINDS: Final = len(NGRAMS) + 2 + len(_PAIRS)


@dataclass(frozen=True, slots=True)
class Features:
    """The features of a batch of texts, ordered by kind, and within a kind by text and place.

    ``buckets`` (features,) are their places in the model; ``runs`` (kinds * texts + 1,) says where those of each kind and text
    begin and end among them, so that ``buckets`` and ``runs`` are the indices and the index pointer of a sparse matrix. Text
    ``i`` stands at ``bounds[i]:bounds[i + 1]`` of all texts in a row, with a blank on each side. A text may have no feature.
    """

    buckets: NDArray[np.int32]
    runs: NDArray[np.int32]
    bounds: NDArray[np.int64]
    _grams: NDArray[np.int64] = field(repr=False)  # the n-grams' places in (lengths, code points), flat
    _others: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]] = field(repr=False)

    @property
    def counts(self) -> NDArray[np.int64]:
        """(texts,): how many features each text has."""
        counts: NDArray[np.int64] = (self.runs[1:] - self.runs[:-1]).reshape(KINDS, -1).sum(axis=0)
        return counts

    @property
    def rows(self) -> NDArray[np.int32]:
        """(features,): the number of the text of each feature."""
        texts = np.arange(len(self.bounds) - 1, dtype=np.int32)
        return np.repeat(np.tile(texts, KINDS), np.diff(self.runs))

    @property
    def places(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(features,) twice: where each feature starts and ends in all texts in a row."""
        kind, first = np.divmod(self._grams, self.bounds[-1])
        starts, ends = zip((first, first + kind + NGRAMS[0]), *self._others, strict=True)
        return np.concatenate(starts), np.concatenate(ends)


_LAST = np.uint32(0xFFFF)
_IS_WORD = np.array([chr(code).isalnum() or chr(code) in "*_" for code in range(0xFFFF)] + [False])

_powers = np.ones(1, dtype=np.uint64)
_inverses = np.ones(1, dtype=np.uint64)


def _grow(length: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Powers of the base and of its inverse, for at least ``length`` places; they are the same for every batch."""
    global _powers, _inverses
    if len(_powers) < length:
        size = max(length, 4096)
        powers = np.full(size, np.uint64(_BASE))
        inverses = np.full(size, np.uint64(_INVERSE))
        powers[0] = inverses[0] = 1
        _powers, _inverses = np.multiply.accumulate(powers), np.multiply.accumulate(inverses)
    return _powers, _inverses


def extract(texts: Sequence[str]) -> Features:
    """The features of each of ``texts``, as `classify.masking.mask` gives them.

    Within a word with a blank on both sides: every n-gram of 2 to 5 characters. Words, pairs of neighbours, and pairs with one
    word between them. A masked name is one letter, however long it is and however many words it has. Marks such as ``!`` and
    emoji part words and are features by themselves.
    """
    joined = " " + "  ".join(texts) + " " if texts else ""
    if NAME in joined:
        joined = NAMES.sub(lambda name: NAME.ljust(len(name[0])), joined)
    codes = np.frombuffer(joined.encode("utf-32-le", "replace"), dtype=np.uint32)
    bounds = np.zeros(len(texts) + 1, dtype=np.int64)
    bounds[1:] = list(accumulate(len(text) + 2 for text in texts))
    return _hash(codes, bounds)


def _hash(codes: NDArray[np.uint32], bounds: NDArray[np.int64]) -> Features:
    size = len(codes)
    powers, inverses = _grow(size)
    blank = ~_IS_WORD[np.minimum(codes, _LAST)]
    prefix = np.zeros(size + 1 + NGRAMS[-1], dtype=np.uint64)
    (np.where(blank, np.uint32(32), codes) * powers[:size]).cumsum(out=prefix[1 : size + 1])
    grams = _grams(blank)
    by_length = _shifted(prefix, NGRAMS[0], size) - prefix[:size]
    by_length *= inverses[:size]
    by_length *= _BY_LENGTH
    marks = (blank & (codes > 32)).nonzero()[0]
    edges = (blank[:-1] != blank[1:]).nonzero()[0] + 1  # every text begins and ends with a blank
    begin, end = edges[::2], edges[1::2]
    words = (prefix[end] - prefix[begin]) * inverses[begin]
    others = [(marks, marks + 1), (begin, end)]
    hashes = [by_length.ravel()[grams], codes[marks] * _MARK, words * _WORD]
    row = bounds.searchsorted(begin)
    for gap, salt in _PAIRS:
        near = (row[gap:] == row[:-gap]).nonzero()[0]
        others.append((begin[near], end[near + gap]))
        hashes.append((words[near] * _MIX + words[near + gap]) * salt)
    hashed = np.concatenate(hashes)
    hashed ^= hashed >> _HALF
    hashed *= _MIX
    buckets = (hashed >> _SHIFT).astype(np.int32)
    runs = [grams.searchsorted((bounds[:-1] + np.arange(len(NGRAMS))[:, None] * size).ravel())]
    done = len(grams)
    for first, _ in others:
        runs.append(first.searchsorted(bounds[:-1]) + done)
        done += len(first)
    runs.append(np.array([done]))
    return Features(buckets, np.concatenate(runs, dtype=np.int32), bounds, grams, others)


def _shifted(array: NDArray[Any], by: int, size: int) -> NDArray[Any]:
    """(lengths of n-grams, size): a view of ``array`` from ``by`` on, from the place after that on, and so on."""
    step = array.itemsize
    return np.ndarray((len(NGRAMS), size), array.dtype, array, by * step, (step, step))


def _grams(blank: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Where n-grams begin, length by length: one may begin or end with a blank, has none inside, and is not two blanks."""
    size = len(blank)
    inside = np.zeros(size + NGRAMS[-1], dtype=np.int32)
    blank.cumsum(out=inside[1 : size + 1])
    inside[size + 1 :] = size + 1  # no n-gram goes beyond the end
    there = _shifted(inside, 1, size) == inside[1 : size + 1]
    there[0, :-1] = ~(blank[:-1] & blank[1:])
    there[0, -1:] = False
    return np.asarray(there.ravel().nonzero()[0])
