"""The database contract over every implementation."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from flow.databases.postgres import Postgres
from flow.databases.sqlite import Sqlite

from .contract_database import DatabaseContract


class TestSqlite(DatabaseContract):
    @pytest.fixture
    def empty(self, tmp_path: Path) -> Iterator[Sqlite]:
        with closing(Sqlite(tmp_path / "turvakt.db")) as database:
            yield database

    def work_for_ever(self, database: Sqlite) -> None:  # type: ignore[override]
        database.execute(
            """WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n)
            INSERT INTO thing (id, name) SELECT i, 'a' FROM n WHERE i > 1"""
        )


class TestPostgres(DatabaseContract):
    @pytest.fixture
    def empty(self, postgres: str) -> Iterator[Postgres]:
        with closing(Postgres(postgres)) as database:
            yield database

    def work_for_ever(self, database: Postgres) -> None:  # type: ignore[override]
        database.execute("SELECT pg_sleep(600)")
