"""Which incidents a digest may tell somebody of: like an alert, none that consent does not cover at that moment."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select

from alerts.alert import RINGS, Alert, Recipient
from alerts.bulletin import Bulletin
from alerts.content import Content
from alerts.incidents.case import Case, cases, readable
from alerts.incidents.incident import OPEN, State
from alerts.listing import Listed, read, written
from alerts.plans.plan import Plan
from alerts.routing import permitted
from alerts.tables import INCIDENT, INCIDENT_EVENT
from classify.verdict import SEVERITIES
from flow.database import Database
from registry.official import Official

MOST = 10
"""Incidents that a message lists at most; all are in the console."""
_CLOSED: tuple[State, ...] = ("resolved",)
_ANSWERED: tuple[State, ...] = ("acknowledged", *_CLOSED)


def tellable(
    found: Iterable[Case], recipient: Recipient, *, officials: Callable[[str], Official | None], at: datetime
) -> list[Case]:
    """Those of which the recipient may be told at the moment ``at``; of one of whose post nothing is left nobody knows that."""
    return [
        case
        for case in found
        if case.content is not None
        and permitted(case.content, recipient, official=officials(case.official), at=at) is not None
    ]


def listing(database: Database, found: Iterable[Case], contact: str) -> dict[str, str]:
    """The values ``listed`` and ``more`` of a bulletin: of these incidents those that are open, the gravest first, as far as the
    contact of that name has been told of them, or would have been: it answers for no others.
    """
    told = {row[0] for row in database.query(_told(contact))}
    open_ones = sorted((case for case in found if case.is_open and case.id in told), key=_gravest_first)
    listed = [Listed(case.id, SEVERITIES[case.severity], case.posts) for case in open_ones[:MOST]]
    return {"listed": written(listed), "more": str(len(open_ones) - len(listed))}


def as_it_stands(
    database: Database,
    bulletin: Bulletin,
    recipient: Recipient,
    *,
    officials: Callable[[str], Official | None],
    at: datetime,
) -> Bulletin:
    """The bulletin without what it lists that is over by now, or that the recipient may be told of no more; of what it does not
    list it tells no more than is left.

    Raises:
        BadInput: an incident that it lists cannot be read.
    """
    listed = list(read(bulletin.values.get("listed", "")))
    if not listed:
        return bulletin
    ids = [each.incident for each in listed]

    def still(found: Iterable[Case]) -> set[str]:
        return {case.id for case in tellable(found, recipient, officials=officials, at=at)}

    left = still(cases(database, INCIDENT.c.id.in_(ids), INCIDENT.c.state.in_(OPEN)))
    values = bulletin.values | {"listed": written(each for each in listed if each.incident in left)}
    if more := int(bulletin.values.get("more") or 0):
        here = (INCIDENT.c.tenant == bulletin.tenant,) if bulletin.tenant else ()
        told = INCIDENT.c.id.in_(_told(recipient.name))
        others = still(readable(database, INCIDENT.c.id.not_in(ids), told, *here))
        values["more"] = str(min(more, len(others)))
    return replace(bulletin, values=values)


def as_answered(database: Database, alert: Alert) -> Alert:
    """The alert: if it is about an incident that somebody has answered while it waited, it says so and asks for no answer."""
    told = alert.told
    if told is None or alert.asks_nothing:
        return alert
    # How it grows whoever has it is told, too.
    over_by = _ANSWERED if told.occasion != "grown" else _CLOSED
    over = select(INCIDENT.c.id).where(INCIDENT.c.id == alert.incident, INCIDENT.c.state.in_(over_by))
    return replace(alert, told=replace(told, occasion="answered")) if database.query(over) else alert


def calmly(content: Content, recipient: Recipient, *, plan: Plan, official: Official | None, at: datetime) -> Recipient:
    """The recipient of what asks nothing: not disturbed in quiet hours, however grave that was, and rung up by no other way."""
    until = plan.held_until(
        recipient,
        official=official,
        at=at,
        severity="none",
        rule=content.rule if isinstance(content, Alert) else "",
    )
    instead = tuple(way for way in recipient.instead if way[0] != RINGS)
    return replace(recipient, not_before=until, instead=instead)


def _told(contact: str) -> Select[tuple[str]]:
    """The open incidents of which a message to the contact went out or was held back, and was not withdrawn."""
    its: Sequence[ColumnElement[bool]] = (
        INCIDENT_EVENT.c.contact == contact,
        INCIDENT_EVENT.c.incident.in_(select(INCIDENT.c.id).where(INCIDENT.c.state.in_(OPEN))),
    )
    withdrawn = select(INCIDENT_EVENT.c.delivery).where(*its, INCIDENT_EVENT.c.event == "withdrawn")
    return select(INCIDENT_EVENT.c.incident).where(*its, INCIDENT_EVENT.c.delivery.not_in(withdrawn)).distinct()


def _gravest_first(case: Case) -> tuple[bool, int, float, str]:
    return not case.threat, -case.severity, case.opened_at, case.id
