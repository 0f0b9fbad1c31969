"""The first tables. An embedded database made before there were migrations has some of them or all: they stay as they are."""

from alembic import op
from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Integer, LargeBinary, text

from flow.databases.columns import MOMENT, NAME

revision = "0001"
down_revision = None

# Planners keep samples of what is in a column, and those survive an erasure.
_PERSONAL = {
    "registry_official": ("id", "value"),
    "registry_withdrawal": ("id",),
    "outbox": ("post", "official", "reason", "alert"),
    "log_entry": ("key", "value"),
    "log_change": ("value",),
}


def upgrade() -> None:
    _registry()
    _outbox()
    if op.get_bind().dialect.name == "postgresql":  # in SQLite the log keeps its own tables
        _log()
        for table, columns in _PERSONAL.items():
            for column in columns:
                op.execute(f'ALTER TABLE {table} ALTER COLUMN "{column}" SET STATISTICS 0')


def _registry() -> None:
    op.create_table(
        "registry_official",
        Column("id", NAME, primary_key=True),
        Column("value", LargeBinary, nullable=False),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_table(
        "registry_withdrawal",
        Column("digest", LargeBinary, primary_key=True),
        Column("id", NAME),
        Column("at", MOMENT, nullable=False),
        Column("erased_at", MOMENT),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_table(
        "registry_removed",
        Column("digest", LargeBinary, primary_key=True),
        Column("holder", NAME, primary_key=True),
        Column("removed", Integer, nullable=False),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_table(
        "registry_revision",
        Column("one", Integer, CheckConstraint("one = 1"), primary_key=True, autoincrement=False),
        Column("revision", Integer, nullable=False),
        if_not_exists=True,
    )
    op.execute("INSERT INTO registry_revision VALUES (1, 0) ON CONFLICT DO NOTHING")


def _outbox() -> None:
    op.create_table(
        "outbox",
        Column("id", NAME, primary_key=True),
        Column("slot", NAME, nullable=False),
        Column("alert_id", NAME, nullable=False),
        Column("post", NAME, nullable=False),
        Column("official", NAME, nullable=False),
        Column("channel", NAME, nullable=False),
        Column("severity", Integer, nullable=False),
        Column("threat", Integer, nullable=False),
        Column("state", NAME, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("first_due", MOMENT, nullable=False),
        Column("due", MOMENT, nullable=False),
        Column("at", MOMENT, nullable=False),
        Column("collected_at", MOMENT, nullable=False),
        Column("reason", NAME),
        Column("alert", LargeBinary),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    for column in ("slot", "official", "post"):
        op.create_index(f"outbox_{column}", "outbox", [column], if_not_exists=True)
    op.create_index(
        "outbox_due",
        "outbox",
        ["channel", text("threat DESC"), text("severity DESC"), "due"],
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
        if_not_exists=True,
    )


def _log() -> None:
    op.create_table(
        "log_epoch",
        Column("one", Integer, CheckConstraint("one = 1"), primary_key=True, autoincrement=False),
        Column("epoch", BigInteger, nullable=False),
    )
    op.execute("INSERT INTO log_epoch VALUES (1, 0)")
    op.create_table(
        "log_cursor",
        Column("collector", NAME, primary_key=True),
        Column("cursor", NAME, nullable=False),
    )
    op.create_table(
        "log_entry",
        Column("number", BigInteger, Identity(always=True), primary_key=True),
        Column("topic", NAME, nullable=False),
        Column("key", NAME, nullable=False),
        Column("value", LargeBinary, nullable=False),
        Column("at", MOMENT, nullable=False),
    )
    op.create_index("log_entry_topic", "log_entry", ["topic", "number"])
    op.create_index("log_entry_key", "log_entry", ["key", "topic", "number"])
    op.create_table(
        "log_change",
        Column("topic", NAME, primary_key=True),
        Column("offset", BigInteger, primary_key=True, autoincrement=False),
        Column("value", LargeBinary),
    )
    op.create_table(
        "log_floor",
        Column("topic", NAME, primary_key=True),
        Column("partition", Integer, primary_key=True, autoincrement=False),
        Column("offset", BigInteger, nullable=False),
    )
