"""Servers as fixtures: shared ones, of which each test gets a part of its own, and one's own, to be killed."""

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from tests.servers.installing import Missing
from tests.servers.kafka import delete_topics
from tests.servers.postgres import sql
from tests.servers.server import Server
from tests.servers.sharing import shared

AnyServer = TypeVar("AnyServer", bound=Server)


@dataclass(frozen=True, slots=True)
class Place:
    """A test's own part of a shared server: only what bears ``prefix`` is its."""

    address: str
    prefix: str


@dataclass(frozen=True, slots=True)
class StartServer:
    """Starts a server that ends with the test."""

    stack: ExitStack

    def __call__(self, server: AnyServer) -> AnyServer:
        with or_skipped():
            self.stack.enter_context(server)
        return server


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    """Starts a server of the test's own: ``kafka = start_server(Kafka(secure=True))``."""
    with ExitStack() as stack:
        yield StartServer(stack)


@pytest.fixture
def kafka(shared_kafka: str) -> Iterator[Place]:
    """A Kafka broker; topics with the prefix are deleted after the test.

    Topics are not created by themselves: see `tests.servers.kafka.create_topics`.
    """
    place = Place(shared_kafka, _prefix())
    yield place
    delete_topics(place.address, place.prefix)


@pytest.fixture
def elasticsearch(shared_elasticsearch: str) -> Iterator[Place]:
    """An Elasticsearch node without security; indices and templates with the prefix are removed after the test."""
    yield from _elasticsearch(shared_elasticsearch)


@pytest.fixture(scope="module")
def elasticsearch_of_module(shared_elasticsearch: str) -> Iterator[Place]:
    """As `elasticsearch`, for tests that only read what is written once for all of them."""
    yield from _elasticsearch(shared_elasticsearch)


def _elasticsearch(address: str) -> Iterator[Place]:
    place = Place(address, _prefix())
    yield place
    with httpx.Client(base_url=place.address, timeout=60.0) as client:
        indices = client.get(f"/_cat/indices/{place.prefix}*", params={"h": "index", "expand_wildcards": "all"})
        templates = [f"{kind}/{place.prefix}*" for kind in ("_index_template", "_component_template")]
        for path in [*indices.raise_for_status().text.split(), *templates]:
            answer = client.delete(f"/{path}")
            if answer.status_code != 404:  # no template has the prefix
                answer.raise_for_status()


@pytest.fixture
def postgres(shared_postgres: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database, which is dropped after the test."""
    yield from _database(shared_postgres)


@pytest.fixture
def postgres_with_tables(shared_postgres: str, postgres_template: str) -> Iterator[str]:
    """As `postgres`, with Turvakt's tables."""
    yield from _database(shared_postgres, like=postgres_template)


@pytest.fixture(scope="session")
def postgres_template(shared_postgres: str) -> Iterator[str]:
    """The name of a database that others are copies of: to make the tables takes much longer."""
    from flow.databases.postgres import Postgres
    from turvakt.schema import upgrade

    for url in _database(shared_postgres):
        with closing(Postgres(url)) as database:
            upgrade(database)
        yield url.rpartition("/")[2]


def _database(server: str, *, like: str = "template1") -> Iterator[str]:
    name = _prefix().replace("-", "_") + "db"
    with or_skipped():
        sql(server, f"CREATE DATABASE {name} TEMPLATE {like}")
    yield str(httpx.URL(server).copy_with(path=f"/{name}"))
    sql(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def shared_kafka(run_folder: Path) -> Iterator[str]:
    yield from _address("kafka", run_folder)


@pytest.fixture(scope="session")
def shared_elasticsearch(run_folder: Path) -> Iterator[str]:
    yield from _address("elasticsearch", run_folder)


@pytest.fixture(scope="session")
def shared_postgres(run_folder: Path) -> Iterator[str]:
    yield from _address("postgres", run_folder)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of the run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def _address(name: str, run_folder: Path) -> Iterator[str]:
    given = os.environ.get(f"TURVAKT_TEST_{name.upper()}")
    if given:
        yield given
        return
    with ExitStack() as stack:
        with or_skipped():
            address = stack.enter_context(shared(name, run_folder))
        yield address


@contextmanager
def or_skipped() -> Iterator[None]:
    """A server that is missing skips the test, which in CI fails it (tests/conftest.py)."""
    try:
        yield
    except Missing as missing:
        pytest.skip(str(missing))


def _prefix() -> str:
    return f"t{secrets.token_hex(4)}-"
