"""A log over Kafka and PostgreSQL for tests, and a group that reads from it as a worker does."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import ParamSpec

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from flow.backoff import backoff
from flow.clock import Clock, SystemClock
from flow.databases.postgres import Postgres
from flow.entry import Entry
from flow.errors import Stale, Unavailable
from flow.kafka import Connection
from flow.logs.kafka import KafkaLog
from flow.logs.kafka.records import Partition, entry_at
from flow.logs.kafka_tables import METADATA
from tests.servers.fixtures import Place
from tests.servers.kafka import create_topics

READERS: dict[str, tuple[str, ...]] = {"posts": ("classify",), "verdicts": ("route", "index"), "alerts": ("deliver",)}
DEAD = ("posts.dead", "verdicts.dead")
TOPICS = (*READERS, *DEAD)
PARTITIONS = 4
Parameters = ParamSpec("Parameters")


@contextmanager
def prepared(url: str) -> Iterator[Postgres]:
    """PostgreSQL with the tables of the log."""
    database = Postgres(url)
    with database.connection() as connection:
        METADATA.create_all(connection)
    database.execute("INSERT INTO log_epoch VALUES (1, 0)")
    yield database
    database.close()


def with_topics(place: Place, *more: str) -> Place:
    """Kafka with the topics of the log."""
    create_topics(place.address, *(place.prefix + topic for topic in (*TOPICS, *more)), partitions=PARTITIONS)
    return place


@contextmanager
def opened(
    place: Place,
    database: Postgres,
    clock: Clock | None = None,
    *,
    connection: Connection | None = None,
    readers: Mapping[str, Collection[str]] = READERS,
    dead: Collection[str] = DEAD,
    compression: str = "zstd",
    seconds: float = 20.0,
) -> Iterator[KafkaLog]:
    """The log as one process of a cluster has it."""
    log = KafkaLog(
        connection or Connection([place.address]),
        database,
        clock=clock or SystemClock(),
        prefix=place.prefix,
        readers=readers,
        dead=dead,
        kept={"posts"},
        compression=compression,
        largest=1_000_000,
        seconds=seconds,
    )
    try:
        yield log
    finally:
        log.close()


def again(step: Callable[Parameters, object], *args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
    """Do ``step``, and do it again while something is away or was erased meanwhile: what a worker does."""
    deadline = time.monotonic() + 60.0
    for pause in backoff(first=0.01, most=0.5):
        try:
            step(*args, **kwargs)
        except (Stale, Unavailable):
            assert time.monotonic() < deadline, "it never succeeds"
            time.sleep(pause)
        else:
            return


def wait_for(condition: Callable[[], bool], *, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never comes true"
        time.sleep(0.005)


class Group:
    """Reads ``partitions`` of ``topic`` as the group ``name``, alone, and commits when it is told to."""

    def __init__(self, place: Place, topic: str, name: str, *, partitions: Sequence[int] = range(PARTITIONS)) -> None:
        self._place = place
        self._consumer = Consumer(
            {
                "bootstrap.servers": place.address,
                "group.id": place.prefix + name,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 20,
            }
        )
        self._consumer.assign(self._committed([(place.prefix + topic, number) for number in partitions]))

    def take(self, *, at_most: int = 100, seconds: float = 0.3) -> list[Entry]:
        """What has come, waited for until there is something, but not longer than ``seconds``; as it stands in Kafka."""
        entries: list[Entry] = []
        deadline = time.monotonic() + seconds
        while not entries and time.monotonic() < deadline:
            for message in self._consumer.consume(at_most, timeout=0.05):
                assert message.error() is None, message.error()
                value = message.value()
                if value is not None:
                    topic = (message.topic() or "").removeprefix(self._place.prefix)
                    where = Partition(topic, message.partition() or 0)
                    entries.append(entry_at(where, message.offset() or 0, message.key(), value, message.timestamp()[1]))
        return entries

    def take_all(self, count: int, *, seconds: float = 20.0) -> list[Entry]:
        """The next ``count`` entries."""
        entries: list[Entry] = []
        deadline = time.monotonic() + seconds
        while len(entries) < count:
            assert time.monotonic() < deadline, f"{len(entries)} of {count} came"
            entries += self.take(at_most=count - len(entries))
        return entries

    def _committed(self, partitions: list[tuple[str, int]], *, seconds: float = 30.0) -> list[TopicPartition]:
        deadline = time.monotonic() + seconds
        while True:  # a broker that has just started may not know yet
            try:
                return self._consumer.committed([TopicPartition(*each) for each in partitions], timeout=seconds)
            except KafkaException:
                if time.monotonic() > deadline:
                    raise

    def commit(self) -> None:
        """Go on behind what was taken, and behind markers, also after a restart."""
        try:
            self._consumer.commit(asynchronous=False)
        except KafkaException as error:
            if error.args[0].code() != KafkaError._NO_OFFSET:  # nothing has come since the last time
                raise

    def commit_ahead(self, offset: int) -> None:
        """Go on at ``offset`` in every partition, whether there is anything or not."""
        ahead = [TopicPartition(each.topic, each.partition, offset) for each in self._consumer.assignment()]
        self._consumer.commit(offsets=ahead, asynchronous=False)

    def close(self) -> None:
        self._consumer.close()

    def __enter__(self) -> "Group":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
