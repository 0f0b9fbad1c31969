"""The store contract over every implementation, and what only the SQLite one promises."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flow.clock import ManualClock
from flow.databases.sqlite import Sqlite
from flow.errors import Broken
from flow.log import Log
from flow.logs.sqlite import SqliteLog
from registry.store import Store
from registry.stores.sql import SqlStore
from turvakt.schema import open_file

from .contract_store import StoreContract
from .people import NOW, official


class TestSqlStore(StoreContract):
    @pytest.fixture
    def database(self, tmp_path: Path) -> Iterator[Sqlite]:
        database = open_file(tmp_path / "turvakt.db")
        yield database
        database.close()

    @pytest.fixture
    def log(self, database: Sqlite) -> Log:
        return SqliteLog(database, clock=ManualClock(NOW))

    @pytest.fixture
    def store(self, database: Sqlite, log: Log) -> Store:
        return SqlStore(database, log)

    def test_is_seen_by_another_process(self, store: Store, database: Sqlite) -> None:
        other_database = open_file(database.path)
        other = SqlStore(other_database, SqliteLog(other_database, clock=ManualClock(NOW)))
        revision = other.revision()
        store.add(official())
        assert other.revision() == revision + 1
        assert other.officials() == [official()]
        other_database.close()

    def test_a_change_that_fails_bumps_nothing(self, store: Store, log: Log, database: Sqlite) -> None:
        before = (log.epoch(), store.revision())

        def fails() -> None:
            with database.transaction():
                store.add(official())
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fails()
        assert (log.epoch(), store.revision()) == before

    def test_an_official_of_a_later_version_stops_the_reader(self, store: Store, database: Sqlite) -> None:
        database.execute("INSERT INTO registry_official VALUES ('a', ?)", (b'{"kind": "official", "version": 2}',))
        with pytest.raises(Broken, match="wire version 2"):
            store.officials()
