"""Databases for tests: up to date, without the time that it takes to make their tables."""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest

from flow.database import Database
from flow.databases.postgres import Postgres
from flow.databases.sqlite import Sqlite
from turvakt import schema

KINDS = ("sqlite", "postgres")


def open_file(path: Path, *, busy_seconds: float = 5.0) -> Sqlite:
    """As `turvakt.schema.open_file`; a new file is a copy of one that was made once."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(_new_file())
    return schema.open_file(path, busy_seconds=busy_seconds)


@cache
def _new_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "turvakt.db")
        schema.open_file(path).close()
        return path.read_bytes()


def opened(kind: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """An up-to-date database of that kind; only PostgreSQL needs a server."""
    if kind == "sqlite":
        folder: Path = request.getfixturevalue("tmp_path")
        with closing(open_file(folder / "turvakt.db")) as file:
            yield file
        return
    with closing(Postgres(request.getfixturevalue("postgres_with_tables"))) as database:
        yield database
