"""A budget of messages for each address and hour. What is urgent always passes; the rest is collected, and people are told so."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select

from alerts.alert import Alert, Recipient, digest
from alerts.bulletin import Bulletin
from alerts.content import Content, recipients_of, to_one
from alerts.delivery.holder import LOCK
from alerts.plans.plan import Plans
from alerts.tables import BUDGET, DIGEST_ENTRY, INCIDENT
from alerts.urgency import wants_answer
from classify.verdict import SEVERITIES, Severity
from flow.clock import Clock
from flow.database import Database
from registry.official import Official
from registry.tenant import tenant_of

HOUR = timedelta(hours=1)
OPERATOR: Severity = "low"
"""How grave it is for the operator that something was held back."""

_SENT = select(BUDGET.c.contact, BUDGET.c.at).where(
    BUDGET.c.contact.in_(bindparam("contacts", expanding=True)), BUDGET.c.at > bindparam("since")
)
_COLLECTED = (
    select(DIGEST_ENTRY.c.contact, func.count(), func.min(DIGEST_ENTRY.c.at))
    .where(DIGEST_ENTRY.c.contact.in_(bindparam("contacts", expanding=True)))
    .group_by(DIGEST_ENTRY.c.contact)
)


_TENANTS = select(INCIDENT.c.id, INCIDENT.c.tenant).where(INCIDENT.c.id.in_(bindparam("incidents", expanding=True)))
_Limits = dict[tuple[str, str], tuple[str, int]]
"""By incident and official."""


class Sorted(NamedTuple):
    """``passed`` goes out now; ``held`` is collected; ``used_up`` are those of ``held`` with which a budget was first used up."""

    passed: list[Content]
    held: list[tuple[Alert, Recipient]]
    used_up: list[tuple[Alert, Recipient]]


def contact_digest(channel: str, address: str) -> str:
    """Knows an address again without holding it."""
    return digest("contact", channel, address)


class Budgets:
    """Lets each address have at most as many messages in any hour as the plan says. Threats, critical alerts, exposed homes,
    bulletins, that somebody has answered, and what reaches the operator as the last resort neither wait nor count.

    Args:
        operator: how the operator is told, at a moment, of something of that severity.
    """

    def __init__(
        self,
        database: Database,
        *,
        plans: Callable[[], Plans],
        officials: Callable[[str], Official | None],
        operator: Callable[..., Sequence[Recipient]],
        clock: Clock,
    ) -> None:
        self._database = database
        self._plans = plans
        self._officials = officials
        self._operator = operator
        self._clock = clock

    def sort(self, contents: Iterable[Content]) -> Sorted:
        """What of ``contents`` may go out; called in the transaction that puts it into the outbox.

        What passes is counted, what is held is written down for the digest, and of those who have used up their budget both
        they and the operator are told: the bulletins come with what passes.
        """
        given = list(contents)
        asking = [each for each in given if isinstance(each, Alert) and _may_wait(each)]
        if not asking:
            return Sorted(given, [], [])
        # Two who count at once would both find room for one more.
        self._database.lock(LOCK)
        now = self._clock.now()
        sent = self._sent(asking, now)
        found = Sorted([], [], [])
        counted: list[dict[str, Any]] = []
        limits = self._limits(asking)
        operators = self._operators(asking, now)
        for content in given:
            if not (isinstance(content, Alert) and _may_wait(content)):
                found.passed.append(content)
                continue
            _, limit = limits[content.incident, content.official]
            for recipient in recipients_of(content):
                if _is_last_resort(content) and (recipient.channel, recipient.address) in operators:
                    found.passed.append(to_one(content, recipient))
                    continue
                contact = contact_digest(recipient.channel, recipient.address)
                at = max(now, recipient.not_before or now).timestamp()
                times = sent.setdefault(contact, [])
                if sum(abs(at - other) < HOUR.total_seconds() for other in times) < limit:
                    times.append(at)
                    counted.append({"contact": contact, "at": at})
                    found.passed.append(to_one(content, recipient))
                else:
                    found.held.append((content, recipient))
        self._database.executemany(insert(BUDGET), counted)
        if found.held:
            self._collect(found, limits, now)
        return found

    def tidy(self) -> int:
        """Remove what no budget asks for any more."""
        over = BUDGET.c.at < (self._clock.now() - 2 * HOUR).timestamp()
        return self._database.execute(delete(BUDGET).where(over))

    def _sent(self, asking: Sequence[Alert], now: datetime) -> dict[str, list[float]]:
        contacts = {contact_digest(to.channel, to.address) for each in asking for to in each.recipients}
        sent: dict[str, list[float]] = {}
        for contact, at in self._database.query(
            _SENT, {"contacts": sorted(contacts), "since": (now - HOUR).timestamp()}
        ):
            sent.setdefault(contact, []).append(at)
        return sent

    def _operators(self, asking: Sequence[Alert], now: datetime) -> set[tuple[str, str]]:
        """All channels and addresses of the operator, where anything of it may reach her."""
        told = self._operator(at=now, severity="critical") if any(map(_is_last_resort, asking)) else ()
        return {(each.channel, each.address) for each in told}

    def _limits(self, asking: Sequence[Alert]) -> _Limits:
        """The tenant of each incident, wherever its official belongs by now, and how many messages an hour its plan allows."""
        about = {(each.incident, each.official) for each in asking}
        rows = self._database.query(_TENANTS, {"incidents": sorted({incident for incident, _ in about})})
        tenants: dict[str, str] = dict(rows)
        found: _Limits = {}
        plans = self._plans()
        for incident, official in about:
            her = self._officials(official) if incident not in tenants else None
            tenant = tenants.get(incident) or (tenant_of(her) if her is not None else "")
            found[incident, official] = tenant, plans.of(tenant).budget.per_hour
        return found

    def _collect(self, found: Sorted, limits: _Limits, now: datetime) -> None:
        rows = [_entry(alert, recipient, now) for alert, recipient in found.held]
        contacts = sorted({row["contact"] for row in rows})
        before = {row[0] for row in self._database.query(_COLLECTED, {"contacts": contacts})}
        self._database.executemany(insert(DIGEST_ENTRY), rows)
        collected = {row[0]: row[1:] for row in self._database.query(_COLLECTED, {"contacts": contacts})}
        for alert, recipient in found.held:
            contact = contact_digest(recipient.channel, recipient.address)
            if contact in before:
                continue
            before.add(contact)
            found.used_up.append((alert, recipient))
            tenant, limit = limits[alert.incident, alert.official]
            many, since = collected[contact]
            until = datetime.fromtimestamp(since, tz=now.tzinfo) + HOUR
            values = {"per_hour": str(limit), "held": str(many), "until": until.isoformat(), "contact": ""}
            key = f"used-up {until.isoformat()}"
            told = Bulletin("budget", "", "", tenant, "low", False, values, recipient, now, key=key)
            found.passed.append(told)
            # The operator wants to know whose it is.
            whose = replace(told, values=values | {"contact": recipient.name}, key=f"{key} {contact[:8]}")
            operators = self._operator(at=now, severity=OPERATOR)
            found.passed.extend(to_one(whose, each) for each in operators)


def _is_last_resort(alert: Alert) -> bool:
    return alert.told is not None and alert.told.occasion == "last-resort"


def _may_wait(alert: Alert) -> bool:
    """Whether a budget may hold it back: neither what somebody has to answer, nor that somebody has."""
    judgement = alert.verdict.judgement
    return not (alert.asks_nothing or wants_answer(judgement.severity, judgement.flagged))


def _entry(alert: Alert, recipient: Recipient, now: datetime) -> dict[str, Any]:
    judgement = alert.verdict.judgement
    return {
        "contact": contact_digest(recipient.channel, recipient.address),
        "incident": alert.incident,
        "official": alert.official,
        "post": alert.verdict.post.id,
        "severity": SEVERITIES.index(judgement.severity),
        "label": " ".join(judgement.flagged),
        "at": now.timestamp(),
        "name": recipient.name,
    }
