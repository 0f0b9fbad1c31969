"""What erasures did to entries that still stand in Kafka: nothing there can be changed, so PostgreSQL says what to see.

Who takes entries from Kafka looks at them through the overlay. It changes in the transaction that starts the epoch: from then
on nobody writes anything that derives from what was erased. Kafka itself is cleared later (`flow.logs.kafka.scrubbing`).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from flow.databases.postgres import Postgres
from flow.entry import Entry
from flow.logs.kafka.records import MOST_PARTITIONS, Offsets, Partition


class Overlay:
    """The tables ``log_change`` and ``log_floor``."""

    def __init__(self, database: Postgres) -> None:
        self._database = database

    def seen(self, entries: Iterable[Entry]) -> list[Entry]:
        """What is left of ``entries``, in their order."""
        by_topic: dict[str, list[Entry]] = {}
        for entry in entries:
            by_topic.setdefault(entry.topic, []).append(entry)
        return [left for topic, those in by_topic.items() for left in self._seen(topic, those)]

    def _seen(self, topic: str, entries: Sequence[Entry]) -> list[Entry]:
        # Both in one statement: a change goes when the floor rises above it.
        sql = """SELECT NULL, "offset", value FROM log_change WHERE topic = %s AND "offset" BETWEEN %s AND %s
            UNION ALL SELECT partition, "offset", NULL FROM log_floor WHERE topic = %s"""
        offsets = [entry.offset for entry in entries]
        changes: dict[int, bytes | None] = {}
        floors: dict[int, int] = {}
        for partition, offset, value in self._database.query(sql, (topic, min(offsets), max(offsets), topic)):
            if partition is None:
                changes[offset] = value
            else:
                floors[partition] = offset
        left: list[Entry] = []
        for entry in entries:
            offset, partition = divmod(entry.offset, MOST_PARTITIONS)
            if offset < floors.get(partition, 0):
                continue
            value = changes.get(entry.offset, entry.value)
            if value is not None:
                left.append(entry if value == entry.value else replace(entry, value=value))
        return left

    def floors(self, topics: Collection[str] | None = None) -> dict[Partition, int]:
        """Below which offsets everything is erased; of some topics or of all."""
        sql = 'SELECT topic, partition, "offset" FROM log_floor'
        where = "" if topics is None else " WHERE topic = ANY(%s)"
        rows = self._database.query(sql + where, () if topics is None else (list(topics),))
        return {Partition(topic, partition): offset for topic, partition, offset in rows}

    def known(self, topics: Collection[str] | None = None) -> dict[Partition, int]:
        """Below which offsets anything is erased, changed or removed, so that a partition cannot end before; of some topics
        or of all."""
        sql = """SELECT topic, partition, max("offset") FROM (SELECT topic, partition, "offset" FROM log_floor
            UNION ALL SELECT topic, "offset" %% %s, "offset" / %s + 1 FROM log_change) AS known (topic, partition, "offset")
            WHERE %s::text[] IS NULL OR topic = ANY(%s::text[]) GROUP BY topic, partition"""
        asked = None if topics is None else list(topics)
        rows = self._database.query(sql, (MOST_PARTITIONS, MOST_PARTITIONS, asked, asked))
        return {Partition(topic, partition): offset for topic, partition, offset in rows}

    def cut(self, ends: Offsets) -> None:
        """Let go of what is known of offsets behind ``ends``: there is nothing, and what comes is new."""
        for (topic, partition), end in sorted(ends.items()):
            floor = """UPDATE log_floor SET "offset" = %s WHERE topic = %s AND partition = %s AND "offset" > %s"""
            self._database.execute(floor, (end, topic, partition, end))
            changes = """DELETE FROM log_change WHERE topic = %s AND "offset" %% %s = %s AND "offset" / %s >= %s"""
            self._database.execute(changes, (topic, MOST_PARTITIONS, partition, MOST_PARTITIONS, end))

    def changed(self) -> set[str]:
        """The topics of which single entries are changed or removed."""
        return {row[0] for row in self._database.query("SELECT DISTINCT topic FROM log_change")}

    def change(self, entries: Sequence[tuple[Entry, bytes | None]]) -> None:
        """Put a value in the place of each entry; ``None``: nothing."""
        sql = """INSERT INTO log_change VALUES (%s, %s, %s)
            ON CONFLICT (topic, "offset") DO UPDATE SET value = excluded.value"""
        self._database.executemany(sql, [(entry.topic, entry.offset, value) for entry, value in entries])

    def raise_floors(self, floors: Offsets) -> None:
        """Erase everything below ``floors``."""
        sql = """INSERT INTO log_floor VALUES (%s, %s, %s) ON CONFLICT (topic, partition)
            DO UPDATE SET "offset" = greatest(log_floor."offset", excluded."offset")"""
        # In the same order everywhere, so that two who do it do not wait for each other.
        self._database.executemany(sql, [(*partition, offset) for partition, offset in sorted(floors.items())])
        clear = """DELETE FROM log_change USING log_floor WHERE log_change.topic = log_floor.topic
            AND log_change."offset" %% %s = log_floor.partition AND log_change."offset" / %s < log_floor."offset" """
        self._database.execute(clear, (MOST_PARTITIONS, MOST_PARTITIONS))
