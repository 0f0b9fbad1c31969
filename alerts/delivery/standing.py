"""Why nobody has been told of an alert yet, as its official may read it."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import or_, select

from alerts.listing import link_id
from alerts.tables import DIGEST_ENTRY, INCIDENT_EVENT, INCIDENT_LINK, INCIDENT_POST, OUTBOX
from flow.clock import Clock
from flow.database import Database
from flow.databases.columns import moment

Why = Literal["joined", "later", "retried", "underway", "digest", "in-digest", "failed", "nobody"]
"""``joined``: its incident had been told already, and it had no message of its own. ``later``: quiet hours or a pause hold it
back. ``retried``: a try failed, and another one follows. ``digest``: it will be told in brief with others; ``in-digest``: it was.
``nobody``: no contact may be told, or none is named."""


@dataclass(frozen=True, slots=True)
class Standing:
    """``until``: when it is told, or tried again; ``None`` where that is not known. ``told``: the names of the contacts who were
    told in a digest.
    """

    why: Why
    until: datetime | None = None
    told: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class _Delivery:
    post: str
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
        """Of those of ``alerts`` about this official, given by id, of whose post nobody was told by itself.

        Nothing is said of an alert whose incident is kept no longer.
        """
        of = select(INCIDENT_POST.c.alert, INCIDENT_POST.c.incident, INCIDENT_POST.c.post)
        hers = INCIDENT_POST.c.official == official
        found = self._database.query(of.where(hers, INCIDENT_POST.c.alert.in_(alerts)))
        incidents = {incident for _, incident, _ in found}
        deliveries = self._deliveries({post for *_, post in found}, incidents, official)
        held = select(DIGEST_ENTRY.c.post).where(DIGEST_ENTRY.c.official == official)
        digests = {
            post for (post,) in self._database.query(held.where(DIGEST_ENTRY.c.post.in_([row[2] for row in found])))
        }
        in_digests, on_their_way = self._in_digests(incidents), self._digests(incidents)
        standings = {
            alert: self._standing(
                post,
                [each for each in deliveries if post == each.post or incident == each.incident],
                [each for each in on_their_way if incident == each.incident],
                is_held=post in digests,
                told=in_digests.get(incident, ()),
            )
            for alert, incident, post in found
        }
        return {alert: standing for alert, standing in standings.items() if standing is not None}

    def _in_digests(self, incidents: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Who was told of each of these incidents in a digest."""
        told = select(INCIDENT_EVENT.c.incident, INCIDENT_EVENT.c.contact).where(INCIDENT_EVENT.c.event == "in-digest")
        rows = self._database.query(told.where(INCIDENT_EVENT.c.incident.in_(incidents)).distinct())
        return {
            incident: tuple(sorted(name for each, name in rows if each == incident))
            for incident in {row[0] for row in rows}
        }

    def _digests(self, incidents: Collection[str]) -> list[_Delivery]:
        """The digests that list these incidents: each has a link to it."""
        links = select(INCIDENT_LINK.c.delivery).where(INCIDENT_LINK.c.incident.in_(incidents))
        known = {delivery for (delivery,) in self._database.query(links)} if incidents else set()
        if not known:
            return []
        wanted = select(OUTBOX.c.id, OUTBOX.c.state, OUTBOX.c.attempts, OUTBOX.c.due)
        # Of those that went out, the history says so.
        under_way = OUTBOX.c.state.in_(("waiting", "failed"))
        rows = self._database.query(
            wanted.where(under_way, OUTBOX.c.official == "", OUTBOX.c.incident == "", OUTBOX.c.alert_id == "")
        )
        return [
            _Delivery("", incident, state, tried, moment(due))
            for id, state, tried, due in rows
            for incident in incidents
            if link_id(id, incident) in known
        ]

    def _deliveries(self, posts: Collection[str], incidents: Collection[str], official: str) -> list[_Delivery]:
        wanted = select(OUTBOX.c.post, OUTBOX.c.incident, OUTBOX.c.state, OUTBOX.c.attempts, OUTBOX.c.due)
        about = or_(OUTBOX.c.post.in_(posts), OUTBOX.c.incident.in_(incidents))
        rows = self._database.query(wanted.where(OUTBOX.c.official == official, about))
        return [_Delivery(of, incident, state, tried, moment(due)) for of, incident, state, tried, due in rows]

    def _standing(
        self,
        post: str,
        deliveries: Collection[_Delivery],
        digests: Collection[_Delivery],
        *,
        is_held: bool,
        told: tuple[str, ...],
    ) -> Standing | None:
        own = [each for each in deliveries if each.post == post and each.state != "withdrawn"]
        if any(each.state == "delivered" for each in own):
            return None
        if not own and any(each.state == "delivered" for each in deliveries):
            return Standing("joined")
        if told:
            return Standing("in-digest", told=told)
        about = (*(own or deliveries), *digests)
        waiting = [each for each in about if each.state == "waiting"]
        if waiting:
            first = min(waiting, key=lambda each: each.due)
            if first.due <= self._clock.now():
                return Standing("underway")
            return Standing("retried" if first.attempts else "later", first.due)
        if is_held:
            return Standing("digest")
        return Standing("failed" if any(each.state == "failed" for each in about) else "nobody")
