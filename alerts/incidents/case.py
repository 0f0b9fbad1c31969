"""An incident at work: what stands in its row, changed in place and written back at the end of a transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, insert, select, update

from alerts.alert import Alert, Told
from alerts.bulletin import Bulletin
from alerts.content import Content, decoded, encoded, without_content
from alerts.incidents.grade import Grade
from alerts.incidents.incident import OPEN, Incident, Kind, State
from alerts.tables import INCIDENT
from alerts.urgency import wants_answer
from classify.verdict import SEVERITIES
from flow.database import Database, Row
from flow.databases.columns import moment
from flow.errors import BadInput

UNANSWERED = timedelta(hours=72)
"""After so long a time without a post, a step or an answer an incident expires, unless a step is still to come."""


@dataclass(slots=True)
class Case:
    """A row of the table ``incident``; moments are seconds since 1970."""

    id: str
    kind: Kind
    tenant: str
    official: str
    subject: str
    severity: int
    threat: bool
    exposes: bool
    state: State
    policy: str
    step: int
    round: int
    opened_at: float
    changed_at: float
    posts: int
    accounts: int
    owner: str
    series: int
    told_posts: int
    last_post_at: float
    escalate_at: float | None
    grow_at: float | None
    content: Content | None
    is_new: bool = False

    @property
    def grade(self) -> Grade:
        """How grave it is."""
        return Grade(self.severity, self.threat, self.exposes)

    @property
    def is_open(self) -> bool:
        """Whether it still wants somebody's attention."""
        return self.state in OPEN

    @property
    def next_at(self) -> float | None:
        """When something is to be done about it."""
        if not self.is_open:
            return None
        due = (self.escalate_at, self.grow_at, self.expires_at)
        return min((each for each in due if each is not None), default=None)

    @property
    def expires_at(self) -> float | None:
        """When it is waited for no longer; ``None``: not while a step is still to come, and not again once it is at rest."""
        if self.escalate_at is not None or self.is_at_rest:
            return None
        return self.changed_at + UNANSWERED.total_seconds()

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing more happens by itself: somebody has it, and of the post nothing is kept here any more."""
        return self.state == "acknowledged" and not (isinstance(self.content, Alert) and self.content.verdict.post.text)

    def rest(self) -> None:
        """Its post need not be kept here: the index keeps that as long as it may."""
        if isinstance(self.content, Alert):
            self.content = without_content(self.content, None)

    @property
    def wants_answer(self) -> bool:
        """Whether somebody has to answer: see `alerts.urgency.wants_answer`."""
        flagged = self.content.verdict.judgement.flagged if isinstance(self.content, Alert) else ()
        return self.grade.wants_answer or wants_answer(SEVERITIES[self.severity], flagged)

    def close(self, state: State) -> None:
        """It is over. What it was about stays without the post's text: somebody may take it up again and hand it over."""
        self.state = state
        self.escalate_at = self.grow_at = None
        self.rest()

    def told(self, told: Told) -> Content | None:
        """What it is about, for this occasion."""
        if isinstance(self.content, Bulletin):
            values = {**self.content.values, "occasion": told.occasion}
            return replace(self.content, incident=self.id, values=values, step=told.step, key=told.key)
        return None if self.content is None else replace(self.content, incident=self.id, told=told)

    def incident(self) -> Incident:
        """What others may know of it."""
        next_at = self.next_at
        return Incident(
            id=self.id,
            kind=self.kind,
            tenant=self.tenant,
            official=self.official,
            subject=self.subject,
            severity=SEVERITIES[self.severity],
            threat=self.threat,
            state=self.state,
            policy=self.policy,
            step=self.step,
            round=self.round,
            next_at=None if next_at is None else moment(next_at),
            opened_at=moment(self.opened_at),
            changed_at=moment(self.changed_at),
            posts=self.posts,
            accounts=self.accounts,
            owner=self.owner,
            escalate_at=None if self.escalate_at is None else moment(self.escalate_at),
            series=self.series,
        )


def cases(database: Database, *conditions: ColumnElement[bool]) -> list[Case]:
    """The incidents for which these hold, the oldest first.

    Raises:
        BadInput: one cannot be read.
    """
    return [_case(row) for row in database.query(_rows(*conditions))]


def readable(database: Database, *conditions: ColumnElement[bool]) -> list[Case]:
    """The same without those that cannot be read: while versions change, a newer program has written them, and sees to them."""
    return [case for row in database.query(_rows(*conditions)) if (case := _readable(row)) is not None]


def unreadable(database: Database, *conditions: ColumnElement[bool]) -> list[str]:
    """The ids of those that cannot be read."""
    return [row[_ID] for row in database.query(_rows(*conditions)) if _readable(row) is None]


def save(database: Database, changed: Sequence[Case]) -> None:
    """Write them to the table."""
    database.executemany(_NEW, [_row(case) for case in changed if case.is_new])
    database.executemany(_CHANGED, [_row(case) | {"its_id": case.id} for case in changed if not case.is_new])
    for case in changed:
        case.is_new = False


def seconds(at: datetime | None) -> float | None:
    """A moment as tables have it."""
    return None if at is None else at.timestamp()


_NAMES = tuple(each.name for each in fields(Case) if each.name != "is_new")
_ID = _NAMES.index("id")
_COLUMNS = tuple(INCIDENT.c[name] for name in _NAMES)
_NEW = insert(INCIDENT)
_CHANGED = update(INCIDENT).where(INCIDENT.c.id == bindparam("its_id"))


def _rows(*conditions: ColumnElement[bool]) -> Select[Any]:
    return select(*_COLUMNS).where(*conditions).order_by(INCIDENT.c.opened_at, INCIDENT.c.id)


def _readable(row: Row) -> Case | None:
    try:
        return _case(row)
    except BadInput:
        return None


def _case(row: Row) -> Case:
    *plain, content = row
    values = [*plain, None if content is None else decoded(content)]
    case = Case(*values)
    case.threat, case.exposes = bool(case.threat), bool(case.exposes)
    return case


def _row(case: Case) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(case, name) for name in _NAMES}
    content = None if case.content is None else encoded(case.content)
    return row | {"threat": int(case.threat), "exposes": int(case.exposes), "next_at": case.next_at, "content": content}
