"""A post's text as words with what stands between them: what the rules for names look at."""

import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass
from typing import Literal

from ingest.matching.forms.text import fold, spelling
from ingest.matching.once import once
from ingest.matching.search import Hit

Where = Literal["account", "path"]

_HYPHENS = frozenset("-‐‑_")
_DASHES = _HYPHENS | frozenset("‒–−")
_ENDS_SENTENCE = re.compile(r"[.!?…\n\r:•|»”\"“(\[]|[^\w\s,;/&+'’)\]@#*~=%§$€–—−‒‐‑<>{}^`´-]")
_ENDS_THOUGHT = re.compile(r"[.!?…\n\r]")
# Quantifiers are possessive and each alternative starts at a word's start, so that no text takes quadratic time.
_ADDRESS = re.compile(
    r"""(?P<url>(?:https?://|at://|(?<![\w.-])www\.)[^\s<>"”“]++
      | (?<![\w.@-])(?:(?:m|mobile)\.)?(?:x|twitter|facebook|fb|instagram|tiktok|youtube|threads|linkedin|bsky)
        \.(?:com|net|app)/[^\s<>"”“]++)
      | (?P<did>(?<![\w:])did:[a-z]++:[\w.:%-]++)
      | (?P<mail>(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)+)
      | (?P<handle>(?<![\w.])@[\w.-]++(?:@[\w.-]++)?)
      | (?P<domain>(?<![\w.@-])[\w-]++(?:\.[\w-]++)+)""",
    re.VERBOSE | re.IGNORECASE,
)
_IN_ADDRESS = re.compile(r"[@:.]\S++")
"""Every address has one of these marks, with more after it; finding them first spares most texts the search above."""
_TRAILING = ".,;:!?)]}'’…-*_"


@dataclass(frozen=True, slots=True)
class Address:
    """An account or a link in the text; ``kind`` is how it is written."""

    start: int
    end: int
    value: str
    kind: str


class Reading:
    """The words of a text that the search has found.

    ``words`` are as `spelling` gives them, ``folded`` as the search saw them; ``starts`` and ``ends`` are their offsets in code
    points of ``text``, ``gaps`` what stands between each and the word before. ``names`` are the indices of those that may be
    part of a name or a form, or a hashtag, in rising order; ``where`` tells of those that are part of an address.
    What the rules ask of few words is found when they ask.
    """

    def __init__(self, text: str, hit: Hit) -> None:
        self.text = text
        self.folded: list[bytes] = []
        self.starts: list[int] = []
        place = 0
        for word in hit.folded.split(b" "):
            if word:
                self.folded.append(word)
                self.starts.append(place)
            place += len(word) + 1
        self.ends = [start + len(word) for start, word in zip(self.starts, self.folded, strict=True)]
        self.names = [bisect_left(self.starts, start) for start in hit.names]
        self.where: dict[int, Where] = {}
        if hit.kept is not None:
            self._unfold(hit.kept)
        small = text.lower().replace("æ", "ä").replace("ø", "ö")
        if hit.kept is None and len(small) == len(text) and unicodedata.is_normalized("NFKC", small):
            self.words = [small[start:end] for start, end in zip(self.starts, self.ends, strict=True)]
        else:
            self.words = [spelling(text[start:end]) for start, end in zip(self.starts, self.ends, strict=True)]
            self._refold()
        self.gaps = [text[end:start] for end, start in zip([0, *self.ends], self.starts, strict=False)]

    def _unfold(self, kept: list[int]) -> None:
        self.starts = [kept[start] for start in self.starts]
        self.ends = [kept[end - 1] + 1 for end in self.ends]
        for index, end in enumerate(self.ends):
            while end < len(self.text) and unicodedata.combining(self.text[end]):
                end += 1
            self.ends[index] = end

    def _refold(self) -> None:
        """Correct what the search saw of words with ligatures and the like; they may be names."""
        names = set(self.names)
        for index, (start, end) in enumerate(zip(self.starts, self.ends, strict=True)):
            if not self.text[start:end].isascii():
                folded = fold(self.words[index]).encode()
                if folded != self.folded[index]:
                    self.folded[index] = folded
                    names.add(index)
        self.names = sorted(names)

    def __len__(self) -> int:
        return len(self.starts)

    def near(self, index: int) -> bool:
        """Only white space, at most one line break, parts it from the word before."""
        gap = self.gaps[index]
        return gap == " " or (gap.isspace() and gap.count("\n") < 2)

    def hyphened(self, index: int) -> bool:
        """One hyphen, as in a double name, parts it from the word before."""
        return self.gaps[index] in _HYPHENS

    def joined(self, index: int) -> bool:
        """It stands directly after the word before, by space or hyphen."""
        return self.near(index) or self.gaps[index] in _DASHES

    def capital(self, index: int) -> bool:
        """Whether it begins with a capital."""
        return self.text[self.starts[index]].istitle()

    def shout(self, index: int) -> bool:
        """Whether it is all capitals, more than one."""
        start, end = self.starts[index], self.ends[index]
        return end - start > 1 and self.capital(index) and self.text[start:end].isupper()

    def loud(self, index: int) -> bool:
        """Whether the word may be a name by its capital; any word may where capitals tell nothing."""
        return self.capital(index) or not self.cased

    @once
    def cased(self) -> bool:
        """Whether the text's capitals tell anything: not if all is small, or half of it shouted."""
        if not any(map(self.capital, range(len(self)))):
            return False
        written = [self.text[start:end] for start, end in zip(self.starts, self.ends, strict=True)]
        if 2 * sum(map(str.isupper, written)) < len(written):  # more than are shouted
            return True
        return 2 * sum(map(self.shout, range(len(self)))) < len(self)

    def first(self, index: int) -> bool:
        """Whether a sentence begins with it, perhaps after hashtags and accounts."""
        return self._firsts[index]

    @once
    def _firsts(self) -> list[bool]:
        firsts: list[bool] = []
        before = ""
        for index, gap in enumerate(self.gaps):
            tagged = index == 0 or (firsts[-1] and before.endswith(("@", "#")))
            firsts.append(tagged or (gap != " " and self._ends(index, _ENDS_SENTENCE)))
            before = gap
        return firsts

    def same_sentence(self, one: int, other: int) -> bool:
        """Whether no sentence ends between two words."""
        between = range(min(one, other) + 1, max(one, other) + 1)
        return not any(self._ends(index, _ENDS_THOUGHT) for index in between)

    def _ends(self, index: int, ends: re.Pattern[str]) -> bool:
        """Whether a sentence ends before the word; the full stop of an initial or of a short abbreviation ends none."""
        gap = self.gaps[index]
        if gap.startswith(".") and len(self.words[index - 1]) <= 1:
            gap = gap[1:]
        return ends.search(gap) is not None

    def mark(self, start: int, end: int, where: Where) -> None:
        """Note that the words between two offsets are part of an address."""
        for index in range(bisect_left(self.starts, start), bisect_left(self.starts, end)):
            self.where[index] = where


def addresses(text: str) -> list[Address]:
    """The accounts and links that are written in ``text``."""
    found = []
    done = 0
    for mark in _IN_ADDRESS.finditer(text):
        start, end = mark.span()
        while start > done and not text[start - 1].isspace():
            start -= 1
        done = end
        for match in _ADDRESS.finditer(text, start, end):
            value = match.group().rstrip(_TRAILING)
            if match.lastgroup is not None and value:
                found.append(Address(match.start(), match.start() + len(value), value, match.lastgroup))
    return found
