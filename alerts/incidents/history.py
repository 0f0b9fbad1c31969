"""What became of an incident: every transition, with time, actor, channel and result. Nothing in it is ever changed."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import ColumnElement, Delete, case, delete, func, insert, or_, select

from alerts.incidents.incident import LOCK, Action
from alerts.tables import INCIDENT_EVENT
from flow.clock import Moment
from flow.database import Database, Row
from flow.databases.columns import moment
from registry.holder import Part

Event = Literal[
    "opened",
    "joined",
    "grew",
    "graver",
    "new-threat",
    "owner-gone",
    "told",
    "delayed",
    "delivered",
    "failed",
    "withdrawn",
    "failed-over",
    "received",
    "acknowledged",
    "on-it",
    "handed-over",
    "escalated",
    "repeated",
    "last-resort",
    "nobody-answered",
    "nobody-left",
    "false-alarm",
    "resolved",
    "reopened",
    "expired",
    "digested",
    "in-digest",
    "budget-used-up",
    "task-done",
    "task-undone",
    "task-overdue",
    "signed-in",
]
ANSWERS: dict[Action, Event] = {
    "acknowledge": "acknowledged",
    "on-it": "on-it",
    "hand-over": "handed-over",
    "false-alarm": "false-alarm",
    "resolve": "resolved",
    "reopen": "reopened",
}
"""What the history calls each answer."""
BEGUN_AGAIN: tuple[Event, ...] = ("graver", "new-threat", "owner-gone")
"""What was answered before holds no more: there is something in it that nobody had seen then, or whoever had it is gone."""
NOBODY_LEFT: Event = "nobody-left"
"""There was nobody more whom consent allows to tell, or the last resort could not be reached; also the result of handing over to
nobody."""
DELETED = "deleted"
"""The result of expiring as nothing was left: the platform deleted its posts."""
TURVAKT = "turvakt"
"""The actor of what nobody did by hand."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One thing that happened to an incident.

    Attributes:
        actor: ``turvakt``, a contact's name, or a person's id; empty: a contact who was erased since.
        contact: the name of the contact who was told, or was to be.
        result: a word or number more, or why something failed; no post's text and nobody's name.
        step: the step of the policy, from 1; 0: none.
        delivery: the id of the delivery that it is about.
    """

    incident: str
    official: str
    at: Moment
    event: Event
    actor: str = field(default=TURVAKT, repr=False)
    contact: str = field(default="", repr=False)
    channel: str = ""
    result: str = ""
    step: int = 0
    delivery: str = ""


@dataclass(frozen=True, slots=True)
class Times:
    """How long it took, in seconds from the opening of an incident; ``None``: it has not come to that."""

    notified: float | None
    acknowledged: float | None
    closed: float | None


class History:
    """The table ``incident_event`` of ``database``. Implements `registry.holder.Holder`."""

    name = "history"

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, transitions: Sequence[Transition]) -> None:
        """Write them down, in their order."""
        self._database.executemany(_NEW, [_row(each) for each in transitions])

    def of(self, incident: str, *, events: Collection[Event] | None = None) -> list[Transition]:
        """What became of one incident, in the order in which it happened: all, or only of these kinds."""
        which = () if events is None else (INCIDENT_EVENT.c.event.in_(events),)
        return self._found(INCIDENT_EVENT.c.incident == incident, *which)

    def lines(self, incident: str) -> str:
        """The same, one JSON object a line."""
        return "".join(
            json.dumps(asdict(each) | {"at": each.at.isoformat()}, ensure_ascii=False) + "\n"
            for each in self.of(incident)
        )

    def reached(self, incident: str) -> frozenset[str]:
        """The names of the contacts to whom a message about it has gone out; its line in a digest is none."""
        reached = INCIDENT_EVENT.c.incident == incident, INCIDENT_EVENT.c.event.in_(("delivered", "received"))
        found = select(INCIDENT_EVENT.c.contact).where(*reached).distinct()
        return frozenset(row[0] for row in self._database.query(found))

    def closings(self, incidents: Collection[str]) -> dict[str, Transition]:
        """How each of these was closed by somebody last, by its id."""
        said = INCIDENT_EVENT.c.event.in_(("false-alarm", "resolved"))
        found = self._found(INCIDENT_EVENT.c.incident.in_(incidents), said) if incidents else []
        return {each.incident: each for each in found}

    def contacts_of(self, incident: str, person: str) -> frozenset[str]:
        """The names of the contacts by whose links somebody with an account has answered it: she is each of them."""
        return frozenset(each.contact for each in self.of(incident, events=["signed-in"]) if each.actor == person)

    def of_delivery(self, delivery: str) -> list[Transition]:
        """What became of one delivery."""
        return self._found(INCIDENT_EVENT.c.delivery == delivery)

    def since(self, moment: datetime, *, events: Collection[Event]) -> list[Transition]:
        """What happened from ``moment`` on, of these kinds."""
        return self._found(INCIDENT_EVENT.c.at >= moment.timestamp(), INCIDENT_EVENT.c.event.in_(events))

    def times(self, since: datetime) -> list[Times]:
        """How long it took until a message had arrived, somebody answered, and it was over, of each incident about an official
        since then.
        """
        first = [func.min(_if(events, INCIDENT_EVENT.c.at)) for events in _MILESTONES]
        # Closed is only what nobody has opened again since.
        last = [func.max(_if(_CLOSED, INCIDENT_EVENT.c.at))]
        last += [func.max(_if(events, INCIDENT_EVENT.c.number)) for events in (_CLOSED, _REOPENED)]
        about = INCIDENT_EVENT.c.at >= since.timestamp(), INCIDENT_EVENT.c.official != ""
        of = select(*first, *last).where(*about).group_by(INCIDENT_EVENT.c.incident)
        return [
            _times(*begun, closed if closing is not None and closing > (reopening or 0) else None)
            for *begun, closed, closing, reopening in self._database.query(of)
            if begun[0] is not None
        ]

    def erase(self, official: str, part: Part | None = None) -> int:
        """Remove hers; of a recipient what names him. His answers stay as somebody's: whether it is over hangs on them."""
        if part is not None and part.kind != "recipient":
            return 0
        with self._database.transaction():
            self._database.lock(LOCK)
            kept: list[Row] = []
            if part is not None:
                said = INCIDENT_EVENT.c.actor == part.name, INCIDENT_EVENT.c.event.in_(ANSWERS.values())
                kept = self._database.query(_NUMBERED.where(INCIDENT_EVENT.c.official == official, *said))
            removed = self._database.execute(_hers(official, part))
            # No row is ever changed: the same one without his name takes its place.
            unnamed = [_row(replace(_transition(row), actor="")) | {"number": number} for number, *row in kept]
            self._database.executemany(_NEW, unnamed)
            return removed

    def forget(self, posts: Collection[str]) -> int:
        """Nothing goes: it knows incidents, and no post."""
        return 0

    def expire(self, before: datetime) -> int:
        return self._database.execute(delete(INCIDENT_EVENT).where(INCIDENT_EVENT.c.at < before.timestamp()))

    def export(self, official: str) -> list[dict[str, Any]]:
        """Hers; who of her contacts and officers did what stays out but for her own contacts' names."""
        return [
            asdict(each) | {"at": each.at.isoformat()} for each in self._found(INCIDENT_EVENT.c.official == official)
        ]

    def count(self, official: str, part: Part | None = None) -> int:
        if part is not None and part.kind != "recipient":
            return 0
        held = select(func.count()).select_from(INCIDENT_EVENT).where(*_condition(official, part))
        return int(self._database.query(held)[0][0])

    def _found(self, *conditions: ColumnElement[bool]) -> list[Transition]:
        found = select(*_COLUMNS).where(*conditions).order_by(INCIDENT_EVENT.c.number)
        return [_transition(row) for row in self._database.query(found)]


_MILESTONES: tuple[tuple[Event, ...], ...] = (
    ("opened",),
    ("delivered", "received"),
    ("acknowledged", "on-it", "false-alarm", "resolved"),
)
_CLOSED: tuple[Event, ...] = ("false-alarm", "resolved", "expired")
_REOPENED: tuple[Event, ...] = ("reopened",)
_NEW = insert(INCIDENT_EVENT)
_NAMES = tuple(Transition.__dataclass_fields__)
_COLUMNS = tuple(INCIDENT_EVENT.c[name] for name in _NAMES)
_NUMBERED = select(INCIDENT_EVENT.c.number, *_COLUMNS)


def _if(events: Collection[Event], column: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((INCIDENT_EVENT.c.event.in_(events), column))


def _row(each: Transition) -> dict[str, Any]:
    return {name: getattr(each, name) for name in _NAMES} | {"at": each.at.timestamp()}


def _times(opened: float, *later: float | None) -> Times:
    notified, acknowledged, closed = (None if each is None else max(0.0, each - opened) for each in later)
    return Times(notified, acknowledged, closed)


def _transition(row: Row | Sequence[Any]) -> Transition:
    incident, official, at, event, *rest = row
    return Transition(incident, official, moment(at), cast(Event, event), *rest)


def _condition(official: str, part: Part | None) -> tuple[ColumnElement[bool], ...]:
    hers = INCIDENT_EVENT.c.official == official
    if part is None:
        return (hers,)
    return hers, or_(INCIDENT_EVENT.c.contact == part.name, INCIDENT_EVENT.c.actor == part.name)


def _hers(official: str, part: Part | None) -> Delete:
    return delete(INCIDENT_EVENT).where(*_condition(official, part))
