"""Who is signed in."""

import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, insert, select, update

from access.break_glass import may_open
from access.people import decoded
from access.permissions import Actor
from access.person import Grant, Person
from access.tables import BREAK_GLASS, PERSON, SESSION
from flow.clock import Clock
from flow.database import Database, Row
from flow.databases.columns import moment
from flow.errors import Unavailable

LONGEST = timedelta(hours=12)
"""From signing in; with `IDLE` the limits of NIST SP 800-63B (revision 3), section 4.2.3, for two factors."""
IDLE = timedelta(minutes=30)
"""Since it was last used."""

_SEEN_EVERY = timedelta(minutes=1)  # a page asks for many things at once: not each is worth a write
_CLIENT_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that is signed in.

    Attributes:
        id: its name, which opens nothing.
        method: how she proved who she is, such as ``password+totp``.
        client: what browser, as the person may know it again.
    """

    id: str
    person: str
    method: str
    client: str = field(repr=False)
    at: datetime
    seen: datetime


class Sessions:
    """The table ``access_session`` of ``database``. It holds the digests of cookies: who reads it can become nobody."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def open(self, person: Person, *, client: str, method: str) -> str:
        """Sign in; returns the cookie."""
        cookie = secrets.token_urlsafe(32)
        now = self._clock.now().timestamp()
        row = {
            "digest": _digest(cookie),
            "id": session_of(cookie),
            "person": person.id,
            "method": method,
            "client": "".join(each for each in client if each.isprintable())[:_CLIENT_LONGEST],
            "at": now,
            "seen": now,
        }
        self._database.execute(insert(SESSION), row)
        return cookie

    def find(self, cookie: str | None) -> Actor | None:
        """Who sends this cookie; ``None`` if she is not signed in, or not any more. Counts as use of the session."""
        if not cookie:
            return None
        digest, now = _digest(cookie), self._clock.now()
        hers = select(PERSON.c.value, SESSION.c.id, SESSION.c.seen).join(PERSON, PERSON.c.id == SESSION.c.person)
        rows = self._database.query(hers.where(SESSION.c.digest == digest, *self._open(now)))
        if not rows:
            return None
        person = decoded(rows[0])
        _, session, seen = rows[0]
        if not person.active:
            return None
        if now.timestamp() - seen >= _SEEN_EVERY.total_seconds():
            self._use(digest, now)
        return Actor(person, session, self._lent(Actor(person, session), now))

    def of(self, person: str) -> list[Session]:
        """The open sessions of the person with this id, the last used first."""
        columns = (SESSION.c[name] for name in ("id", "person", "method", "client", "at", "seen"))
        hers = select(*columns).where(SESSION.c.person == person, *self._open(self._clock.now()))
        rows = self._database.query(hers.order_by(SESSION.c.seen.desc(), SESSION.c.id))
        return [_session(row) for row in rows]

    def end(self, id: str, *, person: str | None = None) -> bool:
        """Sign one browser out; whether it was signed in.

        Args:
            id: of the session.
            person: do so only if it is hers.
        """
        one = delete(SESSION).where(SESSION.c.id == id)
        return self._database.execute(one if person is None else one.where(SESSION.c.person == person)) > 0

    def end_all(self, person: str, *, but: str = "") -> int:
        """Sign the person with this id out everywhere, or everywhere but in the session ``but``; returns where."""
        return self._database.execute(delete(SESSION).where(SESSION.c.person == person, SESSION.c.id != but))

    def expire(self) -> int:
        """Remove the sessions that have ended by themselves; returns how many."""
        now = self._clock.now()
        ended = (SESSION.c.at <= (now - LONGEST).timestamp()) | (SESSION.c.seen <= (now - IDLE).timestamp())
        return self._database.execute(delete(SESSION).where(ended))

    def _use(self, digest: bytes, now: datetime) -> None:
        with suppress(Unavailable):  # a full disk or a busy database shall not hide what can be read
            self._database.execute(update(SESSION).where(SESSION.c.digest == digest).values(seen=now.timestamp()))

    def _lent(self, actor: Actor, now: datetime) -> tuple[Grant, ...]:
        """Only while she could open it: who is no administrator any more shall not read on for the rest of the hour."""
        hers = select(BREAK_GLASS.c.tenant).where(BREAK_GLASS.c.person == actor.person.id)
        rows = self._database.query(hers.where(BREAK_GLASS.c.ends > now.timestamp()))
        return tuple(Grant("officer", tenant) for (tenant,) in rows if may_open(actor, tenant))

    def _open(self, now: datetime) -> tuple[ColumnElement[bool], ...]:
        return SESSION.c.at > (now - LONGEST).timestamp(), SESSION.c.seen > (now - IDLE).timestamp()


def session_of(cookie: str) -> str:
    """The id of the session that ``cookie`` opens; it does not lead back to the cookie."""
    return hashlib.sha256(b"turvakt session id\x00" + cookie.encode("utf-8", "replace")).hexdigest()[:16]


def _session(row: Row) -> Session:
    id, person, method, client, at, seen = row
    return Session(id, person, method, client, moment(at), moment(seen))


def _digest(cookie: str) -> bytes:
    return hashlib.sha256(b"turvakt session\x00" + cookie.encode("utf-8", "replace")).digest()
