"""What somebody began and may finish once, with what only she was given: an invitation, a sign-in, a new factor."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, get_args

from sqlalchemy import ColumnElement, delete, insert, select

from access.tables import TICKET
from flow.clock import Clock
from flow.database import Database, Row
from flow.databases.columns import moment

Purpose = Literal["join", "reset", "second-factor", "new-factor", "oidc"]
LASTS: dict[Purpose, timedelta] = {
    "join": timedelta(days=7),
    "reset": timedelta(days=7),
    "second-factor": timedelta(minutes=10),
    "new-factor": timedelta(minutes=30),
    "oidc": timedelta(minutes=10),
}


@dataclass(frozen=True, slots=True)
class Ticket:
    """One that was issued and neither used nor outlived.

    Attributes:
        id: its name, which opens nothing.
        person: whose it is; empty while nobody knows.
        by: the person who had it issued, if that was somebody else.
        value: what it was issued with.
    """

    id: str
    purpose: Purpose
    person: str
    by: str
    value: bytes = field(repr=False)
    at: datetime
    ends: datetime


class Tickets:
    """The table ``access_ticket`` of ``database``. It holds digests: who reads it can use none."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def issue(self, purpose: Purpose, *, person: str = "", by: str = "", value: bytes = b"") -> str:
        """What is to be shown to use it: 43 letters."""
        shown = secrets.token_urlsafe(32)
        now = self._clock.now()
        row = {
            "digest": _digest(shown),
            "id": secrets.token_hex(8),
            "purpose": purpose,
            "person": person,
            "by": by,
            "value": value,
            "at": now.timestamp(),
            "ends": (now + LASTS[purpose]).timestamp(),
        }
        self._database.execute(insert(TICKET), row)
        return shown

    def find(self, shown: str, *purposes: Purpose) -> Ticket | None:
        """The ticket, if it is good for one of these purposes; it stays so."""
        rows = self._rows(TICKET.c.digest == _digest(shown), TICKET.c.purpose.in_(purposes))
        return rows[0] if rows else None

    def take(self, shown: str, *purposes: Purpose) -> Ticket | None:
        """As `find`, and nobody can use it once more: of two who try at once, one is given it."""
        with self._database.transaction():
            found = self.find(shown, *purposes)
            if found is None or not self._database.execute(delete(TICKET).where(TICKET.c.digest == _digest(shown))):
                return None
            return found

    def all(self, *purposes: Purpose, person: str | None = None) -> list[Ticket]:
        """Those for these purposes that are still good, of everybody or of one person; the oldest first."""
        hers = () if person is None else (TICKET.c.person == person,)
        return self._rows(TICKET.c.purpose.in_(purposes), *hers)

    def drop(self, person: str, *purposes: Purpose) -> int:
        """Those of this person become worthless, all or those for these purposes; returns how many."""
        named = TICKET.c.purpose.in_(purposes or get_args(Purpose))
        return self._database.execute(delete(TICKET).where(TICKET.c.person == person, named))

    def expire(self) -> int:
        """Remove those that have ended by themselves; returns how many."""
        return self._database.execute(delete(TICKET).where(TICKET.c.ends <= self._clock.now().timestamp()))

    def _rows(self, *which: ColumnElement[bool]) -> list[Ticket]:
        columns = [TICKET.c[name] for name in ("id", "purpose", "person", "by", "value", "at", "ends")]
        good = TICKET.c.ends > self._clock.now().timestamp()
        rows = self._database.query(select(*columns).where(good, *which).order_by(TICKET.c.at, TICKET.c.id))
        return [_ticket(row) for row in rows]


def _ticket(row: Row) -> Ticket:
    id, purpose, person, by, value, at, ends = row
    return Ticket(id, purpose, person, by, bytes(value), moment(at), moment(ends))


def _digest(shown: str) -> bytes:
    return hashlib.sha256(b"turvakt ticket\x00" + shown.encode("utf-8", "replace")).digest()
