"""Many names, and which of them a word of a text may be a form of."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Generic, TypeVar

from ingest.matching.forms import name_forms
from ingest.matching.forms.finnish import CLITICS
from ingest.matching.forms.text import fold, spelled_as, spelling

Key = TypeVar("Key")
_WORD = re.compile(r"[^\W_]+")
_LEAST_STEM = 4
_LEAST_BEFORE_CLITIC = 4
_CACHED = 20_000


def split(phrase: str) -> tuple[str, ...]:
    """The words of ``phrase`` as `spelling` gives them; hyphens and apostrophes part words."""
    return tuple(_WORD.findall(spelling(phrase)))


class Lexicon(Generic[Key]):
    """Phrases, each with keys; the last word of a phrase is inflected, the words before it stand as they are.

    The forms themselves are not kept, there would be millions: for each last word only the few beginnings that all
    its forms share. A word that begins so is compared with the forms, which are made again and cached.
    """

    def __init__(self, phrases: Iterable[tuple[str, Key]], *, forms: Callable[[str], set[str]] = name_forms) -> None:
        self._make_forms = forms
        self._phrases: dict[str, dict[tuple[str, ...], tuple[Key, ...]]] = {}
        for phrase, key in phrases:
            *leads, last = split(phrase) or ("",)
            if last:
                held = self._phrases.setdefault(last, {})
                keys = held.get(tuple(leads), ())
                if key not in keys:
                    held[tuple(leads)] = (*keys, key)
        self._lasts: dict[str, tuple[str, ...]] = {}
        self._stems: dict[str, tuple[str, ...]] = {}
        for last in self._phrases:
            self._stems[last] = _stems_of(forms, last)
            for stem in self._stems[last]:
                self._lasts[stem] = (*self._lasts.get(stem, ()), last)
        self._longest = max(map(len, self._lasts), default=0)
        self._forms: dict[str, dict[str, list[str]]] = {}
        self._found: dict[str, tuple[tuple[str, bool], ...]] = {}

    @property
    def stems(self) -> Iterable[str]:
        """Folded beginnings of words; one that ends in a space is a whole word."""
        return self._lasts.keys()

    def stems_of(self, last: str) -> tuple[str, ...]:
        """The beginnings of the forms of ``last``, a last word of a phrase."""
        return self._stems[last]

    def __len__(self) -> int:
        return len(self._phrases)

    def phrases(self, last: str) -> dict[tuple[str, ...], tuple[Key, ...]]:
        """The phrases that end in ``last``: the words before it, and the keys."""
        return self._phrases[last]

    def begun(self, folded: str) -> bool:
        """Whether any form may be ``folded``, judged by its letters without diacritics."""
        return any(self._fits(last, folded) for last in self._candidates(folded))

    def lasts(self, word: str) -> tuple[tuple[str, bool], ...]:
        """The last words that ``word`` (from `spelling`) is a form of, and whether its diacritics are right.

        Where a form is exact, those that fit only without diacritics give way.
        """
        found = self._found.get(word)
        if found is None:
            if len(self._found) >= _CACHED:
                self._found.clear()
            found = self._found[word] = self._look(word)
        return found

    def _look(self, word: str) -> tuple[tuple[str, bool], ...]:
        folded = fold(word)
        found = []
        for last in self._candidates(folded):
            for form, ending in self._fits(last, folded):
                if spelled_as(word[: len(word) - len(ending)], form):
                    found.append((last, word == form + word[len(word) - len(ending) :]))
        exact = {last for last, right in found if right}
        return tuple((last, True) for last in sorted(exact)) or tuple(sorted(set(found)))

    def _candidates(self, folded: str) -> set[str]:
        whole = folded + " "
        found: set[str] = set()
        for size in range(1, min(len(whole), self._longest) + 1):
            found.update(self._lasts.get(whole[:size], ()))
        return found

    def _fits(self, last: str, folded: str) -> list[tuple[str, str]]:
        """The forms of ``last`` that ``folded`` may be, each with the clitic that follows it."""
        forms = self._forms.get(last)
        if forms is None:
            if len(self._forms) >= _CACHED // 10:
                self._forms.clear()
            forms = {}
            made = sorted(self._make_forms(last))
            for form, plain in zip(made, fold(" ".join(made)).split(" "), strict=True):
                forms.setdefault(plain, []).append(form)
            self._forms[last] = forms
        found = [(form, "") for form in forms.get(folded, ())]
        for clitic in () if found else _FOLDED_CLITICS:
            if folded.endswith(clitic) and len(folded) - len(clitic) >= _LEAST_BEFORE_CLITIC:
                found += [(form, clitic) for form in forms.get(folded[: -len(clitic)], ())]
        return found


@lru_cache(maxsize=8192)  # each matcher has the same common names
def _stems_of(forms: Callable[[str], set[str]], last: str) -> tuple[str, ...]:
    return tuple(sorted(stems(forms(last))))


_FOLDED_CLITICS = tuple(dict.fromkeys(clitic.replace("ä", "a").replace("ö", "o") for clitic in CLITICS))


def stems(forms: set[str]) -> set[str]:
    """Few folded beginnings such that each of ``forms`` begins with one of them; a short form is whole, with a space."""
    folded = set(fold(" ".join(forms)).split(" "))
    low, high = min(folded), max(folded)
    shared = 0
    while shared < len(low) and low[shared] == high[shared]:
        shared += 1
    size = max(shared if shared == len(low) else shared + 1, _LEAST_STEM)
    short = {form for form in folded if len(form) < size}
    found = {form[:size] for form in folded if len(form) >= size}
    for form in short:
        found |= {form + " "} | {
            (form + clitic)[:size] for clitic in _FOLDED_CLITICS if len(form) >= _LEAST_BEFORE_CLITIC
        }
    return found
