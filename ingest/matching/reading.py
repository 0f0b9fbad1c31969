"""A post's text as words with what stands between them: what the rules for names look at."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from ingest.matching.forms.text import fold_batch, spelling

Where = Literal["", "account", "path"]

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
_FOLDED_WORD = re.compile(rb"[^ ]+")
_TRAILING = ".,;:!?)]}'’…-*_"


@dataclass(slots=True)
class Token:
    """A word: where it stands, how it is written, and what stood before it.

    ``gap`` is the text since the word before. ``start`` and ``end`` are offsets in code points of the original.
    """

    start: int
    end: int
    word: str
    gap: str
    capital: bool
    shout: bool
    first: bool
    sentence: int
    where: Where = ""

    @property
    def near(self) -> bool:
        """Only white space, at most one line break, parts it from the word before."""
        return bool(self.gap) and self.gap.isspace() and self.gap.count("\n") < 2

    @property
    def hyphened(self) -> bool:
        """One hyphen, as in a double name, parts it from the word before."""
        return self.gap in _HYPHENS

    @property
    def joined(self) -> bool:
        """It stands directly after the word before, by space or hyphen."""
        return self.near or self.gap in _DASHES


@dataclass(frozen=True, slots=True)
class Address:
    """An account or a link in the text; ``kind`` is how it is written."""

    start: int
    end: int
    value: str
    kind: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The words of a text, its addresses, and whether its capitals tell anything (all small, or all shouted: no)."""

    text: str
    tokens: list[Token]
    addresses: list[Address]
    cased: bool

    def loud(self, index: int) -> bool:
        """Whether the word may be a name by its capital; any word may where capitals tell nothing."""
        return self.tokens[index].capital or not self.cased


def read(text: str) -> Reading:
    """Part ``text`` into words. Costs about 2 µs a word, so only posts that may mention somebody are read."""
    folded, kept = fold_batch(text)
    small = text.lower().replace("æ", "ä").replace("ø", "ö")
    plain = kept is None and len(small) == len(text) and unicodedata.is_normalized("NFKC", small)
    tokens: list[Token] = []
    sentence = 0
    end = 0
    last: Token | None = None
    for found in _FOLDED_WORD.finditer(folded):
        start, stop = found.span()
        if kept is not None:
            start, stop = int(kept[start]), int(kept[stop - 1]) + 1
            while stop < len(text) and unicodedata.combining(text[stop]):
                stop += 1
        gap = text[end:start]
        end = stop
        first = last is None or (last.first and last.gap.endswith(("@", "#")))
        if last is not None and gap != " " and _ends(gap, last, _ENDS_SENTENCE):
            first = True
            sentence += _ends(gap, last, _ENDS_THOUGHT)
        surface = text[start:end]
        capital = surface[0].isupper() or surface[0].istitle()
        last = Token(
            start=start,
            end=end,
            word=small[start:end] if plain else spelling(surface),
            gap=gap,
            capital=capital,
            shout=capital and end - start > 1 and surface.isupper(),
            first=first,
            sentence=sentence,
        )
        tokens.append(last)
    cased = any(token.capital for token in tokens) and 2 * sum(token.shout for token in tokens) < len(tokens)
    return Reading(text, tokens, _addresses(text), cased)


def _ends(gap: str, last: Token, ends: re.Pattern[str]) -> bool:
    """Whether ``gap`` ends a sentence; the full stop of an initial or of a short abbreviation does not."""
    if gap.startswith(".") and len(last.word) <= 1:
        gap = gap[1:]
    return ends.search(gap) is not None


def _addresses(text: str) -> list[Address]:
    if "." not in text and "@" not in text and ":" not in text:
        return []
    found = []
    for match in _ADDRESS.finditer(text):
        value = match.group().rstrip(_TRAILING)
        if match.lastgroup is not None and value:
            found.append(Address(match.start(), match.start() + len(value), value, match.lastgroup))
    return found
