"""The topics as they should be, what that changes, and how it is done."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from confluent_kafka.admin import NewPartitions, NewTopic

from flow.logs.kafka.cluster import Cluster
from flow.logs.kafka.configs import FILE_AGE, FILE_MILLISECONDS, alter, describe

_IN_SYNC = "min.insync.replicas"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic: as it should be or as it is."""

    partitions: int
    replication: int
    settings: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not as it should be. With a ``remedy`` it is for a human to mend."""

    topic: str
    what: Literal["create", "partitions", "setting", "replication", "erasures"]
    name: str
    now: str
    wanted: str
    remedy: str = ""


def wanted(
    *,
    readers: Collection[str],
    dead: Collection[str],
    partitions: int,
    replication: int,
    compression: str,
    largest: int,
    dead_for: timedelta,
) -> dict[str, Topic]:
    """The topics of a log.

    Args:
        readers: topics that stages read. Kafka removes nothing from them by itself: what is unread must not go.
        dead: topics that only tell of dead letters, for ``dead_for``; the letters themselves wait in the database.
        largest: bytes that an entry may have.
    """
    common = {
        "cleanup.policy": "delete",
        "compression.type": "uncompressed" if compression == "none" else compression,
        "max.message.bytes": str(largest + 10_000),
        # By the broker's clock: a worker's that is wrong must neither keep entries for ever nor remove them at once.
        "message.timestamp.type": "LogAppendTime",
        _IN_SYNC: _in_sync(replication),
        "retention.bytes": "-1",
        FILE_AGE: str(FILE_MILLISECONDS),
    }
    milliseconds = round(dead_for.total_seconds() * 1000)
    kept = dict.fromkeys(readers, "-1") | {topic: str(milliseconds) for topic in dead}
    return {
        topic: Topic(partitions, replication, common | {"retention.ms": retention}) for topic, retention in kept.items()
    }


def found(cluster: Cluster) -> dict[str, Topic]:
    """The topics that there are.

    Raises:
        Unavailable, Broken: see `Cluster`.
    """
    topics = cluster.described()
    there = {}
    for topic, values in describe(cluster, topics).items():
        replicas = [len(each.replicas) for each in topics[topic].partitions.values()]
        there[topic] = Topic(len(replicas), min(replicas), values)
    return there


def plan(there: Mapping[str, Topic], should: Mapping[str, Topic]) -> list[Change]:
    """What makes ``there`` as it should be; topics that nobody asks for are left alone."""
    changes: list[Change] = []
    for topic, target in should.items():
        if topic not in there:
            shape = f"{target.partitions} partitions, {target.replication} copies"
            changes.append(Change(topic, "create", "topic", "missing", shape))
            continue
        now = there[topic]
        if now.partitions != target.partitions:
            remedy = "" if now.partitions < target.partitions else "Kafka removes no partition: change kafka.partitions"
            numbers = str(now.partitions), str(target.partitions)
            changes.append(Change(topic, "partitions", "partitions", *numbers, remedy))
        if now.replication != target.replication:
            remedy = "Reassign its partitions by Kafka's own tool, or change kafka.replication"
            numbers = str(now.replication), str(target.replication)
            changes.append(Change(topic, "replication", "copies", *numbers, remedy))
        # Of copies that are not there yet nobody could wait for.
        settings = {**target.settings, _IN_SYNC: _in_sync(min(now.replication, target.replication))}
        changes += [
            Change(topic, "setting", name, now.settings.get(name, ""), value)
            for name, value in settings.items()
            if now.settings.get(name) != value
        ]
    return changes


def forgetting(lost: Collection[str]) -> list[Change]:
    """What `flow.logs.kafka.KafkaLog.mend` changes for these topics."""
    return [Change(topic, "erasures", "erasures", "known of what is no more", "forgotten") for topic in sorted(lost)]


def apply(cluster: Cluster, changes: Sequence[Change], should: Mapping[str, Topic]) -> list[Change]:
    """Carry out what can be; returns what is left when the brokers know of it. Erasures are forgotten before, by the log itself.

    Raises:
        Unavailable, Broken: see `Cluster`. It can be done again.
    """
    doable = [change for change in changes if not change.remedy]
    new = [
        NewTopic(
            cluster.full(each.topic),
            should[each.topic].partitions,
            should[each.topic].replication,
            config=dict(should[each.topic].settings),
        )
        for each in doable
        if each.what == "create"
    ]
    more = [
        NewPartitions(cluster.full(each.topic), should[each.topic].partitions)
        for each in doable
        if each.what == "partitions"
    ]
    settings: dict[str, dict[str, str]] = {}
    for each in doable:
        if each.what == "setting":
            settings.setdefault(each.topic, {})[each.name] = each.wanted
    waited = {"operation_timeout": cluster.seconds}
    if new:
        cluster.ask(lambda: [each.result() for each in cluster.admin.create_topics(new, **waited).values()])
    if more:
        cluster.ask(lambda: [each.result() for each in cluster.admin.create_partitions(more, **waited).values()])
    if settings:
        alter(cluster, settings)
    deadline = time.monotonic() + cluster.seconds
    while True:
        left = plan(found(cluster), should)
        if all(change.remedy for change in left) or time.monotonic() > deadline:
            return left
        time.sleep(0.1)


def _in_sync(replication: int) -> str:
    """How many copies must have a record before it counts as written: one of several may be away."""
    return str(max(1, replication - 1))
