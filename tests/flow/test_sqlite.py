"""SQLite: what only a file promises, and its faults: what is waited out, and what stops with a remedy."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import column, insert, select, table

from flow.databases.sqlite import InMemory, Sqlite
from flow.errors import Broken, Unavailable


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Sqlite]:
    database = Sqlite(tmp_path / "folder" / "turvakt.db", busy_seconds=0.05)
    database.create("CREATE TABLE thing (id INTEGER PRIMARY KEY, text TEXT)")
    yield database
    database.close()


def test_is_made_readable_by_its_owner_alone(database: Sqlite) -> None:
    assert database.path.stat().st_mode & 0o777 == 0o600


def test_one_in_memory_makes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    one, other = InMemory(), InMemory()
    for each in (one, other):
        each.create("CREATE TABLE thing (id INTEGER PRIMARY KEY)")
    one.execute("INSERT INTO thing VALUES (1)")
    assert (one.query("SELECT id FROM thing"), other.query("SELECT id FROM thing")) == ([(1,)], [])
    assert list(tmp_path.iterdir()) == []
    one.close()
    other.close()


def test_both_kinds_of_statements_run_in_one_transaction(database: Sqlite) -> None:
    thing = table("thing", column("id"), column("text"))
    with pytest.raises(RuntimeError), database.transaction():
        database.execute("INSERT INTO thing VALUES (?, ?)", (1, "a"))
        database.execute(insert(thing), {"id": 2, "text": "b"})
        assert database.query("SELECT id FROM thing") == database.query(select(thing.c.id)) == [(1,), (2,)]
        raise RuntimeError
    assert database.query("SELECT id FROM thing") == database.query(select(thing.c.id)) == []


def test_locked_by_another_process_is_waited_out(database: Sqlite) -> None:
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="locked by another process"):
        database.execute("INSERT INTO thing VALUES (1, 'a')")
    other.execute("ROLLBACK")
    other.close()
    database.execute("INSERT INTO thing VALUES (1, 'a')")
    assert database.query("SELECT id FROM thing") == [(1,)]


def test_a_writer_may_be_told_not_to_be_patient(database: Sqlite) -> None:
    database.be_patient(0)
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    with pytest.raises(Unavailable, match="locked by another process"):
        database.execute("INSERT INTO thing VALUES (1, 'a')")
    assert time.monotonic() - started < 0.5
    other.close()


def test_a_full_disk_is_waited_out_and_leaves_nothing_half_written(database: Sqlite) -> None:
    pages = int(database.query("PRAGMA page_count")[0][0])
    database.query("PRAGMA query_only")  # opens this thread's reader before the limit is set
    database.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(Unavailable, match="disk is full"), database.transaction():
        for number in range(100):
            database.execute("INSERT INTO thing VALUES (?, ?)", (number, "x" * 4000))
    assert database.query("SELECT count(*) FROM thing") == [(0,)]
    database.execute("PRAGMA max_page_count = 1000000")
    database.execute("INSERT INTO thing VALUES (1, 'a')")


def test_a_file_that_is_no_database_stops(tmp_path: Path) -> None:
    path = tmp_path / "turvakt.db"
    path.write_bytes(b"this is not a database, " * 500)
    with pytest.raises(Broken, match=r"damaged or is no database.*move the file away"):
        Sqlite(path)


def test_a_damaged_page_is_found(database: Sqlite) -> None:
    for number in range(200):
        database.execute("INSERT INTO thing VALUES (?, ?)", (number, "x" * 400))
    database.scrub()
    database.close()
    content = bytearray(database.path.read_bytes())
    for start in range(3 * 4096, len(content), 4096):
        content[start : start + 64] = b"\xff" * 64
    database.path.write_bytes(content)
    damaged = Sqlite(database.path)
    with pytest.raises(Broken, match="damaged"):
        damaged.check()
    damaged.close()


def test_a_healthy_file_passes_the_check(database: Sqlite) -> None:
    database.check()


def test_a_folder_in_the_place_of_the_file_stops(tmp_path: Path) -> None:
    (tmp_path / "turvakt.db").mkdir()
    with pytest.raises(Broken, match="Check owner and rights"):
        Sqlite(tmp_path / "turvakt.db")


_CHECKPOINTING = """
import fcntl, sys
shared = open(sys.argv[1], "r+b")
fcntl.lockf(shared, fcntl.LOCK_EX, 1, 121)  # see https://sqlite.org/walformat.html, "WAL Locks"
print(flush=True)
input()
"""


def test_another_process_that_empties_the_log_is_waited_out(tmp_path: Path) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        other.communicate("go on")

    database = Sqlite(tmp_path / "turvakt.db", pause=pause)
    database.create("CREATE TABLE thing (id INTEGER PRIMARY KEY)")
    command = [sys.executable, "-c", _CHECKPOINTING, f"{database.path}-shm"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        other.stdout.readline()
        database.scrub()
    database.close()
    assert len(pauses) == 1
