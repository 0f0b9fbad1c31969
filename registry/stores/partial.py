"""Partial withdrawals in a table of a database."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from flow.database import Database, Row
from flow.databases.columns import moment
from flow.errors import BadInput
from registry.holder import Part
from registry.ledger import Given
from registry.narrowing import covers, narrowed
from registry.official import EVERYTHING, Official
from registry.store import Store, Withdrawal
from registry.tables import PARTIAL, REMOVED

_LOCK = "registry"


class SqlPartial:
    """Implements `registry.partial.Partial` in the table ``registry_partial`` beside the registry ``store``."""

    def __init__(self, database: Database, store: Store) -> None:
        self._database = database
        self._store = store

    def withdraw(
        self, official_id: str, part: Part, at: datetime, *, sources: Collection[str], given: Given
    ) -> Withdrawal:
        self.withdraw_all(official_id, [part], at, sources=sources, given=given)
        return self.withdrawal(official_id, part) or Withdrawal(at=at, erased_at=None, removed={})

    def withdraw_all(
        self, official_id: str, parts: Sequence[Part], at: datetime, *, sources: Collection[str], given: Given
    ) -> None:
        with self._database.transaction():
            self._database.lock(_LOCK)
            official = left = self._store.get(official_id)
            gone = []
            for part in parts:
                before, left = left, narrowed(left, part, at, sources=sources)
                if left is not before:
                    gone.append(part)
                elif self.withdrawal(official_id, part) is None:
                    raise BadInput(f"her consent names no such {part.kind}", place=f"official {official_id}")
            if left is not official:
                self._store.change(left, given=given)  # one entry of the ledger for all of them
            for part in gone:
                digest = digest_of_part(official_id, part)
                for table in (PARTIAL, REMOVED):
                    self._database.execute(delete(table).where(table.c.digest == digest))
                row = {"digest": digest, "id": official_id, "kind": part.kind, "name": part.name, "at": at.timestamp()}
                self._database.execute(insert(PARTIAL), row)

    def withdrawal(self, official_id: str, part: Part) -> Withdrawal | None:
        digest = digest_of_part(official_id, part)
        rows = self._database.query(select(PARTIAL.c.at, PARTIAL.c.erased_at).where(PARTIAL.c.digest == digest))
        if not rows:
            return None
        at, erased_at = rows[0]
        removed = self._database.query(select(REMOVED.c.holder, REMOVED.c.removed).where(REMOVED.c.digest == digest))
        return Withdrawal(moment(at), None if erased_at is None else moment(erased_at), dict(removed))

    def sources(self, official_id: str) -> frozenset[str]:
        withdrawn = select(PARTIAL.c.digest, PARTIAL.c.name).where(PARTIAL.c.kind == "source")
        rows = self._database.query(withdrawn)
        return frozenset(name for digest, name in rows if digest == digest_of_part(official_id, Part("source", name)))

    def pending(self) -> list[tuple[str, Part]]:
        due = select(PARTIAL.c.id, PARTIAL.c.kind, PARTIAL.c.name).where(PARTIAL.c.id.is_not(None))
        rows = self._database.query(due.order_by(PARTIAL.c.at, PARTIAL.c.digest))
        return [(official_id, Part(kind, name)) for official_id, kind, name in rows]

    def note(self, official_id: str, part: Part, holder: str, removed: int) -> None:
        row = {"digest": digest_of_part(official_id, part), "holder": holder, "removed": removed}
        counted = update(REMOVED).where(REMOVED.c.digest == row["digest"], REMOVED.c.holder == holder)
        with self._database.transaction():
            self._database.lock(_LOCK)
            if not self._database.execute(counted.values(removed=REMOVED.c.removed + removed)):
                self._database.execute(insert(REMOVED), row)

    def erased(self, official_id: str, part: Part) -> None:
        name = part.name if part.kind == "source" else None  # that of a recipient is a person's
        done = update(PARTIAL).where(PARTIAL.c.digest == digest_of_part(official_id, part))
        self._database.execute(done.values(id=None, name=name))

    def unscrubbed(self) -> list[bytes]:
        digests = select(PARTIAL.c.digest).where(PARTIAL.c.id.is_(None), PARTIAL.c.erased_at.is_(None))
        return [row[0] for row in self._database.query(digests)]

    def scrubbed(self, digests: Sequence[bytes], at: datetime) -> None:
        with self._database.transaction():
            for digest in digests:
                one = update(PARTIAL).where(PARTIAL.c.digest == digest, PARTIAL.c.erased_at.is_(None))
                self._database.execute(one.values(erased_at=at.timestamp()))

    def complete(self) -> list[tuple[str, Part]]:
        columns = (PARTIAL.c.digest, PARTIAL.c.kind, PARTIAL.c.name, PARTIAL.c.at)
        erased = PARTIAL.c.id.is_(None) & PARTIAL.c.erased_at.is_not(None) & (PARTIAL.c.kind == "source")
        withdrawn = Withdrawn(self._database.query(select(*columns).where(erased)))
        found = ((each, part, at) for each in self._store.officials() for part, at in withdrawn.of(each))
        return [(official.id, part) for official, part, at in found if not _anew(official, part, at)]

    def reopen(self, official_id: str, part: Part) -> None:
        hers = update(PARTIAL).where(PARTIAL.c.digest == digest_of_part(official_id, part))
        with self._database.transaction():
            self._database.lock(_LOCK)
            if (official_id, part) in self.complete():
                self._database.execute(hers.values(id=official_id, erased_at=None))


class Withdrawn:
    """What has been withdrawn in part, and an import must not give back.

    Args:
        rows: digest, kind, a source's name, and the time in seconds since 1970.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        self._at: dict[bytes, datetime] = {}
        self._sources: set[str] = set()
        for digest, kind, name, at in rows:
            self._at[digest] = moment(at)
            if kind == "source":
                self._sources.add(name)

    @classmethod
    def from_(cls, database: Database) -> "Withdrawn":
        """As ``database`` has it now."""
        return cls(database.query(select(PARTIAL.c.digest, PARTIAL.c.kind, PARTIAL.c.name, PARTIAL.c.at)))

    def refused(self, official: Official) -> str | None:
        """Why ``official`` may not be stored: a consent of hers from before covers what she has withdrawn."""
        for part, at in self.of(official):
            if covers(official, part, at):
                moment = f"{at:%Y-%m-%dT%H:%M:%SZ}"
                return f"withdrew a {part.kind} at {moment}: only a consent given later, with its time, covers it again"
        return None

    def of(self, official: Official) -> Iterable[tuple[Part, datetime]]:
        """What of her sources and contacts she has withdrawn once, and when."""
        if not self._at:
            return
        named = {source for consent in official.consents for source in consent.scope}
        sources = (Part("source", name) for name in sorted(self._sources | named))
        recipients = (Part("recipient", contact.name) for contact in official.contacts)
        for part in (*sources, *recipients):
            at = self._at.get(digest_of_part(official.id, part))
            if at is not None:
                yield part, at


def _anew(official: Official, part: Part, at: datetime) -> bool:
    """Whether a consent that was given after ``at`` covers the source, even if that has ended, too."""
    return any(each.since > at and not {EVERYTHING, part.name}.isdisjoint(each.scope) for each in official.consents)


def digest_of_part(official_id: str, part: Part) -> bytes:
    """By what a partial withdrawal is known again without naming anybody."""
    return hashlib.sha256("\x00".join(("turvakt part", official_id, part.kind, part.name)).encode()).digest()
