"""The log of a cluster."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from flow.clock import Clock
from flow.databases.postgres import Postgres
from flow.entry import Entry
from flow.errors import Stale
from flow.kafka import Connection
from flow.logs.kafka.belt import Belt
from flow.logs.kafka.cluster import Cluster, Progress
from flow.logs.kafka.overlay import Overlay
from flow.logs.kafka.reading import Reader
from flow.logs.kafka.scrubbing import Scrubber
from flow.logs.kafka.sending import Sender
from flow.logs.kafka.shelf import Shelf
from flow.logs.kafka.writing import Transaction

_LOCK = "log"
_CLOCKS_DIFFER = timedelta(hours=1)
"""So far the brokers' clocks may be from ours."""


class KafkaLog:
    """Implements `flow.log.Log`: entries go to Kafka, and what a transaction needs besides is in PostgreSQL.

    A transaction of PostgreSQL holds all together. Kafka's part is written and acknowledged before it is committed: if that
    fails, entries have been written that come once more, but nothing is missing.

    What derives from a batch is written under a lock that all share, and an erasure has it alone: none is written behind an
    erasure's back. Erasure is exact at once, see `flow.logs.kafka.overlay`; `sweep` and `scrub` then clear the brokers.

    Args:
        readers: the groups that read each topic. One that has never committed holds everything back.
        dead: the topics of dead letters.
        kept: topics whose entries are found again by key, besides those of dead letters; see `flow.logs.kafka.shelf`.
        largest: bytes that an entry may have.
        seconds: how long the brokers may take to answer; less than PostgreSQL lets a transaction wait.
    """

    def __init__(
        self,
        connection: Connection,
        database: Postgres,
        *,
        clock: Clock,
        prefix: str,
        readers: Mapping[str, Collection[str]],
        dead: Collection[str] = (),
        kept: Collection[str] = (),
        compression: str = "zstd",
        largest: int = 4_000_000,
        seconds: float = 20.0,
    ) -> None:
        self._database = database
        self._clock = clock
        self._readers = readers
        self.largest = largest
        self.cluster = Cluster(connection, prefix=prefix, seconds=seconds)
        self._sender = Sender(connection, prefix=prefix, compression=compression, seconds=seconds, largest=largest)
        self._shelf = Shelf(database, kept=kept)
        self._overlay = Overlay(database)
        reader = Reader(connection, prefix=prefix, seconds=seconds)
        self._belt = Belt(self.cluster, reader, self._overlay, readers=readers, dead=dead)
        self._scrubber = Scrubber(
            database,
            cluster=self.cluster,
            sender=self._sender,
            belt=self._belt,
            overlay=self._overlay,
            alone=self._alone,
            seconds=seconds,
        )

    # ---------------------------------------------------------------- writing

    @contextmanager
    def write(self, *, epoch: int | None = None) -> Iterator[Transaction]:
        with self._database.transaction():
            if epoch is not None:
                self._shared()
                if epoch != self.epoch():
                    raise Stale("data was erased since it was read")
            transaction = Transaction(self._database, self._sender, self._shelf, self._overlay)
            yield transaction
            if transaction.records:
                self._shared()
                transaction.hand_over(self._clock.now())

    def epoch(self) -> int:
        return int(self._database.query("SELECT epoch FROM log_epoch")[0][0])

    def bump(self) -> None:
        with self._database.transaction():
            self._alone()
            self._database.execute("UPDATE log_epoch SET epoch = epoch + 1")

    def _shared(self) -> None:
        """Until the end of the transaction nobody erases."""
        self._database.lock(_LOCK, shared=True)

    def _alone(self) -> None:
        """Until the end of the transaction nobody else writes; who is writing ends first."""
        self._database.lock(_LOCK)

    # ---------------------------------------------------------------- reading

    def standing(self, entries: Sequence[Entry]) -> list[Entry]:
        """What is left of entries of a topic that were read from Kafka: some may be erased, others changed since.

        It holds for the epoch that was read before: a later erasure makes what derives from them `Stale`.
        """
        return self._overlay.seen(entries)

    def progress(self, topic: str, group: str) -> dict[int, Progress]:
        """How far ``group`` has read, by the number of the partition, in Kafka's own offsets.

        Raises:
            Broken: there is no such topic in Kafka, or it has lost its end.
        """
        partitions = self.cluster.existing(topic)
        standing = self._belt.standing(partitions)
        committed = self.cluster.committed(group, partitions)
        return {
            each.number: Progress(max(span.start, committed.get(each, 0)), span.stop) for each, span in standing.items()
        }

    def lag(self, topic: str, group: str) -> int:
        """See `Log.lag`. Markers that a scrub wrote count until the group has passed them."""
        return self.lags({group: topic})[group] if topic in self._readers else self._shelf.count(topic)

    def lags(self, groups: Mapping[str, str]) -> dict[str, int]:
        """The lag of each group in the topic that it reads, asked at once.

        Raises:
            Broken: a topic is missing in Kafka, or has lost its end.
        """
        standing = self._belt.standing(self.cluster.existing(*set(groups.values())))
        lags = {}
        for group, topic in groups.items():
            own = {each: span for each, span in standing.items() if each.topic == topic}
            committed = self.cluster.committed(group, own)
            lags[group] = sum(max(0, span.stop - max(span.start, committed.get(each, 0))) for each, span in own.items())
        return lags

    def oldest_unread(self, topic: str, group: str) -> datetime | None:
        """When the oldest entry of ``topic`` came that ``group`` has yet to read, by the broker's clock."""
        return self._belt.oldest_unread([topic], group=group)

    def browse(self, topic: str, *, after: int = -1, limit: int = 100) -> list[Entry]:
        where = self._shelf if self._shelf.keeps(topic) else self._belt
        return where.browse(topic, after=after, limit=limit)

    def latest(self, topic: str, keys: Collection[str]) -> dict[str, Entry]:
        if not keys:
            return {}
        if self._shelf.keeps(topic):
            return self._shelf.latest(topic, keys)
        return {entry.key: entry for entry in self._belt.all(topic, lambda entry: entry.key in keys)}

    def entries_of(self, keys: Collection[str]) -> list[Entry]:
        return self._shelf.entries_of(keys) if keys else []

    def containing(self, topic: str, needle: bytes) -> list[Entry]:
        if self._shelf.keeps(topic):
            return self._shelf.containing(topic, needle)
        return self._belt.all(topic, lambda entry: needle in entry.value)

    def cursor(self, collector: str) -> str | None:
        rows = self._database.query("SELECT cursor FROM log_cursor WHERE collector = %s", (collector,))
        return str(rows[0][0]) if rows else None

    def cursors(self) -> dict[str, str]:
        return dict(self._database.query("SELECT collector, cursor FROM log_cursor"))

    def topics(self) -> list[str]:
        return sorted(self._shelf.topics() | self._belt.holding())

    # ---------------------------------------------------------------- erasing

    def rewrite(self, topic: str, change: Callable[[Entry], bytes | None], *, needle: bytes = b"") -> int:
        with self._database.transaction():
            self._alone()
            kept = self._shelf.rewrite(topic, change, needle=needle)
            covered = self._belt.cover([topic], lambda entry: change(entry) if needle in entry.value else entry.value)
            if kept or covered:
                self.bump()
        # What is kept has a copy in Kafka, unless that is gone.
        return kept if self._shelf.keeps(topic) else len(covered)

    def forget(self, keys: Collection[str], *, but: Callable[[Entry], bool] | None = None) -> int:
        if not keys:
            return 0
        spared = but or (lambda entry: False)
        with self._database.transaction():
            self._alone()
            kept = self._shelf.forget(keys, but=spared)
            covered = self._belt.cover(
                self._readers, lambda entry: None if entry.key in keys and not spared(entry) else entry.value
            )
            # Their copies only tell of them: the others wait in PostgreSQL.
            if letters := {entry.topic for entry in kept if entry.topic.endswith(".dead")}:
                self._belt.let_go(letters)
            if kept or covered:
                self.bump()
        return len(kept) + sum(not self._shelf.keeps(entry.topic) for entry in covered)

    def expire(self, before: datetime) -> int:
        """See `Log.expire`. An entry that is kept and in Kafka counts once."""
        unread_since = self._belt.oldest_unread(self._readers)
        kept = self._shelf.expire(before, unread_since=unread_since and unread_since - _CLOCKS_DIFFER)
        return kept + self._belt.expire(before, counting=lambda topic: not self._shelf.keeps(topic))

    def sweep(self) -> None:
        """Delete from Kafka what was erased, as far as no group has yet to pass it: soon after each `forget`.

        Raises:
            Unavailable: the brokers do not answer. It can be done again.
        """
        self._belt.sweep()

    def scrub(self) -> None:
        """Leave nothing that was erased in the brokers' files; see `flow.logs.kafka.scrubbing`.

        Raises:
            Unavailable: the brokers do not answer. It can be done again.
        """
        self._scrubber.scrub()

    def lost(self) -> set[str]:
        """The topics that have lost their end, or are missing, while it is known what was erased there: see `mend`.

        Raises:
            Unavailable: the brokers do not answer.
        """
        return {partition.topic for partition in self._belt.lost()}

    def mend(self) -> set[str]:
        """Let nothing that was erased in a topic that has lost its end, or is missing, hide what comes there; returns which.

        Raises:
            Unavailable: the brokers do not answer. It can be done again.
        """
        with self._database.transaction():
            self._alone()
            return self._belt.mend()

    # ---------------------------------------------------------------- ending

    def break_off(self) -> None:
        """Let no write wait for the brokers any more, now and from now on."""
        self._sender.break_off()

    def close(self) -> None:
        """Let go of the connections to Kafka; the database stays open."""
        self._sender.close()
        self.cluster.close()
