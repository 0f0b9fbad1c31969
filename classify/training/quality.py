"""Whether a corpus is as varied as real posts: no frames that return, a vocabulary that keeps growing, all lengths."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from classify.corpus import Example
from classify.masking import NAME, mask
from classify.normalise import normalise

_WORD: Final = re.compile(rf"[^\W\d_{NAME}]+")
_SHINGLE: Final = 3
_COMMON: Final = 25
"""A run of words that stands in more posts than this says nothing about two of them."""
_FEWEST: Final = 5


@lru_cache(maxsize=1 << 16)
def words(text: str) -> tuple[str, ...]:
    """The words of a text in small letters, without names and numbers."""
    return tuple(_WORD.findall(mask(text, normalise(text)).lower()))


def near_copies(examples: Sequence[Example], *, share: float = 0.5) -> Iterator[tuple[Example, Example]]:
    """Pairs, other than twins, that share more than ``share`` of their runs of three words once names and numbers are gone.

    Such a pair is a template with its slots filled twice. Resemblance of runs of words: Broder, 1997. Posts of fewer than seven
    words have too few runs to resemble one another: see `same_words`.
    """
    runs = [_runs(words(example.text)) for example in examples]
    holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, held in enumerate(runs):
        for run in held:
            holders[run].append(place)
    for place, held in enumerate(runs):
        if len(held) < _FEWEST:
            continue
        shared = Counter(
            other for run in held if len(holders[run]) <= _COMMON for other in holders[run] if other < place
        )
        for other, count in shared.items():
            alike = count / len(held | runs[other]) > share
            if alike and not _twins(examples[place], examples[other]):
                yield examples[other], examples[place]


def same_words(examples: Sequence[Example]) -> Iterator[tuple[Example, Example]]:
    """Pairs of one language, other than twins, that are the same once names, numbers and signs are gone, if words are left.

    A post that equals more than one earlier post is paired with the first of them.
    """
    earlier: dict[tuple[str, ...], Example] = {}
    for example in examples:
        said = (example.lang, *words(example.text))
        first = earlier.setdefault(said, example)
        if first is not example and len(said) > 1 and not _twins(first, example):
            yield first, example


def _twins(one: Example, other: Example) -> bool:
    return one.contrast == other.id or other.contrast == one.id


def _runs(found: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(found[place : place + _SHINGLE]) for place in range(len(found) - _SHINGLE + 1)}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a collection of posts looks like from outside.

    ``lengths`` are the 10th, 50th and 90th percentile of words a post; ``growth`` new words for each 100 words in the last tenth
    of the first 20,000.
    """

    lengths: tuple[int, int, int]
    growth: float


def shape(texts: Sequence[str]) -> Shape:
    """The shape of ``texts``, at least one of which has a letter."""
    split = [words(text) for text in texts]
    sizes = sorted(map(len, split))
    lengths = tuple(sizes[int(part * (len(sizes) - 1))] for part in (0.1, 0.5, 0.9))
    return Shape((lengths[0], lengths[1], lengths[2]), _growth(word for one in split for word in one))


def _growth(found: Iterable[str]) -> float:
    seen: set[str] = set()
    fresh = counted = 0
    for place, word in enumerate(found):
        if place >= 20_000:
            break
        if place >= 18_000:
            counted += 1
            fresh += word not in seen
        seen.add(word)
    return 100 * fresh / max(1, counted)
