"""The incidents that a digest lists: how they stand in a bulletin's value ``listed``, and the links at which each is answered."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, cast, get_args

from sqlalchemy import ColumnElement, select

from alerts.alert import digest
from alerts.incidents.incident import OPEN
from alerts.tables import INCIDENT, INCIDENT_EVENT
from classify.verdict import SEVERITIES, Severity
from flow.database import Database

MOST = 10
"""Incidents that a message lists at most; all are in the console."""


class Listed(NamedTuple):
    """An incident in brief: its id, the gravest of its severities, and how many posts it has."""

    incident: str
    severity: Severity
    posts: int


def open_ones(database: Database, contact: str, *conditions: ColumnElement[bool]) -> Iterator[Listed]:
    """Of the incidents for which these hold those that are open, the gravest first, as far as the contact of that name has been
    told of them, or would have been: it answers for no others.
    """
    told = select(INCIDENT_EVENT.c.incident).where(INCIDENT_EVENT.c.contact == contact)
    found = select(INCIDENT.c.id, INCIDENT.c.severity, INCIDENT.c.posts)
    here = INCIDENT.c.state.in_(OPEN), INCIDENT.c.id.in_(told), *conditions
    order = INCIDENT.c.threat.desc(), INCIDENT.c.severity.desc(), INCIDENT.c.opened_at, INCIDENT.c.id
    for incident, severity, posts in database.query(found.where(*here).order_by(*order).limit(MOST)):
        yield Listed(incident, SEVERITIES[severity], posts)


def written(listed: Iterable[Listed]) -> str:
    """As a value of a bulletin."""
    return ";".join(f"{each.incident} {each.severity} {each.posts}" for each in listed)


def read(value: str) -> Iterator[Listed]:
    """From a value of a bulletin; what is none is left out, as no message may fail for it."""
    for each in value.split(";"):
        match each.split():
            case [incident, severity, posts] if severity in get_args(Severity) and posts.isdecimal():
                yield Listed(incident, cast(Severity, severity), int(posts))


def link_id(delivery: str, incident: str) -> str:
    """By what the link to an incident is known that the message of this delivery lists: like the id of a delivery of its own."""
    return digest("listed", delivery, incident)
