"""What the brokers know: partitions, offsets, and how far each group has read."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from typing import NamedTuple, TypeVar

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec, TopicMetadata

from flow.backoff import backoff
from flow.errors import Broken, Unavailable
from flow.kafka import Connection
from flow.logs.kafka.faults import APPLY, Refusals, making, of, translated
from flow.logs.kafka.groups import Groups
from flow.logs.kafka.records import Offsets, Partition

Answer = TypeVar("Answer")
Key = TypeVar("Key")


class Progress(NamedTuple):
    """Where a group goes on in a partition, and where the partition ends."""

    committed: int
    end: int


class Cluster:
    """Asks the brokers. Topics and groups are called by their names without ``prefix``.

    Args:
        seconds: how long an answer may take, with repeated tries.

    Every method raises `Unavailable` if there is no answer, and `Broken` if the brokers refuse us.
    """

    def __init__(self, connection: Connection, *, prefix: str, seconds: float = 20.0) -> None:
        self._prefix = prefix
        self.seconds = seconds
        self._refusals = Refusals(connection.place)
        self.place = connection.place
        milliseconds = round(1000 * seconds)
        settings = {
            "socket.timeout.ms": milliseconds,
            "log_level": 0,  # whatever it has to say comes back as the error of a call, too
            "error_cb": self._refusals,
        }
        with making():
            self._admin = AdminClient(connection.librdkafka() | settings)
        self._groups = Groups(connection.librdkafka() | settings, refusals=self._refusals, seconds=seconds)

    def close(self) -> None:
        """Let go of the connections."""
        self._groups.close()

    @property
    def admin(self) -> AdminClient:
        """The client, for what is asked seldom; go through `ask`."""
        return self._admin

    def full(self, name: str) -> str:
        """The name of a topic or group in Kafka."""
        return self._prefix + name

    def short(self, name: str) -> str:
        """A topic's name without the prefix."""
        return name.removeprefix(self._prefix)

    def topics(self) -> dict[str, int]:
        """Every topic with the prefix, and how many partitions it has."""
        return {topic: len(found.partitions) for topic, found in self.described().items()}

    def described(self) -> dict[str, TopicMetadata]:
        """Every topic with the prefix, as librdkafka tells of it."""
        found = self.ask(lambda: self._admin.list_topics(timeout=self.seconds)).topics
        return {self.short(name): topic for name, topic in sorted(found.items()) if name.startswith(self._prefix)}

    def partitions(self, topics: Iterable[str]) -> list[Partition]:
        """All partitions of those among ``topics`` that exist."""
        found = self.topics()
        return [Partition(topic, number) for topic in topics for number in range(found.get(topic, 0))]

    def existing(self, *topics: str) -> list[Partition]:
        """All partitions of some topics.

        Raises:
            Broken: one of them is missing.
        """
        partitions = self.partitions(topics)
        missing = set(topics) - {partition.topic for partition in partitions}
        if missing:
            raise Broken(f"topic {self.full(min(missing))} is missing", place=self.place, remedy=APPLY)
        return partitions

    def beginnings(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """The first offset that still stands in each partition."""
        return self._offsets(partitions, OffsetSpec.earliest())  # type: ignore[no-untyped-call]

    def ends(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """The offset that the next record of each partition will have."""
        return self._offsets(partitions, OffsetSpec.latest())  # type: ignore[no-untyped-call]

    def offsets_at(self, partitions: Collection[Partition], moment: datetime) -> dict[Partition, int]:
        """The offset of the first record of each partition that came at ``moment`` or later; its end if there is none."""
        found = self._offsets(partitions, OffsetSpec.for_timestamp(round(moment.timestamp() * 1000)))
        later = [partition for partition, offset in found.items() if offset < 0]
        return found | (self.ends(later) if later else {})

    def committed(self, group: str, partitions: Collection[Partition]) -> dict[Partition, int]:
        """Where ``group`` goes on; partitions in which it never committed are left out."""
        if not partitions:
            return {}
        wanted = [self._wire(partition) for partition in partitions]
        found = self.ask(partial(self._groups.committed, self.full(group), wanted))
        return {self._partition(each): each.offset for each in found if each.offset >= 0}

    def read_by_all(self, groups: Mapping[str, Collection[str]], beginnings: Offsets) -> dict[Partition, int]:
        """Up to which offset everything was read by each of the groups of its topic. No groups: the beginning.

        Args:
            groups: of each topic.
            beginnings: of all partitions to tell of.
        """
        by_group: dict[str, list[Partition]] = {}
        for partition in beginnings:
            for group in groups.get(partition.topic, ()):
                by_group.setdefault(group, []).append(partition)
        read: dict[Partition, list[int]] = {partition: [] for partition in beginnings}
        for group, partitions in by_group.items():
            committed = self.committed(group, partitions)
            for partition in partitions:
                read[partition].append(committed.get(partition, 0))
        return {partition: max(beginnings[partition], min(found, default=0)) for partition, found in read.items()}

    def delete(self, before: Offsets) -> None:
        """Delete the records below an offset in each partition."""
        if before:
            wanted = [self._wire(partition, offset) for partition, offset in before.items()]
            self.ask(lambda: _all(self._admin.delete_records(wanted, request_timeout=self.seconds)))

    def ask(self, question: Callable[[], Answer]) -> Answer:
        """The answer to ``question``; it is repeated while the brokers are busy with themselves.

        Raises:
            Unavailable: there was no answer in time.
            Broken: they refuse us, or a topic is missing.
        """
        deadline = time.monotonic() + self.seconds
        self._refusals.clear()
        for pause in backoff(first=0.05, most=1.0):
            try:
                return question()
            except KafkaException as error:
                self._admin.poll(0)  # errors of the connection itself wait there
                meant = self._refusals.any() or translated(of(error), place=self.place)
                # An outage is the caller's to wait out: only a broker that is just starting, or elects a leader, is asked again.
                busy = isinstance(meant, Unavailable) and of(error).code() > 0
                if not (busy or of(error).code() == KafkaError.UNKNOWN_TOPIC_OR_PART) or time.monotonic() > deadline:
                    raise meant from None
            time.sleep(pause)
        raise AssertionError("backoff never ends")

    def _offsets(self, partitions: Collection[Partition], which: OffsetSpec) -> dict[Partition, int]:
        if not partitions:
            return {}
        asked = {self._wire(partition): which for partition in partitions}
        found = self.ask(lambda: _all(self._admin.list_offsets(asked, request_timeout=self.seconds)))
        return {self._partition(key): answer.offset for key, answer in found.items()}

    def _wire(self, partition: Partition, offset: int = -1001) -> TopicPartition:
        return TopicPartition(self.full(partition.topic), partition.number, offset)

    def _partition(self, wire: TopicPartition) -> Partition:
        return Partition(self.short(wire.topic), wire.partition)


def _all(answers: Mapping[Key, Future[Answer]]) -> dict[Key, Answer]:
    """The answers, waited for one by one; librdkafka itself ends each that takes too long."""
    return {key: answer.result() for key, answer in answers.items()}
