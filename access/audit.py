"""The audit log: who did what, when, about whom and why. Entries are added and never changed.

Each is sealed with all before it (see `access.audit_entry`), so that an entry that was edited, removed, inserted or moved is
found. An end that was cut off, or a log that was written anew from some entry on, is found by an anchor that was kept elsewhere.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Select, delete, func, insert, select

from access.audit_check import verify
from access.audit_entry import NAMINGS, SYSTEM, Act, Action, Anchor, AuditEntry, Lacks, Link, Name, Naming, canonical
from access.permissions import Actor
from access.tables import AUDIT, AUDIT_NAME
from flow.clock import Clock
from flow.database import Database, Row

_LOCK = "audit"


class Audit:
    """The tables ``access_audit*`` of ``database``.

    Writing joins a transaction that is open: then the act and its entry are there together, or neither. The lock ``audit``
    is held from the first entry to the end of the transaction, and is the last that a transaction may take.
    """

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def write(
        self, who: Actor | str, action: Action, *, tenant: str = "", official: str = "", post: str = "", why: str = ""
    ) -> None:
        """Write down one act, see `Act`.

        Raises:
            Unavailable: it could not be written. Whoever was to be shown something must not be.
        """
        person, session = (who, "") if isinstance(who, str) else (who.person.id, who.session)
        self.write_all([Act(person, action, tenant, official, post, why, session)])

    def write_all(self, acts: Iterable[Act]) -> None:
        """Write down several acts, all or none."""
        with self._database.transaction():
            self._database.lock(_LOCK)
            for act in acts:
                self._append(act)

    def read(
        self,
        *,
        tenant: str | None = None,
        official: str | None = None,
        who: str | None = None,
        actions: Collection[Action] | None = None,
        limit: int = 100,
        after: int | None = None,
    ) -> list[AuditEntry]:
        """The newest entries first.

        Args:
            tenant: only those of this tenant.
            official: only those about this official.
            who: only what this person did.
            actions: only these.
            after: only those that come after the entry with this number, which are older: the last one of the page before.
        """
        found = select(AUDIT.c.number)
        if tenant is not None:
            found = found.where(AUDIT.c.tenant == tenant)
        if official is not None:
            found = found.where(AUDIT.c.number.in_(_numbers("official", [official])))
        if who is not None:
            found = found.where(AUDIT.c.number.in_(_numbers("who", [who])))
        if actions is not None:
            found = found.where(AUDIT.c.action.in_(actions))
        if after is not None:
            found = found.where(AUDIT.c.number < after)
        return self._entries(found.order_by(AUDIT.c.number.desc()).limit(limit))

    def verify(self, against: Anchor | None = None) -> Anchor:
        """Read the whole log and look whether it is what was written; writing goes on meanwhile.

        Args:
            against: an earlier answer, which was kept elsewhere.

        Returns:
            The end of the log, to be kept elsewhere.

        Raises:
            Broken: names the first entry that is wrong.
        """
        return verify(self._database, against)

    def naming(self, naming: Naming, values: Collection[str]) -> list[AuditEntry]:
        """All entries that name one of these, the newest first."""
        return self._entries(_numbers(naming, values).distinct())

    def remove_names(self, numbers: Iterable[int], namings: Collection[Naming]) -> list[int]:
        """Remove what the entries with these numbers name; the entries stay. Returns those of which something was removed."""
        with self._database.transaction():
            self._database.lock(_LOCK)
            names, entries = 0, []
            for number in sorted(numbers):
                these = delete(AUDIT_NAME).where(AUDIT_NAME.c.number == number, AUDIT_NAME.c.naming.in_(namings))
                gone = self._database.execute(these)
                names += gone
                entries += [number] if gone else []
            if names:
                lacks = self._lacks()
                self._append(Act(SYSTEM, "names-removed"), Lacks(lacks.names + names, lacks.first, lacks.before))
        return entries

    def expire(self, before: datetime) -> int:
        """Remove the entries from the first on that are older than ``before``; returns how many."""
        with self._database.transaction():
            self._database.lock(_LOCK)
            stays = select(func.min(AUDIT.c.number)).where(AUDIT.c.at >= before.timestamp())
            first = self._database.query(stays)[0][0] or self._end().number + 1
            goes = select(AUDIT.c.seals, AUDIT.c.digest).where(AUDIT.c.number < first).order_by(AUDIT.c.number)
            old = self._database.query(goes)
            if not old:
                return 0
            lacks = self._lacks()
            named = sum(len(msgspec.json.decode(seals)) for seals, _ in old)
            there = self._database.execute(delete(AUDIT_NAME).where(AUDIT_NAME.c.number < first))
            left = Lacks(lacks.names - (named - there), first, bytes(old[-1][1]).hex())
            self._append(Act(SYSTEM, "expired"), left)  # before they go: its number follows the last one's
            return self._database.execute(delete(AUDIT).where(AUDIT.c.number < first))

    def _append(self, act: Act, lacks: Lacks | None = None) -> None:
        end, names = self._end(), Name.of(act)
        seals: dict[str, str] = {each.naming: each.seal() for each in names}
        link = Link(end.number + 1, self._clock.now().timestamp(), act.action, act.tenant, seals, lacks)
        row = {
            "number": link.number,
            "at": link.at,
            "action": link.action,
            "tenant": link.tenant,
            "seals": canonical(seals),
            "lacks": None if lacks is None else canonical(lacks),
            "digest": link.digest(end.digest),
        }
        self._database.execute(insert(AUDIT), row)
        rows = [{"number": link.number, "naming": n.naming, "value": n.value, "salt": n.salt} for n in names]
        self._database.executemany(insert(AUDIT_NAME), rows)

    def _end(self) -> Anchor:
        newest = select(AUDIT.c.number, AUDIT.c.digest).order_by(AUDIT.c.number.desc()).limit(1)
        return next((Anchor(number, bytes(digest)) for number, digest in self._database.query(newest)), Anchor(0, b""))

    def _lacks(self) -> Lacks:
        lost = select(AUDIT.c.lacks).where(AUDIT.c.lacks.is_not(None)).order_by(AUDIT.c.number.desc()).limit(1)
        return next((msgspec.json.decode(lacks, type=Lacks) for (lacks,) in self._database.query(lost)), Lacks())

    def _entries(self, found: Select[Any]) -> list[AuditEntry]:
        """The entries that ``found`` selects by number, the newest first."""
        these = found.subquery()
        columns = (AUDIT.c.number, AUDIT.c.at, AUDIT.c.action, AUDIT.c.tenant, AUDIT.c.seals)
        joined = AUDIT.join(these, these.c.number == AUDIT.c.number)
        joined = joined.outerjoin(AUDIT_NAME, AUDIT_NAME.c.number == AUDIT.c.number)
        rows = select(*columns, AUDIT_NAME.c.naming, AUDIT_NAME.c.value).select_from(joined)
        grouped = groupby(self._database.query(rows.order_by(AUDIT.c.number.desc())), key=itemgetter(0))
        return [_entry(list(group)) for _, group in grouped]


def _numbers(naming: Naming, values: Collection[str]) -> Select[tuple[int]]:
    """The entries that name one of ``values``."""
    return select(AUDIT_NAME.c.number).where(AUDIT_NAME.c.naming == naming, AUDIT_NAME.c.value.in_(values))


def _entry(rows: Sequence[Row]) -> AuditEntry:
    """The entry whose names are in ``rows``, one each."""
    number, at, action, tenant, seals = rows[0][:5]
    names = {naming: value for *_, naming, value in rows if naming is not None}
    act = Act(names.get("who", ""), action, tenant, **{each: names.get(each, "") for each in NAMINGS if each != "who"})
    erased = msgspec.json.decode(seals, type=dict[Naming, str]).keys() - names.keys()
    return AuditEntry(number, datetime.fromtimestamp(at, UTC), act, frozenset(erased))
