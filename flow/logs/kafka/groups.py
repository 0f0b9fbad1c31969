"""How far groups have read."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from flow.logs.kafka.faults import Refusals


class Groups:
    """Asks each group's coordinator by a client that belongs to the group without ever joining it.

    librdkafka's client for administration could ask, too, but it ends the whole process when the coordinator has moved
    (seen in 2.16, after each restart of a broker).

    Args:
        settings: how the brokers are reached.
        seconds: how long an answer may take.
    """

    def __init__(self, settings: Mapping[str, Any], *, refusals: Refusals, seconds: float) -> None:
        self._settings = {**settings, "enable.auto.commit": False, "error_cb": refusals}
        self._seconds = seconds
        self._lock = threading.Lock()
        self._clients: dict[str, Consumer] = {}

    def committed(self, group: str, partitions: Sequence[TopicPartition]) -> list[TopicPartition]:
        """Where ``group`` goes on in each of ``partitions``; a negative offset where it never committed.

        Raises:
            KafkaException: there was no answer, or a refusal.
        """
        with self._lock:
            if group not in self._clients:
                self._clients[group] = Consumer({**self._settings, "group.id": group})
            client = self._clients[group]
        try:
            found = client.committed(list(partitions), timeout=self._seconds)
        finally:
            client.poll(0)  # errors of the connection itself wait there
        for each in found:
            if each.error is not None:
                raise KafkaException(each.error)
        return found

    def close(self) -> None:
        """Let go of the connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()
