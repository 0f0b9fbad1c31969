"""A lock that one process in the cluster can have, for as long as its connection lives."""

import threading

import psycopg

from flow.databases.postgres_connection import Connector, Impatient
from flow.databases.postgres_faults import translated

_SECONDS = 5.0
"""A server that stays silent for longer may have given the lock to another process."""


class SessionLock:
    """Made by `flow.databases.postgres.Postgres.session_lock`.

    Who has it asks `held` every few seconds and stops working when it is lost: the server or the way to it was gone, and
    another process may have it. If this process dies, the server lets go of it at once; if its machine vanishes, within a
    minute.
    """

    def __init__(self, connector: Connector, key: int) -> None:
        self._connector = connector
        self._key = key
        self._guard = threading.Lock()
        self._connection: Impatient | None = None

    def take(self) -> bool:
        """Try to take it; returns whether we have it now.

        Raises:
            Unavailable: the server is away.
            Broken: it refuses us.
        """
        with self._guard:
            if self._alive():
                return True
            try:
                connection = self._connector.connect(seconds=_SECONDS, autocommit=True)
                try:
                    taken = connection.execute("SELECT pg_try_advisory_lock(%s)", (self._key,)).fetchone() == (True,)
                    self._connection = connection if taken else None
                finally:
                    if self._connection is None:
                        connection.close()
            except psycopg.Error as error:
                raise translated(error, place=self._connector.place) from None
            return taken

    def held(self) -> bool:
        """Whether we still have it: asks the server."""
        with self._guard:
            return self._alive()

    def release(self) -> None:
        """Let go of it."""
        with self._guard:
            self._drop()

    def _alive(self) -> bool:
        if self._connection is None:
            return False
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error:
            self._drop()
            return False
        return True

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
