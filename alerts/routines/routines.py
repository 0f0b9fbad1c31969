"""Response routines: what is to be done about an incident, by whom and until when; read from TOML."""

import re
import tomllib
from collections.abc import Collection, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from alerts.incidents.incident import Incident, Kind
from alerts.plans.hours import duration
from classify.verdict import Label, Severity, at_least
from flow.errors import Broken
from registry.official import Country, Language

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
    """A step as a routine has it: ``within`` is how long after the incident was opened it should be done."""

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


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    routine: tuple[Routine, ...]
    step: dict[str, Step]
    owner: dict[str, Words]


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
        Broken: it cannot be read, or something in it is wrong; the message names the place.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Broken("cannot be read", place=str(path), remedy="Check the setting alerts.routines") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Broken(f"is not valid TOML: {error}", place=str(path), remedy=_SEE) from None
    try:
        read = msgspec.convert(document, _Document)
    except msgspec.ValidationError as error:
        raise Broken(_told(error, document), place=str(path), remedy=_SEE) from None
    for problem in _problems(read):
        raise Broken(problem, place=str(path), remedy=_SEE)
    return Routines(read.routine, read.step, read.owner)


def _problems(read: _Document) -> list[str]:
    """What does not fit together."""
    found = [
        f"[step.{id}]: an id has small letters, digits and hyphens only" for id in read.step if not _ID.fullmatch(id)
    ]
    for id, step in read.step.items():
        if step.owner not in read.owner:
            found.append(f"[step.{id}], key 'owner': there is no [owner.{step.owner}]")
    for routine in read.routine:
        place = f"routine '{routine.name}'"
        named = [each.step for each in routine.steps]
        if not named:
            found.append(f"{place}: has no step")
        found += [f"{place}: there is no [step.{each}]" for each in named if each not in read.step]
        found += [f"{place}: has the step '{each}' twice" for each in set(named) if named.count(each) > 1]
    return found


def _told(error: msgspec.ValidationError, document: Any) -> str:
    """What is wrong, and where: with the name of the routine in place of its number."""
    message, _, path = str(error).partition(" - at `$.")
    number = re.match(r"routine\[(\d+)\]\.?", path)
    if number is None:
        return f"{path.strip('`')}: {message}" if path else message
    name = document["routine"][int(number[1])].get("name", f"number {int(number[1]) + 1}")
    return f"routine '{name}' {path[number.end() :].strip('`')}: {message}"
