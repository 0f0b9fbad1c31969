"""A PostgreSQL database, which a cluster's processes share.

Unlike SQLite several threads and processes write at once: each thread inside `Postgres.transaction` has a connection of its
own, and what must happen one after another takes a `Postgres.lock`. Whatever a dead, restarted or hanging server leaves
undone is `Unavailable` and can be tried again; connections come back without hands.
"""

import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, CursorResult, Engine, Executable, create_engine
from sqlalchemy.exc import SQLAlchemyError

from flow.database import Row
from flow.databases import postgres_scrub
from flow.databases.postgres_connection import Connector, Impatient
from flow.databases.postgres_faults import translated
from flow.databases.postgres_lock import SessionLock
from flow.errors import Broken

Parameters = Sequence[Any] | Mapping[str, Any]


class Postgres:
    """Implements `flow.database.Database` in the database at ``url``, which is connected to when it is first used.

    Statements may be SQLAlchemy's or text, with ``%s`` for its parameters.

    Args:
        url: as libpq reads it, such as "postgresql://USER:PASSWORD@HOST/DATABASE?sslmode=verify-full".
        seconds: how long a statement may take, with the locks that it waits for, and the server stay silent.
        connections: to the server at once, at most; who needs one more waits as long as for a statement.

    Raises:
        Broken: ``url`` cannot be read.
    """

    def __init__(self, url: str, *, seconds: float = 60.0, connections: int = 8) -> None:
        self._connector = Connector(url, seconds=seconds)
        self.place = self._connector.place
        self._local = threading.local()
        self._session_locks: list[SessionLock] = []
        self._engine = self._make_engine(seconds, connections)
        self._reading = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    def _make_engine(self, seconds: float, connections: int) -> Engine:
        engine = create_engine(
            "postgresql+psycopg://",
            creator=self._connector.connect,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=seconds,
            pool_pre_ping=True,  # what a restart of the server has closed is noticed before it is used
            isolation_level="READ COMMITTED",
            hide_parameters=True,
        )
        return engine.execution_options(preserve_rowcount=True)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all that this thread executes inside, or none of it. Inside another transaction it joins that one.

        Raises:
            Unavailable: the server is away, full, or something else was in the way. Nothing was written, unless the
                connection was lost in the commit itself: then it may be written, too.
            Broken: it refuses us.
        """
        if self._own() is not None:
            yield
            return
        with self._faults():
            connection = self._engine.connect()
            connection.begin()
        self._local.connection = connection
        try:
            yield
            with self._faults():
                self._commit(connection)
        except BaseException:
            with suppress(SQLAlchemyError):
                connection.rollback()
            raise
        finally:
            self._local.connection = None
            connection.close()

    def _commit(self, connection: Connection) -> None:
        driver = connection.connection.driver_connection
        if isinstance(driver, Impatient) and driver.info.transaction_status == TransactionStatus.INERROR:
            # The server would take the commit without a word, and write nothing.
            raise Broken("an error within a transaction was passed over", place=self.place, remedy="This is a bug")
        connection.commit()

    def lock(self, name: str, *, shared: bool = False) -> None:
        """Hold the lock ``name`` until the end of the transaction; wait for others that hold it.

        Args:
            shared: wait only for those who hold it alone.

        Raises:
            Unavailable: it was not to be had in time.
        """
        if self._own() is None:
            raise RuntimeError("a lock is held by a transaction, and there is none")
        kind = "_shared" if shared else ""
        self.query(f"SELECT pg_advisory_xact_lock{kind}(%s)", (_key("transaction", name),))

    def session_lock(self, name: str) -> SessionLock:
        """A lock that one process in the cluster can have; see there. No `lock` of this name has to do with it."""
        lock = SessionLock(self._connector, _key("session", name))
        self._session_locks.append(lock)
        return lock

    def execute(self, statement: str | Executable, parameters: Parameters = ()) -> int:
        """Run one writing statement; returns the number of changed rows."""
        with self.transaction(), self._faults():
            return _run(self._held(), statement, parameters).rowcount

    def executemany(self, statement: str | Executable, rows: Sequence[Parameters]) -> int:
        """Run one writing statement for each row; returns the number of changed rows."""
        if not rows:
            return 0
        with self.transaction(), self._faults():
            return _run(self._held(), statement, list(rows)).rowcount

    def query(self, statement: str | Executable, parameters: Parameters = ()) -> list[Row]:
        """All rows of a reading statement; inside a transaction it sees what that has written."""
        with self._faults():
            own = self._own()
            if own is not None:
                return [tuple(row) for row in _run(own, statement, parameters).all()]
            with self._reading.connect() as connection:
                return [tuple(row) for row in _run(connection, statement, parameters).all()]

    def tables(self) -> set[str]:
        """The names of its tables: those of the schema that a new one would be in."""
        return {row[0] for row in self.query("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")}

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """The connection of a transaction, for what needs one of SQLAlchemy."""
        with self.transaction(), self._faults():
            yield self._held()

    def check(self) -> None:
        """Look whether it answers, can store every letter, and whether `scrub` would do what it promises."""
        if self.query("SHOW server_encoding") != [("UTF8",)]:
            raise Broken(
                "it cannot store every letter", place=self.place, remedy="Make a database with ENCODING 'UTF8'"
            )
        postgres_scrub.check(self._connector)

    def scrub(self) -> None:
        """Leave no erased row in the server's files, write-ahead log included; see `flow.databases.postgres_scrub`."""
        postgres_scrub.scrub(self._connector, self.tables())

    def interrupt(self) -> None:
        """Break off what is being done, in whatever thread; what was not committed is not written."""
        self._connector.break_off()

    def close(self) -> None:
        """Close every connection that no thread is using, those of session locks included."""
        self._engine.dispose()
        for lock in self._session_locks:
            lock.release()

    def _own(self) -> Connection | None:
        connection: Connection | None = getattr(self._local, "connection", None)
        return connection

    def _held(self) -> Connection:
        connection: Connection = self._local.connection
        return connection

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Turn the driver's errors into ours. The cause is left out: its message may quote what was to be written."""
        try:
            yield
        except (SQLAlchemyError, psycopg.Error) as error:
            raise translated(error, place=self.place) from None


def _run(connection: Connection, statement: str | Executable, parameters: Any) -> CursorResult[Any]:
    if isinstance(statement, str):
        return connection.exec_driver_sql(statement, parameters or None)
    return connection.execute(statement, parameters or None)


def _key(kind: str, name: str) -> int:
    """The number by which PostgreSQL knows a lock."""
    return int.from_bytes(hashlib.sha256(f"turvakt {kind} {name}".encode()).digest()[:8], "big", signed=True)
