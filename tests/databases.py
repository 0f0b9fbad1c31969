"""Databases for tests that run over each of them."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from flow.database import Database
from flow.databases.postgres import Postgres
from turvakt.schema import open_file

KINDS = ("sqlite", "postgres")


def opened(kind: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """An up-to-date database of that kind; only PostgreSQL needs a server."""
    if kind == "sqlite":
        folder: Path = request.getfixturevalue("tmp_path")
        with closing(open_file(folder / "turvakt.db")) as file:
            yield file
        return
    with closing(Postgres(request.getfixturevalue("postgres_with_tables"))) as database:
        yield database
