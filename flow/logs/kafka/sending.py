"""Writing to Kafka: what was sent is acknowledged by every replica in sync, or the sender knows that it is not."""

import threading
from collections.abc import Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from flow.errors import TurvaktError, Unavailable
from flow.kafka import Connection
from flow.logs.kafka.faults import Refusals, client_logger, making, of, translated
from flow.logs.kafka.records import Partition, Sent

_AROUND = 1000
"""Bytes that a record may have besides its key and value; topics give it room."""
_LOOK_SECONDS = 0.1
"""How often a sender that waits looks whether it is to wait no longer."""


class Sender:
    """Sends records and waits for their acknowledgements, for one thread at a time.

    A key always comes into the same partition, by murmur2 as in Java's clients; within a partition the order of sending stays.

    Args:
        seconds: how long a record is tried.
        largest: bytes that key and value of a record may have together.
    """

    def __init__(self, connection: Connection, *, prefix: str, compression: str, seconds: float, largest: int) -> None:
        self._prefix = prefix
        self._place = connection.place
        self._refusals = Refusals(connection.place)
        self._settings: dict[str, Any] = connection.librdkafka() | {
            "enable.idempotence": True,
            "acks": "all",
            "partitioner": "murmur2_random",
            "linger.ms": 2,
            "compression.type": compression,
            "message.timeout.ms": round(1000 * seconds),
            "message.max.bytes": largest + _AROUND,
            "queue.buffering.max.messages": 0,  # no limit: what is sent is in memory anyway
            "topic.metadata.propagation.max.ms": 5000,
            "error_cb": self._refusals,
        }
        self._lock = threading.Lock()
        self._producer: Producer | None = None
        self._broken_off = False

    def send(self, records: Sequence[Sent]) -> dict[Partition, int]:
        """Send, and return when all are safe: the offset of the last one in each partition.

        It neither returns nor raises while one of them is under way: nothing is written behind the caller's back.

        Raises:
            Unavailable: the brokers do not answer. Some of the records may have been written.
            BadInput: a record is too large for its topic; all others were sent.
            Broken: the brokers refuse us, or a topic is missing.
        """
        if not records:
            return {}
        with self._lock:
            if self._producer is None:
                with making():
                    self._producer = Producer(self._settings, logger=client_logger)
            self._refusals.clear()
            last, errors = self._sent(self._producer, records)
            if any(error.fatal() for error in errors):
                self._producer = None
            if errors:
                raise self._meant(errors)
            return last

    def break_off(self) -> None:
        """Let whoever waits wait no longer, now and from now on; what is under way may be written or not."""
        self._broken_off = True

    def close(self) -> None:
        """Let go of the connections."""
        with self._lock:
            if self._producer is not None:
                self._producer.close()
            self._producer = None

    def _sent(self, producer: Producer, records: Sequence[Sent]) -> tuple[dict[Partition, int], list[KafkaError]]:
        """The last offset in each partition, and why some of the records are not safe."""
        under_way = 0
        last: dict[Partition, int] = {}
        errors: list[KafkaError] = []

        def told(error: KafkaError | None, message: Message) -> None:
            nonlocal under_way
            under_way -= 1
            if error is not None:
                errors.append(error)
            else:
                topic = (message.topic() or "").removeprefix(self._prefix)
                last[Partition(topic, message.partition() or 0)] = message.offset() or 0

        for record in records:
            try:
                producer.produce(
                    self._prefix + record.topic, record.value, record.key, record.partition, on_delivery=told
                )
            except KafkaException as error:
                errors.append(of(error))
                continue
            except BufferError:
                errors.append(KafkaError(KafkaError._QUEUE_FULL))
                break
            under_way += 1
        while under_way:
            producer.poll(_LOOK_SECONDS)
            if self._broken_off or self._refusals.any():
                producer.purge()
        return last, errors

    def _meant(self, errors: Sequence[KafkaError]) -> TurvaktError:
        """The error that tells most: one that waiting does not mend, if there is any."""
        refused = self._refusals.any()
        if refused is not None:
            return refused
        meant = [translated(error, place=self._place) for error in errors]
        return next((each for each in meant if not isinstance(each, Unavailable)), meant[0])
