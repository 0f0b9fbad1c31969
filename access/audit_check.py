"""Whether the audit log is what was written."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import func, select

from access.audit_entry import Anchor, Lacks, Link, Name
from access.tables import AUDIT, AUDIT_NAME
from flow.database import Database, Row
from flow.errors import Broken

_BATCH = 1000  # entries in memory at once
_REMEDY = (
    "Keep a copy of the database as evidence, and compare it with a backup from before: see docs/data-protection.md"
)


def verify(database: Database, against: Anchor | None) -> Anchor:
    """See `access.audit.Audit.verify`."""
    while True:
        newest = _newest_loss(database)
        try:
            return _Check(database, newest).run(against)
        except Broken:
            # Names that were erased since the reading began are not missing: it begins anew.
            if _newest_loss(database) == newest:
                raise


def _newest_loss(database: Database) -> tuple[int, bytes] | None:
    """The newest entry by which the log lost something by right."""
    lost = select(AUDIT.c.number, AUDIT.c.lacks).where(AUDIT.c.lacks.is_not(None)).order_by(AUDIT.c.number.desc())
    return next(((number, bytes(lacks)) for number, lacks in database.query(lost.limit(1))), None)


class _Check:
    """One reading from the first entry to the last, over which the newest loss does not change."""

    def __init__(self, database: Database, newest: tuple[int, bytes] | None) -> None:
        self._database = database
        self._loss = newest[0] if newest else 0
        self._lacks = _decoded(newest[1], Lacks, self._loss) if newest else Lacks()
        self._missing = 0

    def run(self, against: Anchor | None) -> Anchor:
        if against is not None and against.number + 1 < self._lacks.first:
            raise Broken(f"the anchor's entry {against.number} has expired", place=_PLACE, remedy="Take a later anchor")
        try:
            end = Anchor(self._lacks.first - 1, bytes.fromhex(self._lacks.before))
        except ValueError:
            raise _wrong(self._loss, "was changed") from None
        _compare(end, against)
        for rows in self._read():
            end = self._follow(end, rows)
            _compare(end, against)
        if self._missing != self._lacks.names:
            raise _wrong(
                self._loss, f"knows of {self._lacks.names} erased names before it, and {self._missing} are gone"
            )
        if against is not None and end.number < against.number:
            raise Broken(f"entries {end.number + 1} to {against.number} are missing", place=_PLACE, remedy=_REMEDY)
        self._look_for_strays()
        return end

    def _read(self) -> Iterator[list[Row]]:
        """The rows of each entry, one for each of its names; a batch is one statement, so that it is all of one moment."""
        columns = [AUDIT.c[name] for name in ("number", "at", "action", "tenant", "seals", "lacks", "digest")]
        names = [AUDIT_NAME.c[name] for name in ("naming", "value", "salt")]
        last: int | None = None
        while True:
            batch = select(AUDIT.c.number).order_by(AUDIT.c.number).limit(_BATCH)
            these = (batch if last is None else batch.where(AUDIT.c.number > last)).subquery()
            joined = AUDIT.join(these, these.c.number == AUDIT.c.number)
            joined = joined.outerjoin(AUDIT_NAME, AUDIT_NAME.c.number == AUDIT.c.number)
            found = self._database.query(select(*columns, *names).select_from(joined).order_by(AUDIT.c.number))
            if not found:
                return
            for _, group in groupby(found, key=itemgetter(0)):
                yield list(group)
            last = found[-1][0]

    def _follow(self, end: Anchor, rows: Sequence[Row]) -> Anchor:
        """The end of the chain with one entry more."""
        number, at, action, tenant, seals, lacks, digest = rows[0][:7]
        if number > end.number + 1:
            raise _wrong(end.number + 1, "is missing")
        if number < end.number + 1:
            raise _wrong(number, "does not belong there")
        sealed: dict[str, str] = _decoded(seals, dict[str, str], number)
        lost = None if lacks is None else _decoded(lacks, Lacks, number)
        expected = Link(number, at, action, tenant, sealed, lost).digest(end.digest)
        if bytes(digest) != expected:
            raise _wrong(number, "is not what was written, or not where")
        names = [Name(naming, value, bytes(salt)) for *_, naming, value, salt in rows if naming is not None]
        for name in names:
            if name.seal() != sealed.get(name.naming):
                raise _wrong(number, f"does not name what was written ({name.naming})")
        gone = len(sealed) - len(names)
        if gone and number > self._loss:
            raise _wrong(number, "lacks a name that no erasure has removed")
        self._missing += gone
        return Anchor(number, expected)

    def _look_for_strays(self) -> None:
        stray = select(func.min(AUDIT_NAME.c.number)).where(AUDIT_NAME.c.number.not_in(select(AUDIT.c.number)))
        ((number,),) = self._database.query(stray)
        if number is not None:
            raise _wrong(number, "has names, but is not there")


_PLACE = "audit log"


def _compare(end: Anchor, against: Anchor | None) -> None:
    if against is not None and end.number == against.number and end.digest != against.digest:
        raise Broken(f"entry {end.number} or one before it was written anew", place=_PLACE, remedy=_REMEDY)


def _decoded(value: bytes, type: Any, number: int) -> Any:
    try:
        return msgspec.json.decode(value, type=type)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _wrong(number, "was changed") from None


def _wrong(number: int, what: str) -> Broken:
    return Broken(f"entry {number} {what}", place=_PLACE, remedy=_REMEDY)
