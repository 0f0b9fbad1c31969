"""The words by which officials are told apart: given names, places, parties, roles."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from ingest.matching.forms import title_forms
from ingest.matching.forms.text import fold
from ingest.matching.forms.words import given_names, words
from ingest.matching.lexicon import Lexicon, split
from registry.official import Official

GIVEN, PLACE, PARTY, ROLE = 1, 2, 4, 8
"""What a word may be, or be the last word of."""

_CACHED = 20_000
_OF_PLACES = ("", "pol", "are", "bo", "borna", "arna", "lainen", "läinen")
"""Ekvik, the hashtag of its politics, and its people."""
_LEAST_PLACE = 5
"""Letters of a municipality's name from which on a Swedish compound (Ekviksradion) is a sign of it."""


def given_keys(names: Iterable[str]) -> frozenset[str]:
    """Given names as the vocabulary's keys."""
    return _given_keys(tuple(names))


@lru_cache(maxsize=8192)  # many officials share a name, and then the set of it
def _given_keys(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(" ".join(split(name)) for name in names)


@dataclass(frozen=True, slots=True)
class Person:
    """What the rules need to know of an official. ``first`` are the names she goes by; ``other`` her further ones."""

    first: frozenset[str]
    other: frozenset[str]
    initials: frozenset[str]
    places: frozenset[str]
    parties: frozenset[str]
    roles: frozenset[str]


class Vocabulary:
    """The given names, places, parties and roles of all officials, to be found in any form."""

    def __init__(self, officials: Iterable[Official]) -> None:
        given = {key: key for key in given_keys(given_names())}
        places: set[str] = set()
        parties: set[tuple[str, str]] = set()
        roles: set[tuple[str, str]] = set()
        for official in officials:
            given.update((key, key) for key in given_keys(_givens(official)))
            places |= _parts(official.municipality)
            parties |= {(name, group) for name in _parts(official.party) for group in _party_groups(name)}
            roles |= {(official.role.lower(), group) for group in _role_groups(official.role)}
        for group, names in enumerate(words().parties):
            parties |= {(name, str(group)) for name in names}
        for group, names in enumerate(words().roles):
            roles |= {(name, str(group)) for name in names}
        roles |= {(name, "politician") for name in words().politicians}
        joined = {("".join(key.split()), key) for key in given if " " in key}
        self.given = Lexicon({*given.items(), *joined})
        self.places = Lexicon({(name + end, name) for name in places for end in _OF_PLACES})
        self._compounds = {name.split()[-1] + "s": name for name in places if len(name) >= _LEAST_PLACE}
        self._longest_compound = max(map(len, self._compounds), default=0)
        self._longest_compound = max(map(len, self._compounds), default=0)
        self._compounds_folded = frozenset(map(fold, self._compounds))
        self.parties = Lexicon(parties)
        self.roles = Lexicon(roles, forms=title_forms)
        self.kinds = _Kinds(self)

    def places_in(self, word: str) -> list[str]:
        """The municipalities that ``word`` may be a Swedish compound with, as Ekviksradion is."""
        return [self._compounds[begin] for begin in self._beginnings(word) if begin in self._compounds]

    def may_hold_place(self, folded: str) -> bool:
        """Whether `places_in` may find any, judged by the letters without diacritics."""
        return not self._compounds_folded.isdisjoint(self._beginnings(folded))

    def _beginnings(self, word: str) -> list[str]:
        return [word[:size] for size in range(_LEAST_PLACE + 1, min(len(word) - 3, self._longest_compound) + 1)]


class _Kinds(dict[bytes, int]):
    """What each folded word may be, whatever its diacritics; remembered, so that most words of a post cost one look-up."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        self._vocabulary = vocabulary

    def __missing__(self, folded: bytes) -> int:
        held, word = self._vocabulary, folded.decode("ascii")
        kind = GIVEN if held.given.begun(word) else 0
        kind |= PLACE if held.places.begun(word) or held.may_hold_place(word) else 0
        kind |= PARTY if held.parties.begun(word) else 0
        kind |= ROLE if held.roles.begun(word) else 0
        if len(self) >= _CACHED:
            self.clear()
        self[folded] = kind
        return kind


def person(official: Official) -> Person:
    """``official`` as the rules see her; her nicknames stand for her first given name."""
    aliases = nicknames(official)
    whole = " ".join(official.given_names)
    first = given_keys((*official.given_names[:1], whole, *aliases) if official.given_names else aliases)
    return Person(
        first=first,
        other=given_keys(official.given_names) - first,
        initials=_initials(official.given_names),
        places=_parts(official.municipality),
        parties=_parties(official.party),
        roles=_roles(official.role),
    )


def nicknames(official: Official) -> list[str]:
    """Given names out of her other forms: the Ankan of ``Ankan Lindqvist``."""
    if not official.forms:
        return []
    family = split(" ".join(official.family_names))
    found = []
    for form in official.forms:
        parts = split(form)
        if family and len(parts) > len(family) and parts[-len(family) :] == family:
            found.append(" ".join(form.split()[: len(form.split()) - len(official.family_names)]))
    return found


def _givens(official: Official) -> list[str]:
    return [*official.given_names, *nicknames(official), " ".join(official.given_names)]


@lru_cache(maxsize=8192)
def _initials(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(fold(word[0]) for name in names for word in split(name))


@cache
def _parties(party: str) -> frozenset[str]:
    return frozenset(group for name in _parts(party) for group in _party_groups(name))


@cache
def _roles(role: str) -> frozenset[str]:
    return frozenset((*_role_groups(role), "politician"))


@cache
def _parts(names: str) -> frozenset[str]:
    """``Raseborg/Raasepori`` as two names; brackets hold another one."""
    for mark in "/()":
        names = names.replace(mark, ",")
    return frozenset(" ".join(split(name)) for name in names.split(",") if split(name))


@cache
def _party_groups(name: str) -> tuple[str, ...]:
    """The groups of `words().parties` that ``name`` is in, else the name itself."""
    return tuple(str(group) for group, names in enumerate(_plain(words().parties)) if name in names) or (name,)


@cache
def _role_groups(role: str) -> tuple[str, ...]:
    """The groups that ``role`` belongs to by its last word or compound, and the role itself."""
    whole = " ".join(split(role))
    groups = (
        str(group)
        for group, names in enumerate(_plain(words().roles))
        if any(whole == name or (len(name) > 4 and whole.endswith(name)) for name in names)
    )
    return (*groups, whole)


@cache
def _plain(groups: tuple[tuple[str, ...], ...]) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(" ".join(split(name)) for name in group) for group in groups)
