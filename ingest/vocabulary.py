"""The words by which officials are told apart: given names, places, parties, roles."""

from collections.abc import Iterable
from dataclasses import dataclass

from ingest.forms import title_forms
from ingest.forms.text import fold
from ingest.forms.words import given_names, words
from ingest.lexicon import Lexicon, split
from registry.official import Official


def given_keys(names: Iterable[str]) -> frozenset[str]:
    """Given names as the vocabulary's keys."""
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
        self.places = Lexicon({(name, name) for name in places} | {(name + "pol", name) for name in places})
        self.parties = Lexicon(parties)
        self.roles = Lexicon(roles, forms=title_forms)


def person(official: Official, aliases: Iterable[str]) -> Person:
    """``official`` as the rules see her; ``aliases`` are nicknames that stand for her first given name."""
    whole = " ".join(official.given_names)
    first = given_keys([*official.given_names[:1], whole, *aliases] if official.given_names else aliases)
    return Person(
        first=first,
        other=given_keys(official.given_names) - first,
        initials=frozenset(fold(word[0]) for name in official.given_names for word in split(name)),
        places=frozenset(_parts(official.municipality)),
        parties=frozenset(group for name in _parts(official.party) for group in _party_groups(name)),
        roles=frozenset(_role_groups(official.role)) | {"politician"},
    )


def _givens(official: Official) -> list[str]:
    return [*official.given_names, " ".join(official.given_names)]


def _parts(names: str) -> set[str]:
    """``Raseborg/Raasepori`` as two names; brackets hold another one."""
    for mark in "/()":
        names = names.replace(mark, ",")
    return {" ".join(split(name)) for name in names.split(",") if split(name)}


def _party_groups(name: str) -> list[str]:
    """The groups of `words().parties` that ``name`` is in, else the name itself."""
    groups = [
        str(group) for group, names in enumerate(words().parties) if name in (" ".join(split(other)) for other in names)
    ]
    return groups or [name]


def _role_groups(role: str) -> list[str]:
    """The groups that ``role`` belongs to by its last word or compound, and the role itself."""
    plain = " ".join(split(role))
    groups = [
        str(group)
        for group, names in enumerate(words().roles)
        if any(
            plain == " ".join(split(name)) or plain.endswith(" ".join(split(name))) for name in names if len(name) > 4
        )
    ]
    return [*groups, plain]
