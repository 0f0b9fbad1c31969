"""The quick first look at a batch: which texts may name an official, and at which words. Most posts end here."""

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np
from ahocorasick_rs import BytesAhoCorasick, Implementation

from ingest.matching.forms.text import fold_batch
from ingest.matching.names import ACCOUNT, NAME, TAG, Names

_IN_ADDRESS = frozenset("@/:._-")


@dataclass(slots=True)
class Hit:
    """A text that may name an official or an account.

    ``folded`` and ``kept`` are as `fold_batch` gives them for this text; ``names`` are the offsets in ``folded`` of the
    words that may be part of a name or a form, or a hashtag. Without any it is only a matter of accounts.
    """

    folded: bytes
    kept: list[int] | None
    names: list[int] = field(default_factory=list)


class Search:
    """Looks for the beginnings of all that ``names`` holds."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._automaton = BytesAhoCorasick(names.patterns(), implementation=Implementation.ContiguousNFA)

    def hits(self, texts: list[str]) -> dict[int, Hit]:
        """Those of ``texts`` that may name somebody, by their place in the list."""
        joined = " " + "\n".join(texts) + " "
        folded, kept = fold_batch(joined)
        suspects = []
        seen = -1
        for _, start, _ in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            if start == seen:
                continue
            seen = start
            end = folded.find(b" ", start + 1)
            kind = self._names.kind(folded[start + 1 : end])
            if not kind:
                continue
            # `place` is that of the character before the word
            place, after = (start, end) if kept is None else (int(kept[start]), int(kept[end]))
            named = bool(kind & NAME or (kind & TAG and joined[place] == "#"))
            if named or (kind & ACCOUNT and (joined[place] in _IN_ADDRESS or joined[after] in _IN_ADDRESS)):
                suspects.append((start + 1, named))
        if not suspects:
            return {}
        offsets = list(accumulate((len(text) + 1 for text in texts), initial=1))
        begins = offsets if kept is None else np.searchsorted(kept, offsets).tolist()
        found: dict[int, Hit] = {}
        for word, named in suspects:
            index = bisect_right(begins, word) - 1
            begin, end = begins[index], begins[index + 1] - 1
            hit = found.get(index)
            if hit is None:
                whole = kept is None or end - begin == len(texts[index])
                own = None if kept is None or whole else (kept[begin:end] - offsets[index]).tolist()
                hit = found[index] = Hit(folded[begin:end], own)
            if named:
                hit.names.append(word - begin)
        return found
