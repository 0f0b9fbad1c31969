"""Why nobody has been told of an alert yet, as its official may read it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import or_, select

from alerts.tables import DIGEST_ENTRY, INCIDENT_POST, OUTBOX
from flow.clock import Clock
from flow.database import Database
from flow.databases.columns import moment

Why = Literal["joined", "later", "retried", "underway", "digest", "failed", "nobody"]
"""``joined``: its incident had been told already. ``later``: quiet hours or a pause hold it back. ``retried``: a try failed, and
another one follows. ``digest``: it is told in brief with others. ``nobody``: no contact may be told, or none is named."""


@dataclass(frozen=True, slots=True)
class Standing:
    """``until``: when it is told, or tried again; ``None`` where that is not known."""

    why: Why
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Delivery:
    alert: str
    incident: str
    state: str
    attempts: int
    due: datetime


class Standings:
    """Reads the tables of outbox and incidents in ``database``; changes nothing."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def of(self, alerts: Collection[str], official: str) -> dict[str, Standing]:
        """Of those of ``alerts`` about this official, given by id, that nobody was told of by themselves.

        Nothing is said of an alert whose incident is kept no longer.
        """
        of = select(INCIDENT_POST.c.alert, INCIDENT_POST.c.incident, INCIDENT_POST.c.post)
        hers = INCIDENT_POST.c.official == official
        found = self._database.query(of.where(hers, INCIDENT_POST.c.alert.in_(alerts)))
        deliveries = self._deliveries(alerts, {incident for _, incident, _ in found}, official)
        held = select(DIGEST_ENTRY.c.post).where(DIGEST_ENTRY.c.official == official)
        digests = {
            post for (post,) in self._database.query(held.where(DIGEST_ENTRY.c.post.in_([row[2] for row in found])))
        }
        standings = {
            alert: self._standing(
                alert,
                [each for each in deliveries if alert == each.alert or incident == each.incident],
                post in digests,
            )
            for alert, incident, post in found
        }
        return {alert: standing for alert, standing in standings.items() if standing is not None}

    def _deliveries(self, alerts: Collection[str], incidents: Collection[str], official: str) -> list[_Delivery]:
        wanted = select(OUTBOX.c.alert_id, OUTBOX.c.incident, OUTBOX.c.state, OUTBOX.c.attempts, OUTBOX.c.due)
        about = or_(OUTBOX.c.alert_id.in_(alerts), OUTBOX.c.incident.in_(incidents))
        rows = self._database.query(wanted.where(OUTBOX.c.official == official, about))
        return [_Delivery(of, incident, state, tried, moment(due)) for of, incident, state, tried, due in rows]

    def _standing(self, alert: str, deliveries: Collection[_Delivery], is_in_digest: bool) -> Standing | None:
        delivered = [each for each in deliveries if each.state == "delivered"]
        if delivered:
            return None if any(each.alert == alert for each in delivered) else Standing("joined")
        waiting = [each for each in deliveries if each.state == "waiting"]
        if waiting:
            first = min(waiting, key=lambda each: each.due)
            if first.due <= self._clock.now():
                return Standing("underway")
            return Standing("retried" if first.attempts else "later", first.due)
        if is_in_digest:
            return Standing("digest")
        return Standing("failed" if any(each.state == "failed" for each in deliveries) else "nobody")
