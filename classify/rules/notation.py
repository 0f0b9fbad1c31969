"""The short notation in which rules are written, and its translation into patterns of spaCy's Matcher.

A rule is a row of places. ``word|other`` is one of these words, ``stem*`` a word that begins so, ``CLASS`` one of a
class of the language, ``A|B`` of either, a last ``?`` makes a place optional, ``<3>`` stands for up to three words of
the same sentence, ``<3-word|other>`` for such as are none of these, ``NUM`` for a number
and ``NAME`` for a masked name or handle.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from classify.masking import NAME
from classify.verdict import Label, Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """A phrase, what it is, and how grave.

    ``negated`` rules hold in spite of a negation in the phrase; ``hunting`` ones do not where the talk is of animals.
    ``inverted`` ones begin with a verb and its subject: a negation before them is that of another clause ("Avgår du inte
    dödar jag dig").
    """

    labels: tuple[Label, ...]
    severity: Severity
    phrase: str
    negated: bool = False
    hunting: bool = False
    inverted: bool = False


@dataclass(frozen=True, slots=True)
class Language:
    """All rules of a language. The expressions are searched in masked text.

    A match is void where ``report`` (somebody tells of a threat) or
    ``fiction`` (books, games, sport) is found, and a ``hunting`` rule where ``animals`` is. ``negation`` holds the words
    that void a match inside it or right before it, those ``after`` a match void it as well ("Skjut dem inte"), unless what stands
    in ``spared`` follows ("inte bara"); ``harmless`` phrases void a match that they touch.
    """

    code: str
    classes: Mapping[str, str]
    rules: tuple[Rule, ...]
    report: re.Pattern[str]
    fiction: re.Pattern[str]
    animals: re.Pattern[str]
    negation: frozenset[str]
    harmless: re.Pattern[str]
    spared: frozenset[str]
    after: frozenset[str] = frozenset()


_GAP = re.compile(r"<(\d)(?:-([^>]+))?>")
_BREAKS = [".", "!", "?", ";", ":", "\n", "\n\n", "..."]


def compile_phrase(phrase: str, classes: Mapping[str, str]) -> list[dict[str, Any]]:
    """One Matcher pattern."""
    places = []
    for place in phrase.split():
        gap = _GAP.fullmatch(place)
        if gap:
            barred = _words(gap[2], classes) if gap[2] else []
            places.append({"ORTH": {"NOT_IN": [*_BREAKS, *barred]}, "OP": f"{{0,{gap[1]}}}"})
            continue
        words = "|".join(_expression(word) for word in _words(place, classes))
        one: dict[str, Any] = {"ORTH": {"REGEX": f"^(?:{words})$"}}
        places.append({**one, "OP": "?"} if place.endswith("?") else one)
    return places


def needed(phrase: str, classes: Mapping[str, str]) -> list[frozenset[str]]:
    """The words, ``stem*`` and ``*ending`` of which a text must have one per place, for ``phrase`` to be possible."""
    places = (place for place in phrase.split() if not _GAP.fullmatch(place) and not place.endswith("?"))
    return [frozenset(_words(place, classes)) for place in places]


def _words(place: str, classes: Mapping[str, str]) -> list[str]:
    """The words of a place, classes replaced by theirs."""
    found: list[str] = []
    for word in place.rstrip("?").split("|"):
        if word in classes:
            found += _words("|".join(classes[word].split()), classes)
        elif word == "NAME":
            found.append(f"{NAME}*")
        elif word.isupper() and word != "NUM":
            raise ValueError(f"no class is called {word}")
        else:
            found.append(word)
    return found


def _expression(word: str) -> str:
    if word == "NUM":
        return r"0+[a-z]?"
    if word.startswith("*"):
        return r"\w{2,}" + re.escape(word[1:])
    return re.escape(word[:-1]) + r"\w*" if word.endswith("*") else re.escape(word)


def any_of(words: str) -> re.Pattern[str]:
    """An expression for any of ``words`` as whole words; ``stem*`` for a beginning, ``_`` for a blank."""
    parts = (re.escape(word).replace(r"\*", r"\w*").replace("_", r"\s+") for word in words.split())
    return re.compile(r"(?<!\w)(?:" + "|".join(parts) + r")(?!\w)")
