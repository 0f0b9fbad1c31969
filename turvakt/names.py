"""Where officials' names stand in a text that is to leave the machine."""

import re
from collections.abc import Callable, Iterator

from ingest.matching.forms import name_forms
from ingest.matching.vocabulary import nicknames
from registry.official import Official

_WORD = re.compile(r"[^\W\d_]+")


class Names:
    """Calling it with a text gives the places of words that are, in any form, part of a registered official's name.

    A word counts where it begins with a capital, or stands beside another one that counts as a name: "berg" alone is a
    mountain, "lena berg" is nobody but her. Consent is not asked: what is hidden too much does no harm. Safe to use from any
    thread.
    """

    def __init__(self, officials: Callable[[], list[Official]]) -> None:
        self._officials = officials
        self._known: tuple[list[Official], frozenset[str]] = ([], frozenset())

    def __call__(self, text: str) -> Iterator[tuple[int, int]]:
        parts = self._parts()
        words = [match for match in _WORD.finditer(text) if match[0].lower() in parts]
        for place, word in enumerate(words):
            beside = any(
                0 <= place + step < len(words) and _adjoin(text, *sorted((word.span(), words[place + step].span())))
                for step in (-1, 1)
            )
            if word[0][0].isupper() or beside:
                yield word.span()

    def _parts(self) -> frozenset[str]:
        officials, parts = self._officials(), self._known
        if officials != parts[0]:
            parts = self._known = (officials, frozenset(form for each in officials for form in _forms(each)))
        return parts[1]


def _adjoin(text: str, first: tuple[int, int], second: tuple[int, int]) -> bool:
    return text[first[1] : second[0]] in (" ", "-")


def _forms(official: Official) -> Iterator[str]:
    for name in (*official.given_names, *official.family_names, *nicknames(official), *official.forms):
        for word in _WORD.findall(name.lower()):
            yield word
            yield from name_forms(word)
