"""The rules that choose whom to tell of what."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

import msgspec

from alerts.plans.contacts import Contact, Way, refuse, wrong_times
from alerts.plans.holidays import is_holiday
from alerts.plans.hours import ZONES, local_day, quiet_end
from alerts.plans.policies import OFFICIAL
from classify.verdict import Label, Severity, Verdict, at_least
from registry.official import Country, Language, Official

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class To(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A contact that a rule names itself, with its one address."""

    name: str
    channel: str
    address: str
    language: Language

    @property
    def contact(self) -> Contact:
        """The same as any other contact of a plan."""
        return Contact(
            name=self.name, language=self.language, channels=(Way(channel=self.channel, address=self.address),)
        )


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which verdicts go to whom, when.

    An empty list means "any". ``hours`` (like ``07:00-17:00``), ``weekdays`` and ``holidays`` (``true``: on these alone,
    ``false``: on others alone) are those of the moment at which an alert is raised, in ``timezone`` or, without one, in that of
    the official's country, whose holidays count. ``quiet`` are hours in which a verdict less severe than ``quiet_breaks`` is held
    back until they end. ``contacts`` are those that the registry holds for the official, or those named here: each with its
    address, or as ``official``, ``contact:NAME`` or ``schedule:NAME`` of the plan. ``policy`` says who is told next when
    nobody answers.
    """

    name: str
    severity: Severity
    labels: tuple[Label, ...] = ()
    officials: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    municipalities: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    hours: str | None = None
    weekdays: tuple[Weekday, ...] = ()
    holidays: bool | None = None
    quiet: str | None = None
    timezone: str | None = None
    quiet_breaks: Severity = "critical"
    show_text: bool = False
    contacts: Literal["official"] | tuple[To | str, ...] = "official"
    policy: str | None = None

    def __post_init__(self) -> None:
        refuse(
            (not self.name.strip(), "key 'name': is empty"),
            (self.severity == "none", "key 'severity': 'none' would alert on every post; the least is 'low'"),
            (self.contacts == (), "key 'contacts': is empty"),
            *((True, fault) for fault in wrong_times(hours=self.hours, quiet=self.quiet, timezone=self.timezone)),
        )

    @property
    def tell(self) -> tuple[To | str, ...]:
        """Whom it names."""
        return (OFFICIAL,) if isinstance(self.contacts, str) else self.contacts

    @property
    def named(self) -> tuple[To, ...]:
        """The contacts that it names with their addresses."""
        return tuple(each for each in self.tell if isinstance(each, To))

    def matches(self, verdict: Verdict, official: Official, at: datetime) -> bool:
        """Whether this rule sends ``verdict`` to somebody on behalf of ``official`` at the moment ``at``."""
        return next(self.differing(verdict, official, at), None) is None

    def differing(self, verdict: Verdict, official: Official, at: datetime) -> Iterator[str]:
        """The keys that keep the rule from matching; none: it matches."""
        judgement = verdict.judgement
        if not at_least(judgement.severity, self.severity):
            yield "severity"
        if self.labels and not any(label in self.labels for label in judgement.flagged):
            yield "labels"
        yield from self._differing_officials(official)
        if self.sources and verdict.post.source not in self.sources:
            yield "sources"
        yield from self._differing_times(official.country, at)

    def concerns(self, official: Official) -> bool:
        """Whether it is for posts about this official at all."""
        return next(self._differing_officials(official), None) is None

    def is_on(self, country: Country, at: datetime) -> bool:
        """Whether it holds at the moment ``at`` for officials of that country."""
        return next(self._differing_times(country, at), None) is None

    def _differing_officials(self, official: Official) -> Iterator[str]:
        if self.officials and official.id not in self.officials:
            yield "officials"
        if self.roles and official.role.casefold() not in (role.casefold() for role in self.roles):
            yield "roles"
        if self.municipalities and official.municipality not in self.municipalities:
            yield "municipalities"

    def _differing_times(self, country: Country, at: datetime) -> Iterator[str]:
        timezone = self.timezone or ZONES[country]
        if self.hours is not None and quiet_end(at, quiet=self.hours, timezone=timezone) is None:
            yield "hours"
        if self.weekdays and _WEEKDAYS[local_day(at, timezone).weekday()] not in self.weekdays:
            yield "weekdays"
        if self.holidays is not None and is_holiday(local_day(at, timezone), country) != self.holidays:
            yield "holidays"

    def held_until(self, now: datetime, *, severity: Severity, country: str) -> datetime | None:
        """When quiet hours end that hold back an alert of ``severity``; ``None``: it goes out at once."""
        return None if at_least(severity, self.quiet_breaks) else self.quiet_until(now, country=country)

    def quiet_until(self, at: datetime, *, country: str) -> datetime | None:
        """When quiet hours end; ``None``: at the moment ``at`` there are none."""
        if self.quiet is None:
            return None
        return quiet_end(at, quiet=self.quiet, timezone=self.timezone or ZONES[country])
