"""The language of full-text queries: words that must all occur, ``"a phrase"``, ``begin*``, ``"a phrase that begi"*``."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import eq

MOST_TERMS = 32
"""FTS5 refuses expressions that are nested deeper than 256; nobody types that many words."""

_TERM = re.compile(r'"([^"]*)(?:"(\*?)|$)|([^\s"]+)')


@dataclass(frozen=True, slots=True)
class Term:
    """Words that must stand side by side; with ``prefix`` the last one may go on."""

    words: tuple[str, ...]
    prefix: bool


def parse(text: str) -> list[Term]:
    """The terms of a query. An unbalanced quotation mark reaches to the end; what holds no word is left out."""
    terms = []
    for phrase, star, word in _TERM.findall(_clean(text)):
        words = tokens(phrase or word)
        if words:
            terms.append(Term(tuple(words), prefix=bool(star) or word.endswith("*")))
    return terms[:MOST_TERMS]


def expression(terms: Sequence[Term]) -> str:
    """The terms as an FTS5 expression, in which nothing a person typed has a meaning of its own."""
    return " ".join('"' + " ".join(term.words) + '"' + ("*" if term.prefix else "") for term in terms)


def tokens(text: str) -> list[str]:
    """The words of a text as FTS5's unicode61 with ``remove_diacritics 0`` sees them: letters, digits, marks; lower case."""
    return text.lower().translate(_SPACED).split()


Place = tuple[int, int]
"""From which character of a text up to which (exclusive) something stands."""


def placed(text: str) -> list[tuple[str, Place]]:
    """The `tokens` of a text with their places in it."""
    places = (word.span() for word in _WORD.finditer(text.translate(_SPACED)))
    return list(zip(tokens(text), places, strict=True))


def highlighted(text: str, terms: Sequence[Term], *, alike: Callable[[str, str], bool] = eq) -> tuple[Place, ...]:
    """Where ``text`` holds any of the terms: whole words, and phrases as a whole, in the order of the text.

    Args:
        alike: whether a word of the text is found by the only word of a term, which is given first.
    """
    words = placed(text)
    just_words = [word for word, _ in words]
    found = set[Place]()
    for term in terms:
        alone = len(term.words) == 1 and not term.prefix
        for at, (word, _) in enumerate(words):
            if alike(term.words[0], word) if alone else _stands(term, just_words, at):
                found.add((words[at][1][0], words[at + len(term.words) - 1][1][1]))
    return tuple(sorted(found))


def matches(text: str, terms: Sequence[Term]) -> bool:
    """Whether ``text`` holds every term."""
    words = tokens(text)
    return all(any(_stands(term, words, at) for at in range(len(words))) for term in terms)


def _stands(term: Term, words: Sequence[str], at: int) -> bool:
    there = words[at : at + len(term.words)]
    if len(there) < len(term.words) or list(term.words[:-1]) != there[:-1]:
        return False
    return there[-1].startswith(term.words[-1]) if term.prefix else there[-1] == term.words[-1]


_WORD = re.compile(r"[^ ]+")


class _Spaced(dict[int, int]):
    """What becomes of a character: itself if it belongs to words, else a space. Looked up once for each."""

    def __missing__(self, code: int) -> int:
        category = unicodedata.category(chr(code))
        self[code] = code if category[0] in "LN" or category in ("Mn", "Co") else ord(" ")
        return self[code]


_SPACED = _Spaced()


def _clean(text: str) -> str:
    """Without what cannot be stored or bound: surrogates and NUL."""
    return text.encode("utf-8", "replace").decode().replace("\x00", " ")
