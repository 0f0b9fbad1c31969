"""Entries that must be found again by key or number: they stand in PostgreSQL, besides their copies in Kafka.

Kafka is a conveyor belt: nothing in it can be looked up, changed or taken out. So dead letters stand here until they are
replayed or too old, and the posts until they are too old, as the intake asks what it knows of an id. An entry's offset is
the number of its row.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime

from flow.database import Row
from flow.databases.postgres import Postgres
from flow.entry import Entry
from flow.errors import Stale
from flow.logs.kafka.records import Sent

_SELECT = "SELECT topic, number, key, value, at FROM log_entry WHERE "


class Shelf:
    """The table ``log_entry``.

    Args:
        kept: the topics that are kept here; those of dead letters always are.
    """

    def __init__(self, database: Postgres, *, kept: Collection[str]) -> None:
        self._database = database
        self._kept = frozenset(kept)

    def keeps(self, topic: str) -> bool:
        """Whether the entries of ``topic`` are kept here."""
        return topic in self._kept or topic.endswith(".dead")

    def add(self, records: Sequence[Sent], at: datetime) -> None:
        """Keep those among ``records`` that are to be kept."""
        rows = [(each.topic, each.key, each.value, at.timestamp()) for each in records if self.keeps(each.topic)]
        for topic in sorted({row[0] for row in rows} & self._kept):
            # Who follows a topic by its numbers would miss a lower one that is committed later.
            self._database.lock(f"log {topic}")
        sql = "INSERT INTO log_entry (topic, key, value, at) VALUES (%s, %s, %s, %s)"
        self._database.executemany(sql, rows)

    def count(self, topic: str) -> int:
        """How many entries of ``topic`` there are."""
        return int(self._database.query("SELECT count(*) FROM log_entry WHERE topic = %s", (topic,))[0][0])

    def topics(self) -> set[str]:
        """The topics of which there are entries."""
        return {row[0] for row in self._database.query("SELECT DISTINCT topic FROM log_entry")}

    def browse(self, topic: str, *, after: int, limit: int) -> list[Entry]:
        return self._entries("topic = %s AND number > %s ORDER BY number LIMIT %s", topic, after, limit)

    def latest(self, topic: str, keys: Collection[str]) -> dict[str, Entry]:
        newest = "number IN (SELECT max(number) FROM log_entry WHERE topic = %s AND key = ANY(%s) GROUP BY key)"
        return {entry.key: entry for entry in self._entries(newest, topic, list(keys))}

    def entries_of(self, keys: Collection[str]) -> list[Entry]:
        return self._entries("key = ANY(%s) ORDER BY topic, number", list(keys))

    def containing(self, topic: str, needle: bytes) -> list[Entry]:
        return self._entries("topic = %s AND position(%s::bytea IN value) > 0 ORDER BY number", topic, needle)

    def discard(self, topic: str, numbers: Sequence[int]) -> None:
        """Take entries out.

        Raises:
            Stale: somebody else has taken one of them out.
        """
        sql = "DELETE FROM log_entry WHERE topic = %s AND number = ANY(%s)"
        if self._database.execute(sql, (topic, list(numbers))) < len(set(numbers)):
            raise Stale("an entry was taken out meanwhile", place=topic)

    def rewrite(self, topic: str, change: Callable[[Entry], bytes | None], *, needle: bytes) -> int:
        """See `flow.log.Log.rewrite`; starts no epoch."""
        gone: list[Entry] = []
        changed: list[tuple[bytes, int]] = []
        for entry in self.containing(topic, needle):
            value = change(entry)
            if value is None:
                gone.append(entry)
            elif value != entry.value:
                changed.append((value, entry.offset))
        self._remove(gone)
        self._database.executemany("UPDATE log_entry SET value = %s WHERE number = %s", changed)
        return len(gone) + len(changed)

    def forget(self, keys: Collection[str], *, but: Callable[[Entry], bool]) -> list[Entry]:
        """See `flow.log.Log.forget`; starts no epoch. Returns the entries that are gone."""
        gone = [entry for entry in self.entries_of(keys) if not but(entry)]
        self._remove(gone)
        return gone

    def expire(self, before: datetime, *, unread_since: datetime | None) -> int:
        """Remove entries from before a moment; those that are no dead letters only if they are older than all that is unread."""
        dead = "DELETE FROM log_entry WHERE at < %s AND topic LIKE '%%.dead'"
        others = "DELETE FROM log_entry WHERE at < %s AND topic NOT LIKE '%%.dead'"
        read = before if unread_since is None else min(before, unread_since)
        return self._database.execute(dead, (before.timestamp(),)) + self._database.execute(others, (read.timestamp(),))

    def _remove(self, entries: Sequence[Entry]) -> None:
        self._database.execute("DELETE FROM log_entry WHERE number = ANY(%s)", ([each.offset for each in entries],))

    def _entries(self, which: str, *parameters: object) -> list[Entry]:
        return [_entry(row) for row in self._database.query(_SELECT + which, parameters)]


def _entry(row: Row) -> Entry:
    topic, number, key, value, at = row
    return Entry(topic=topic, offset=number, key=key, value=value, at=datetime.fromtimestamp(at, UTC))
