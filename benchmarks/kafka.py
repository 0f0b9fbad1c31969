"""The log over Kafka and PostgreSQL: hand-overs, the look through the overlay, erasures.

    python -m benchmarks.kafka

Starts a broker and a server of its own on this machine.
"""

import statistics
import time
from collections.abc import Callable

from flow.clock import SystemClock
from flow.databases.postgres import Postgres
from flow.kafka import Connection
from flow.logs.kafka import KafkaLog
from tests.servers.kafka import Kafka as Broker
from tests.servers.kafka import create_topics
from tests.servers.postgres import Postgres as Server
from turvakt import schema
from turvakt.reading import READERS, STAGES
from turvakt.topics import DEAD, KEPT

VALUE = b"x" * 1500
WAITING = 5000
"""`flow.most_waiting`: more than this does not wait before a stage."""


def main() -> None:
    with Broker() as broker, Server() as server:
        create_topics(broker.address, *READERS, *DEAD)
        database = Postgres(server.address)
        schema.upgrade(database)
        log = KafkaLog(
            Connection([broker.address]),
            database,
            clock=SystemClock(),
            prefix="",
            readers=READERS,
            dead=DEAD,
            kept=KEPT,
        )
        measure(log)
        log.close()
        database.close()


def measure(log: KafkaLog) -> None:
    write(log, "verdicts", 1)
    for topic, count in (("verdicts", 1), ("verdicts", 500), ("posts", 500)):
        tell(f"hand-over of {count} to {topic}", lambda topic=topic, count=count: write(log, topic, count))  # type: ignore[misc]
    entries = log.browse("verdicts", limit=500)
    tell("500 entries through the overlay", lambda: log.standing(entries))
    tell("lag of all stages", lambda: log.lags(STAGES))
    for topic in READERS:
        while log.lag(topic, READERS[topic][0]) < WAITING:
            write(log, topic, 500)
    others = map(str, range(1, 4))  # what is forgotten already costs nothing
    tell(f"forgetting a post, {WAITING} entries waiting in each topic", lambda: log.forget([next(others)]), times=3)
    tell("the same through the overlay", lambda: log.standing(entries))
    tell("sweep, of which nothing can go: no stage has read", log.sweep, times=3)
    tell("scrub, all of that carried over", log.scrub, times=1)
    tell("scrub again", log.scrub, times=1)


def write(log: KafkaLog, topic: str, count: int) -> None:
    with log.write(epoch=log.epoch()) as writer:
        for key in range(count):
            writer.append(topic, str(key), VALUE)


def tell(what: str, step: Callable[[], object], *, times: int = 20) -> None:
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - started)
    print(f"{what}: {statistics.median(seconds) * 1000:.1f} ms", flush=True)


if __name__ == "__main__":
    main()
