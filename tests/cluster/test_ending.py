"""However a worker is stopped, it ends."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from flow.databases.postgres import Postgres
from tests.servers.fixtures import StartServer
from tests.servers.kafka import Kafka
from tests.turvakt.process import LINEAR, START, Program, until
from turvakt.watch.processes import Processes

ENDED_WITHIN = 60.0


@pytest.fixture
def brokers(start_server: StartServer) -> Kafka:
    return start_server(Kafka())


@pytest.fixture
def program(tmp_path: Path, brokers: Kafka, postgres: str) -> Program:
    program = Program(tmp_path, TURVAKT_KAFKA_SERVERS=brokers.address, TURVAKT_POSTGRES_URL=postgres, **LINEAR)
    program.run("database", "upgrade")
    program.run("topics", "apply", "--yes")
    return program


@pytest.fixture
def worker(program: Program, brokers: Kafka) -> Iterator["subprocess.Popen[str]"]:
    """A worker that has joined its group."""
    worker = program.start("work", "classify")
    until(lambda: "Successfully joined group" in _told(brokers) or "Stabilized group" in _told(brokers), seconds=120)
    yield worker
    worker.kill()
    worker.communicate()


def _told(brokers: Kafka) -> str:
    return brokers.process.output()


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_in_order_and_the_watch_knows_that_it_was(
    worker: "subprocess.Popen[str]", postgres: str, by: signal.Signals
) -> None:
    with closing(Postgres(postgres)) as database:
        processes = Processes(database)
        until(lambda: processes.of("worker:classify") != [])
        assert not processes.stopped("worker:classify")
        worker.send_signal(by)
        _, errors = worker.communicate(timeout=ENDED_WITHIN)
        assert worker.returncode == 0, errors
        assert "stopped in order" in errors
        assert processes.stopped("worker:classify")


@pytest.mark.parametrize("fault", [Kafka.kill, Kafka.pause])
def test_while_the_brokers_are_away(
    worker: "subprocess.Popen[str]", brokers: Kafka, fault: Callable[[Kafka], None]
) -> None:
    fault(brokers)
    worker.send_signal(signal.SIGTERM)
    _, errors = worker.communicate(timeout=ENDED_WITHIN)
    assert worker.returncode == 0, errors


def test_one_that_fails_at_its_start_is_missing_and_was_not_stopped(tmp_path: Path, postgres_with_tables: str) -> None:
    """Such as one of a version that the tables are not of."""
    with closing(Postgres(postgres_with_tables)) as database:
        processes = Processes(database)
        processes.lives("before", "worker:classify", START)
        processes.ends("before", START)
        database.execute("UPDATE alembic_version SET version_num = '0001'")
        servers = {"TURVAKT_KAFKA_SERVERS": "127.0.0.1:1", "TURVAKT_POSTGRES_URL": postgres_with_tables}
        failed = Program(tmp_path, **servers).start("work", "classify")
        _, errors = failed.communicate(timeout=ENDED_WITHIN)
        assert "turvakt database upgrade" in errors
        assert failed.returncode != 0
        assert not processes.stopped("worker:classify")
