"""A database over the shared server, and one over a server of the test's own."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from flow.databases.postgres import Postgres
from tests.servers.fixtures import StartServer
from tests.servers.postgres import Postgres as Server


@pytest.fixture
def database(postgres: str) -> Iterator[Postgres]:
    """With an empty table ``thing``."""
    with closing(Postgres(postgres, seconds=4.0)) as database:
        database.execute("CREATE TABLE thing (id int PRIMARY KEY, text text)")
        yield database


@pytest.fixture
def server(start_server: StartServer) -> Server:
    """To be stopped, killed and changed."""
    return start_server(Server())
