"""The topics: as they should be, as they are, and how one becomes the other."""

from dataclasses import replace
from datetime import timedelta

import pytest
from aiokafka.partitioner import DefaultPartitioner

from flow.databases.postgres import Postgres
from flow.errors import Broken
from flow.kafka import Connection
from flow.logs.kafka.cluster import Cluster
from flow.logs.kafka.topics import Topic, apply, found, plan, wanted
from tests.flow.contract_log import keys, write
from tests.flow.kafka_log import Group, opened
from tests.servers.fixtures import Place


@pytest.fixture
def cluster(kafka: Place) -> Cluster:
    return Cluster(Connection([kafka.address]), prefix=kafka.prefix)


def topics(
    *, partitions: int = 2, replication: int = 1, compression: str = "zstd", days: float = 14
) -> dict[str, Topic]:
    return wanted(
        readers=["posts", "verdicts"],
        dead=["posts.dead"],
        partitions=partitions,
        replication=replication,
        compression=compression,
        largest=2_000_000,
        dead_for=timedelta(days=days),
    )


def make(cluster: Cluster, should: dict[str, Topic]) -> None:
    assert apply(cluster, plan(found(cluster), should), should) == []
    assert plan(found(cluster), should) == []


def test_what_is_missing_is_created_and_then_nothing_is_left_to_do(cluster: Cluster) -> None:
    should = topics()
    assert [(change.topic, change.what) for change in plan(found(cluster), should)] == [
        ("posts", "create"),
        ("verdicts", "create"),
        ("posts.dead", "create"),
    ]
    make(cluster, should)
    there = found(cluster)
    assert {topic: each.partitions for topic, each in there.items()} == {"posts": 2, "verdicts": 2, "posts.dead": 2}
    # Kafka itself removes nothing that a stage has yet to read.
    assert there["posts"].settings["retention.ms"] == "-1"
    assert there["posts.dead"].settings["retention.ms"] == str(14 * 86_400_000)
    assert there["posts"].settings["message.timestamp.type"] == "LogAppendTime"
    assert there["posts"].settings["max.message.bytes"] == "2010000"


def test_partitions_and_settings_follow_and_nothing_else_is_touched(cluster: Cluster) -> None:
    make(cluster, topics())
    should = topics(partitions=3, compression="none", days=7)
    changes = plan(found(cluster), should)
    assert {(change.topic, change.name, change.now, change.wanted) for change in changes} == {
        *((topic, "partitions", "2", "3") for topic in should),
        *((topic, "compression.type", "zstd", "uncompressed") for topic in should),
        ("posts.dead", "retention.ms", str(14 * 86_400_000), str(7 * 86_400_000)),
    }
    make(cluster, should)


def test_what_kafka_cannot_do_is_left_with_the_remedy(cluster: Cluster) -> None:
    make(cluster, topics(partitions=3))
    should = topics(partitions=2, replication=3)
    left = apply(cluster, plan(found(cluster), should), should)
    assert {(change.name, change.now, change.wanted) for change in left} == {
        ("partitions", "3", "2"),
        ("copies", "1", "3"),
    }
    assert all(change.remedy for change in left)
    # More copies must have a record than there are: nothing could be written.
    assert found(cluster)["posts"].settings["min.insync.replicas"] == "1"


def test_more_copies_than_brokers_are_refused(cluster: Cluster) -> None:
    should = topics(replication=3)
    with pytest.raises(Broken, match=r"kafka\.replication"):
        apply(cluster, plan(found(cluster), should), should)


def test_one_of_several_copies_may_be_away() -> None:
    in_sync = {copies: topics(replication=copies)["posts"].settings["min.insync.replicas"] for copies in (1, 2, 3, 5)}
    assert in_sync == {1: "1", 2: "1", 3: "2", 5: "4"}
    several = {"posts": replace(topics()["posts"], replication=3)}
    assert [change.name for change in plan(several, topics(replication=3)) if change.topic == "posts"] == [
        "min.insync.replicas"
    ]


def test_a_deletion_that_overtakes_its_post_in_a_new_partition_removes_it_all_the_same(
    cluster: Cluster, kafka: Place, database: Postgres
) -> None:
    """More partitions move keys: what waits of a post in the old one may be read after what comes in the new one."""
    make(cluster, topics(partitions=2))
    post = next(key for key in map(str, range(100)) if partition_of(key, 2) != partition_of(key, 5))
    readers = {"verdicts": ["index"], "posts": ["classify"]}
    with opened(kafka, database, readers=readers) as log:
        write(log, "posts", (post, b"waiting"))
        write(log, "verdicts", (post, b"waiting"))
    make(cluster, topics(partitions=5))
    with opened(kafka, database, readers=readers) as log:
        write(log, "verdicts", (post, b"deletion"))
        # The new partition first.
        with Group(kafka, "verdicts", "index", partitions=[partition_of(post, 5)]) as group:
            assert [entry.value for entry in group.take_all(1)] == [b"deletion"]
            log.forget([post])
            group.commit()
        for topic, reader in (("verdicts", "index"), ("posts", "classify")):
            with Group(kafka, topic, reader, partitions=range(2)) as group:
                batch = group.take_all(1)
                assert [entry.value for entry in batch] == [b"waiting"]
                assert log.standing(batch) == []
                group.commit()
        write(log, "verdicts", (post, b"back again"))
        assert keys(log.browse("verdicts")) == [post]


def partition_of(key: str, partitions: int) -> int:
    numbers = list(range(partitions))
    return int(DefaultPartitioner()(key.encode(), numbers, numbers))
