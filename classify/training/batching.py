"""Which texts a network learns from at once: of like length, and each post with its twin."""

import random
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array  # type: ignore[import-untyped]
from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped]

from classify.corpus import Example

Places = NDArray[np.int64]
_DRAWN = 1600  # texts that are sorted by length at a time: few enough that batches differ from epoch to epoch


def twins(examples: Sequence[Example]) -> Places:
    """(examples,): the place of the post in contrast to which each was written, -1 where there is none.

    Of several forms of one post the first is taken, and only the first has a twin.
    """
    places: dict[str, int] = {}
    for place, example in enumerate(examples):
        places.setdefault(example.id, place)
    found = np.full(len(examples), -1, dtype=np.int64)
    for place in places.values():
        contrast = examples[place].contrast
        found[place] = places.get(contrast, -1) if contrast else -1
    return found


def batches(
    lengths: Sequence[int], twin: Places, *, pieces: int, longest: int, shuffle: random.Random | None = None
) -> Iterator[list[int]]:
    """Places of texts of like length that together have about ``pieces`` pieces, in random order if shuffled.

    Args:
        lengths: (texts,) in pieces; what is over ``longest`` is cut before it is learnt from.
        twin: as `twins` gives it: twins, and twins of twins, are in one batch.
    """
    groups = _groups(twin)
    found: list[list[int]] = []
    if shuffle:
        shuffle.shuffle(groups)
    for start in range(0, len(groups), _DRAWN):
        batch: list[int] = []
        drawn = groups[start : start + _DRAWN]
        for group in sorted(drawn, key=lambda group: max(lengths[place] for place in group)):
            widest = min(longest, max(lengths[place] for place in group))
            if batch and (len(batch) + len(group)) * widest > pieces:
                found.append(batch)
                batch = []
            batch.extend(group)
        found.append(batch)
    if shuffle:
        shuffle.shuffle(found)
    yield from found


def _groups(twin: Places) -> list[list[int]]:
    """Who belongs together, in the order of the first of each."""
    (mine,) = np.nonzero(twin >= 0)
    links = coo_array((np.ones(len(mine)), (mine, twin[mine])), shape=(len(twin), len(twin)))
    _, group = connected_components(links, directed=False)
    found: dict[int, list[int]] = {}
    for place, number in enumerate(group.tolist()):
        found.setdefault(number, []).append(place)
    return list(found.values())
