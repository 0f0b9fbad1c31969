"""The store contract over both databases, and what it means that several processes share one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from flow.clock import ManualClock
from flow.database import Database
from flow.databases.postgres import Postgres
from flow.databases.sqlite import Sqlite
from flow.errors import BadInput, Broken
from flow.kafka import Connection
from flow.log import Log
from flow.logs.kafka.log import KafkaLog
from flow.logs.sqlite import SqliteLog
from registry.ledger import Given
from registry.official import Consent
from registry.store import Store
from registry.stores.sql import SqlStore
from registry.tables import CONSENT, OFFICIAL
from tests.databases import open_file
from tests.servers.fixtures import Place
from turvakt.schema import open_postgres, upgrade

from .contract_store import StoreContract
from .people import NOW, official


class SqlContract(StoreContract):
    @pytest.fixture
    def database(self) -> Iterator[Database]:
        raise NotImplementedError

    @pytest.fixture
    def other(self) -> Iterator[Store]:
        """Over the same database, as another process has it."""
        raise NotImplementedError

    @pytest.fixture
    def store(self, database: Database, log: Log) -> Store:
        return SqlStore(database, log, clock=ManualClock(NOW))

    def test_is_seen_by_another_process(self, store: Store, other: Store) -> None:
        revision = other.revision()
        store.add(official())
        assert other.revision() == revision + 1
        assert other.officials() == [official()]

    def test_who_has_not_changed_is_not_decoded_again(self, store: Store, other: Store) -> None:
        store.put_all([official(), official(id="ekvik-08")])
        before = store.officials()
        other.change(replace(before[1], role="ordförande"), given=Given("command"))
        after = store.officials()
        assert [each.role for each in after] == [before[0].role, "ordförande"]
        assert after[0] is before[0]
        other.withdraw("ekvik-07", NOW)
        other.remove("ekvik-07")
        assert store.officials() == after[1:]

    def test_a_change_that_fails_bumps_nothing(self, store: Store, log: Log, database: Database) -> None:
        before = (log.epoch(), store.revision())

        def fails() -> None:
            with database.transaction():
                store.add(official())
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fails()
        assert (log.epoch(), store.revision()) == before

    def test_an_official_of_a_later_version_stops_the_reader(self, store: Store, database: Database) -> None:
        database.execute(insert(OFFICIAL), {"id": "a", "value": b'{"kind": "official", "version": 2}'})
        with pytest.raises(Broken, match="wire version 2"):
            store.officials()

    def test_the_database_itself_refuses_to_change_the_ledger(self, store: Store, database: Database) -> None:
        store.add(official())
        before = store.ledger("ekvik-07")
        with pytest.raises((Broken, BadInput)):
            database.execute(update(CONSENT).values(value=b"{}"))
        assert store.ledger("ekvik-07") == before

    def test_two_who_change_at_once_leave_no_gap_in_the_ledger(self, store: Store, other: Store) -> None:
        store.add(official())
        given = Given("portal", by="anna-lindqvist")

        def consents_to(source: str, to: Store) -> None:
            to.change(official(consents=(Consent((source,), NOW),)), given=given)

        with ThreadPoolExecutor(4) as several:
            done = [several.submit(consents_to, f"s{n}", (store, other)[n % 2]) for n in range(8)]
        for each in done:
            each.result()
        assert [each.number for each in store.ledger("ekvik-07")] == list(range(1, 10))

    def test_is_ordered_by_code_points_whatever_the_database_sorts_by(self, store: Store) -> None:
        store.put_all([official(id) for id in ("a-z", "a0", "ab", "a-0")])
        assert [each.id for each in store.officials()] == ["a-0", "a-z", "a0", "ab"]

    def test_an_import_beside_a_withdrawal_revives_nothing(self, store: Store, other: Store) -> None:
        """Whichever of the two is first: she is withdrawn in the end."""
        for number in range(10):
            her = official(f"her-{number}")
            store.add(her)
            with ThreadPoolExecutor(2) as both:
                imported = both.submit(store.put_all, [replace(her, role="new")])
                withdrawn = both.submit(other.withdraw, her.id, NOW)
            withdrawn.result()
            with suppress(BadInput):
                imported.result()
            assert not store.get(her.id).consents_to("bluesky", NOW)

    def test_counts_what_several_remove_at_once(self, store: Store, other: Store) -> None:
        store.add(official())
        store.withdraw("ekvik-07", NOW)
        with ThreadPoolExecutor(4) as several:
            noted = [several.submit(each.note, "ekvik-07", "log", 1) for each in (store, other) * 10]
        for each in noted:
            each.result()
        withdrawal = store.withdrawal("ekvik-07")
        assert withdrawal is not None
        assert withdrawal.removed == {"log": 20}


class TestOnSqlite(SqlContract):
    @pytest.fixture
    def database(self, tmp_path: Path) -> Iterator[Sqlite]:
        with closing(open_file(tmp_path / "turvakt.db")) as database:
            yield database

    @pytest.fixture
    def log(self, database: Sqlite) -> Log:
        return SqliteLog(database, clock=ManualClock(NOW))

    @pytest.fixture
    def other(self, database: Sqlite) -> Iterator[Store]:
        with closing(open_file(database.path)) as again:
            yield SqlStore(again, SqliteLog(again, clock=ManualClock(NOW)), clock=ManualClock(NOW))


class TestOnPostgres(SqlContract):
    @pytest.fixture
    def database(self, postgres: str) -> Iterator[Postgres]:
        with closing(Postgres(postgres)) as database:
            upgrade(database)
            yield database

    @pytest.fixture
    def log(self, database: Postgres, kafka: Place) -> Iterator[Log]:
        with closing(kafka_log(database, kafka)) as log:
            yield log

    @pytest.fixture
    def other(self, database: Postgres, postgres: str, kafka: Place) -> Iterator[Store]:
        with closing(open_postgres(postgres)) as again, closing(kafka_log(again, kafka)) as log:
            yield SqlStore(again, log, clock=ManualClock(NOW))


def kafka_log(database: Postgres, kafka: Place) -> KafkaLog:
    return KafkaLog(Connection([kafka.address]), database, clock=ManualClock(NOW), prefix=kafka.prefix, readers={})
