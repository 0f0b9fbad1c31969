"""Reading sections of Kafka's topics, without a group and without moving anybody's offset."""

import time
from collections.abc import Iterator

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from flow.entry import Entry
from flow.errors import Unavailable
from flow.kafka import Connection
from flow.logs.kafka.faults import Refusals, making, translated
from flow.logs.kafka.records import Partition, Spans, entry_at

_LOOK_SECONDS = 1.0


class Reader:
    """Reads what stands between two offsets.

    Args:
        seconds: how long the brokers may be silent.
    """

    def __init__(self, connection: Connection, *, prefix: str, seconds: float) -> None:
        self._prefix = prefix
        self._place = connection.place
        self._seconds = seconds
        self._settings = connection.librdkafka() | {
            "group.id": f"{prefix}reader",  # the client wants one; it neither joins nor commits
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 100,
            "log_level": 0,
        }

    def read(self, spans: Spans) -> Iterator[Entry]:
        """The entries in ``spans``, those of one partition in their order; markers are left out.

        Raises:
            Unavailable: the brokers do not answer.
            Broken: they refuse us, or a topic is missing.
        """
        ends = {partition: span.stop for partition, span in spans.items() if span}
        if not ends:
            return
        refusals = Refusals(self._place)
        with making():
            consumer = Consumer(self._settings | {"error_cb": refusals})
        try:
            consumer.assign(
                [TopicPartition(self._prefix + each.topic, each.number, spans[each].start) for each in ends]
            )
            deadline = time.monotonic() + self._seconds
            while ends:
                message = consumer.poll(_LOOK_SECONDS)
                if message is not None:
                    yield from self._taken(message, ends)
                    deadline = time.monotonic() + self._seconds
                elif (refused := refusals.any()) is not None:
                    raise refused
                elif time.monotonic() > deadline:
                    raise Unavailable("no answer", place=self._place, remedy="Workers try again by themselves")
        finally:
            consumer.close()

    def _taken(self, message: Message, ends: dict[Partition, int]) -> Iterator[Entry]:
        """The entry in ``message``, if it is one that was asked for; partitions that are read go from ``ends``."""
        error = message.error()
        if error is not None and error.code() != KafkaError._PARTITION_EOF:
            raise translated(error, place=self._place)
        partition = Partition((message.topic() or "").removeprefix(self._prefix), message.partition() or 0)
        offset = message.offset() or 0
        if partition not in ends:
            return
        end = ends[partition]
        # At the end of a partition the offset is that of the record to come.
        if offset + (error is None) >= end:
            del ends[partition]
        value = message.value()
        if error is None and value is not None and offset < end:
            yield entry_at(partition, offset, message.key(), value, message.timestamp()[1])
