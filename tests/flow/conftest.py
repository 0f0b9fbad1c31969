"""A log over Kafka and PostgreSQL for the tests of this folder."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from flow.clock import Clock, SystemClock
from flow.databases.postgres import Postgres
from flow.kafka import Connection
from flow.logs.kafka import KafkaLog
from flow.logs.kafka_tables import METADATA
from tests.servers.fixtures import Place
from tests.servers.kafka import create_topics

READERS = {"posts": ("classify",), "verdicts": ("route", "index"), "alerts": ("deliver",)}
TOPICS = (*READERS, "posts.dead", "verdicts.dead")


@pytest.fixture
def database(postgres: str) -> Iterator[Postgres]:
    """PostgreSQL with the tables of the log."""
    database = Postgres(postgres)
    with database.connection() as connection:
        METADATA.create_all(connection)
    database.execute("INSERT INTO log_epoch VALUES (1, 0)")
    yield database
    database.close()


@pytest.fixture
def place(kafka: Place) -> Place:
    """Kafka with the topics of the log."""
    create_topics(kafka.address, *(kafka.prefix + topic for topic in TOPICS))
    return kafka


@contextmanager
def opened(
    place: Place, database: Postgres, clock: Clock | None = None, *, seconds: float = 20.0
) -> Iterator[KafkaLog]:
    """The log of one process of the cluster."""
    log = KafkaLog(
        Connection([place.address]),
        database,
        clock=clock or SystemClock(),
        prefix=place.prefix,
        readers=READERS,
        kept={"posts"},
        seconds=seconds,
    )
    yield log
    log.close()
