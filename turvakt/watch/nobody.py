"""Probe of what nobody can be told of: nobody has answered it, and consent allows nobody more to be told, or the last
resort cannot be reached."""

from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy import select

from alerts.incidents.case import readable
from alerts.incidents.history import BEGUN_AGAIN, NOBODY_LEFT, Event, History
from alerts.tables import INCIDENT, INCIDENT_EVENT
from flow.database import Database
from turvakt.watch.trouble import Detail, Trouble

_TOLD: tuple[Event, ...] = (*BEGUN_AGAIN, "handed-over", "last-resort", NOBODY_LEFT)
_WAITING = (
    INCIDENT.c.official != "",
    INCIDENT.c.state.in_(("triggered", "escalated")),
    INCIDENT.c.escalate_at.is_(None),
    INCIDENT.c.id.in_(select(INCIDENT_EVENT.c.incident).where(INCIDENT_EVENT.c.event == NOBODY_LEFT)),
)


def nobody_left(database: Database) -> Callable[[datetime], Iterator[Trouble]]:
    """Whether there are alerts that somebody has to answer and nobody is left to be told of: a trouble for each organisation.

    It is named, as somebody there has to see to it; whom they are about is not: consent covers the operator as little.
    """
    history = History(database)

    def ask(now: datetime) -> Iterator[Trouble]:
        found: dict[str, list[datetime]] = {}
        for case in readable(database, *_WAITING):
            # Nothing is left of one that was erased since it was found. Handing over to nobody told nobody.
            for last in [each for each in history.of(case.id, events=_TOLD) if each.result != NOBODY_LEFT][-1:]:
                if case.wants_answer and last.event == NOBODY_LEFT and not last.contact:
                    found.setdefault(case.tenant, []).append(last.at)
        for tenant, since in sorted(found.items()):
            details: dict[Detail, str] = {"unanswered": str(len(since)), "latest": max(since).isoformat()}
            yield Trouble("nobody-left", place_of(tenant), min(since), details)

    return ask


def place_of(tenant: str) -> str:
    """The place of what is wrong with the plan of a tenant."""
    return f"tenant:{tenant}" if tenant else "tenant"
