"""Locks in PostgreSQL: within a transaction, and for as long as a connection lives."""

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

import pytest

from flow.databases.postgres import Postgres
from flow.errors import Unavailable
from tests.servers.postgres import Postgres as Server
from tests.turvakt.process import until


class Holder:
    """Holds a lock in a thread of its own until it is told to let go."""

    def __init__(self, database: Postgres, pool: ThreadPoolExecutor, *, shared: bool) -> None:
        self._let_go = threading.Event()
        self.has_it = threading.Event()
        self._done: Future[None] = pool.submit(self._hold, database, shared)

    def _hold(self, database: Postgres, shared: bool) -> None:
        with database.transaction():
            database.lock("log", shared=shared)
            self.has_it.set()
            assert self._let_go.wait(60)

    def end(self) -> None:
        self._let_go.set()
        self._done.result(60)


@pytest.mark.parametrize("shared", [True, False])
def test_who_wants_it_alone_waits_for_whoever_holds_it(database: Postgres, shared: bool) -> None:
    with ThreadPoolExecutor(2) as pool:
        first = Holder(database, pool, shared=shared)
        assert first.has_it.wait(10)
        second = Holder(database, pool, shared=False)
        until(lambda: waiting(database) == 1)
        assert not second.has_it.is_set()
        first.end()
        assert second.has_it.wait(10)
        second.end()


def test_who_share_it_do_not_wait_for_each_other(database: Postgres) -> None:
    with ThreadPoolExecutor(2) as pool:
        holders = [Holder(database, pool, shared=True) for _ in range(2)]
        assert all(holder.has_it.wait(10) for holder in holders)
        for holder in holders:
            holder.end()


def test_whoever_comes_later_does_not_overtake_who_wants_it_alone(database: Postgres) -> None:
    with ThreadPoolExecutor(3) as pool:
        first = Holder(database, pool, shared=True)
        assert first.has_it.wait(10)
        alone = Holder(database, pool, shared=False)
        until(lambda: waiting(database) == 1)
        later = Holder(database, pool, shared=True)
        until(lambda: waiting(database) == 2)
        assert not later.has_it.is_set()
        first.end()
        assert alone.has_it.wait(10)
        assert not later.has_it.is_set()
        alone.end()
        assert later.has_it.wait(10)
        later.end()


def test_a_lock_that_is_not_to_be_had_is_tried_again(database: Postgres) -> None:
    with ThreadPoolExecutor(1) as pool:
        holder = Holder(database, pool, shared=True)
        assert holder.has_it.wait(10)
        with pytest.raises(Unavailable, match="something else holds what is needed"), database.transaction():
            database.lock("log")
        holder.end()
    with database.transaction():
        database.lock("log")


def waiting(database: Postgres) -> int:
    sql = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (%s)::oid"
    ((oid,),) = database.query("SELECT oid FROM pg_database WHERE datname = current_database()")
    return int(database.query(sql, (oid,))[0][0])


def test_one_process_has_a_session_lock(database: Postgres) -> None:
    one, other = database.session_lock("collect"), database.session_lock("collect")
    assert not one.held()
    assert one.take()
    assert one.take()
    assert one.held()
    assert not other.take()
    assert not other.held()
    assert database.session_lock("dispatch").take()
    one.release()
    one.release()
    assert not one.held()
    assert other.take()
    other.release()


def test_a_session_lock_has_nothing_to_do_with_a_transactions(database: Postgres) -> None:
    lock = database.session_lock("log")
    assert lock.take()
    with database.transaction():
        database.lock("log")
    lock.release()


_HOLDING = """
import sys
from flow.databases.postgres import Postgres
lock = Postgres(sys.argv[1]).session_lock("collect")
print(lock.take(), flush=True)
input()
"""


def test_a_killed_process_loses_its_session_lock(database: Postgres, postgres: str) -> None:
    command = [sys.executable, "-c", _HOLDING, postgres]
    lock = database.session_lock("collect")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        assert not lock.take()
        other.kill()
        until(lock.take)
    lock.release()


@pytest.mark.parametrize("gone", [Server.restart, Server.kill])
def test_a_session_lock_is_lost_with_the_server(server: Server, gone: Callable[[Server], None]) -> None:
    with closing(Postgres(server.address)) as database:
        lock = database.session_lock("collect")
        assert lock.take()
        gone(server)
        assert not lock.held()
        if gone is Server.kill:
            with pytest.raises(Unavailable):
                lock.take()
            server.start()
        assert lock.take()
        lock.release()
