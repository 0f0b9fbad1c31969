"""Response routines: what is to be done about an incident, by whom and until when; read from TOML."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from alerts.incidents.incident import Incident, Kind
from alerts.plans.hours import duration
from alerts.plans.toml import Mistake, read_table, read_toml
from classify.verdict import Label, Severity, at_least
from flow.errors import Broken
from registry.official import Country, Language

T = TypeVar("T", bound=msgspec.Struct)

_SEE = "See docs/routines.md"
_ID = re.compile(r"[a-z0-9-]{1,60}")


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A text in each language that a reader may have."""

    sv: str
    fi: str
    en: str

    def __post_init__(self) -> None:
        for language in ("sv", "fi", "en"):
            if not getattr(self, language).strip():
                raise ValueError(f"key '{language}': is empty")

    def to(self, language: Language) -> str:
        """The text in this language."""
        text: str = getattr(self, language)
        return text


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing to do: a title, what it takes, whose it is (a name in ``[owner]``), and in which countries.

    ``link`` leads to whoever describes it, such as an authority.
    """

    title: Words
    help: Words
    owner: str
    countries: tuple[Country, ...] = ()
    link: Words | None = None

    def __post_init__(self) -> None:
        if self.link is not None and not all(self.link.to(each).startswith("https://") for each in ("sv", "fi", "en")):
            raise ValueError("key 'link': does not begin with https://")


class Within(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A step as a routine has it: to be done ``within`` so long after the incident was opened, or last became graver."""

    step: str
    within: str

    def __post_init__(self) -> None:
        duration(self.within)

    @property
    def time(self) -> timedelta:
        """``within`` as a duration."""
        return duration(self.within)


class Routine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The steps for incidents of one of ``kinds``, at least as grave as ``severity``, with one of ``labels`` if there are any."""

    name: str
    steps: tuple[Within, ...]
    kinds: tuple[Kind, ...] = ("posts",)
    severity: Severity = "low"
    labels: tuple[Label, ...] = ()

    def matches(self, incident: Incident, labels: Collection[str]) -> bool:
        """Whether it is the one for an incident whose posts have these labels."""
        found = {*labels, *(("threat",) if incident.threat else ())}
        return (
            incident.kind in self.kinds
            and at_least(incident.severity, self.severity)
            and (not self.labels or any(label in found for label in self.labels))
        )


class Routines:
    """All routines of a file. The first that matches an incident is its own."""

    def __init__(self, routines: Sequence[Routine], steps: dict[str, Step], owners: dict[str, Words]) -> None:
        self._routines = tuple(routines)
        self._steps = steps
        self._owners = owners

    def __len__(self) -> int:
        return len(self._routines)

    def of(
        self, incident: Incident, *, labels: Collection[str], country: Country | None
    ) -> list[tuple[str, timedelta]]:
        """The steps to take, by id, in their order, each with the time that there is for it; none: no routine matches.

        Args:
            country: of the official; ``None``: unknown, and steps for any country are meant.
        """
        found = next((each for each in self._routines if each.matches(incident, labels)), None)
        return [(each.step, each.time) for each in found.steps if self._is_for(each.step, country)] if found else []

    def step(self, id: str) -> Step | None:
        """The step with this id; ``None``: the file has lost it since."""
        return self._steps.get(id)

    def owner(self, id: str, language: Language) -> str:
        """What an owner is called; the id itself, if the file has lost it."""
        words = self._owners.get(id)
        return id if words is None else words.to(language)

    def title(self, id: str, language: Language) -> str:
        """What a step is called; the id itself, if the file has lost it."""
        step = self._steps.get(id)
        return id if step is None else step.title.to(language)

    def _is_for(self, id: str, country: Country | None) -> bool:
        countries = self._steps[id].countries
        return not countries or country is None or country in countries


def load_routines(path: Path) -> Routines:
    """The routines in the TOML file ``path``.

    Raises:
        Broken: it cannot be read, or something in it is wrong; the message names each place.
    """
    mistakes: list[Mistake] = []
    document = read_toml(path, setting="alerts.routines", mistakes=mistakes)
    if not mistakes:
        unknown = sorted(document.keys() - {"routine", "step", "owner"})
        mistakes += [Mistake(str(path), f"unknown key '{key}'. There are routine, step, owner") for key in unknown]
    routines = _routines(document.get("routine", []), path, mistakes)
    steps = _by_id(Step, "step", document, path, mistakes)
    owners = _by_id(Words, "owner", document, path, mistakes)
    # What is missing may be in a table that is wrong itself: one thing after the other.
    if not mistakes:
        mistakes += [Mistake(str(path), problem) for problem in _problems(routines, steps, owners)]
    if mistakes:
        raise Broken("\n".join(map(str, mistakes)), remedy=_SEE)
    return Routines(routines, steps, owners)


def _routines(given: Any, path: Path, mistakes: list[Mistake]) -> list[Routine]:
    if not isinstance(given, list):
        mistakes.append(Mistake(str(path), "there is no [[routine]]: it is not a list of tables"))
        return []
    read = []
    for number, table in enumerate(given, 1):
        name = table.get("name") if isinstance(table, Mapping) else None
        called = f"'{name}'" if isinstance(name, str) else f"number {number}"
        read.append(read_table(Routine, table, place=f"{path}, routine {called}", mistakes=mistakes))
    return [each for each in read if each is not None]


def _by_id(kind: type[T], key: str, document: Mapping[str, Any], path: Path, mistakes: list[Mistake]) -> dict[str, T]:
    given = document.get(key, {})
    if not isinstance(given, Mapping):
        mistakes.append(Mistake(str(path), f"key '{key}': is not a table like [{key}.ID]"))
        return {}
    read = {
        id: read_table(kind, table, place=f"{path}, [{key}.{id}]", mistakes=mistakes) for id, table in given.items()
    }
    return {id: each for id, each in read.items() if each is not None}


def _problems(routines: Sequence[Routine], steps: Mapping[str, Step], owners: Mapping[str, Words]) -> list[str]:
    """What does not fit together."""
    found = [f"[step.{id}]: an id has small letters, digits and hyphens only" for id in steps if not _ID.fullmatch(id)]
    for id, step in steps.items():
        if step.owner not in owners:
            found.append(f"[step.{id}], key 'owner': there is no [owner.{step.owner}]")
    for routine in routines:
        place = f"routine '{routine.name}'"
        named = [each.step for each in routine.steps]
        if not named:
            found.append(f"{place}: has no step")
        found += [f"{place}: there is no [step.{each}]" for each in named if each not in steps]
        found += [f"{place}: has the step '{each}' twice" for each in sorted(set(named)) if named.count(each) > 1]
    return found
