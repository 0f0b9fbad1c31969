"""The log in the embedded runtime's SQLite file."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec

from flow.clock import Clock
from flow.database import Row
from flow.databases.sqlite import Sqlite
from flow.entry import Entry
from flow.errors import Stale
from flow.log import Batch

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS log (
        topic TEXT NOT NULL, offset INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, at REAL NOT NULL,
        PRIMARY KEY (topic, offset)) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS log_key ON log (key, topic, offset)",
    "CREATE TABLE IF NOT EXISTS log_end (topic TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID",
    """CREATE TABLE IF NOT EXISTS log_offset (
        topic TEXT NOT NULL, grp TEXT NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (topic, grp)) WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS log_cursor (collector TEXT PRIMARY KEY, cursor TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS log_epoch (one INTEGER PRIMARY KEY CHECK (one = 1), epoch INTEGER NOT NULL)",
    "INSERT OR IGNORE INTO log_epoch VALUES (1, 0)",
)


class SqliteLog:
    """Implements `flow.log.Queue` in the tables ``log*`` of ``database``."""

    largest = None

    def __init__(self, database: Sqlite, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        database.create(*_SCHEMA)

    def read(self, topic: str, group: str, limit: int) -> Batch:
        # The epoch is read first: an erasure between the two reads makes the batch stale, never wrongly fresh.
        epoch = self.epoch()
        start = self._offset(topic, group)
        return Batch(tuple(self.browse(topic, after=start - 1, limit=limit)), epoch)

    @contextmanager
    def write(self, *, epoch: int | None = None) -> Iterator["_Writer"]:
        with self._database.transaction():
            if epoch is not None and epoch != self.epoch():
                raise Stale("data was erased since it was read")
            writer = _Writer(self._database, now=self._clock.now().timestamp())
            yield writer
            writer.flush()

    def epoch(self) -> int:
        return int(self._database.query("SELECT epoch FROM log_epoch")[0][0])

    def bump(self) -> None:
        self._database.execute("UPDATE log_epoch SET epoch = epoch + 1")

    def lag(self, topic: str, group: str) -> int:
        sql = "SELECT count(*) FROM log WHERE topic = ? AND offset >= ?"
        return int(self._database.query(sql, (topic, self._offset(topic, group)))[0][0])

    def browse(self, topic: str, *, after: int = -1, limit: int = 100) -> list[Entry]:
        sql = "SELECT topic, offset, key, value, at FROM log WHERE topic = ? AND offset > ? ORDER BY offset LIMIT ?"
        return [_entry(row) for row in self._database.query(sql, (topic, after, limit))]

    def latest(self, topic: str, keys: Collection[str]) -> dict[str, Entry]:
        # Left to itself, the planner walks the topic backwards until it meets the key.
        sql = """SELECT topic, max(offset), key, value, at FROM log INDEXED BY log_key
            WHERE key IN (SELECT value FROM json_each(?)) AND topic = ? GROUP BY key"""
        rows = self._database.query(sql, (msgspec.json.encode(list(keys)).decode(), topic)) if keys else []
        return {row[2]: _entry(row) for row in rows}

    def entries_of(self, keys: Collection[str]) -> list[Entry]:
        sql = """SELECT topic, offset, key, value, at FROM log INDEXED BY log_key
            WHERE key IN (SELECT value FROM json_each(?)) ORDER BY topic, offset"""
        rows = self._database.query(sql, (msgspec.json.encode(list(keys)).decode(),)) if keys else []
        return [_entry(row) for row in rows]

    def containing(self, topic: str, needle: bytes) -> list[Entry]:
        sql = "SELECT topic, offset, key, value, at FROM log WHERE topic = ? AND instr(value, ?) ORDER BY offset"
        return [_entry(row) for row in self._database.query(sql, (topic, needle))]

    def cursor(self, collector: str) -> str | None:
        rows = self._database.query("SELECT cursor FROM log_cursor WHERE collector = ?", (collector,))
        return str(rows[0][0]) if rows else None

    def cursors(self) -> dict[str, str]:
        return dict(self._database.query("SELECT collector, cursor FROM log_cursor"))

    def topics(self) -> list[str]:
        return [row[0] for row in self._database.query("SELECT DISTINCT topic FROM log ORDER BY topic")]

    def rewrite(self, topic: str, change: Callable[[Entry], bytes | None], *, needle: bytes = b"") -> int:
        changed = 0
        with self._database.transaction():
            for entry in self.containing(topic, needle):
                value = change(entry)
                if value == entry.value:
                    continue
                changed += 1
                where = (topic, entry.offset)
                if value is None:
                    self._database.execute("DELETE FROM log WHERE topic = ? AND offset = ?", where)
                else:
                    self._database.execute("UPDATE log SET value = ? WHERE topic = ? AND offset = ?", (value, *where))
            if changed:
                self.bump()
        return changed

    def forget(self, keys: Collection[str], *, but: Callable[[Entry], bool] | None = None) -> int:
        with self._database.transaction():
            gone = [entry for entry in self.entries_of(keys) if not (but and but(entry))]
            if gone:
                rows = [(entry.topic, entry.offset) for entry in gone]
                self._database.executemany("DELETE FROM log WHERE topic = ? AND offset = ?", rows)
                self.bump()
        return len(gone)

    def expire(self, before: datetime) -> int:
        # A topic without a group (dead letters) expires by age alone.
        sql = """DELETE FROM log WHERE at < ? AND offset <
            coalesce((SELECT min(next) FROM log_offset WHERE log_offset.topic = log.topic),
                     CASE WHEN topic LIKE '%.dead' THEN offset + 1 ELSE 0 END)"""
        return self._database.execute(sql, (before.timestamp(),))

    def _offset(self, topic: str, group: str) -> int:
        rows = self._database.query("SELECT next FROM log_offset WHERE topic = ? AND grp = ?", (topic, group))
        return int(rows[0][0]) if rows else 0


class _Writer:
    """Gathers a transaction's entries and writes them at its end, many rows at a time."""

    def __init__(self, database: Sqlite, *, now: float) -> None:
        self._database = database
        self._now = now
        self._rows: dict[str, list[tuple[str, bytes]]] = {}

    def append(self, topic: str, key: str, value: bytes) -> None:
        self._rows.setdefault(topic, []).append((key, value))

    def commit(self, group: str, topic: str, offset: int) -> None:
        self._database.execute("INSERT OR REPLACE INTO log_offset VALUES (?, ?, ?)", (topic, group, offset))

    def save_cursor(self, collector: str, cursor: str) -> None:
        self._database.execute("INSERT OR REPLACE INTO log_cursor VALUES (?, ?)", (collector, cursor))

    def discard(self, topic: str, offsets: Sequence[int]) -> None:
        rows = [(topic, offset) for offset in offsets]
        self._database.executemany("DELETE FROM log WHERE topic = ? AND offset = ?", rows)

    def flush(self) -> None:
        for topic, rows in self._rows.items():
            found = self._database.query("SELECT next FROM log_end WHERE topic = ?", (topic,))
            start = int(found[0][0]) if found else 0
            self._database.executemany(
                "INSERT INTO log VALUES (?, ?, ?, ?, ?)",
                [(topic, start + i, key, value, self._now) for i, (key, value) in enumerate(rows)],
            )
            self._database.execute("INSERT OR REPLACE INTO log_end VALUES (?, ?)", (topic, start + len(rows)))


def _entry(row: Row) -> Entry:
    topic, offset, key, value, at = row
    return Entry(topic=topic, offset=offset, key=key, value=value, at=datetime.fromtimestamp(at, UTC))
