"""Connections to PostgreSQL that wait neither for a server that is silent nor for one that is gone."""

import os
import socket
import threading
import weakref
from collections.abc import Generator
from contextlib import suppress
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus

from flow.errors import Broken

CONNECT_SECONDS = 5
_IDLE_SECONDS = 120
"""How long a transaction may do nothing: a stopped process must not hold its locks for ever."""
_CANCEL_SECONDS = 0.5
_GRACE_SECONDS = 5.0
"""The server itself ends a statement that takes too long; only if it does not, the connection is given up."""

Value = TypeVar("Value")


class BrokenOff(psycopg.OperationalError):
    """We gave up on purpose what the connection was doing."""


class Impatient(psycopg.Connection[Any]):
    """A connection that is closed when an answer stays away for ``patience`` seconds, or when it is broken off."""

    patience: float | None = None
    broken_off: bool = False

    def wait(
        self,
        gen: Generator[Any, Any, Value],
        interval: float = 0.1,
        timeout: float | None = None,
    ) -> Value:
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.broken_off:
                raise BrokenOff("broken off") from None
            if not self.closed and self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.close()  # the answer may still come, and would be taken for that to another question
            raise

    def break_off(self) -> None:
        """Let the thread that waits for an answer wait no longer, also if the server hangs."""
        self.broken_off = True
        # The server does not look for us before a statement has ended, and would hold its locks so long.
        with suppress(OSError, psycopg.Error):
            self.cancel_safe(timeout=_CANCEL_SECONDS)
        with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(self.fileno())) as twin:
            twin.shutdown(socket.SHUT_RDWR)


class Connector:
    """Opens connections to the database at ``url``.

    Raises:
        Broken: ``url`` cannot be read.
    """

    def __init__(self, url: str, *, seconds: float) -> None:
        try:
            self._parameters = conninfo_to_dict(url)
        except psycopg.Error:
            # Without its cause, which may quote the password.
            remedy = 'It looks like "postgresql://USER:PASSWORD@HOST/DATABASE"'
            raise Broken("the address of the database cannot be read", place="postgres.url", remedy=remedy) from None
        self._seconds = seconds
        self._lock = threading.Lock()
        self._opened: weakref.WeakSet[Impatient] = weakref.WeakSet()
        host, port = self._parameters.get("host", "localhost"), self._parameters.get("port", 5432)
        self.place = f"PostgreSQL at {host}:{port}/{self._parameters.get('dbname', '')}"

    def connect(self, *, seconds: float | None = None, autocommit: bool = False) -> Impatient:
        """Open one.

        Args:
            seconds: how long a statement may take, if not as long as all others.

        Raises:
            psycopg.Error: it was not to be had.
        """
        limit = self._seconds if seconds is None else seconds
        settings = {
            "statement_timeout": f"{limit:g}s",
            "lock_timeout": f"{limit / 2:g}s",
            "idle_in_transaction_session_timeout": f"{_IDLE_SECONDS}s",
            # The server lets go of the locks of a client that has gone in mid-statement, and of a machine that has vanished.
            "client_connection_check_interval": "1s",
            "tcp_keepalives_idle": "20",
            "tcp_keepalives_interval": "5",
            "tcp_keepalives_count": "4",
        }
        given = self._parameters.get("options") or ""
        defaults = {"application_name": "turvakt", "connect_timeout": CONNECT_SECONDS, "keepalives_idle": 20}
        options = " ".join([str(given), *(f"-c {name}={value}" for name, value in settings.items())])
        parameters: dict[str, Any] = {**defaults, **self._parameters, "options": options}
        connection = Impatient.connect(make_conninfo(**parameters), autocommit=autocommit)
        connection.patience = limit + _GRACE_SECONDS
        with self._lock:
            self._opened.add(connection)
        return connection

    def break_off(self) -> None:
        """Break off what every connection is doing."""
        with self._lock:
            opened = list(self._opened)
        for connection in opened:
            connection.break_off()
