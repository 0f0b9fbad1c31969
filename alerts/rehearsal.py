"""What changed rules would have sent: stored verdicts, routed again by the rules of today and by the changed ones."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal
from zoneinfo import ZoneInfo

from alerts.alert import Alert
from alerts.plans.hours import ZONES
from alerts.plans.plan import Plans
from alerts.routing import alerts_about
from classify.verdict import Verdict
from flow.clock import ManualClock
from registry.official import Official
from registry.tenant import tenant_of

By = Literal["rule", "contact", "severity", "hour"]


@dataclass(slots=True)
class Messages:
    """Counts of messages: one for each alert and address, each post by itself, before anything is grouped or collected."""

    total: int = 0
    by: dict[By, Counter[str]] = field(
        default_factory=lambda: {"rule": Counter(), "contact": Counter(), "severity": Counter(), "hour": Counter()}
    )

    def add(self, alert: Alert, *, zone: ZoneInfo) -> None:
        """Count the messages of one alert about an official in that time zone: at the hour there at which each may go out, with
        the zone's name, as hours of two countries are not the same.
        """
        many = len(alert.recipients)
        self.total += many
        self.by["rule"][alert.rule] += many
        self.by["severity"][alert.verdict.judgement.severity] += many
        sent = ((each.not_before or alert.raised_at).astimezone(zone) for each in alert.recipients)
        self.by["hour"].update(f"{zone} {at.hour:02}" for at in sent)
        self.by["contact"].update(f"{each.name} ({each.channel})" for each in alert.recipients)


@dataclass(slots=True)
class Rehearsal:
    """What both sets of rules send. ``lost``: ids of alerts of today's rules about posts of which the changed ones tell nobody;
    ``threats``: how many of these are threats; ``won``: about posts of which only they tell somebody.
    """

    posts: int = 0
    today: Messages = field(default_factory=Messages)
    changed: Messages = field(default_factory=Messages)
    lost: list[str] = field(default_factory=list)
    threats: int = 0
    won: list[str] = field(default_factory=list)


def rehearse(
    verdicts: Iterable[Verdict],
    *,
    today: Plans,
    changed: Plans,
    officials: Callable[[str], Official | None],
    tenant: str = "",
    told: Callable[[int], None] = lambda posts: None,
) -> Rehearsal:
    """Route each of ``verdicts`` at the moment of its judgement, as consents and contacts are now.

    Args:
        tenant: only what is about officials of this one; empty: of all.
        told: is told after each post how many have been routed.
    """
    found = Rehearsal()

    def wanted(id: str) -> Official | None:
        official = officials(id)
        return official if official is not None and (not tenant or tenant_of(official) == tenant) else None

    for verdict in verdicts:
        clock = ManualClock(verdict.judged_at)
        before = alerts_about([verdict], plans=today, officials=wanted, clock=clock)
        after = alerts_about([verdict], plans=changed, officials=wanted, clock=clock)
        for alerts, messages in ((before, found.today), (after, found.changed)):
            for alert in alerts:
                messages.add(alert, zone=_zone(alert, wanted))
        _compare(before, after, found)
        found.posts += 1
        told(found.posts)
    return found


def _compare(before: Iterable[Alert], after: Iterable[Alert], found: Rehearsal) -> None:
    told_before = {alert.official: alert for alert in reversed(list(before)) if alert.recipients}
    told_after = {alert.official: alert for alert in reversed(list(after)) if alert.recipients}
    lost = [alert for official, alert in told_before.items() if official not in told_after]
    found.lost += [alert.id for alert in lost]
    found.threats += sum("threat" in alert.verdict.judgement.flagged for alert in lost)
    found.won += [alert.id for official, alert in told_after.items() if official not in told_before]


def _zone(alert: Alert, officials: Callable[[str], Official | None]) -> ZoneInfo:
    official = officials(alert.official)
    return ZoneInfo(ZONES[official.country if official else "SE"])
