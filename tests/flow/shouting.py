"""A stage that shouts words, for tests of what runs stages; as a program it is a worker: ADDRESS PREFIX URL."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Producer

from flow.clock import SystemClock
from flow.codec import Codec
from flow.databases.postgres import Postgres
from flow.entry import DEAD_LETTERS
from flow.errors import Broken, Unavailable
from flow.kafka import Connection
from flow.logs.kafka import KafkaLog
from flow.runtimes.faust import Faust
from flow.stage import Outcome, Output, Stage
from tests.flow.kafka_log import opened
from tests.servers.fixtures import Place

READERS = {"words": ("shout",), "loud": ("listener",)}
TOPICS = ("words", "words.dead", "loud")


@dataclass(frozen=True, slots=True)
class Word:
    text: str


WORDS = Codec("word", Word)


def shouting(
    *,
    meanwhile: Callable[[Sequence[Word]], None] = lambda words: None,
    apply: Callable[[Sequence[Word]], None] = lambda words: None,
    stop_after: int = 100,
) -> Stage[Word]:
    """From ``words`` to ``loud``; ``meanwhile`` is called with the words in hand before any is handed on."""

    def handle(words: Sequence[Word]) -> list[Output]:
        meanwhile(words)
        return [Output("loud", word.text, WORDS.encode(Word(word.text.upper()))) for word in words]

    return Stage(
        "shout", source="words", codec=WORDS, clock=SystemClock(), handle=handle, apply=apply, stop_after=stop_after
    )


@dataclass(slots=True)
class Seen:
    """Remembers what happened (implements `flow.stage.Observer`)."""

    read: int = 0
    waited: list[str] = field(default_factory=list)

    def committed(self, stage: str, outcome: Outcome, seconds: float) -> None:
        self.read += outcome.read

    def waiting(self, place: str, error: Unavailable) -> None:
        self.waited.append(place)


@contextmanager
def log_at(place: Place, database: Postgres, *, connection: Connection | None = None) -> Iterator[KafkaLog]:
    with opened(place, database, readers=READERS, connection=connection, seconds=5.0) as log:
        yield log


def say(log: KafkaLog, texts: Iterable[str]) -> None:
    """Each with itself as its key."""
    entries = [(text, WORDS.encode(Word(text))) for text in texts]
    for start in range(0, len(entries), 1000):
        with log.write() as writer:
            for key, value in entries[start : start + 1000]:
                writer.append("words", key, value)


def mark(place: Place) -> None:
    """A marker in each partition, as a scrub writes them."""
    producer = Producer({"bootstrap.servers": place.address})
    topic = f"{place.prefix}words"
    for number in producer.list_topics(topic, timeout=30.0).topics[topic].partitions:
        producer.produce(topic, None, None, partition=number)
    assert producer.flush(30.0) == 0


def heard(log: KafkaLog) -> list[str]:
    return [WORDS.decode(entry.value).text for entry in log.browse("loud", limit=1_000_000)]


def unheard(log: KafkaLog) -> list[str]:
    """Why each dead letter is one."""
    return [DEAD_LETTERS.decode(entry.value).reason for entry in log.browse("words.dead", limit=1_000_000)]


def left(log: KafkaLog) -> int | None:
    """How many entries the stage has yet to read; ``None`` while the broker is away."""
    with suppress(Unavailable):
        return log.lag("words", "shout")
    return None


async def until(condition: Callable[[], object], *, seconds: float = 180.0) -> None:
    """Wait until ``condition``, which may block, is true."""
    deadline = time.monotonic() + seconds
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        await asyncio.sleep(0.05)


def runtime(log: KafkaLog, place: Place, stage: Stage[Any] | None = None, **options: Any) -> Faust:
    settings = {"connection": Connection([place.address]), "observer": Seen(), "batch_size": 50, **options}
    return Faust(log=log, stage=stage or shouting(), **settings)


@asynccontextmanager
async def running(runtime: Faust) -> AsyncIterator["asyncio.Task[None]"]:
    """Runs meanwhile; in the end it is cancelled and must end in order, unless it has failed before."""
    task = asyncio.create_task(runtime.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, Broken):
            await asyncio.wait_for(task, 30.0)


def main(address: str, prefix: str, url: str) -> None:
    database = Postgres(url)
    with log_at(Place(address, prefix), database) as log:

        async def work() -> None:
            await Faust(
                log=log, connection=Connection([address]), stage=shouting(), observer=Seen(), batch_size=50
            ).run()

        asyncio.run(work())


if __name__ == "__main__":
    main(*sys.argv[1:])
