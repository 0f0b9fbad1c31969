"""The tables of the watch. None of them names a person: places are parts of Turvakt and kinds of sources."""

from sqlalchemy import Column, Integer, MetaData, Table

from flow.databases.columns import MOMENT, NAME

METADATA = MetaData()

BEAT = Table(
    "watch_beat",
    METADATA,
    Column("place", NAME, primary_key=True),
    Column("at", MOMENT, nullable=False),
    Column("worked_at", MOMENT),
    Column("failing_since", MOMENT),
    Column("reason", NAME, nullable=False),
    sqlite_with_rowid=False,
)
"""One row for each part of Turvakt, whichever process does its work: when it was last known to live, and to do something."""

PROCESS = Table(
    "watch_process",
    METADATA,
    Column("id", NAME, primary_key=True),
    Column("place", NAME, nullable=False),
    Column("started_at", MOMENT, nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("ended", Integer, nullable=False),
    Column("ahead", MOMENT, nullable=False, server_default="0"),
    sqlite_with_rowid=False,
)
"""One row for each process that did a worker's work, of which several may share a place; see `turvakt.watch.processes`."""

COUNT = Table(
    "watch_count",
    METADATA,
    Column("source", NAME, primary_key=True),
    Column("hour", Integer, primary_key=True, autoincrement=False),
    Column("posts", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""How many posts a collector read in an hour, which is counted since 1970. An hour in which nobody watched has no row."""

TROUBLE = Table(
    "watch_trouble",
    METADATA,
    Column("kind", NAME, primary_key=True),
    Column("place", NAME, primary_key=True),
    Column("state", NAME, nullable=False),
    Column("since", MOMENT, nullable=False),
    Column("told_at", MOMENT),
    Column("gone_at", MOMENT),
    Column("returns", Integer, nullable=False),
    Column("incident", NAME, nullable=False),
    Column("details", NAME, nullable=False, server_default="{}"),
    sqlite_with_rowid=False,
)
"""What is known of troubles, see `turvakt.watch.trouble.Known`. ``details`` is a JSON object of texts."""

DRILL = Table(
    "watch_drill",
    METADATA,
    Column("at", MOMENT, primary_key=True),
    Column("incident", NAME, nullable=False),
)
"""The drills that were held."""
