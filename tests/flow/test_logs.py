"""The log contract over every implementation, and what only the SQLite one promises."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flow.clock import ManualClock
from flow.databases.sqlite import Sqlite
from flow.log import Queue
from flow.logs.memory import MemoryLog
from flow.logs.sqlite import SqliteLog
from tests.flow.contract_log import QueueContract, fill, unread


class TestMemoryLog(QueueContract):
    @pytest.fixture
    def log(self, clock: ManualClock) -> Queue:
        return MemoryLog(clock=clock)


class TestSqliteLog(QueueContract):
    @pytest.fixture
    def database(self, tmp_path: Path) -> Iterator[Sqlite]:
        database = Sqlite(tmp_path / "turvakt.db")
        yield database
        database.close()

    @pytest.fixture
    def log(self, clock: ManualClock, database: Sqlite) -> Queue:
        return SqliteLog(database, clock=clock)

    def test_is_there_after_reopening(self, log: Queue, database: Sqlite, clock: ManualClock) -> None:
        fill(log, "posts", "a", "b")
        with log.write() as writer:
            writer.commit("g", "posts", 1)
        database.close()
        again = Sqlite(database.path)
        assert unread(SqliteLog(again, clock=clock), "posts", "g") == ["b"]
        again.close()

    def test_shares_a_transaction_with_other_tables(self, log: Queue, database: Sqlite) -> None:
        database.create("CREATE TABLE thing (id TEXT)")
        with pytest.raises(RuntimeError), log.write() as writer:
            database.execute("INSERT INTO thing VALUES ('a')")
            writer.append("posts", "a", b"a")
            raise RuntimeError
        assert database.query("SELECT * FROM thing") == []

    def test_erased_text_is_nowhere_in_the_files(self, log: Queue, database: Sqlite) -> None:
        fill(log, "posts", "MARKER-KEY", "other")
        log.rewrite("posts", lambda entry: None, needle=b"MARKER")
        database.scrub()
        for file in database.path.parent.iterdir():
            assert b"MARKER" not in file.read_bytes(), file.name
