"""Workers of a cluster over Kafka and PostgreSQL: ``python -m benchmarks.cluster [--posts 20000]``.

Posts per second through one stage, from the moment when its workers have begun until all is read, for one to four partitions
and one or two workers: the stage ``classify`` with the linear model, and, as the baseline of the same run, a stage that decodes
each post and hands the same bytes on. Broker, database and workers share this machine's processors. At half the rate of one
worker, how long a post takes from being written to its verdict being written. Memory is what the kernel says of the processes
(VmRSS).
"""

import argparse
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from flow.clock import SystemClock
from flow.entry import Entry
from ingest.collectors.manual import submission
from ingest.post import POSTS, Mention, Post
from tests.servers.kafka import Kafka
from tests.servers.postgres import Postgres, sql
from tests.turvakt.process import DEMO_POSTS
from turvakt.settings import load
from turvakt.wiring import Parts

BATCH = 500
ROUNDS = ((1, 1), (2, 1), (2, 2), (4, 2))
"""Partitions and workers."""
LATE = 0.99


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--relay", action="store_true", help="be the worker of the baseline")
    chosen = parser.parse_args()
    if chosen.relay:
        relay()
        return
    with Kafka() as kafka, Postgres() as postgres, tempfile.TemporaryDirectory() as folder:
        print(f"{'':<10}{'partitions':>11}{'workers':>9}{'posts/s':>9}{'MB each':>9}")
        for name in ("relay", "classify"):
            for partitions, workers in ROUNDS:
                environment = prepare(kafka, postgres, Path(folder), partitions)
                rate, memory = throughput(name, environment, workers=workers, posts=chosen.posts)
                print(f"{name:<10}{partitions:>11}{workers:>9}{rate:>9.0f}{memory:>9.0f}", flush=True)
                if name == "classify" and (partitions, workers) == ROUNDS[0]:
                    half = rate / 2
        waits = latency(prepare(kafka, postgres, Path(folder), 2), rate=half, seconds=20.0)
        late = sorted(waits)[int(LATE * len(waits))]
        print(
            f"at {half:.0f} posts/s, written to judged: median {1000 * statistics.median(waits):.0f} ms, p99 {1000 * late:.0f} ms"
        )


def prepare(kafka: Kafka, postgres: Postgres, folder: Path, partitions: int) -> dict[str, str]:
    """A cluster of its own; returns the environment of its workers."""
    name = f"b{secrets.token_hex(4)}"
    sql(postgres.address, f"CREATE DATABASE {name}")
    environment = {
        "TURVAKT_KAFKA_SERVERS": kafka.address,
        "TURVAKT_KAFKA_PREFIX": f"{name}.",
        "TURVAKT_KAFKA_PARTITIONS": str(partitions),
        "TURVAKT_POSTGRES_URL": postgres.address.replace("/postgres", f"/{name}"),
        "TURVAKT_DATA_DIR": str(folder / name),
        "TURVAKT_CLASSIFIER_NAME": "linear",
        "TURVAKT_RETENTION_UNFLAGGED_DAYS": "30",  # all are written
    }
    for command in (["database", "upgrade"], ["topics", "apply", "--yes"]):
        done = subprocess.run(
            [sys.executable, "-m", "turvakt", *command],
            env={**os.environ, **environment},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
    return environment


def throughput(name: str, environment: Mapping[str, str], *, workers: int, posts: int) -> tuple[float, float]:
    """Posts per second, and megabytes of a worker."""
    with Parts(load(file=None, environ=environment)) as parts:
        texts = material(posts)
        for begin in range(0, posts, BATCH):
            write(parts, texts[begin : begin + BATCH])
        running = start(name, environment, workers)
        # The first tenth is for their start: libraries, models, the share of partitions.
        first = wait(parts, posts // 10)
        began = time.perf_counter()
        last = wait(parts, posts)
        seconds = time.perf_counter() - began
        memory = statistics.mean(resident(each.pid) for each in running)
        stop(running)
    return (last - first) / seconds, memory


def latency(environment: Mapping[str, str], *, rate: float, seconds: float) -> list[float]:
    """Seconds from writing a post to its verdict standing in Kafka, by the broker's clock."""
    with Parts(load(file=None, environ=environment)) as parts:
        running = start("classify", environment, 1)
        write(parts, material(BATCH))
        wait(parts, BATCH)
        texts = material(int(rate * seconds))
        size = max(1, int(rate / 20))
        began = time.perf_counter()
        for number, begin in enumerate(range(0, len(texts), size)):
            time.sleep(max(0.0, began + number / 20 - time.perf_counter()))
            write(parts, texts[begin : begin + size])
        wait(parts, BATCH + len(texts))
        written = {entry.key: entry.at for entry in every(parts, "posts")}
        judged = {entry.key: entry.at for entry in every(parts, "verdicts")}
        stop(running)
    keys = [post.id for post in texts]
    return [(judged[key] - written[key]).total_seconds() for key in keys]


def start(name: str, environment: Mapping[str, str], workers: int) -> "list[subprocess.Popen[bytes]]":
    command = ["-m", "benchmarks.cluster", "--relay"] if name == "relay" else ["-m", "turvakt", "work", name]
    return [
        subprocess.Popen([sys.executable, *command], env={**os.environ, **environment}, stderr=subprocess.DEVNULL)
        for _ in range(workers)
    ]


def stop(running: "Sequence[subprocess.Popen[bytes]]") -> None:
    for each in running:
        each.terminate()
    for each in running:
        each.wait()


def relay() -> None:
    """A worker that reads posts and writes them on, with all that a stage promises."""
    import asyncio

    from flow.runtimes.faust import Faust
    from flow.stage import Output, Stage
    from turvakt.tally import Observed
    from turvakt.topics import connection

    settings = load(file=None, environ={k: v for k, v in os.environ.items() if k.startswith("TURVAKT_")})
    with Parts(settings) as parts:
        stage = Stage(
            "classify",
            source="posts",
            codec=POSTS,
            clock=parts.clock,
            handle=lambda posts: [Output("verdicts", post.id, POSTS.encode(post)) for post in posts],
        )
        runtime = Faust(log=parts.kafka, connection=connection(settings), stage=stage, observer=Observed())
        asyncio.run(runtime.run())


def material(posts: int) -> list[Post]:
    """Posts of the demo, again and again under other ids."""
    import msgspec

    texts = [msgspec.json.decode(line)["text"] for line in DEMO_POSTS.read_bytes().splitlines()]
    model = submission(text=texts[0], link=None, source="bench", created_at=None, clock=SystemClock())
    run = secrets.token_hex(4)
    return [
        replace(
            model,
            id=f"bench:{run}-{number}",
            text=texts[number % len(texts)],
            mentions=(Mention("anna", 0, 0, "reply"),),
        )
        for number in range(posts)
    ]


def write(parts: Parts, posts: Sequence[Post]) -> None:
    with parts.log.write() as writer:
        for post in posts:
            writer.append("posts", post.id, POSTS.encode(post))


def wait(parts: Parts, verdicts: int) -> int:
    """Until so many verdicts have been written; returns how many have."""
    while (there := parts.log.lag("verdicts", "route")) < verdicts:
        time.sleep(0.05)
    return there


def every(parts: Parts, topic: str) -> list[Entry]:
    return parts.kafka.browse(topic, limit=1_000_000)


def resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


if __name__ == "__main__":
    main()
