"""turvakt database: the tables of a cluster."""

from pathlib import Path

from tests.servers.fixtures import StartServer
from tests.servers.postgres import Postgres, sql
from tests.turvakt.process import Program
from turvakt import schema


def test_upgrade_makes_the_tables_and_looks_at_the_server(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(Postgres())
    sql(server.address, "ALTER SYSTEM SET wal_recycle = on")
    sql(server.address, "SELECT pg_reload_conf()")
    program = Program(tmp_path, TURVAKT_POSTGRES_URL=server.address)
    refused = program.finish("database", "upgrade")
    assert refused.returncode == 4
    assert "what is erased would stay in its files: wal_recycle is on" in refused.stderr.decode()
    assert sql(server.address, "SELECT version_num FROM alembic_version") == schema.NEWEST
    sql(server.address, "ALTER SYSTEM SET wal_recycle = off")
    sql(server.address, "SELECT pg_reload_conf()")
    assert f"up to date (version {schema.NEWEST})" in program.run("database", "upgrade")
    assert program.json("database", "upgrade") == [{"before": schema.NEWEST, "now": schema.NEWEST}]
    sql(server.address, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    assert program.json("database", "upgrade") == [{"before": None, "now": schema.NEWEST}]
    sql(server.address, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    assert f"of version {schema.NEWEST} now (before: none)" in program.run("database", "upgrade")


def test_a_server_that_is_away_is_no_bug(tmp_path: Path) -> None:
    program = Program(tmp_path, TURVAKT_POSTGRES_URL="postgresql://turvakt:SECRET@127.0.0.1:1/turvakt")
    ended = program.finish("database", "upgrade")
    assert ended.returncode == 3
    assert "PostgreSQL at 127.0.0.1:1/turvakt: it cannot be reached" in ended.stderr.decode()
    assert "SECRET" not in ended.stderr.decode()


def test_without_postgresql_there_is_nothing_to_do(tmp_path: Path) -> None:
    ended = Program(tmp_path).finish("database", "upgrade")
    assert ended.returncode == 2
    assert "the embedded runtime's file is brought up to date when it is opened" in ended.stderr.decode()
