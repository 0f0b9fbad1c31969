"""What is written to Kafka and read from it, and how a partition's offset becomes an entry's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from flow.entry import Entry

MOST_PARTITIONS = 1000
_LONGEST_KEY = 600


class Partition(NamedTuple):
    """One partition of a topic, which is called by its name without the prefix."""

    topic: str
    number: int


Offsets = Mapping[Partition, int]
"""An offset of Kafka's in each of some partitions."""
Spans = Mapping[Partition, range]
"""The offsets from where to where in each of some partitions."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What is to be written. ``partition`` -1: the key decides. Without key and value it is a marker, no entry."""

    topic: str
    key: str | None = None
    value: bytes | None = None
    partition: int = -1


def offset_of(partition: int, offset: int) -> int:
    """The `flow.entry.Entry.offset` of what stands at ``offset`` of ``partition``: it tells both."""
    return offset * MOST_PARTITIONS + partition


def entry_at(partition: Partition, offset: int, key: bytes | None, value: bytes, milliseconds: int) -> Entry:
    """The entry that a record of Kafka's is."""
    return Entry(
        topic=partition.topic,
        offset=offset_of(partition.number, offset),
        key=_stored((key or b"").decode("utf-8", "replace")),
        value=value,
        at=datetime.fromtimestamp(milliseconds / 1000, UTC),
    )


def _stored(key: str) -> str:
    """``key`` as PostgreSQL can store and index it. Ours are so anyway; a stranger's becomes the key of a dead letter."""
    return key[:_LONGEST_KEY].replace("\x00", "\ufffd")
