"""The rules that choose whom to tell, read from TOML."""

import tomllib
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from classify.verdict import Label, Severity, Verdict, at_least
from flow.errors import Broken
from registry.official import Contact, Language, Official

ZONES: dict[str, str] = {"SE": "Europe/Stockholm", "FI": "Europe/Helsinki"}
"""The time zone of an official's country."""


class To(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A contact that a rule names itself."""

    name: str
    channel: str
    address: str
    language: Language


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which verdicts go to whom.

    An empty list means "any". ``quiet`` are hours like ``22:00-07:00``, in ``timezone`` or, without one, in that of the
    official's country; a verdict less severe than ``quiet_breaks`` is held back until they end. ``contacts`` are those
    that the registry holds for the official, or the ones named here.
    """

    name: str
    severity: Severity
    labels: tuple[Label, ...] = ()
    officials: tuple[str, ...] = ()
    municipalities: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    quiet: str | None = None
    timezone: str | None = None
    quiet_breaks: Severity = "critical"
    show_text: bool = False
    contacts: Literal["official"] | tuple[To, ...] = "official"

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("key 'name': is empty")
        if self.severity == "none":
            raise ValueError("key 'severity': 'none' would alert on every post; the least is 'low'")
        if self.contacts == ():
            raise ValueError("key 'contacts': is empty")
        if self.timezone is not None:
            _zone(self.timezone)
        if self.quiet is not None:
            _hours(self.quiet)

    def matches(self, verdict: Verdict, official: Official) -> bool:
        """Whether this rule sends ``verdict`` to somebody on behalf of ``official``."""
        judgement = verdict.judgement
        return (
            at_least(judgement.severity, self.severity)
            and (not self.labels or any(label in self.labels for label in judgement.flagged))
            and (not self.officials or official.id in self.officials)
            and (not self.municipalities or official.municipality in self.municipalities)
            and (not self.sources or verdict.post.source in self.sources)
        )

    def people(self, official: Official) -> Sequence[Contact | To]:
        """Whom this rule tells about ``official``."""
        return official.contacts if isinstance(self.contacts, str) else self.contacts

    def held_until(self, now: datetime, *, severity: Severity, country: str) -> datetime | None:
        """When quiet hours end that hold back an alert of ``severity``; ``None``: it goes out at once."""
        if self.quiet is None or at_least(severity, self.quiet_breaks):
            return None
        return quiet_end(now, quiet=self.quiet, timezone=self.timezone or ZONES[country])


def quiet_end(now: datetime, *, quiet: str, timezone: str) -> datetime | None:
    """When the quiet hours end in which ``now`` lies, in UTC; ``None`` outside them.

    Moments are compared, not wall times, so that nights with a change of the clock come out right. A wall time
    that such a night skips counts as if the clock had not been put forward, one that it has twice is the first one.
    """
    start, end = _hours(quiet)
    zone = _zone(timezone)
    today = now.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        last = day if start < end else day + timedelta(days=1)
        begins = datetime.combine(day, start, zone).astimezone(now.tzinfo)
        ends = datetime.combine(last, end, zone).astimezone(now.tzinfo)
        if begins <= now < ends:
            return ends
    return None


@cache
def _hours(quiet: str) -> tuple[time, time]:
    try:
        start, end = (datetime.strptime(part.strip(), "%H:%M").time() for part in quiet.split("-"))  # noqa: DTZ007
    except ValueError:
        raise ValueError("key 'quiet': is not of the form '22:00-07:00'") from None
    if start == end:
        raise ValueError("key 'quiet': starts and ends at the same time")
    return start, end


@cache
def _zone(timezone: str) -> ZoneInfo:
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("key 'timezone': is not known on this machine, write it like 'Europe/Helsinki'") from None


def load_rules(path: Path) -> tuple[Rule, ...]:
    """The rules in the TOML file ``path``, in order.

    Raises:
        Broken: it cannot be read, holds no rule, or a rule is wrong; the message names rule and key.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Broken("cannot be read", place=str(path), remedy="Check the setting alerts.rules") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Broken(f"is not valid TOML: {error}", place=str(path), remedy=_SEE) from None
    unknown = sorted(document.keys() - {"rule"})
    if unknown:
        raise Broken(f"unknown key '{unknown[0]}'", place=str(path), remedy=_SEE)
    tables = document.get("rule", [])
    if not isinstance(tables, list) or not tables:
        raise Broken("there is no [[rule]], so nobody would be told", place=str(path), remedy=_SEE)
    rules = tuple(_rule(table, place=f"{path}, {_called(table, number)}") for number, table in enumerate(tables, 1))
    names = [rule.name for rule in rules]
    for name in names:
        if names.count(name) > 1:
            raise Broken(f"there are several rules '{name}'", place=str(path), remedy="Names are part of alert ids")
    return rules


_SEE = "See docs/alerts.md"


def _called(table: Any, number: int) -> str:
    name = table.get("name") if isinstance(table, dict) else None
    return f"rule '{name}'" if isinstance(name, str) and name else f"rule number {number}"


def _rule(table: Any, *, place: str) -> Rule:
    try:
        return msgspec.convert(table, Rule)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        key = path.strip("`.")
        raise Broken(f"key '{key}': {message}" if key else message, place=place, remedy=_SEE) from None
