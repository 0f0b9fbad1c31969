"""What one transaction writes."""

import logging
from collections.abc import Sequence
from datetime import datetime

from flow.databases.postgres import Postgres
from flow.errors import BadInput
from flow.logs.kafka.faults import lost
from flow.logs.kafka.overlay import Overlay
from flow.logs.kafka.records import Sent
from flow.logs.kafka.sending import Sender
from flow.logs.kafka.shelf import Shelf

logger = logging.getLogger(__name__)


class Transaction:
    """Implements `flow.log.Writer`. Entries are gathered, and handed over at its end."""

    def __init__(self, database: Postgres, sender: Sender, shelf: Shelf, overlay: Overlay) -> None:
        self._database = database
        self._sender = sender
        self._shelf = shelf
        self._overlay = overlay
        self.records: list[Sent] = []

    def append(self, topic: str, key: str, value: bytes) -> None:
        self.records.append(Sent(topic, key, value))

    def save_cursor(self, collector: str, cursor: str) -> None:
        sql = """INSERT INTO log_cursor VALUES (%s, %s)
            ON CONFLICT (collector) DO UPDATE SET cursor = excluded.cursor"""
        self._database.execute(sql, (collector, cursor))

    def discard(self, topic: str, offsets: Sequence[int]) -> None:
        self._shelf.discard(topic, offsets)

    def hand_over(self, at: datetime) -> None:
        """Send all to Kafka, wait until it is safe there, and keep here what is to be found again.

        Raises:
            Unavailable, BadInput, Broken: see `Sender.send`.
            Broken: a topic has lost its end: what is known of its old offsets would hide what was sent.
        """
        known = self._overlay.known({each.topic for each in self.records})
        last = self._sender.send([each for each in self.records if not each.topic.endswith(".dead")])
        for partition, offset in last.items():
            if offset < known.get(partition, 0):
                raise lost(partition.topic, place="kafka")
        try:
            self._sender.send([each for each in self.records if each.topic.endswith(".dead")])
        except BadInput:  # as large as what could not be handled; all are kept, where they are looked for
            logger.warning("a dead letter is too large for Kafka: its topic does not tell of it")
        self._shelf.add(self.records, at)
