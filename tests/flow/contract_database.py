"""What every database promises; run over each implementation by test_databases.py."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, func, insert, select, update

from flow.database import Database
from flow.databases.columns import MOMENT, NAME
from flow.errors import Broken

METADATA = MetaData()
THING = Table(
    "thing",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", NAME),
    Column("at", MOMENT),
    Column("value", LargeBinary),
)
COUNT = select(func.count()).select_from(THING)


class DatabaseContract:
    @pytest.fixture
    def empty(self) -> Iterator[Database]:
        raise NotImplementedError

    @pytest.fixture
    def database(self, empty: Database) -> Database:
        with empty.connection() as connection:
            METADATA.create_all(connection)
        return empty

    def test_gives_back_what_was_written(self, database: Database) -> None:
        row = {"id": 1, "name": "Ångström 😀 '%s' ?", "at": 1.5e9 + 0.123456, "value": bytes(range(256))}
        assert database.execute(insert(THING), row) == 1
        assert database.execute(insert(THING), {"id": 2}) == 1
        assert database.query(select(THING).order_by(THING.c.id)) == [tuple(row.values()), (2, None, None, None)]
        assert database.query(select(THING.c.id).where(THING.c.value == row["value"])) == [(1,)]

    def test_counts_what_was_changed(self, database: Database) -> None:
        assert database.executemany(insert(THING), [{"id": number} for number in range(5)]) == 5
        assert database.executemany(insert(THING), []) == 0
        assert database.execute(update(THING).where(THING.c.id > 2).values(name="a")) == 2
        assert database.execute(update(THING).where(THING.c.id > 9).values(name="a")) == 0
        assert database.query(COUNT) == [(5,)]

    def test_names_its_tables(self, empty: Database) -> None:
        assert "thing" not in empty.tables()
        with empty.connection() as connection:
            METADATA.create_all(connection)
        assert "thing" in empty.tables()

    def test_a_nested_transaction_joins_the_outer_one(self, database: Database) -> None:
        with pytest.raises(RuntimeError), database.transaction():
            with database.transaction():
                database.execute(insert(THING), {"id": 1})
            assert database.query(COUNT) == [(1,)]
            raise RuntimeError
        assert database.query(COUNT) == [(0,)]

    def test_tables_belong_to_the_transaction_too(self, empty: Database) -> None:
        with pytest.raises(RuntimeError), empty.connection() as connection:
            METADATA.create_all(connection)
            raise RuntimeError
        assert "thing" not in empty.tables()

    def test_other_threads_do_not_see_an_open_transaction(self, database: Database) -> None:
        with ThreadPoolExecutor(1) as other:
            with database.transaction():
                database.execute(insert(THING), {"id": 1})
                assert other.submit(database.query, COUNT).result() == [(0,)]
            assert other.submit(database.query, COUNT).result() == [(1,)]

    def test_a_failed_statement_takes_its_transaction_with_it(self, database: Database) -> None:
        with pytest.raises(Broken), database.transaction():
            database.execute(insert(THING), {"id": 1})
            database.execute(insert(THING), {"id": 1})
        assert database.query(COUNT) == [(0,)]
        assert database.execute(insert(THING), {"id": 1}) == 1

    def test_a_failed_statement_is_told_without_its_values(self, database: Database) -> None:
        row = {"id": 1, "name": "SECRET", "value": b"SECRET"}
        database.execute(insert(THING), row)
        with pytest.raises(Broken) as caught:
            database.execute(insert(THING), row)
        assert "SECRET" not in str(caught.value)

    def test_a_table_that_is_missing_stops(self, empty: Database) -> None:
        with pytest.raises(Broken):
            empty.query(COUNT)

    def test_a_lock_is_held_by_a_transaction(self, database: Database) -> None:
        with pytest.raises(RuntimeError):
            database.lock("a")
        with database.transaction():
            database.lock("a")
            database.lock("a")
            with database.transaction():
                database.lock("a", shared=True)

    def test_who_holds_a_lock_is_alone(self, database: Database) -> None:
        database.execute(insert(THING), {"id": 0})

        def count_up(times: int) -> None:
            for _ in range(times):
                with database.transaction():
                    database.lock("counting")
                    ((number,),) = database.query(select(THING.c.id))
                    database.execute(update(THING).values(id=number + 1))

        with ThreadPoolExecutor(3) as several:
            list(several.map(count_up, [10, 10, 10]))
        assert database.query(select(THING.c.id)) == [(30,)]

    def test_what_is_broken_off_is_not_written(self, database: Database) -> None:
        begun = threading.Event()

        def write() -> None:
            with database.transaction():
                database.execute(insert(THING), {"id": 1})
                begun.set()
                self.work_for_ever(database)

        with ThreadPoolExecutor(1) as other:
            writing = other.submit(write)
            assert begun.wait(10)
            for _ in range(200):  # it may not have come to the work yet
                database.interrupt()
                if wait([writing], timeout=0.05).done:
                    break
            assert isinstance(writing.exception(), Broken)
        assert database.query(COUNT) == [(0,)]
        assert database.execute(insert(THING), {"id": 1}) == 1

    def work_for_ever(self, database: Database) -> None:
        """A statement without an end."""
        raise NotImplementedError

    def test_a_closed_one_is_closed(self, database: Database) -> None:
        database.query(COUNT)
        database.close()
        database.close()
