"""One SQLite file in WAL mode, shared by log, offsets, index, registry and outbox of the embedded runtime.

One connection writes, guarded by a lock; each reading thread has a connection of its own and never waits for the
writer. What belongs together is written in one `Sqlite.transaction`, so that a killed process leaves all or nothing.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Executable, StaticPool, create_engine
from sqlalchemy.exc import DBAPIError

from flow.database import Row
from flow.databases.sqlite_faults import RESTORE, translated
from flow.errors import Broken, Unavailable

Parameters = Sequence[Any] | Mapping[str, Any]

_MOMENT = 0.02


class Sqlite:
    """Implements `flow.database.Database` in a file; it is created, readable by its owner alone, where it is missing.

    Statements may be SQLAlchemy's or text, with ``?`` for its parameters: text costs less, and is what is written for every
    post. Both run in the same transaction.

    Args:
        path: of the database file.
        busy_seconds: how long a writer waits for another process before it raises `Unavailable`.
        pause: waits the given seconds.

    Raises:
        Broken: the file is no SQLite database, is damaged or cannot be opened.
    """

    def __init__(self, path: Path, *, busy_seconds: float = 5.0, pause: Callable[[float], None] = time.sleep) -> None:
        self.path = path
        self.place = str(path)
        self._busy_seconds = busy_seconds
        self._pause = pause
        self._lock = threading.RLock()
        self._owner: int | None = None  # the thread inside a transaction
        self._readers = threading.local()
        self._opened: list[_Connection] = []
        try:
            with self._faults():
                self._make()
                self._writer = self._connect_writer()
        except BaseException:
            self.close()
            raise

    def _make(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.touch(mode=0o600)

    def _connect(self) -> "_Connection":
        connection = _Connection(self.path, busy_seconds=self._busy_seconds)
        self._opened.append(connection)
        return connection

    def _connect_writer(self) -> "_Connection":
        opened = self._connect()
        writer = opened.raw
        writer.execute("PRAGMA journal_mode = WAL")
        # FULL: what is committed survives a power cut, not only a killed process.
        writer.execute("PRAGMA synchronous = FULL")
        # Erased means overwritten, not merely unlinked from a page.
        writer.execute("PRAGMA secure_delete = ON")
        return opened

    def create(self, *statements: str) -> None:
        """Run statements that create tables and indexes where they are missing."""
        with self.transaction():
            for statement in statements:
                self.execute(statement)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all that is executed inside, or none of it. Inside another transaction it joins that one.

        Raises:
            Unavailable: another process holds the file, or the disk is full. Nothing was written.
            Broken: the file is damaged.
        """
        with self._lock:
            if self._owner is not None:
                yield
                return
            with self._faults():
                self._writer.raw.execute("BEGIN IMMEDIATE")
            self._owner = threading.get_ident()
            try:
                yield
                with self._faults():
                    self._writer.raw.execute("COMMIT")
            except BaseException:
                if self._writer.raw.in_transaction:
                    self._writer.raw.execute("ROLLBACK")
                raise
            finally:
                self._owner = None

    def lock(self, name: str, *, shared: bool = False) -> None:
        """Nothing to do: only one transaction writes at a time."""
        if self._owner != threading.get_ident():
            raise RuntimeError("a lock is held by a transaction, and there is none")

    def execute(self, statement: str | Executable, parameters: Parameters = ()) -> int:
        """Run one writing statement; returns the number of changed rows."""
        with self.transaction(), self._faults():
            if isinstance(statement, str):
                return self._writer.raw.execute(statement, parameters).rowcount
            return self._writer.portable.execute(statement, parameters or None).rowcount

    def executemany(self, statement: str | Executable, rows: Sequence[Parameters]) -> int:
        """Run one writing statement for each row; returns the number of changed rows."""
        if not rows:
            return 0
        with self.transaction(), self._faults():
            if isinstance(statement, str):
                return self._writer.raw.executemany(statement, rows).rowcount
            return self._writer.portable.execute(statement, rows).rowcount  # type: ignore[arg-type]

    def query(self, statement: str | Executable, parameters: Parameters = ()) -> list[Row]:
        """All rows of a reading statement; inside a transaction it sees what that has written."""
        with self._faults():
            reader = self._reader()
            if isinstance(statement, str):
                return reader.raw.execute(statement, parameters).fetchall()
            found = reader.portable.execute(statement, parameters or None)
            return [tuple(row) for row in found.all()]

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """SQLAlchemy's connection of a transaction."""
        with self.transaction(), self._faults():
            yield self._writer.portable

    def _reader(self) -> "_Connection":
        if self._owner == threading.get_ident():
            return self._writer
        reader: _Connection | None = getattr(self._readers, "connection", None)
        if reader is None:
            reader = self._connect()
            reader.raw.execute("PRAGMA query_only = ON")
            self._readers.connection = reader
        return reader

    def check(self) -> None:
        """Read the whole file once.

        Raises:
            Broken: a page or an index is damaged.
        """
        if self.query("PRAGMA quick_check(1)") != [("ok",)]:
            raise Broken("the database is damaged", place=str(self.path), remedy=RESTORE)

    def scrub(self) -> None:
        """Leave no erased content behind, neither in the file nor in the write-ahead log.

        ``secure_delete`` zeroes what is deleted, but copies that SQLite made while it rearranged a page stay in the
        page's unused part: only writing the whole file anew is certain. Takes about as long as copying the file, and
        needs twice its size of free space meanwhile.

        Raises:
            Unavailable: another process reads or writes for longer than ``busy_seconds``, or the disk is full.
        """
        with self._lock, self._faults():
            self._writer.raw.execute("VACUUM")
            deadline = time.monotonic() + self._busy_seconds
            # SQLite waits for readers and writers by itself, but not for another process that also empties the log.
            while (busy := self._log_in_use()) and time.monotonic() < deadline:
                self._pause(_MOMENT)
        if busy:
            raise Unavailable("the database is read by another process", place=str(self.path), remedy="Try again")

    def _log_in_use(self) -> bool:
        """Empty the write-ahead log; returns whether another process was in the way."""
        return bool(self._writer.raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])

    def tables(self) -> set[str]:
        """The names of its tables."""
        return {row[0] for row in self.query("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def be_patient(self, seconds: float) -> None:
        """From now on let a writer wait for another process ``seconds`` long."""
        with self._lock, self._faults():
            self._writer.raw.execute(f"PRAGMA busy_timeout = {round(1000 * seconds)}")

    def interrupt(self) -> None:
        """Break off what is being written, in whatever thread; nothing of it stays."""
        self._writer.raw.interrupt()

    def close(self) -> None:
        """Close every connection."""
        for connection in self._opened:
            connection.close()
        self._opened.clear()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Turn SQLite's errors into ours."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise translated(error, place=self.place) from error
        except DBAPIError as error:
            raise translated(error.orig, place=self.place) from error.orig


class InMemory(Sqlite):
    """A database of one thread, in no file: what is tried in it is gone with it."""

    def __init__(self) -> None:
        super().__init__(Path(":memory:"))

    def _make(self) -> None:
        """There is no file."""

    def _reader(self) -> "_Connection":
        return self._writer  # another connection would have a database of its own


class _Connection:
    """A connection as it is, and as SQLAlchemy sees it.

    For SQLAlchemy it is in one transaction for ever, so that it neither begins nor ends any by itself.
    """

    def __init__(self, path: Path, *, busy_seconds: float) -> None:
        self.raw = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
        engine = create_engine("sqlite://", creator=lambda: self.raw, poolclass=StaticPool, hide_parameters=True)
        # At once, since getting to know a connection SQLAlchemy rolls back.
        self.portable = engine.connect().execution_options(preserve_rowcount=True)
        self.portable.begin()

    def close(self) -> None:
        self.portable.close()
        self.raw.close()
