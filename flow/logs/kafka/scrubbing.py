"""Erased bytes leave the brokers' disks.

A broker frees a file only when all of it is below the beginning of its partition, and the newest file of a partition never.
So every partition is made to begin a new file; what is unread and stands in the old ones is carried over to the end; then the
old files are below the beginning. The broker looks for such files every ``log.retention.check.interval.ms`` (five minutes,
if it is not told otherwise).
"""

import time
from collections.abc import Callable, Collection
from itertools import islice

from flow.databases.postgres import Postgres
from flow.errors import Unavailable
from flow.logs.kafka.belt import Belt
from flow.logs.kafka.cluster import Cluster
from flow.logs.kafka.configs import FILE_AGE, FILE_MILLISECONDS, describe, set_config
from flow.logs.kafka.overlay import Overlay
from flow.logs.kafka.records import MOST_PARTITIONS, Offsets, Sent, Spans
from flow.logs.kafka.sending import Sender

_AT_ONCE = 1000
_EVERY_RECORD = "1"
"""Milliseconds: so old is any file."""
_SETTLE_SECONDS = 0.5
"""Brokers tell the new setting a moment before they act on it."""


class Scrubber:
    """Makes the brokers delete the files that hold what was erased.

    Args:
        alone: called in a transaction: nobody else writes until its end.
        seconds: how long the brokers may take to hear of a setting.
    """

    def __init__(
        self,
        database: Postgres,
        *,
        cluster: Cluster,
        sender: Sender,
        belt: Belt,
        overlay: Overlay,
        alone: Callable[[], None],
        seconds: float,
    ) -> None:
        self._database = database
        self._cluster = cluster
        self._sender = sender
        self._belt = belt
        self._overlay = overlay
        self._alone = alone
        self._seconds = seconds

    def scrub(self) -> None:
        """Let go of every file that held what was erased.

        Raises:
            Unavailable: the brokers do not answer. It can be done again.
        """
        topics = {partition.topic for partition in self._cluster.partitions(self._belt.topics)}
        if not topics:
            return
        with self._database.transaction():
            self._database.lock("scrub")  # of two at once, one would end the other's setting too early
            begun = self._begin_files(topics)
            # Who writes meanwhile would come before older entries of the same post.
            self._alone()
            unread = self._belt.unread(topics)
            behind = {each: span for each, span in unread.items() if span.start < begun.get(each, 0)}
            self._carry_over(behind)
            self._overlay.raise_floors({**begun, **{each: span.stop for each, span in behind.items()}})
        self._belt.sweep()

    def _begin_files(self, topics: Collection[str]) -> Offsets:
        """Let each partition begin a new file; returns offsets below which everything is in older ones."""
        try:
            set_config(self._cluster, topics, FILE_AGE, _EVERY_RECORD)
            deadline = time.monotonic() + self._seconds
            while {each[FILE_AGE] for each in describe(self._cluster, topics).values()} != {_EVERY_RECORD}:
                if time.monotonic() > deadline:
                    raise Unavailable("a setting of the topics does not arrive", place=self._cluster.place)
                time.sleep(0.05)
            time.sleep(_SETTLE_SECONDS)
            # A broker begins a file when it writes a record.
            markers = [Sent(each.topic, partition=each.number) for each in self._cluster.partitions(topics)]
            return self._sender.send(markers)
        finally:
            set_config(self._cluster, topics, FILE_AGE, str(FILE_MILLISECONDS))

    def _carry_over(self, spans: Spans) -> None:
        """Write the entries in ``spans`` once more, in their partitions and their order."""
        entries = self._belt.entries(spans)
        while some := list(islice(entries, _AT_ONCE)):
            self._sender.send([Sent(each.topic, each.key, each.value, each.offset % MOST_PARTITIONS) for each in some])
