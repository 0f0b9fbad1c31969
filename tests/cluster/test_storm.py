"""Whatever dies, comes back, fills up or stalls: the cluster recovers without hands, loses nothing and doubles nothing."""

import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewPartitions

from tests.cluster.sides import STAGES, Cluster, End, Side, differences
from tests.servers.elasticsearch import Elasticsearch
from tests.servers.fixtures import Place, StartServer
from tests.servers.kafka import Kafka
from tests.servers.postgres import Postgres
from tests.turvakt.process import DEMO_POSTS, LINEAR

COPIES = 8
QUICK = {**LINEAR, "TURVAKT_FLOW_BATCH_SIZE": "50"}
"""Small batches: many moments to be killed in between."""
AWAY = 5.0
"""Seconds for which a server stays away."""


def posts() -> list[str]:
    """Slices of what the source publishes."""
    lines = []
    for copy in range(COPIES):
        for text in DEMO_POSTS.read_text("utf-8").splitlines():
            post = json.loads(text)
            lines.append(json.dumps(post | {"id": f"{post['id']}-{copy}"}, ensure_ascii=False) + "\n")
    size = len(lines) // 12
    return ["".join(lines[start : start + size]) for start in range(0, len(lines), size)]


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> End:
    side = Side(tmp_path_factory.mktemp("calm") / "side", **QUICK)
    side.prepare()
    side.start()
    try:
        side.feed("".join(posts()))
    finally:
        side.stop()
    return side.end()


class Storm:
    """A cluster over servers of its own, and what befalls it."""

    def __init__(self, folder: Path, start_server: StartServer, *, seed: int) -> None:
        self.random = random.Random(seed)
        self.kafka = start_server(Kafka())
        self.postgres = start_server(Postgres())
        self.elasticsearch = start_server(Elasticsearch())
        self.cluster = Cluster(
            folder / "cluster",
            kafka=Place(self.kafka.address, "storm."),
            postgres=self.postgres.address,
            elasticsearch=Place(self.elasticsearch.address, "storm"),
            **QUICK,
        )

    def worker_killed(self) -> None:
        command = ("work", self.random.choice(("collect", "dispatch", *STAGES)))
        self.cluster.kill(command)
        time.sleep(self.random.uniform(0, 1))
        self.cluster.start_one(command)

    def kafka_killed(self) -> None:
        self._away(self.kafka.kill, self.kafka.start)

    def elasticsearch_killed(self) -> None:
        self._away(self.elasticsearch.kill, self.elasticsearch.start)

    def postgres_killed(self) -> None:
        self._away(self.postgres.kill, self.postgres.start)

    def elasticsearch_stalled(self) -> None:
        self._away(self.elasticsearch.pause, self.elasticsearch.resume)

    def elasticsearch_full(self) -> None:
        """What it does by itself when its disk is full."""
        self._away(lambda: self._read_only(True), lambda: self._read_only(None))

    def worker_added(self) -> None:
        """A rebalance under load, and another when it goes."""
        second = self.cluster.program.start("work", "classify")
        time.sleep(AWAY)
        second.terminate()
        second.communicate(timeout=60)

    def partition_added(self) -> None:
        client = AdminClient({"bootstrap.servers": self.kafka.address})
        for future in client.create_partitions([NewPartitions("storm.posts", 4)]).values():
            future.result(timeout=30)

    def poison(self) -> None:
        producer = Producer({"bootstrap.servers": self.kafka.address})
        producer.produce("storm.posts", key=b"web:poison", value=b"\xff\x00 no post")
        assert producer.flush(30) == 0

    def _away(self, going: Callable[[], object], coming: Callable[[], object]) -> None:
        going()
        time.sleep(AWAY)
        coming()

    def _read_only(self, value: bool | None) -> None:
        body = {"index.blocks.read_only_allow_delete": value}
        httpx.put(f"{self.elasticsearch.address}/storm*/_settings", json=body, timeout=30).raise_for_status()


@pytest.fixture
def seed() -> int:
    return random.randrange(1_000_000)


@pytest.fixture
def storm(tmp_path: Path, start_server: StartServer, seed: int) -> Iterator[Storm]:
    storm = Storm(tmp_path, start_server, seed=seed)
    storm.cluster.prepare()
    storm.cluster.start()
    yield storm
    for command in tuple(storm.cluster.running):
        storm.cluster.kill(command)


def test_a_storm(storm: Storm, calm: End, seed: int) -> None:
    faults = [
        *(storm.kafka_killed, storm.elasticsearch_killed, storm.postgres_killed, storm.elasticsearch_stalled),
        *(storm.elasticsearch_full, storm.worker_added, storm.partition_added, storm.poison),
        *(4 * [storm.worker_killed]),
    ]
    storm.random.shuffle(faults)
    told = f"seed {seed}: {[fault.__name__ for fault in faults]}"
    for text, fault in zip(posts(), [*faults, lambda: None], strict=True):
        storm.cluster.publish(text)
        fault()
    storm.cluster.settle(storm.cluster.mark())
    storm.cluster.stop()
    end = storm.cluster.end()
    assert [letter[1] for letter in end.pop("dead")] == ["web:poison"], told
    assert differences(end, {part: records for part, records in calm.items() if part != "dead"}) == [], told
