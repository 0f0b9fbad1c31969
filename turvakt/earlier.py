"""Archives that an earlier Turvakt wrote, as this one would have written them.

Rows are taken into tables of their version, in a file that is removed afterwards, and those are brought up to date as any
database is: so whatever an upgrade does to rows is done to these, too.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from sqlalchemy import column, insert, table

from flow.databases.sqlite import Sqlite
from flow.errors import BadInput
from turvakt.archive import (
    CURSORS,
    ITEMS,
    LETTERS,
    TABLES,
    Record,
    batches,
    head_of,
    item_of,
    plain,
    read,
    rows_of,
    sealed,
)
from turvakt.schema import NEWEST, upgrade

_ADDED = {
    "0010": ("review_hold", "tenant"),
    "0013": ("digest_entry", "name"),
    "0014": ("incident_post", "exposes"),
    "0015": ("incident_post", "told"),
}
"""What came into a table with which version: by what an archive of version 1 lacks it is known of which tables it is."""


def tables_of(lines: Iterable[bytes]) -> str:
    """The version of the tables in an archive.

    Raises:
        BadInput: as `turvakt.archive.read`.
    """
    lines = iter(lines)
    first = next(lines, b"")
    if (told := head_of([first]).tables) is not None:
        return told
    lacking = {
        version
        for part, record in read(_with(first, lines))
        for version, (name, added) in _ADDED.items()
        if part == name and added not in record
    }
    return f"{int(min(lacking)) - 1:04}" if lacking else NEWEST


def current(lines: Iterable[bytes], *, tables: str, folder: Path) -> Iterator[bytes]:
    """The lines of an archive as this version would have written them.

    Args:
        tables: what `tables_of` says of them.
        folder: where rows are kept meanwhile, if they are earlier ones.

    Raises:
        BadInput: as `turvakt.archive.read`, or it holds something that Turvakt did not know then.
    """
    lines = iter(lines)
    first = next(lines, b"")
    records = _current(read(_with(first, lines)), tables, folder)
    return sealed(records, datetime.fromtimestamp(head_of([first]).at, UTC))


def _current(records: Iterable[Record], tables: str, folder: Path) -> Iterator[Record]:
    for is_item, group in groupby(records, key=lambda record: record[0] == ITEMS):
        if is_item:
            yield from ((ITEMS, plain(item_of(record))) for _, record in group)
        elif tables == NEWEST:
            yield from group
        else:
            yield from _upgraded(group, tables, folder)


def _upgraded(records: Iterable[Record], tables: str, folder: Path) -> Iterator[Record]:
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder) as aside:
        database = Sqlite(Path(aside) / "earlier.db")
        try:
            upgrade(database, to=tables)
            known = database.tables()
            for part, group in groupby(records, key=lambda record: record[0]):
                if part in (CURSORS, LETTERS):
                    yield from group
                    continue
                if part not in known:
                    remedy = "Restore it with the version that wrote it"
                    raise BadInput(f"holds '{part}', which tables {tables} do not", place="archive", remedy=remedy)
                for some in batches(record for _, record in group):
                    _insert(database, part, some)
            upgrade(database)
            for name, each in TABLES.items():
                yield from ((name, row) for row in rows_of(database, each))
        finally:
            database.close()


def _insert(database: Sqlite, name: str, records: list[Mapping[str, Any]]) -> None:
    binary = {row[1] for row in database.query(f"PRAGMA table_info({name})") if row[2] == "BLOB"}
    rows = [
        {
            each: msgspec.convert(value, bytes) if each in binary and value is not None else value
            for each, value in row.items()
        }
        for row in records
    ]
    database.executemany(insert(table(name, *(column(each) for each in rows[0]))), rows)


def _with(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest
