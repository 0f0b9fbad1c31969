"""The registry in the embedded runtime's SQLite file."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches

from flow.database import Database, Row
from flow.errors import BadInput, Broken
from flow.log import Log
from registry.checking import checked, problems, refusal
from registry.official import OFFICIALS, Consent, Official
from registry.store import Erasures, Imported, Withdrawal

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS registry_official (id TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    # id stands only until all holders have erased her; the digest knows a withdrawn official again without naming her.
    """CREATE TABLE IF NOT EXISTS registry_withdrawal (
        digest BLOB PRIMARY KEY, id TEXT, at REAL NOT NULL, erased_at REAL) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS registry_removed (
        digest BLOB NOT NULL, holder TEXT NOT NULL, removed INTEGER NOT NULL,
        PRIMARY KEY (digest, holder)) WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS registry_revision (one INTEGER PRIMARY KEY CHECK (one = 1), revision INTEGER NOT NULL)",
    "INSERT OR IGNORE INTO registry_revision VALUES (1, 0)",
)


class SqliteStore:
    """Implements `registry.store.Store` in the tables ``registry*`` of ``database``, which also holds ``log``."""

    def __init__(self, database: Database, log: Log) -> None:
        self._database = database
        self._log = log
        database.create(*_SCHEMA)

    def officials(self) -> list[Official]:
        return [_official(row) for row in self._database.query("SELECT value FROM registry_official ORDER BY id")]

    def get(self, official_id: str) -> Official:
        rows = self._database.query("SELECT value FROM registry_official WHERE id = ?", (official_id,))
        if rows:
            return _official(rows[0])
        withdrawal = self.withdrawal(official_id)
        if withdrawal is not None:
            raise BadInput(f"the official with this id withdrew on {withdrawal.at:%Y-%m-%d}", place="registry")
        ids = [row[0] for row in self._database.query("SELECT id FROM registry_official")]
        alike = get_close_matches(official_id, ids, n=1)
        hint = f"Did you mean '{alike[0]}'?" if alike else "See 'turvakt officials list'"
        raise BadInput("no official has this id", place="registry", remedy=hint)

    def add(self, official: Official) -> None:
        checked(official, "registry")
        with self._change():
            reason = self._refused(official)
            if self._value(official.id) is not None:
                reason = "the id is taken; choose another one, or change her with 'turvakt officials import'"
            if reason is not None:
                raise BadInput(reason, place=f"official {official.id}")
            self._put(official)

    def put_all(self, officials: Sequence[Official]) -> Imported:
        added = changed = 0
        with self._database.transaction():
            reasons = [
                f"official {number}: {reason}"
                for number, official in enumerate(officials, start=1)
                for reason in [*map(str, problems(official)), self._refused(official)]
                if reason is not None
            ]
            if reasons:
                raise refusal(reasons, place="registry")
            for official in officials:
                before = self._value(official.id)
                if before == OFFICIALS.encode(official):
                    continue
                self._put(official)
                added += before is None
                changed += before is not None
            if added or changed:
                self._changed()
        return Imported(added, changed, len(officials) - added - changed)

    def withdraw(self, official_id: str, at: datetime) -> Withdrawal:
        with self._database.transaction():
            withdrawal = self.withdrawal(official_id)
            stored = self._value(official_id)
            if withdrawal is not None and (withdrawal.erased_at is None or stored is None):
                return withdrawal
            official = self.get(official_id)
            digest = _digest(official_id)
            self._put(replace(official, consents=_ended(official.consents, at)))
            row = (digest, official_id, at.timestamp())
            self._database.execute("INSERT OR REPLACE INTO registry_withdrawal VALUES (?, ?, ?, NULL)", row)
            self._database.execute("DELETE FROM registry_removed WHERE digest = ?", (digest,))
            self._changed()
        return Withdrawal(at=at, erased_at=None, removed={})

    def withdrawal(self, official_id: str) -> Withdrawal | None:
        digest = _digest(official_id)
        rows = self._database.query("SELECT at, erased_at FROM registry_withdrawal WHERE digest = ?", (digest,))
        if not rows:
            return None
        at, erased_at = rows[0]
        removed = self._database.query("SELECT holder, removed FROM registry_removed WHERE digest = ?", (digest,))
        return Withdrawal(_moment(at), None if erased_at is None else _moment(erased_at), dict(removed))

    def pending(self) -> list[str]:
        sql = "SELECT id FROM registry_withdrawal WHERE id IS NOT NULL ORDER BY at, id"
        return [row[0] for row in self._database.query(sql)]

    def note(self, official_id: str, holder: str, removed: int) -> None:
        sql = """INSERT INTO registry_removed VALUES (?, ?, ?)
            ON CONFLICT (digest, holder) DO UPDATE SET removed = removed + excluded.removed"""
        self._database.execute(sql, (_digest(official_id), holder, removed))

    def remove(self, official_id: str) -> bool:
        with self._database.transaction():
            gone = self._database.execute("DELETE FROM registry_official WHERE id = ?", (official_id,)) > 0
            if gone:
                self._changed()
        return gone

    def erased(self, official_id: str) -> None:
        self._database.execute("UPDATE registry_withdrawal SET id = NULL WHERE digest = ?", (_digest(official_id),))

    def unscrubbed(self) -> list[bytes]:
        sql = "SELECT digest FROM registry_withdrawal WHERE id IS NULL AND erased_at IS NULL"
        return [row[0] for row in self._database.query(sql)]

    def scrubbed(self, digests: Sequence[bytes], at: datetime) -> None:
        sql = "UPDATE registry_withdrawal SET erased_at = ? WHERE digest = ? AND erased_at IS NULL"
        self._database.executemany(sql, [(at.timestamp(), digest) for digest in digests])

    def erasures(self) -> Erasures:
        sql = """SELECT count(*) - count(erased_at), min(CASE WHEN erased_at IS NULL THEN at END), count(erased_at),
            coalesce(sum(erased_at - at), 0) FROM registry_withdrawal"""
        ((pending, since, complete, seconds),) = self._database.query(sql)
        return Erasures(int(pending), None if since is None else _moment(since), int(complete), float(seconds))

    def revision(self) -> int:
        return int(self._database.query("SELECT revision FROM registry_revision")[0][0])

    @contextmanager
    def _change(self) -> Iterator[None]:
        with self._database.transaction():
            yield
            self._changed()

    def _changed(self) -> None:
        self._database.execute("UPDATE registry_revision SET revision = revision + 1")
        self._log.bump()

    def _value(self, official_id: str) -> bytes | None:
        rows = self._database.query("SELECT value FROM registry_official WHERE id = ?", (official_id,))
        return bytes(rows[0][0]) if rows else None

    def _put(self, official: Official) -> None:
        row = (official.id, OFFICIALS.encode(official))
        self._database.execute("INSERT OR REPLACE INTO registry_official VALUES (?, ?)", row)

    def _refused(self, official: Official) -> str | None:
        """Why ``official`` may not come back after a withdrawal; ``None`` if she may or never withdrew."""
        withdrawal = self.withdrawal(official.id)
        if withdrawal is None:
            return None
        if withdrawal.erased_at is None:
            return "withdrew, and her erasure is not complete: run 'turvakt officials withdraw' with her id once more"
        later = [consent for consent in official.consents if consent.until is None or consent.until > withdrawal.at]
        if later and all(consent.since > withdrawal.at for consent in later):
            return None
        moment = f"{withdrawal.at:%Y-%m-%dT%H:%M:%SZ}"
        return f"withdrew all consent at {moment}: only a consent given later, with its time, brings her back"


def _ended(consents: Sequence[Consent], at: datetime) -> tuple[Consent, ...]:
    """The consents as they stand after a withdrawal ``at``; those that had not begun are gone."""
    begun = [consent for consent in consents if consent.since < at]
    return tuple(replace(consent, until=at if consent.until is None else min(at, consent.until)) for consent in begun)


def _official(row: Row) -> Official:
    try:
        return OFFICIALS.decode(row[0])
    except BadInput as error:
        remedy = "Run the version of Turvakt that wrote it, or restore a copy of the database"
        raise Broken(f"an official cannot be read: {error.reason}", place="registry", remedy=remedy) from error


def _digest(official_id: str) -> bytes:
    return hashlib.sha256(b"turvakt official\x00" + official_id.encode()).digest()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
