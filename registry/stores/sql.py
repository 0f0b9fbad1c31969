"""The registry in tables of a database."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches

from sqlalchemy import bindparam, case, delete, func, insert, select, union_all, update

from flow.clock import Clock, SystemClock
from flow.database import Database, Row
from flow.databases.columns import moment
from flow.errors import BadInput, Broken
from flow.log import Log
from registry.checking import checked, problems, refusal
from registry.ledger import Given, LedgerEntry, overruled
from registry.official import OFFICIALS, Consent, Official, Wishes
from registry.proposing import still_proposed
from registry.store import Erasures, Imported, Withdrawal
from registry.stores.ledger import SqlLedger
from registry.stores.partial import Withdrawn
from registry.stores.tenants import SqlTenants
from registry.tables import OFFICIAL, PARTIAL, REMOVED, REVISION, WITHDRAWAL
from registry.tenant import Tenant

_LOCK = "registry"
_BY_COMMAND, _BY_FILE = Given("command"), Given("file")
_REVISION = select(REVISION.c.revision)  # kept, as it is asked all the time


class SqlStore:
    """Implements `registry.store.Store` in the tables ``registry*`` of ``database``, which also keeps the epoch of ``log``.

    Changes are made one after another: each holds the lock ``registry`` of the database.

    Args:
        clock: when a change was made, for the consent ledger.
    """

    def __init__(self, database: Database, log: Log, *, clock: Clock | None = None) -> None:
        self._database = database
        self._log = log
        self._clock = clock or SystemClock()
        self._ledger = SqlLedger(database)
        self._tenants = SqlTenants(database)
        self._decoded: Mapping[bytes, Official] = {}

    def officials(self) -> list[Official]:
        rows = self._database.query(select(OFFICIAL.c.value).order_by(OFFICIAL.c.id))
        # Few change from one call to the next, and to decode an official takes much longer than to read her.
        decoded = {value: self._decoded.get(value) or _official((value,)) for (value,) in rows}
        self._decoded = decoded
        return list(decoded.values())

    def get(self, official_id: str) -> Official:
        rows = self._database.query(select(OFFICIAL.c.value).where(OFFICIAL.c.id == official_id))
        if rows:
            return _official(rows[0])
        withdrawal = self.withdrawal(official_id)
        if withdrawal is not None:
            raise BadInput(f"the official with this id withdrew on {withdrawal.at:%Y-%m-%d}", place="registry")
        ids = [row[0] for row in self._database.query(select(OFFICIAL.c.id))]
        alike = get_close_matches(official_id, ids, n=1)
        hint = f"Did you mean '{alike[0]}'?" if alike else "See 'turvakt officials list'"
        raise BadInput("no official has this id", place="registry", remedy=hint)

    def add(self, official: Official, *, given: Given = _BY_COMMAND) -> None:
        checked(official, "registry")
        with self._changing():
            reason = self._refused(official) or Withdrawn.from_(self._database).refused(official)
            if self._holds(official.id):
                reason = "the id is taken; choose another one, or change her with 'turvakt officials import'"
            if reason is not None:
                raise BadInput(reason, place=f"official {official.id}")
            self._replace([(None, official)], given)

    @contextmanager
    def changing(self, official_id: str) -> Iterator[Official]:
        with self._changing():
            yield self.get(official_id)

    def change(self, official: Official, *, given: Given) -> None:
        checked(official, "registry")
        with self._changing():
            before = self.get(official.id)
            if before == official:
                return
            reason = self._refused(official) or Withdrawn.from_(self._database).refused(official)
            if reason is not None:
                raise BadInput(reason, place=f"official {official.id}")
            self._replace([(before, official)], given)

    def put_all(self, officials: Sequence[Official], *, given: Given = _BY_FILE) -> Imported:
        added = changed = 0
        with self._changing():
            withdrew = {row[0] for row in self._database.query(select(WITHDRAWAL.c.digest))}
            withdrawn = Withdrawn.from_(self._database)
            stored = {each.id: each for each in self.officials()}
            officials = [_with_her_own(each, stored.get(each.id)) for each in officials]
            refused = self._overruled(officials, stored, given)
            reasons = [
                f"official {number}: {reason}"
                for number, official in enumerate(officials, start=1)
                for reason in [
                    *map(str, problems(official)),
                    self._refused(official) if digest_of(official.id) in withdrew else None,
                    withdrawn.refused(official),
                    refused.get(official.id),
                ]
                if reason is not None
            ]
            if reasons:
                raise refusal(reasons, place="registry")
            new: dict[str, tuple[Official | None, Official]] = {}
            for official in officials:
                before = new[official.id][1] if official.id in new else stored.get(official.id)
                if official != before:
                    new[official.id] = (stored.get(official.id), official)
                    added += before is None
                    changed += before is not None
            if new:
                self._replace(list(new.values()), given)
        return Imported(added, changed, len(officials) - added - changed)

    def withdraw(self, official_id: str, at: datetime, *, given: Given = _BY_COMMAND) -> Withdrawal:
        with self._changing():
            withdrawal = self.withdrawal(official_id)
            if withdrawal is not None and (withdrawal.erased_at is None or not self._holds(official_id)):
                return withdrawal
            official = self.get(official_id)
            digest = digest_of(official_id)
            ended = replace(official, consents=_ended(official.consents, at))
            self._put({official_id: OFFICIALS.encode(ended)})
            self._ledger.write([(official, ended)], given, at)
            for table in (WITHDRAWAL, REMOVED):
                self._database.execute(delete(table).where(table.c.digest == digest))
            row = {"digest": digest, "id": official_id, "at": at.timestamp()}
            self._database.execute(insert(WITHDRAWAL), row)
            self._changed()
        return Withdrawal(at=at, erased_at=None, removed={})

    def withdrawal(self, official_id: str) -> Withdrawal | None:
        digest = digest_of(official_id)
        moments = select(WITHDRAWAL.c.at, WITHDRAWAL.c.erased_at).where(WITHDRAWAL.c.digest == digest)
        rows = self._database.query(moments)
        if not rows:
            return None
        at, erased_at = rows[0]
        removed = self._database.query(select(REMOVED.c.holder, REMOVED.c.removed).where(REMOVED.c.digest == digest))
        return Withdrawal(moment(at), None if erased_at is None else moment(erased_at), dict(removed))

    def pending(self) -> list[str]:
        due = select(WITHDRAWAL.c.id).where(WITHDRAWAL.c.id.is_not(None)).order_by(WITHDRAWAL.c.at, WITHDRAWAL.c.id)
        return [row[0] for row in self._database.query(due)]

    def note(self, official_id: str, holder: str, removed: int) -> None:
        row = {"digest": digest_of(official_id), "holder": holder, "removed": removed}
        counted = update(REMOVED).where(REMOVED.c.digest == row["digest"], REMOVED.c.holder == holder)
        with self._changing():
            if not self._database.execute(counted.values(removed=REMOVED.c.removed + removed)):
                self._database.execute(insert(REMOVED), row)

    def remove(self, official_id: str) -> bool:
        with self._changing():
            gone = self._database.execute(delete(OFFICIAL).where(OFFICIAL.c.id == official_id)) > 0
            self._ledger.remove(official_id)
            if gone:
                self._changed()
        return gone

    def erased(self, official_id: str) -> None:
        hers = update(WITHDRAWAL).where(WITHDRAWAL.c.digest == digest_of(official_id))
        with self._database.transaction():
            self._database.execute(hers.values(id=None))
            parts = update(PARTIAL).where(PARTIAL.c.id == official_id)  # all of her is more than a part
            self._database.execute(parts.values(id=None, name=case((PARTIAL.c.kind == "source", PARTIAL.c.name))))

    def unscrubbed(self) -> list[bytes]:
        digests = select(WITHDRAWAL.c.digest).where(WITHDRAWAL.c.id.is_(None), WITHDRAWAL.c.erased_at.is_(None))
        return [row[0] for row in self._database.query(digests)]

    def scrubbed(self, digests: Sequence[bytes], at: datetime) -> None:
        unscrubbed = update(WITHDRAWAL).where(WITHDRAWAL.c.erased_at.is_(None))
        with self._database.transaction():
            for digest in digests:
                one = unscrubbed.where(WITHDRAWAL.c.digest == digest)
                self._database.execute(one.values(erased_at=at.timestamp()))

    def complete(self, official_ids: Collection[str]) -> list[str]:
        erased = select(WITHDRAWAL.c.digest).where(WITHDRAWAL.c.id.is_(None), WITHDRAWAL.c.erased_at.is_not(None))
        digests = {row[0] for row in self._database.query(erased)}
        gone = sorted(each for each in official_ids if digest_of(each) in digests)
        return [each for each in gone if not self._holds(each)]

    def reopen(self, official_id: str) -> None:
        hers = update(WITHDRAWAL).where(WITHDRAWAL.c.digest == digest_of(official_id))
        with self._changing():
            if self.complete([official_id]):
                self._database.execute(hers.values(id=official_id, erased_at=None))

    def erasures(self) -> Erasures:
        both = union_all(*(select(table.c.at, table.c.erased_at) for table in (WITHDRAWAL, PARTIAL))).subquery()
        at, erased_at = both.c.at, both.c.erased_at
        oldest = func.min(case((erased_at.is_(None), at)))
        counted = select(func.count(), oldest, func.count(erased_at), func.coalesce(func.sum(erased_at - at), 0.0))
        ((all_, since, complete, seconds),) = self._database.query(counted.select_from(both))
        return Erasures(all_ - complete, None if since is None else moment(since), complete, float(seconds))

    def ledger(self, official_id: str) -> list[LedgerEntry]:
        return self._ledger.of(official_id)

    def tenants(self) -> list[Tenant]:
        return self._tenants.all()

    def tenant(self, tenant_id: str) -> Tenant:
        return self._tenants.get(tenant_id)

    def put_tenant(self, tenant: Tenant) -> None:
        with self._changing():
            self._tenants.put(tenant)

    def revision(self) -> int:
        return int(self._database.query(_REVISION)[0][0])

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with self._database.transaction():
            self._database.lock(_LOCK)
            yield

    def _changed(self) -> None:
        self._database.execute(update(REVISION).values(revision=REVISION.c.revision + 1))
        self._log.bump()

    def _holds(self, official_id: str) -> bool:
        return bool(self._database.query(select(OFFICIAL.c.id).where(OFFICIAL.c.id == official_id)))

    def _replace(self, changes: Sequence[tuple[Official | None, Official]], given: Given) -> None:
        """Put officials in the place of what was there before, if anything was, and write the ledger."""
        self._put({after.id: OFFICIALS.encode(after) for _, after in changes})
        self._ledger.write(changes, given, self._clock.now())
        self._tenants.begin(after for _, after in changes)
        self._changed()

    def _put(self, values: Mapping[str, bytes]) -> None:
        same = OFFICIAL.c.id == bindparam("replaced")
        self._database.executemany(delete(OFFICIAL).where(same), [{"replaced": each} for each in values])
        rows = [{"id": official_id, "value": value} for official_id, value in values.items()]
        self._database.executemany(insert(OFFICIAL), rows)

    def _overruled(
        self, officials: Sequence[Official], stored: Mapping[str, Official], given: Given
    ) -> Mapping[str, str | None]:
        """Of those whose consent would change: why it may not."""
        changed = {
            each.id: each.consents
            for each in officials
            if each.id in stored and stored[each.id].consents != each.consents
        }
        said = self._ledger.said(changed) if changed else {}
        return {id: overruled(changed[id], stored[id].consents, entry, given) for id, entry in said.items()}

    def _refused(self, official: Official) -> str | None:
        """Why ``official`` may not come back after a withdrawal; ``None`` if she may or never withdrew."""
        withdrawal = self.withdrawal(official.id)
        if withdrawal is None:
            return None
        if withdrawal.erased_at is None:
            return "withdrew, and her erasure is not complete: run 'turvakt officials withdraw' with her id once more"
        later = [consent for consent in official.consents if consent.is_open(withdrawal.at)]
        if later and all(consent.since > withdrawal.at for consent in later):
            return None
        moment = f"{withdrawal.at:%Y-%m-%dT%H:%M:%SZ}"
        return f"withdrew all consent at {moment}: only a consent given later, with its time, brings her back"


def _with_her_own(official: Official, stored: Official | None) -> Official:
    """A file that says nothing of her wishes leaves them as they are, and what she proposed waits on, unless the file has it."""
    if stored is None:
        return official
    official = still_proposed(official, stored.proposed)
    return official if official.wishes != Wishes() else replace(official, wishes=stored.wishes)


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


def digest_of(official_id: str) -> bytes:
    """By what an official who withdrew is known again without being named."""
    return hashlib.sha256(b"turvakt official\x00" + official_id.encode()).digest()
