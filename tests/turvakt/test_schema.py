"""The tables of a database: made, taken over, brought up to date, or refused."""

import re
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import column, insert, select, table, text

from alerts.delivery.outbox import Outbox
from alerts.tables import DIGEST_ENTRY
from flow.clock import ManualClock
from flow.database import Database
from flow.databases.postgres import Postgres
from flow.databases.sqlite import Sqlite
from flow.errors import Broken
from flow.logs.kafka_tables import METADATA as LOG
from flow.logs.sqlite import SqliteLog
from registry.official import OFFICIALS
from registry.stores.sql import SqlStore
from registry.tables import OFFICIAL
from registry.tenant import Tenant
from review.tables import HOLD
from tests import databases
from tests.registry.people import official
from turvakt import schema
from turvakt.watch.tables import TROUBLE
from turvakt.watch.trouble import Trouble
from turvakt.watch.troubles import details, standing

NOW = datetime(2026, 9, 14, 6, tzinfo=UTC)

KEPT = [metadata for metadata in schema.METADATA if metadata is not LOG]
"""What SQLite has, too: there the log makes its own tables."""
BEFORE_VERSIONS = """
CREATE TABLE registry_official (id TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE registry_withdrawal (
    digest BLOB PRIMARY KEY, id TEXT, at REAL NOT NULL, erased_at REAL) WITHOUT ROWID;
CREATE TABLE registry_removed (
    digest BLOB NOT NULL, holder TEXT NOT NULL, removed INTEGER NOT NULL,
    PRIMARY KEY (digest, holder)) WITHOUT ROWID;
CREATE TABLE registry_revision (one INTEGER PRIMARY KEY CHECK (one = 1), revision INTEGER NOT NULL);
INSERT INTO registry_revision VALUES (1, 41);
CREATE TABLE outbox (
    id TEXT PRIMARY KEY, slot TEXT NOT NULL, alert_id TEXT NOT NULL, post TEXT NOT NULL, official TEXT NOT NULL,
    channel TEXT NOT NULL, severity INTEGER NOT NULL, threat INTEGER NOT NULL, state TEXT NOT NULL,
    attempts INTEGER NOT NULL, first_due REAL NOT NULL, due REAL NOT NULL, at REAL NOT NULL,
    collected_at REAL NOT NULL, reason TEXT, alert BLOB) WITHOUT ROWID;
CREATE INDEX outbox_slot ON outbox (slot);
CREATE INDEX outbox_official ON outbox (official);
CREATE INDEX outbox_post ON outbox (post);
CREATE INDEX outbox_due ON outbox (channel, threat DESC, severity DESC, due) WHERE state = 'waiting';
"""
"""As the tables were made before there were migrations."""


@pytest.fixture
def old(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A file of then, with officials and deliveries."""
    with closing(sqlite3.connect(tmp_path / "turvakt.db")) as connection:
        connection.executescript(f"PRAGMA journal_mode = WAL; {BEFORE_VERSIONS}")
        for name in ("anna", "berit"):
            connection.execute("INSERT INTO registry_official VALUES (?, ?)", (name, OFFICIALS.encode(official(name))))
        row = (
            "id",
            "slot",
            "alert",
            "bluesky:1",
            "anna",
            "email",
            3,
            1,
            "delivered",
            1,
            *[NOW.timestamp()] * 4,
            None,
            None,
        )
        connection.execute("INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        connection.commit()
        yield connection


def test_a_file_from_before_there_were_versions_is_taken_over_whole(tmp_path: Path, old: sqlite3.Connection) -> None:
    before = list(old.iterdump())
    with closing(schema.open_file(tmp_path / "turvakt.db")) as database:
        assert schema.version(database) == schema.NEWEST
        clock = ManualClock(NOW + timedelta(hours=1))
        store, outbox = SqlStore(database, SqliteLog(database, clock=clock)), Outbox(database, clock=clock)
        assert store.officials() == [official("anna"), official("berit")]
        assert store.revision() == 41
        assert outbox.counts()["delivered"] == 1
        assert outbox.export("anna")[0]["at"] == NOW.isoformat()
        assert [(each.act, each.how, each.recipients) for each in store.ledger("anna")] == [
            ("given", "file", ("Beredskap",))
        ]
        assert store.ledger("anna")[0].consents == official("anna").consents
        assert store.tenants() == [Tenant("ekvik", "municipality", "Ekvik", "SE")]
        store.add(official("cecilia"))
        assert store.revision() == 42
        store.remove("cecilia")
    after = list(old.iterdump())
    later = {
        table for metadata in KEPT for table in metadata.tables if not any(f" {table} (" in line for line in before)
    }
    later.add("outbox")  # has more columns since
    unlike = [line for line in after if line not in before and not any(table in line for table in later)]
    new = [line for line in unlike if "log" not in line]
    assert [line.split("(")[0] for line in new] == [
        "CREATE TABLE alembic_version ",
        'INSERT INTO "alembic_version" VALUES',
        'INSERT INTO "registry_revision" VALUES',
    ]
    gone = [line for line in before if line not in after and "outbox" not in line]
    assert gone == ['INSERT INTO "registry_revision" VALUES(1,41);']


def test_a_file_of_then_that_has_only_some_tables_gets_the_others(tmp_path: Path, old: sqlite3.Connection) -> None:
    old.executescript("DROP TABLE outbox; DROP TABLE registry_revision")
    with closing(schema.open_file(tmp_path / "turvakt.db")) as database:
        assert Outbox(database, clock=ManualClock(NOW)).counts()["delivered"] == 0
        store = SqlStore(database, SqliteLog(database, clock=ManualClock(NOW)))
        assert store.officials() == [official("anna"), official("berit")]
        assert store.revision() == 0


def test_a_new_file_has_the_same_tables_as_an_old_one(tmp_path: Path, old: sqlite3.Connection) -> None:
    """But for how they are written down."""
    with closing(schema.open_file(tmp_path / "new.db")) as database:
        for (name,) in old.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if name == "outbox":
                continue  # has more columns since
            for pragma in ("table_list", "index_list"):
                there = [row[1:] for row in database.query(f"PRAGMA {pragma}({name})")]
                assert sorted(there) == sorted(row[1:] for row in old.execute(f"PRAGMA {pragma}({name})"))
            columns = old.execute(f"PRAGMA table_info({name})").fetchall()
            assert [row[:3] for row in database.query(f"PRAGMA table_info({name})")] == [row[:3] for row in columns]
        indexes = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'outbox' ORDER BY name"
        assert set(database.query(indexes)) >= set(old.execute(indexes).fetchall())


def test_the_migrations_make_what_the_program_means_in_sqlite(tmp_path: Path) -> None:
    made = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version' ORDER BY name"
    with closing(schema.open_file(tmp_path / "a.db")) as migrated, closing(Sqlite(tmp_path / "b.db")) as meant:
        with meant.connection() as connection:
            for metadata in KEPT:
                metadata.create_all(connection)
        plain = [(name, _words(sql.replace("IF NOT EXISTS ", ""))) for name, sql in migrated.query(made)]
        assert plain == [(name, _words(sql)) for name, sql in meant.query(made)]


def _words(sql: str) -> list[str]:
    """What a statement consists of: a column that was added later stands elsewhere."""
    return sorted(re.findall(r"\w+|[^\w\s]", sql))


def test_the_migrations_make_what_the_program_means_in_postgresql(postgres: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with closing(Postgres(postgres)) as database:
        schema.upgrade(database)
        with database.connection() as connection:
            for metadata in schema.METADATA:
                ours = {"include_name": lambda name, kind, _, own=metadata.tables: kind != "table" or name in own}
                context = MigrationContext.configure(connection, opts={"compare_server_default": True, **ours})
                assert compare_metadata(context, metadata) == []
        tables = {name for metadata in schema.METADATA for name in metadata.tables}
        assert database.tables() == tables | {"alembic_version"}


def test_the_newest_version_is_the_last_migration() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == schema.NEWEST


@pytest.fixture(params=databases.KINDS)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    made = Sqlite(tmp_path / "t.db") if request.param == "sqlite" else Postgres(request.getfixturevalue("postgres"))
    with closing(made) as database:
        yield database


def test_an_upgrade_is_done_once(empty: Database) -> None:
    assert schema.version(empty) is None
    assert schema.upgrade(empty) is None
    assert schema.version(empty) == schema.NEWEST
    assert schema.upgrade(empty) == schema.NEWEST
    schema.check(empty)


def test_a_hold_from_before_is_her_tenants_if_she_is_still_known(empty: Database) -> None:
    schema.upgrade(empty, to="0009")
    empty.execute(insert(OFFICIAL), {"id": "anna", "value": OFFICIALS.encode(official("anna"))})
    for number, name in enumerate(("anna", "gone"), 1):
        hold = {"number": number, "official": name, "post": "web:1", "reason": "", "by": "", "since": 0, "until": 0}
        empty.execute(insert(table("review_hold", *map(column, (*hold, "verdict")))), hold | {"verdict": b""})
    schema.upgrade(empty)
    assert empty.query(select(HOLD.c.official, HOLD.c.tenant).order_by(HOLD.c.number)) == [
        ("anna", "ekvik"),
        ("gone", ""),
    ]


def test_a_trouble_from_before_still_stands_and_is_told_without_the_text_of_then(empty: Database) -> None:
    schema.upgrade(empty, to="0010")
    at = NOW.timestamp()
    known = {"kind": "disk-full", "place": "host", "state": "told", "since": at, "told_at": at, "gone_at": None}
    before = known | {"returns": 2, "incident": "i1", "detail": "9 % is free."}
    empty.execute(insert(table("watch_trouble", *map(column, before))), before)
    schema.upgrade(empty)
    assert standing(empty) == [Trouble("disk-full", "host", NOW, {})]
    kept = {name: value for name, value in before.items() if name != "detail"} | {"details": "{}"}
    columns = [TROUBLE.c[name] for name in kept]
    assert empty.query(select(*columns)) == [tuple(kept.values())]
    assert details(empty, "i1") == {}


def test_what_was_held_back_before_there_were_names_stays(empty: Database) -> None:
    schema.upgrade(empty, to="0012")
    before = {"contact": "c1", "incident": "i1", "official": "anna", "post": "web:1", "severity": 2, "label": "hate"}
    held = before | {"at": NOW.timestamp()}
    older = insert(table("digest_entry", *map(column, held)))
    empty.execute(older, held)
    schema.upgrade(empty)
    # A program of before writes such ones until it, too, is replaced.
    empty.execute(older, held)
    assert (
        empty.query(select(*(DIGEST_ENTRY.c[name] for name in held), DIGEST_ENTRY.c.name)) == [(*held.values(), "")] * 2
    )


def test_two_who_upgrade_at_once_do_it_once(empty: Database) -> None:
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda _: schema.upgrade(empty), range(2)))
    schema.check(empty)
    assert empty.query(text("SELECT revision FROM registry_revision")) == [(0,)]


def test_a_database_without_tables_is_no_place_to_work(empty: Database) -> None:
    with pytest.raises(Broken, match=r"it has no tables\. Run 'turvakt database upgrade'"):
        schema.check(empty)


def test_an_older_one_is_to_be_upgraded(empty: Database) -> None:
    schema.upgrade(empty)
    empty.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(Broken, match=r"of version 0000, and version \d+ is needed\. Run 'turvakt database upgrade'"):
        schema.check(empty)


def test_a_newer_one_is_left_alone(empty: Database) -> None:
    schema.upgrade(empty)
    empty.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for attempt in (schema.check, schema.upgrade):
        with pytest.raises(Broken, match=r"of version 9999.*Run the version of Turvakt that brought it up to date"):
            attempt(empty)


def test_a_worker_needs_an_upgraded_database(postgres: str) -> None:
    with pytest.raises(Broken, match="turvakt database upgrade"):
        schema.open_postgres(postgres)
    with closing(Postgres(postgres)) as database:
        schema.upgrade(database)
    with closing(schema.open_postgres(postgres)) as database:
        assert "outbox" in database.tables()
