"""Changes of a text that do not change what it says of anybody: each takes a text and a source of chance, and gives a text.

Where there is nothing to change, the text comes back as it was.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random
from typing import Any, Final

LONG_WORD: Final = re.compile(r"(?<![\w@#/.:&=?-])[^\W\d_]{3,}(?![\w@/&=-]|[.:][\w/])")
"""A word of three letters or more that is no part of a link, a handle or a tag."""
_WORD: Final = re.compile(r"(?<![\w@#/.-])[^\W\d_]+(?![\w@-]|\.\w)")
_HANDLE: Final = re.compile(r"(?<!\w)@\w[\w.]*\w")
_HANDLES: Final = ("lindqvist_anna", "kvirtanen", "johan.berg", "korhonen_m", "ek.sofia", "jari_salo")
_EMOJI: Final = ("🙂", "🤔", "🙄", "😮", "😐", "🤷")
_NEAR: Final = dict(
    zip("qwertyuiopåasdfghjklöäzxcvbnm", "wqrtyuioplpasdfghjkläöxzvcnbn", strict=True)
)  # a neighbour on a Swedish or Finnish keyboard
_NAMESAKES: Final = frozenset({"Hans"})
"""Names that are an ordinary word when they are not written with a capital letter."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a word stands in the lists: the rows that can take its place, its row and its column."""

    rows: tuple[tuple[str, ...], ...]
    row: int
    column: int

    def other(self, chance: Random) -> tuple[str, ...]:
        return chance.choice([row for place, row in enumerate(self.rows) if place != self.row])


Lists = Mapping[str, _Place]


def names(text: str, chance: Random) -> str:
    """Other given names, surnames and handles."""
    text = _HANDLE.sub(lambda handle: "@" + chance.choice([name for name in _HANDLES if name != handle[0][1:]]), text)
    return _exchange(text, chance, _lists("women", "men", "surnames"))


def mention(text: str, chance: Random) -> str:
    """A handle in front, as in an answer."""
    return f"@{chance.choice(_HANDLES)} {text}"


def gender(text: str, chance: Random) -> str:
    """She becomes he and he becomes she, in names, pronouns and words such as "kvinnan"; Finnish has no such pronouns."""
    return _exchange(text, chance, _genders())


def party(text: str, chance: Random) -> str:
    """Another party."""
    return _exchange(text, chance, _lists("parties"))


def municipality(text: str, chance: Random) -> str:
    """Another town."""
    return _exchange(text, chance, _lists("municipalities"))


def typos(text: str, chance: Random) -> str:
    """In one word of eight, but at least in one, a letter is lost, doubled, changed with the next or with a near key's."""
    words = [match.span() for match in LONG_WORD.finditer(text)]
    for start, end in sorted(chance.sample(words, -(-len(words) // 8)), reverse=True):
        at = chance.randrange(start + 2, end)  # the first letter is seldom wrong
        here, after = text[at], text[at + 1 : end]
        slips = [text[at - 1] + here * 2 + after, text[at - 1] + after, here + text[at - 1] + after]
        if here.lower() in _NEAR:
            slips.append(text[at - 1] + _NEAR[here.lower()] + after)
        slips = [slip for slip in slips if slip != text[at - 1 : end]]
        text = text[: at - 1] + chance.choice(slips) + text[end:]
    return text


def lower(text: str, chance: Random) -> str:
    """Small letters only."""
    return text.lower()


def upper(text: str, chance: Random) -> str:
    """CAPITALS only."""
    return text.upper()


def titled(text: str, chance: Random) -> str:
    """A Capital On Each Word."""
    return " ".join(word[:1].upper() + word[1:] for word in text.split(" "))


def bare(text: str, chance: Random) -> str:
    """Without the marks of å, ä, ö and é."""
    return "".join(each for each in unicodedata.normalize("NFD", text) if not unicodedata.combining(each))


def one_spaced(text: str, chance: Random) -> str:
    """One word w r i t t e n so."""
    words = list(LONG_WORD.finditer(text))
    if not words:
        return text
    start, end = chance.choice(words).span()
    return text[:start] + " ".join(text[start:end]) + text[end:]


def emoji(text: str, chance: Random) -> str:
    """One or two faces at the end that neither threaten nor laugh."""
    return f"{text} {chance.choice(_EMOJI) * chance.randint(1, 2)}"


def many_emoji(text: str, chance: Random) -> str:
    """Thirty of those faces at the end."""
    return f"{text} {''.join(chance.choice(_EMOJI) for _ in range(30))}"


def _exchange(text: str, chance: Random, lists: Lists) -> str:
    """Each word of ``lists`` gives way to another of its group, always to the same one, in the form that it had."""
    chosen: dict[tuple[str, ...], tuple[str, ...]] = {}

    def other(match: re.Match[str]) -> str:
        word = match[0]
        place = lists.get(word) or (lists.get(word.capitalize()) or lists.get(word.lower()) if word.isupper() else None)
        if place is None:
            return word
        row = place.rows[place.row]
        chosen.setdefault(row, place.other(chance))
        found = chosen[row][place.column]
        return found.upper() if word.isupper() else found.capitalize() if word[0].isupper() else found

    return _WORD.sub(other, text)


@cache
def _lists(*kinds: str) -> Lists:
    found: dict[str, _Place] = {}
    for rows in (rows for kind in kinds for rows in _groups(kind)):
        found |= _places(rows)
    return found


@cache
def _genders() -> Lists:
    found = dict(_lists("genders"))
    for hers, his in zip(_groups("women"), _groups("men"), strict=True):
        for here, there in ((hers, his), (his, hers)):
            for row in here:
                found |= {word: place for word, place in _places((row, *there)).items() if place.row == 0}
    return found


def _places(rows: tuple[tuple[str, ...], ...]) -> dict[str, _Place]:
    found: dict[str, _Place] = {}
    for number, row in enumerate(rows):
        for column, word in enumerate(row):
            for written in {word, word[0].upper() + word[1:]} - _NAMESAKES:
                found.setdefault(written, _Place(rows, number, column))
    return found


@cache
def _groups(kind: str) -> tuple[tuple[tuple[str, ...], ...], ...]:
    return tuple(tuple(_rows(group)) for group in _held()[kind])


def _rows(group: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    if "rows" in group:
        yield from (tuple(row.split()) for row in group["rows"])
        return
    endings = [ending.strip("-") for ending in group["endings"].split()]
    yield from (tuple(word + ending for ending in endings) for word in group["words"].split())


@cache
def _held() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("words.toml").read_text("utf-8"))
