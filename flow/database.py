"""One SQLite file in WAL mode, shared by log, offsets, index, registry and outbox of the embedded runtime.

One connection writes, guarded by a lock; each reading thread has a connection of its own and never waits for the
writer. What belongs together is written in one `Database.transaction`, so that a killed process leaves all or nothing.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flow.errors import Broken, TurvaktError, Unavailable

Row = tuple[Any, ...]


class Database:
    """The file at ``path``; it is created, readable by its owner alone, where it is missing.

    Args:
        path: of the database file.
        busy_seconds: how long a writer waits for another process before it raises `Unavailable`.
        pause: waits the given seconds.

    Raises:
        Broken: the file is no SQLite database, is damaged or cannot be opened.
    """

    def __init__(self, path: Path, *, busy_seconds: float = 5.0, pause: Callable[[float], None] = time.sleep) -> None:
        self.path = path
        self._busy_seconds = busy_seconds
        self._pause = pause
        self._lock = threading.RLock()
        self._owner: int | None = None  # the thread inside a transaction
        self._readers = threading.local()
        self._opened: list[sqlite3.Connection] = []
        try:
            with self._faults():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch(mode=0o600)
                self._writer = self._connect_writer()
        except BaseException:
            self.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=self._busy_seconds, isolation_level=None, check_same_thread=False
        )
        self._opened.append(connection)
        return connection

    def _connect_writer(self) -> sqlite3.Connection:
        writer = self._connect()
        writer.execute("PRAGMA journal_mode = WAL")
        # FULL: what is committed survives a power cut, not only a killed process.
        writer.execute("PRAGMA synchronous = FULL")
        # Erased means overwritten, not merely unlinked from a page.
        writer.execute("PRAGMA secure_delete = ON")
        return writer

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
                self._writer.execute("BEGIN IMMEDIATE")
            self._owner = threading.get_ident()
            try:
                yield
                with self._faults():
                    self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
            finally:
                self._owner = None

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run one writing statement; returns the number of changed rows."""
        with self.transaction(), self._faults():
            return self._writer.execute(sql, parameters).rowcount

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Run one writing statement for each row; returns the number of changed rows."""
        with self.transaction(), self._faults():
            return self._writer.executemany(sql, rows).rowcount

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a reading statement; inside a transaction it sees what that has written."""
        with self._faults():
            return self._reader().execute(sql, parameters).fetchall()

    def _reader(self) -> sqlite3.Connection:
        if self._owner == threading.get_ident():
            return self._writer
        reader: sqlite3.Connection | None = getattr(self._readers, "connection", None)
        if reader is None:
            reader = self._connect()
            reader.execute("PRAGMA query_only = ON")
            self._readers.connection = reader
        return reader

    def check(self) -> None:
        """Read the whole file once.

        Raises:
            Broken: a page or an index is damaged.
        """
        if self.query("PRAGMA quick_check(1)") != [("ok",)]:
            raise Broken("the database is damaged", place=str(self.path), remedy=_RESTORE)

    def scrub(self) -> None:
        """Leave no erased content behind, neither in the file nor in the write-ahead log.

        ``secure_delete`` zeroes what is deleted, but copies that SQLite made while it rearranged a page stay in the
        page's unused part: only writing the whole file anew is certain. Takes about as long as copying the file, and
        needs twice its size of free space meanwhile.

        Raises:
            Unavailable: another process reads or writes for longer than ``busy_seconds``, or the disk is full.
        """
        with self._lock, self._faults():
            self._writer.execute("VACUUM")
            deadline = time.monotonic() + self._busy_seconds
            # SQLite waits for readers and writers by itself, but not for another process that also empties the log.
            while (busy := self._log_in_use()) and time.monotonic() < deadline:
                self._pause(_MOMENT)
        if busy:
            raise Unavailable("the database is read by another process", place=str(self.path), remedy="Try again")

    def _log_in_use(self) -> bool:
        """Empty the write-ahead log; returns whether another process was in the way."""
        return bool(self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])

    def be_patient(self, seconds: float) -> None:
        """From now on let a writer wait for another process ``seconds`` long."""
        with self._lock, self._faults():
            self._writer.execute(f"PRAGMA busy_timeout = {round(1000 * seconds)}")

    def interrupt(self) -> None:
        """Break off what is being written, in whatever thread; nothing of it stays."""
        self._writer.interrupt()

    def close(self) -> None:
        """Close every connection."""
        for connection in self._opened:
            connection.close()
        self._opened.clear()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Turn SQLite's errors into ours. Their messages name tables at most, never values."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise _translated(error, place=str(self.path)) from error


_MOMENT = 0.02
_RESTORE = "Stop Turvakt, move the file away and restore a copy; 'turvakt run' makes a new one if there is none"
_FULL = "Free some space; Turvakt goes on by itself"


def _translated(error: sqlite3.Error | OSError, *, place: str) -> TurvaktError:
    name = str(getattr(error, "sqlite_errorname", ""))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Unavailable("the database is locked by another process", place=place, remedy="It is tried again")
    if name.startswith("SQLITE_FULL") or getattr(error, "errno", None) == 28:
        return Unavailable("the disk is full", place=place, remedy=_FULL)
    if name.startswith("SQLITE_IOERR"):
        return Unavailable("the disk cannot be read or written", place=place, remedy=_FULL)
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return Broken("the database is damaged or is no database", place=place, remedy=_RESTORE)
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM")) or isinstance(error, OSError):
        return Broken("the database cannot be opened for writing", place=place, remedy="Check owner and rights")
    return Broken(f"the database refused a statement ({name or type(error).__name__})", place=place)
