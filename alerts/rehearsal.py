"""What changed rules would have sent: stored verdicts, told once more by the rules of today and by the changed ones."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Literal
from zoneinfo import ZoneInfo

from alerts.alert import Alert
from alerts.content import occasion_of
from alerts.delivery.outbox import Item
from alerts.incidents.whom import Operator, no_operator
from alerts.plans.hours import ZONES
from alerts.plans.plan import Plans
from alerts.rerun import Outcome, Rerun
from classify.verdict import Verdict
from ingest.post import Post
from registry.official import Official
from registry.tenant import tenant_of

By = Literal["rule", "contact", "occasion", "severity", "hour"]


@dataclass(slots=True)
class Messages:
    """Counts of messages that go out; ``occasion`` is that of a contact, with the step: ``NAME (CHANNEL) OCCASION STEP``."""

    total: int = 0
    by: dict[By, Counter[str]] = field(
        default_factory=lambda: {
            "rule": Counter(),
            "contact": Counter(),
            "occasion": Counter(),
            "severity": Counter(),
            "hour": Counter(),
        }
    )

    def add(self, item: Item, at: datetime, *, zone: ZoneInfo) -> None:
        """Count a message about an official in that time zone: at the hour there at which it goes out, with the zone's name, as
        hours of two countries are not the same.
        """
        content, to = item.content, item.recipient
        contact = f"{to.name} ({to.channel})"
        self.total += 1
        self.by["contact"][contact] += 1
        occasion = occasion_of(content) if isinstance(content, Alert) else content.kind
        self.by["occasion"][f"{contact} {occasion} {item.delivery.step}"] += 1
        self.by["hour"][f"{zone} {at.astimezone(zone).hour:02}"] += 1
        if isinstance(content, Alert):
            self.by["rule"][to.rule or content.rule] += 1
            self.by["severity"][content.verdict.judgement.severity] += 1
        else:
            self.by["severity"][content.severity] += 1


@dataclass(slots=True)
class Rehearsal:
    """What both sets of rules send, each alert by its id.

    Attributes:
        lost: alerts of today's rules about posts of which the changed ones tell nobody.
        threats: how many of these are threats.
        won: alerts about posts of which only the changed rules tell somebody.
        shortened: alerts that open an incident of which the changed rules tell fewer steps, though they tell of it.
        without_last: the same that do not come to the last resort any more.
    """

    posts: int = 0
    today: Messages = field(default_factory=Messages)
    changed: Messages = field(default_factory=Messages)
    lost: list[str] = field(default_factory=list)
    threats: int = 0
    won: list[str] = field(default_factory=list)
    shortened: list[str] = field(default_factory=list)
    without_last: list[str] = field(default_factory=list)


def rehearse(
    verdicts: Iterable[Verdict],
    *,
    today: Plans,
    changed: Plans,
    officials: Iterable[Official],
    account: Callable[[Post], str] = lambda post: "",
    operator: Operator = no_operator,
    tenant: str = "",
    told: Callable[[int], None] = lambda posts: None,
) -> Rehearsal:
    """Let each of ``verdicts`` come in at the moment of its judgement, with consents and contacts as they are now, and nobody
    answer. All messages arrive, also those that are due only after the last verdict.

    Args:
        account: knows an author again without naming her, as for `alerts.incidents.incidents.Incidents`.
        operator: who is told where the plan has no last resort of its own.
        tenant: only what is about officials of this one; empty: of all.
        told: is told again and again how many verdicts have come in.
    """
    found = Rehearsal()
    known = {each.id: each for each in officials if not tenant or tenant_of(each) == tenant}

    def rerun(plans: Plans, messages: Messages) -> Rerun:
        def sent(item: Item, at: datetime) -> None:
            messages.add(item, at, zone=_zone(known.get(item.content.official)))

        return Rerun(plans, officials=known, account=account, operator=operator, sent=sent)

    with closing(rerun(today, found.today)) as one, closing(rerun(changed, found.changed)) as other:
        moment = attrgetter("judged_at")
        for at, together in groupby(sorted(verdicts, key=moment), key=moment):
            batch = list(together)
            for each in (one, other):
                each.take(batch, at)
            found.posts += len(batch)
            told(found.posts)
        for each in (one, other):
            each.go_on()
        _compare(one.outcomes(), other.outcomes(), found)
    return found


_Outcomes = Mapping[tuple[str, str], Outcome]


def _compare(before: _Outcomes, after: _Outcomes, found: Rehearsal) -> None:
    for place, was in before.items():
        now = after.get(place)
        if now is None or not now.is_told:
            if was.is_told:
                found.lost.append(was.alert)
                found.threats += was.is_threat
        elif was.opens:
            if was.steps > now.steps:
                found.shortened.append(was.alert)
            if was.reaches_last and not now.reaches_last:
                found.without_last.append(was.alert)
    for place, now in after.items():
        if now.is_told and (place not in before or not before[place].is_told):
            found.won.append(now.alert)


def _zone(official: Official | None) -> ZoneInfo:
    return ZoneInfo(ZONES[official.country if official else "SE"])
