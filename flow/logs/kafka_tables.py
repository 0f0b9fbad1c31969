"""The tables in PostgreSQL of a log whose topics are Kafka's. The log in SQLite keeps its own."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, LargeBinary, MetaData, Table

from flow.databases.columns import MOMENT, NAME

METADATA = MetaData()

EPOCHS = Table(
    "log_epoch",
    METADATA,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, nullable=False),
    CheckConstraint("one = 1", name="log_epoch_one"),
)
"""One row."""

CURSORS = Table(
    "log_cursor",
    METADATA,
    Column("collector", NAME, primary_key=True),
    Column("cursor", NAME, nullable=False),
)
"""Where each collector goes on."""

ENTRIES = Table(
    "log_entry",
    METADATA,
    Column("topic", NAME, primary_key=True),
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    Column("key", NAME, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("at", MOMENT, nullable=False),
    Index("log_entry_key", "key", "topic", "offset"),
)
"""Entries that are looked up by their key: the newest of each post, and the dead letters."""
