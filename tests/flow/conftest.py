"""A log over Kafka and PostgreSQL for the tests of this folder."""

import gc
from collections.abc import Iterator

import pytest

from flow.databases.postgres import Postgres
from flow.logs.kafka import KafkaLog
from tests.flow.kafka_log import opened, prepared, with_topics
from tests.servers.fixtures import Place


@pytest.fixture
def database(postgres: str) -> Iterator[Postgres]:
    """PostgreSQL with the tables of the log."""
    with prepared(postgres) as database:
        yield database


@pytest.fixture
def place(kafka: Place) -> Place:
    """Kafka with the topics of the log."""
    return with_topics(kafka)


@pytest.fixture
def kafka_log(place: Place, database: Postgres) -> Iterator[KafkaLog]:
    """The log as one process of a cluster has it."""
    with opened(place, database) as log:
        yield log


@pytest.fixture
def loose_connections() -> Iterator[None]:
    """For tests that run Faust in their own process: stopped while it connects, it leaves a connection of aiokafka behind.

    That is collected here, and not in whatever test comes later. A worker's process ends then.
    """
    yield
    gc.collect()
