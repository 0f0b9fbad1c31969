"""All that one Turvakt holds, as lines: for a backup, and for moving from the embedded runtime to a cluster and back.

The lines are JSON: ``["turvakt", head]``, then ``[part, record]`` for each record, and ``["end", {part: [count, digest]}]``,
so that an archive that was cut short or altered is noticed. What the stages have yet to read is not among them: that must be done
before. Nor are the files of the channel ``outbox``, which have been delivered, nor the key file that seals second factors: keep a
copy of it apart.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from typing import Any, TypeVar

import msgspec
from sqlalchemy import LargeBinary, Table, and_, delete, func, insert, not_, select, true, tuple_, update

from access.tables import LETTER
from alerts.alert import DELIVERIES
from classify.verdict import VERDICTS
from flow.database import Database
from flow.errors import BadInput, Broken, Unavailable
from flow.log import Log
from registry.tables import REVISION
from review.decision import DECISIONS
from review.index import Item, Query, Raised, every
from turvakt.reading import READERS
from turvakt.schema import METADATA, NEWEST
from turvakt.wiring import Parts

VERSION = 2
LEFT_OUT = {
    "log_epoch": "bookkeeping of a log",
    "log_cursor": "read by the log itself",
    "log_entry": "of what it holds, letters are read by the log itself",
    "log_change": "bookkeeping of a log",
    "log_floor": "bookkeeping of a log",
    "registry_revision": "counts changes, and is counted up",
    "watch_beat": "parts say by themselves that they live",
    "watch_process": "processes, likewise",
    "watch_trouble": "what is wrong is found by looking",
    "access_session": "people sign in again",
    "access_ticket": "a link that was used since would open something once more",
}
"""The tables that are not in an archive, and why."""
OPENING = and_(LETTER.c.state == "waiting", LETTER.c.kind.in_(("invitation", "invitation-watched", "reset")))
"""The letters that are not in one either: each holds a link that opens an account, as long as it waits."""
TABLES = {
    str(name): table  # SQLAlchemy's name is more than text
    for metadata in METADATA
    for name, table in metadata.tables.items()
    if name not in LEFT_OUT
}
_BY_ITSELF = {"registry_retention_key", "registry_retention_report", "author_key", "watch_count", "watch_drill"}
"""What comes into being by itself, in an empty Turvakt too: what the archive has takes its place."""
CURSORS, LETTERS, ITEMS = "cursor", "dead", "item"

_AT_ONCE = 500
_REMEDY = "Take another copy of the archive"
_PLACE = "archive"

Sums = dict[str, tuple[int, str]]
"""Of each part, how many records there are, and a digest that does not mind their order."""
Record = tuple[str, Any]
Some = TypeVar("Some")


@dataclass(frozen=True, slots=True)
class Head:
    """What the first line of an archive says.

    Attributes:
        tables: the version of the tables that its rows are of; ``None``: version 1 did not say.
        at: when it was begun, in seconds since 1970.
    """

    version: int
    tables: str | None = None
    at: float = 0.0


def dump(parts: Parts, *, patience: float = 60.0) -> Iterator[bytes]:
    """Every line, without its line feed. What comes in meanwhile may be among them or not; nothing is there by half.

    The stages are waited for before there is a first line, so that whoever writes the lines down begins nothing in vain.

    Args:
        patience: seconds that the stages may take to read what is before them.

    Raises:
        Unavailable: they have not done so.
    """
    return sealed(_records(parts, patience=patience), parts.clock.now())


def read(lines: Iterable[bytes]) -> Iterator[Record]:
    """The records in the lines of an archive.

    Raises:
        BadInput: these are no such lines, or not all of them; how many were good is told by its place. All records have been
            given by then.
    """
    summing = _Summing()
    number, ended = 0, False
    for number, line in enumerate(lines, start=1):
        try:
            part, record = msgspec.json.decode(line, type=Record)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise BadInput("is no line of an archive", place=f"{_PLACE} line {number}", remedy=_REMEDY) from None
        if ended:
            raise BadInput("goes on after its end", place=f"{_PLACE} line {number}", remedy=_REMEDY)
        if number == 1:
            _head(part, record)
        elif part == "end":
            if summing.sums != {name: tuple(each) for name, each in record.items()}:
                raise BadInput("records are missing or altered", place=_PLACE, remedy=_REMEDY)
            ended = True
        else:
            summing.add(part, line.rstrip(b"\n"))
            yield part, record
    if not ended:
        raise BadInput(f"is cut short after line {number}", place=_PLACE, remedy=_REMEDY)


def head_of(lines: Iterable[bytes]) -> Head:
    """What stands in the first of the lines.

    Raises:
        BadInput: it is none of an archive, or of one that a later Turvakt has made.
    """
    try:
        return _head(*msgspec.json.decode(next(iter(lines), b""), type=Record))
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadInput("is no line of an archive", place=f"{_PLACE} line 1", remedy=_REMEDY) from None


def must_be_empty(parts: Parts) -> None:
    """
    Raises:
        BadInput: there is something already.
    """
    if any(part not in _BY_ITSELF for part, _ in _records(parts, patience=0.0)):
        remedy = "Restore into an empty data folder, or an empty database and index"
        raise BadInput("there is something already", place=parts.database.place, remedy=remedy)


def load(parts: Parts, records: Iterable[Record]) -> None:
    """Take in what `read` gives of an archive with the tables and items of this version, where `must_be_empty` found nothing.

    Raises:
        BadInput: it holds something that this version does not know.
    """
    takers: dict[str, Callable[[list[Any]], None]] = {
        CURSORS: lambda found: _take_cursors(parts.log, found),
        LETTERS: lambda found: _take_letters(parts.log, found),
        ITEMS: lambda found: parts.index.write_items([item_of(each) for each in found]),
        **{name: _taker(parts.database, table) for name, table in TABLES.items()},
    }
    for name in sorted(_BY_ITSELF):
        parts.database.execute(delete(TABLES[name]))
    for part, group in groupby(records, key=lambda record: record[0]):
        if part not in takers:
            raise BadInput(f"holds '{part}', which this version does not know", place=_PLACE, remedy="Upgrade Turvakt")
        for some in batches(record for _, record in group):
            takers[part](some)
    if parts.is_cluster:
        _count_on(parts.database)
    # Whoever follows the registry or the log meanwhile looks anew.
    parts.database.execute(update(REVISION).values(revision=REVISION.c.revision + 1))
    parts.log.bump()


def compare(parts: Parts, wanted: Sums, *, patience: float = 20.0) -> None:
    """Look whether all is there, and nothing else.

    Args:
        wanted: the sums of the archive.
        patience: seconds after which a search must find what has been written.

    Raises:
        Broken: a part differs.
    """
    deadline = time.monotonic() + patience
    while (found := sums(dump(parts))) != wanted:
        if time.monotonic() >= deadline:
            wrong = sorted(part for part in found.keys() | wanted if found.get(part) != wanted.get(part))
            counts = ", ".join(f"{part}: {found.get(part, (0,))[0]} of {wanted.get(part, (0,))[0]}" for part in wrong)
            raise Broken(f"what was restored differs ({counts})", place=_PLACE, remedy="Empty it and restore once more")
        time.sleep(0.5)


def sums(lines: Iterable[bytes]) -> Sums:
    """What stands in the last of the lines."""
    last = b'["end", {}]'
    for line in lines:
        last = line
    _, found = msgspec.json.decode(last, type=Record)
    return {part: (count, total) for part, (count, total) in found.items()}


# ---------------------------------------------------------------- writing


def _records(parts: Parts, *, patience: float) -> Iterator[Record]:
    # The cursors first: what is collected after them, and may be missing below, is collected once more.
    cursors = sorted(parts.log.cursors().items())
    _wait_for_stages(parts.log, patience)
    return _found(parts, cursors)


def _found(parts: Parts, cursors: Sequence[tuple[str, str]]) -> Iterator[Record]:
    yield from ((CURSORS, cursor) for cursor in cursors)
    yield from ((LETTERS, letter) for letter in _letters(parts.log))
    for name, table in TABLES.items():
        yield from ((name, row) for row in rows_of(parts.database, table))
    yield from ((ITEMS, plain(item)) for item in every(parts.index, Query(), whole=True))


def sealed(records: Iterable[Record], at: datetime) -> Iterator[bytes]:
    """The lines of an archive with these records, which was begun ``at`` this moment."""
    summing = _Summing()
    yield msgspec.json.encode(("turvakt", Head(VERSION, NEWEST, at.timestamp())))
    for part, record in records:
        line = msgspec.json.encode((part, record))
        summing.add(part, line)
        yield line
    yield msgspec.json.encode(("end", summing.sums))


def _wait_for_stages(log: Log, patience: float) -> None:
    # Upstream first: what a stage has read by now has come to the next topic before that one is looked at.
    deadline = time.monotonic() + patience
    for topic, stages in READERS.items():
        for stage in stages:
            while lag := log.lag(topic, stage):
                if time.monotonic() >= deadline:
                    remedy = "Let the stages read to the end first; stop the collectors if they do not come to it"
                    raise Unavailable(f"{lag} entries wait before stage {stage}", place=_PLACE, remedy=remedy)
                time.sleep(0.05)


def _letters(log: Log) -> Iterator[tuple[str, str, bytes]]:
    for topic in log.topics():
        after = -1
        while topic.endswith(".dead") and (page := log.browse(topic, after=after, limit=_AT_ONCE)):
            yield from ((entry.topic, entry.key, entry.value) for entry in page)
            after = page[-1].offset


def rows_of(database: Database, table: Table) -> Iterator[dict[str, Any]]:
    """The rows that an archive holds of a table."""
    key = tuple_(*table.primary_key.columns)
    names = [str(column.name) for column in table.columns]
    ordered = (
        select(table)
        .where(not_(OPENING) if table is LETTER else true())
        .order_by(*table.primary_key.columns)
        .limit(_AT_ONCE)
    )
    statement = ordered
    while page := database.query(statement):
        rows = [dict(zip(names, row, strict=True)) for row in page]
        yield from rows
        statement = ordered.where(key > tuple(rows[-1][column.name] for column in table.primary_key.columns))


def plain(item: Item) -> dict[str, Any]:
    """The record of an item."""
    return {
        "verdict": msgspec.Raw(VERDICTS.encode(item.verdict)),
        "alerts": item.alerts,
        "deliveries": [msgspec.Raw(DELIVERIES.encode(each)) for each in item.deliveries],
        "decisions": [msgspec.Raw(DECISIONS.encode(each)) for each in item.decisions],
    }


class _Summing:
    """The order of the records is another one in another database: the digests of all are added up."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._totals: dict[str, int] = {}

    def add(self, part: str, line: bytes) -> None:
        self._counts[part] = self._counts.get(part, 0) + 1
        each = int.from_bytes(hashlib.sha256(line).digest(), "big")
        self._totals[part] = (self._totals.get(part, 0) + each) % (1 << 256)

    @property
    def sums(self) -> Sums:
        return {part: (count, f"{self._totals[part]:064x}") for part, count in self._counts.items()}


# ---------------------------------------------------------------- reading


def _head(part: str, head: Any) -> Head:
    if part != "turvakt":
        raise BadInput("is no archive of Turvakt", place=_PLACE, remedy="Name a file that 'turvakt backup' wrote")
    found = Head(head) if isinstance(head, int) else msgspec.convert(head, Head)
    if found.version > VERSION or (found.tables or NEWEST) > NEWEST:
        raise BadInput("is of a later version than this program reads", place=_PLACE, remedy="Upgrade Turvakt")
    return found


def _take_cursors(log: Log, cursors: Sequence[tuple[str, str]]) -> None:
    with log.write() as writer:
        for collector, cursor in cursors:
            writer.save_cursor(collector, cursor)


def _take_letters(log: Log, letters: Sequence[Any]) -> None:
    with log.write() as writer:
        for topic, key, value in msgspec.convert(letters, list[tuple[str, str, bytes]]):
            writer.append(topic, key, value)


def _taker(database: Database, table: Table) -> Callable[[list[Any]], None]:
    def take(records: list[Any]) -> None:
        database.executemany(insert(table), [row_of(table, record) for record in records])

    return take


def _count_on(database: Database) -> None:
    """Let PostgreSQL number new rows from where the restored ones end."""
    for table in TABLES.values():
        column = table.autoincrement_column
        if column is not None:
            sequence = func.pg_get_serial_sequence(str(table.name), str(column.name))
            database.query(select(func.setval(sequence, func.coalesce(func.max(column), 0) + 1, False)))


def row_of(table: Table, record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with its bytes, which JSON holds in Base64."""
    binary = {column.name for column in table.columns if isinstance(column.type, LargeBinary)}
    return {
        name: msgspec.convert(value, bytes) if name in binary and value is not None else value
        for name, value in record.items()
    }


def item_of(record: Mapping[str, Any]) -> Item:
    """The item of a record, also of one that an earlier Turvakt wrote."""

    def wire(value: Any) -> bytes:
        return msgspec.json.encode(value)

    # An archive from before decisions had tenants holds one alone.
    old = [record["decision"]] if record.get("decision") is not None else []
    return Item(
        VERDICTS.decode(wire(record["verdict"])),
        msgspec.convert(record["alerts"], tuple[Raised, ...]),
        tuple(DELIVERIES.decode(wire(each)) for each in record["deliveries"]),
        tuple(DECISIONS.decode(wire(each)) for each in record.get("decisions", old)),
    )


def batches(found: Iterable[Some]) -> Iterator[list[Some]]:
    rest = iter(found)
    while some := list(islice(rest, _AT_ONCE)):
        yield some
