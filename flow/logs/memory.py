"""The log in memory: the twin for tests and trials. It keeps every promise of the log but durability."""

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from flow.clock import Clock
from flow.entry import Entry
from flow.errors import Stale
from flow.log import Batch


class MemoryLog:
    """Implements `flow.log.Queue` in this process's memory."""

    largest = None

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._topics: dict[str, dict[int, Entry]] = {}
        self._ends: dict[str, int] = {}
        self._offsets: dict[tuple[str, str], int] = {}
        self._cursors: dict[str, str] = {}
        self._epoch = 0

    def read(self, topic: str, group: str, limit: int) -> Batch:
        with self._lock:
            after = self._offsets.get((topic, group), 0) - 1
            return Batch(tuple(self.browse(topic, after=after, limit=limit)), self._epoch)

    @contextmanager
    def write(self, *, epoch: int | None = None) -> Iterator["_Writer"]:
        with self._lock:
            if epoch is not None and epoch != self._epoch:
                raise Stale("data was erased since it was read")
            writer = _Writer()
            yield writer
            for topic, key, value in writer.entries:
                offset = self._ends.get(topic, 0)
                entry = Entry(topic=topic, offset=offset, key=key, value=value, at=self._clock.now())
                self._topics.setdefault(topic, {})[offset] = entry
                self._ends[topic] = offset + 1
            self._offsets.update(writer.offsets)
            self._cursors.update(writer.cursors)
            for topic, offset in writer.discarded:
                self._topics.get(topic, {}).pop(offset, None)

    def epoch(self) -> int:
        return self._epoch

    def bump(self) -> None:
        with self._lock:
            self._epoch += 1

    def lag(self, topic: str, group: str) -> int:
        with self._lock:
            start = self._offsets.get((topic, group), 0)
            return sum(offset >= start for offset in self._topics.get(topic, {}))

    def browse(self, topic: str, *, after: int = -1, limit: int = 100) -> list[Entry]:
        with self._lock:
            return [entry for entry in self._inside(topic) if entry.offset > after][:limit]

    def latest(self, topic: str, keys: Collection[str]) -> dict[str, Entry]:
        with self._lock:
            return {entry.key: entry for entry in self._inside(topic) if entry.key in keys}

    def entries_of(self, keys: Collection[str]) -> list[Entry]:
        with self._lock:
            return [entry for topic in self.topics() for entry in self._inside(topic) if entry.key in keys]

    def containing(self, topic: str, needle: bytes) -> list[Entry]:
        with self._lock:
            return [entry for entry in self._inside(topic) if needle in entry.value]

    def cursor(self, collector: str) -> str | None:
        return self._cursors.get(collector)

    def cursors(self) -> dict[str, str]:
        return dict(self._cursors)

    def topics(self) -> list[str]:
        with self._lock:
            return sorted(topic for topic, entries in self._topics.items() if entries)

    def rewrite(self, topic: str, change: Callable[[Entry], bytes | None], *, needle: bytes = b"") -> int:
        changed = 0
        with self._lock:
            entries = self._topics.get(topic, {})
            for entry in [entry for entry in entries.values() if needle in entry.value]:
                value = change(entry)
                if value is None:
                    del entries[entry.offset]
                else:
                    entries[entry.offset] = replace(entry, value=value)
                changed += value != entry.value
            self._epoch += changed > 0
        return changed

    def forget(self, keys: Collection[str], *, but: Callable[[Entry], bool] | None = None) -> int:
        with self._lock:
            return self._remove(lambda entry: entry.key in keys and not (but and but(entry)), new_epoch=True)

    def expire(self, before: datetime) -> int:
        with self._lock:
            return self._remove(lambda entry: entry.at < before and self._read_by_all(entry), new_epoch=False)

    def _inside(self, topic: str) -> list[Entry]:
        entries = self._topics.get(topic, {})
        return [entries[offset] for offset in sorted(entries)]

    def _read_by_all(self, entry: Entry) -> bool:
        read = [offset for (topic, _), offset in self._offsets.items() if topic == entry.topic]
        return entry.offset < min(read) if read else entry.topic.endswith(".dead")

    def _remove(self, goes: Callable[[Entry], bool], *, new_epoch: bool) -> int:
        gone = 0
        for entries in self._topics.values():
            for offset in [offset for offset, entry in entries.items() if goes(entry)]:
                del entries[offset]
                gone += 1
        self._epoch += new_epoch and gone > 0
        return gone


class _Writer:
    def __init__(self) -> None:
        self.entries: list[tuple[str, str, bytes]] = []
        self.offsets: dict[tuple[str, str], int] = {}
        self.cursors: dict[str, str] = {}
        self.discarded: list[tuple[str, int]] = []

    def append(self, topic: str, key: str, value: bytes) -> None:
        self.entries.append((topic, key, value))

    def commit(self, group: str, topic: str, offset: int) -> None:
        self.offsets[topic, group] = offset

    def save_cursor(self, collector: str, cursor: str) -> None:
        self.cursors[collector] = cursor

    def discard(self, topic: str, offsets: Sequence[int]) -> None:
        self.discarded += [(topic, offset) for offset in offsets]
