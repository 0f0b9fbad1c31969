"""Probe of incidents that wait for an answer and cannot be read: nobody is told of them any more."""

from collections.abc import Callable, Iterator
from datetime import datetime

from alerts.incidents.case import unreadable
from alerts.tables import INCIDENT
from flow.database import Database
from turvakt.watch.trouble import Trouble

_WAITING = INCIDENT.c.state.in_(("triggered", "escalated"))


def unread(database: Database) -> Callable[[datetime], Iterator[Trouble]]:
    """Whether there are any."""

    def ask(now: datetime) -> Iterator[Trouble]:
        if found := unreadable(database, _WAITING):
            yield Trouble("incident-unreadable", "incidents", now, {"unanswered": str(len(found))})

    return ask
