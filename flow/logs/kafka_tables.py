"""The tables in PostgreSQL of a log whose topics are Kafka's. The log in SQLite keeps its own."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, Integer, LargeBinary, MetaData, Table

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
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("topic", NAME, nullable=False),
    Column("key", NAME, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("at", MOMENT, nullable=False),
    Index("log_entry_topic", "topic", "number"),
    Index("log_entry_key", "key", "topic", "number"),
)
"""Entries that are found again by key or number, besides their copies in Kafka: posts, and dead letters."""

CHANGES = Table(
    "log_change",
    METADATA,
    Column("topic", NAME, primary_key=True),
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    Column("value", LargeBinary),
)
"""What is left of entries that an erasure met unread in Kafka; no value: nothing."""

FLOORS = Table(
    "log_floor",
    METADATA,
    Column("topic", NAME, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("offset", BigInteger, nullable=False),
)
"""Below this offset of Kafka's everything in a partition is erased."""
