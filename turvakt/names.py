"""Where officials' names stand in a text that is to leave the machine or the reach of consent."""

import re
from collections.abc import Callable, Iterator

from classify.normalise import normalise
from ingest.matching.forms import name_forms
from ingest.matching.forms.text import fold
from ingest.matching.forms.words import given_names, ordinary, words
from ingest.matching.vocabulary import nicknames
from registry.official import Official

_WORD = re.compile(r"[^\W\d_]+")
_LEAST = 3
"""Letters that a name needs to count by itself in small letters."""


class Names:
    """Calling it with a text gives the places of words that are, in any form, part of a registered official's name.

    A word counts where it begins with a capital, stands beside another one that may be a name, or is no everyday word:
    "lindqvist" is hidden wherever it stands, "berg" alone is a mountain, "lena berg" is nobody but her. It is looked for as it is
    written and in the plain form, so that disguised names are found as far as `normalise` undoes that. Letters may lack their
    dots. Consent is not asked: what is hidden too much does no harm. Safe to use from any thread.
    """

    def __init__(self, officials: Callable[[], list[Official]]) -> None:
        self._officials = officials
        self._known: tuple[list[Official], dict[str, bool]] = ([], {})

    def __call__(self, text: str) -> Iterator[tuple[int, int]]:
        parts, plain = self._parts(), normalise(text)
        places = set(_found(text, parts, capital=lambda at: text[at].isupper()))
        written = _found(plain.text, parts, capital=lambda at: text[plain.span(at, at + 1)[0]].isupper())
        yield from sorted(places.union(plain.span(*place) for place in written))

    def _parts(self) -> dict[str, bool]:
        """Every form of a name, folded, and whether it counts by itself in small letters."""
        officials, parts = self._officials(), self._known
        if officials != parts[0]:
            parts = self._known = (officials, _forms(officials))
        return parts[1]


def _found(text: str, parts: dict[str, bool], *, capital: Callable[[int], bool]) -> Iterator[tuple[int, int]]:
    found = [(match.span(), folded) for match in _WORD.finditer(text) if (folded := fold(match[0])) in parts]
    for place, (span, folded) in enumerate(found):
        near = [other for other, _ in (*found[max(0, place - 1) : place], *found[place + 1 : place + 2])]
        if parts[folded] or capital(span[0]) or any(_adjoin(text, *sorted((span, other))) for other in near):
            yield span


def _adjoin(text: str, first: tuple[int, int], second: tuple[int, int]) -> bool:
    return text[first[1] : second[0]] in (" ", "-")


def _forms(officials: list[Official]) -> dict[str, bool]:
    names = {
        word
        for official in officials
        for name in (*official.given_names, *official.family_names, *nicknames(official), *official.forms)
        for word in _WORD.findall(name.lower())
    }
    everyday = {
        fold(word) for word in (*ordinary(), *words().particles, *(name for name, too in given_names().items() if too))
    }
    forms: dict[str, bool] = {}
    for name in names:
        alone = len(name) >= _LEAST and fold(name) not in everyday
        for form in map(fold, (name, *name_forms(name))):
            forms[form] = forms.get(form, False) or (alone and form not in everyday)
    return forms
