"""Hashed character n-grams and words, for a whole batch of texts at once in NumPy.

All substrings get their hash from one array of prefix sums of a polynomial in an odd base modulo 2**64 (Karp and Rabin, 1987):
``(prefix[end] - prefix[start]) * base**-start``. So an n-gram, a word and a pair of words cost the same few vector operations,
and the same string has the same hash wherever it stands. Hashing trick: Weinberger et al., ICML 2009.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

BITS: Final = 18
BUCKETS: Final = 1 << BITS
NGRAMS: Final = (2, 3, 4, 5)
NAME: Final = "ƿ"
"""Stands for each letter of a masked name, handle or link: a letter that no living language writes."""

_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2**64
_INVERSE = pow(_BASE, -1, 1 << 64)
_SALTS = tuple(np.uint64(pow(_INVERSE, 7 + kind, 1 << 64)) for kind in range(16))
_MIX = np.uint64(0xD6E8FEB86659FD93)
_SHIFT = np.uint64(64 - BITS)
_HALF = np.uint64(32)
_WORD, _PAIR, _SKIP = 8, 9, 10


@dataclass(frozen=True, slots=True)
class Features:
    """The features of a batch of texts: ``buckets[i]`` is in text ``rows[i]`` and came from ``starts[i]:ends[i]`` of it.

    All four are arrays of one length, ordered by kind, not by text. Every text has at least no feature.
    """

    buckets: NDArray[np.int32]
    rows: NDArray[np.int32]
    counts: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


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
    word between them. Marks such as ``!`` and emoji part words and are features by themselves.
    """
    joined = " " + "  ".join(texts) + " "
    codes = np.frombuffer(joined.encode("utf-32-le", "replace"), dtype=np.uint32)
    lengths = np.fromiter((len(text) + 2 for text in texts), dtype=np.int64, count=len(texts))
    bounds = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(lengths)))
    row_of = np.repeat(np.arange(len(texts), dtype=np.int32), lengths)
    return _hash(codes, row_of, bounds)


def _hash(codes: NDArray[np.uint32], row_of: NDArray[np.int32], bounds: NDArray[np.int64]) -> Features:
    size = len(codes)
    powers, inverses = _grow(size + 1)
    blank = ~_IS_WORD[np.minimum(codes, _LAST)]
    marks = np.flatnonzero(blank & (codes > 32))
    mark_codes = codes[marks]
    codes = np.where(blank, np.uint32(32), codes)
    prefix = np.zeros(size + 1, dtype=np.uint64)
    np.cumsum(codes * powers[:size], out=prefix[1:])
    starts: list[NDArray[np.int64]] = []
    ends: list[NDArray[np.int64]] = []
    hashes: list[NDArray[np.uint64]] = []
    # An n-gram may begin or end with a blank and has none inside.
    inside = np.zeros(size + 1, dtype=np.int32)
    np.cumsum(blank, out=inside[1:])
    for n in NGRAMS:
        if size < n:
            continue
        if n == 2:
            first = np.flatnonzero(~(blank[:-1] & blank[1:]))
        else:
            first = np.flatnonzero(inside[n - 1 : size] == inside[1 : size - n + 2])
        starts.append(first)
        ends.append(first + n)
        hashes.append((prefix[first + n] - prefix[first]) * inverses[first] * _SALTS[n])
    starts.append(marks)
    ends.append(marks + 1)
    hashes.append(mark_codes * _SALTS[1])
    word_starts = np.flatnonzero(blank[:-1] & ~blank[1:]) + 1
    word_ends = np.flatnonzero(~blank[:-1] & blank[1:]) + 1
    words = (prefix[word_ends] - prefix[word_starts]) * inverses[word_starts]
    starts.append(word_starts)
    ends.append(word_ends)
    hashes.append(words * _SALTS[_WORD])
    for gap, kind in ((1, _PAIR), (2, _SKIP)):
        if len(words) > gap:
            near = np.flatnonzero(row_of[word_starts[gap:]] == row_of[word_starts[:-gap]])
            starts.append(word_starts[near])
            ends.append(word_ends[near + gap])
            hashes.append((words[near] * _MIX + words[near + gap]) * _SALTS[kind])
    first = np.concatenate(starts)
    rows = row_of[first]
    hashed = np.concatenate(hashes)
    hashed ^= hashed >> _HALF
    hashed *= _MIX
    buckets = (hashed >> _SHIFT).astype(np.int32)
    counts = np.bincount(rows, minlength=len(bounds) - 1)
    offset = bounds[rows] + 1
    return Features(buckets, rows, counts, first - offset, np.concatenate(ends) - offset)
