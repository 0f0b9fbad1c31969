"""The word lists that come with the matcher; read when first asked for."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from ingest.matching.forms.text import spelling


@dataclass(frozen=True, slots=True)
class Words:
    """What ``words.toml`` holds; see the comments there. All in small letters."""

    roles: tuple[tuple[str, ...], ...]
    politicians: tuple[str, ...]
    titles: frozenset[str]
    joins: frozenset[str]
    particles: frozenset[str]
    prefixes: frozenset[str]
    firms: frozenset[str]
    addresses: frozenset[str]
    companions: frozenset[tuple[str, ...]]
    parties: tuple[tuple[str, ...], ...]


@cache
def words() -> Words:
    """The words around names."""
    held = tomllib.loads(_read("words.toml"))
    return Words(
        roles=tuple(tuple(group) for group in held["roles"]),
        politicians=tuple(held["politicians"]),
        titles=frozenset(held["titles"]),
        joins=frozenset(held["joins"]),
        particles=frozenset(held["particles"]),
        prefixes=frozenset(held["prefixes"]),
        firms=frozenset(held["firms"]),
        addresses=frozenset(held["addresses"]),
        companions=frozenset(tuple(pair.split()) for pair in held["companions"]),
        parties=tuple(tuple(group) for group in held["parties"]),
    )


@cache
def given_names() -> dict[str, bool]:
    """Common given names in small letters, and whether the name is also an everyday word."""
    return {spelling(name.rstrip("*")): name.endswith("*") for name in _listed("given.txt")}


@cache
def ordinary() -> frozenset[str]:
    """Surnames that are also everyday words, in small letters."""
    return frozenset(map(spelling, _listed("ordinary.txt")))


def _listed(name: str) -> list[str]:
    lines = _read(name).splitlines()
    return [word for line in lines if not line.startswith("#") for word in line.split()]


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")
