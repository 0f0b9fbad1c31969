"""Erased rows are in no file of the server any more: not in the tables, not in what it samples, not in the write-ahead log."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import delete, func, insert, select

from alerts.tables import OUTBOX
from flow.databases.postgres import Postgres
from flow.errors import Broken, Unavailable
from flow.logs.kafka_tables import METADATA as LOG
from registry.tables import OFFICIAL
from tests.servers.postgres import Postgres as Server
from tests.servers.postgres import sql
from turvakt.schema import upgrade

ENTRIES = LOG.tables["log_entry"]


@pytest.fixture
def database(server: Server) -> Iterator[Postgres]:
    configure(server, "wal_recycle = off")
    with closing(Postgres(server.address)) as database:
        upgrade(database)
        yield database


def configure(server: Server, setting: str) -> None:
    sql(server.address, f"ALTER SYSTEM SET {setting}")
    sql(server.address, "SELECT pg_reload_conf()")


def fill(database: Postgres, marker: str, *, many: int = 500) -> None:
    """Rows that bear the marker in every column that may be personal."""
    names, value = [f"{marker}-{number}" for number in range(many)], f"{marker} {'x' * 300}".encode()
    database.executemany(insert(OFFICIAL), [{"id": name, "value": value} for name in names])
    deliveries = {
        **dict.fromkeys(("slot", "alert_id", "channel", "state"), "no name"),
        **dict.fromkeys(("post", "official", "contact", "reason"), marker),
        **dict.fromkeys(("severity", "threat", "attempts"), 0),
        **dict.fromkeys(("first_due", "due", "at", "collected_at"), 0.0),
        "alert": value,
    }
    database.executemany(insert(OUTBOX), [{"id": uuid4().hex, **deliveries} for _ in names])
    entry = {"topic": "posts", "value": value, "at": 0.0}
    database.executemany(insert(ENTRIES), [{"key": name, **entry} for name in names])


def erase(database: Postgres, marker: str) -> None:
    for table, column in ((OFFICIAL, OFFICIAL.c.id), (OUTBOX, OUTBOX.c.official), (ENTRIES, ENTRIES.c.key)):
        assert database.execute(delete(table).where(column.startswith(marker)))


def files(server: Server, marker: str) -> set[str]:
    """The files in the server's folder, log lines included, that contain ``marker``."""
    found = (path for path in server.folder.rglob("*") if path.is_file() and marker.encode() in path.read_bytes())
    return {str(path.relative_to(server.folder)) for path in found}


def test_what_is_erased_is_in_no_file_and_all_else_is(database: Postgres, server: Server) -> None:
    fill(database, "MARKER")
    fill(database, "OTHER")
    sql(server.address, "VACUUM ANALYZE")
    sql(server.address, "CHECKPOINT")
    fill(database, "MARKER2")
    assert any("pg_wal" in path for path in files(server, "MARKER"))
    assert any("base" in path for path in files(server, "MARKER"))
    erase(database, "MARKER")
    sql(server.address, "ANALYZE")
    assert files(server, "MARKER")
    database.scrub()
    assert files(server, "MARKER") == set()
    assert len(files(server, "OTHER")) >= 3
    assert database.query(select(func.count()).select_from(OFFICIAL)) == [(500,)]


def storage(server: Server) -> str:
    """Which files hold the tables: others, once they have been written anew."""
    of = "SELECT string_agg(pg_relation_filenode(oid)::text, ' ' ORDER BY oid) FROM pg_class WHERE relkind = 'r'"
    return sql(server.address, of)


def test_what_an_old_transaction_still_sees_is_waited_for(database: Postgres, server: Server) -> None:
    fill(database, "MARKER")
    with psycopg.connect(server.address) as old:
        old.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        old.execute("SELECT 1 FROM pg_class")
        erase(database, "MARKER")
        before = storage(server)
        with pytest.raises(Unavailable, match="an old transaction still sees what was erased"):
            database.scrub()
        # To write all anew takes long, and would have been for nothing.
        assert storage(server) == before
    database.scrub()
    assert storage(server) != before
    assert files(server, "MARKER") == set()


def test_databases_that_come_and_go_beside_it_are_not_in_the_way(database: Postgres, server: Server) -> None:
    fill(database, "MARKER")
    erase(database, "MARKER")
    ended = Event()

    def come_and_go(name: str) -> None:
        while not ended.is_set():
            sql(server.address, f"CREATE DATABASE {name}")
            with psycopg.connect(server.address.replace("/postgres", f"/{name}")) as theirs:
                theirs.execute("CREATE TABLE thing AS SELECT generate_series(1, 1000)")
            sql(server.address, f"DROP DATABASE {name} WITH (FORCE)")

    with ThreadPoolExecutor(2) as pool:
        beside = [pool.submit(come_and_go, name) for name in ("one", "two")]
        try:
            for _ in range(8):
                database.execute("UPDATE alembic_version SET version_num = version_num")
                database.scrub()
        finally:
            ended.set()
    assert [each.result() for each in beside] == [None, None]
    assert files(server, "MARKER") == set()


def test_a_replica_that_lags_is_waited_for(database: Postgres, server: Server) -> None:
    sql(server.address, "SELECT pg_create_physical_replication_slot('replica', true)")
    fill(database, "MARKER")
    erase(database, "MARKER")
    with pytest.raises(Unavailable, match="a replica has not caught up"):
        database.scrub()
    sql(server.address, "SELECT pg_drop_replication_slot('replica')")
    database.scrub()
    assert files(server, "MARKER") == set()


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("wal_recycle = on", "wal_recycle is on"),
        ("log_min_duration_statement = 100", "its own log would tell"),
        ("log_statement = 'all'", "its own log would tell"),
    ],
)
def test_a_server_that_would_keep_it_is_told_of(database: Postgres, server: Server, setting: str, words: str) -> None:
    database.check()
    configure(server, setting)
    for attempt in (database.check, database.scrub):
        with pytest.raises(Broken, match=rf"{words}.*docs/postgresql.md"):
            attempt()


def test_a_database_that_knows_few_letters_is_told_of(server: Server) -> None:
    sql(server.address, "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'")
    address = server.address.replace("/postgres", "/latin")
    with closing(Postgres(address)) as database, pytest.raises(Broken, match="ENCODING 'UTF8'"):
        database.check()


@pytest.fixture
def user(server: Server) -> str:
    """The address for a user who may not do much."""
    configure(server, "wal_recycle = off")
    sql(server.address, "CREATE ROLE app LOGIN")
    sql(server.address, "GRANT CREATE ON SCHEMA public TO app")
    return server.address.replace("turvakt@", "app@")


def grant(server: Server) -> None:
    """What docs/postgresql.md names."""
    sql(server.address, "GRANT pg_checkpoint TO app")
    sql(server.address, "GRANT EXECUTE ON FUNCTION pg_switch_wal() TO app")


def test_a_user_of_few_rights_needs_some(server: Server, user: str) -> None:
    with closing(Postgres(user)) as database:
        upgrade(database)
        fill(database, "MARKER")
        erase(database, "MARKER")
        with pytest.raises(Broken, match="may not switch the write-ahead log; its user may not make a checkpoint"):
            database.check()
        grant(server)
        database.check()
        database.scrub()
        assert files(server, "MARKER") == set()


def test_a_user_of_few_rights_waits_for_old_transactions_of_others_too(server: Server, user: str) -> None:
    grant(server)
    with closing(Postgres(user)) as database:
        upgrade(database)
        fill(database, "MARKER")
        with psycopg.connect(server.address) as old:
            old.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            old.execute("SELECT 1 FROM pg_class")
            erase(database, "MARKER")
            before = storage(server)
            with pytest.raises(Unavailable, match="an old transaction still sees what was erased"):
                database.scrub()
            assert storage(server) == before


def test_tables_of_somebody_else_cannot_be_scrubbed(server: Server, user: str) -> None:
    grant(server)
    sql(server.address, "CREATE TABLE hers (id int)")
    with closing(Postgres(user)) as database, pytest.raises(Broken, match="hers could not be written anew"):
        database.scrub()
