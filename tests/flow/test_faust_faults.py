"""A stage on Kafka while brokers and workers are killed: nothing is lost."""

import asyncio
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flow.databases.postgres import Postgres
from flow.kafka import Connection
from flow.logs.kafka import KafkaLog
from tests.flow.shouting import TOPICS, Seen, heard, left, log_at, running, runtime, say, until
from tests.servers.fixtures import Place, StartServer
from tests.servers.kafka import Kafka, create_topics

pytestmark = [pytest.mark.usefixtures("loose_connections"), pytest.mark.filterwarnings("ignore::ResourceWarning")]

WORDS = [f"word {number}" for number in range(9000)]
SHOUTED = {word.upper() for word in WORDS}
ROOT = Path(__file__).parents[2]


@pytest.fixture
def brokers(start_server: StartServer) -> Kafka:
    return start_server(Kafka())


@pytest.fixture
def place(brokers: Kafka) -> Place:
    place = Place(brokers.address, "faults.")
    create_topics(place.address, *(place.prefix + topic for topic in TOPICS))
    return place


@pytest.fixture
def log(place: Place, database: Postgres) -> Iterator[KafkaLog]:
    with log_at(place, database) as log:
        yield log


async def test_brokers_that_are_away_are_waited_for(log: KafkaLog, place: Place, brokers: Kafka) -> None:
    say(log, WORDS)
    seen = Seen()
    await asyncio.to_thread(brokers.kill)
    async with running(runtime(log, place, observer=seen)):
        await until(lambda: "kafka" in seen.waited)  # from the beginning
        await asyncio.to_thread(brokers.start)
        await until(lambda: seen.read > 500)
        await asyncio.to_thread(brokers.kill)  # in the midst
        await until(lambda: "shout" in seen.waited)
        await asyncio.to_thread(brokers.start)
        await until(lambda: left(log) == 0)
    assert set(heard(log)) == SHOUTED


async def test_a_worker_is_killed_again_and_again(
    log: KafkaLog, place: Place, postgres: str, request: pytest.FixtureRequest
) -> None:
    def started() -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.flow.shouting", place.address, place.prefix, postgres]
        return subprocess.Popen(command, cwd=ROOT)

    say(log, WORDS)
    workers: list[subprocess.Popen[bytes]] = []
    request.addfinalizer(lambda: [(worker.kill(), worker.wait()) for worker in workers])

    def at_most(number: int) -> bool:
        there = left(log)
        return there is not None and there <= number

    for upto in (7200, 4800, 2400):
        workers = [started() for _ in range(2)]
        await until(lambda: at_most(upto))  # noqa: B023  called at once
        random.choice(workers).kill()
        await until(lambda: at_most(upto - 100))  # noqa: B023
        for worker in workers:
            worker.kill()
            worker.wait()
    async with running(runtime(log, place)):
        await until(lambda: left(log) == 0)
    assert set(heard(log)) == SHOUTED


async def test_over_tls_with_log_in(start_server: StartServer, database: Postgres) -> None:
    brokers = start_server(Kafka(secure=True))
    place = Place(brokers.address, "secure.")
    create_topics(brokers.plain_address, *(place.prefix + topic for topic in TOPICS))
    connection = Connection(
        [brokers.address],
        security="sasl-tls",
        username=brokers.user_name,
        password=brokers.password,
        certificates=str(brokers.certificate),
    )
    with log_at(place, database, connection=connection) as log:
        say(log, WORDS[:500])
        async with running(runtime(log, place, connection=connection)):
            await until(lambda: left(log) == 0)
        assert set(heard(log)) == {word.upper() for word in WORDS[:500]}
