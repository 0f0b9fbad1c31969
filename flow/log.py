"""The log: topics of entries that are read in order, by groups that each keep an offset of their own."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from flow.entry import Entry
from flow.errors import Stale


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries as they stood in the log's erasure ``epoch``; see `Log.write`."""

    entries: tuple[Entry, ...]
    epoch: int


class Writer(Protocol):
    """What can be written in one transaction."""

    def append(self, topic: str, key: str, value: bytes) -> None:
        """Add an entry at the end of ``topic``."""
        ...

    def save_cursor(self, collector: str, cursor: str) -> None:
        """Remember where a collector goes on."""
        ...

    def discard(self, topic: str, offsets: Sequence[int]) -> None:
        """Remove single entries: dead letters that were replayed."""
        ...


class QueueWriter(Writer, Protocol):
    """What can be written in one transaction of a `Queue`."""

    def commit(self, group: str, topic: str, offset: int) -> None:
        """Let ``group`` go on at ``offset`` in ``topic``."""
        ...


class Log(Protocol):
    """Durable topics. What one `write` block did is there wholly or not at all."""

    @property
    def largest(self) -> int | None:
        """Bytes that key and value of an entry may have together, but for dead letters; ``None``: as many as you like."""
        ...

    def write(self, *, epoch: int | None = None) -> AbstractContextManager[Writer]:
        """Open a transaction.

        With ``epoch``, what is written derives from a `Batch` of that epoch: if anything was erased since, the block is
        refused before it starts, so that a stage can never write back what an erasure has just removed.

        Raises:
            Stale: an erasure came in between. Read again.
            Unavailable: locked or full. Nothing was written; try again.
        """
        ...

    def epoch(self) -> int:
        """Counts the erasures and withdrawals so far."""
        ...

    def bump(self) -> None:
        """Start a new epoch, so that no batch in hand is written any more."""
        ...

    def lag(self, topic: str, group: str) -> int:
        """How many entries the group has not read yet."""
        ...

    def browse(self, topic: str, *, after: int = -1, limit: int = 100) -> list[Entry]:
        """Entries behind offset ``after``, by offset, without a group; fewer than ``limit`` only if there are no more."""
        ...

    def latest(self, topic: str, keys: Collection[str]) -> dict[str, Entry]:
        """The newest entry of each of ``keys`` that is still there."""
        ...

    def entries_of(self, keys: Collection[str]) -> list[Entry]:
        """All entries with one of ``keys`` in topics that are looked up by key, and dead letters; a topic's in their order.

        A log in which nothing can be looked up keeps a copy of such topics: it is told of which (``posts``).
        """
        ...

    def containing(self, topic: str, needle: bytes) -> list[Entry]:
        """The entries whose value contains ``needle``, in their order. Looks through the whole topic."""
        ...

    def cursor(self, collector: str) -> str | None:
        """Where a collector goes on."""
        ...

    def cursors(self) -> dict[str, str]:
        """Where every collector goes on."""
        ...

    def topics(self) -> list[str]:
        """The topics that hold entries."""
        ...

    def rewrite(self, topic: str, change: Callable[[Entry], bytes | None], *, needle: bytes = b"") -> int:
        """Erase: put ``change(entry)`` in the place of each entry that contains ``needle``, or remove it for ``None``.

        Starts a new epoch if anything changed. Returns the number of changed and removed entries.
        """
        ...

    def forget(self, keys: Collection[str], *, but: Callable[[Entry], bool] | None = None) -> int:
        """Erase every entry with one of ``keys``, in all topics, read or not, except where ``but`` holds.

        Starts a new epoch if anything went. Returns how many entries did.
        """
        ...

    def expire(self, before: datetime) -> int:
        """Remove entries older than ``before`` that every group of their topic has read; returns how many."""
        ...


class Queue(Log, Protocol):
    """A log that is also read here, and whose offsets move in the transaction that writes what came of the entries."""

    def read(self, topic: str, group: str, limit: int) -> Batch:
        """Up to ``limit`` entries from the group's offset on."""
        ...

    def write(self, *, epoch: int | None = None) -> AbstractContextManager[QueueWriter]:
        """See `Log.write`."""
        ...


def take_out(log: Log, writer: Writer, entry: Entry) -> None:
    """Discard ``entry`` in the transaction that ``writer`` belongs to, if it still stands as it was read.

    Raises:
        Stale: it was erased, changed or taken out meanwhile.
    """
    if entry not in log.browse(entry.topic, after=entry.offset - 1, limit=1):
        raise Stale("the entry has changed since it was read", place=f"{entry.topic}/{entry.offset}")
    writer.discard(entry.topic, [entry.offset])
