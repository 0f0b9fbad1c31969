"""The tables of the outbox, and of who was told."""

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, Table, text

from flow.databases.append_only import append_only
from flow.databases.columns import MOMENT, NAME

METADATA = MetaData()

_WAITING = text("state = 'waiting'")

OUTBOX = Table(
    "outbox",
    METADATA,
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
    Index("outbox_slot", "slot"),
    Index("outbox_official", "official"),
    Index("outbox_post", "post"),
    Index(
        "outbox_due",
        "channel",
        text("threat DESC"),
        text("severity DESC"),
        "due",
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    ),
    sqlite_with_rowid=False,
)
"""``slot`` is one contact's view of one post about one official; ``alert`` is NULL once the delivery has ended."""

NOTICE = Table(
    "alert_notice",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("alert", NAME, nullable=False),
    Column("official", NAME, nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("how", NAME, nullable=False),
    Column("by", NAME, nullable=False),
    Column("form", NAME, nullable=False),
    Column("wish", NAME, nullable=False),
    Index("alert_notice_alert", "alert"),
    Index("alert_notice_official", "official"),
)
"""Rows are added, and removed by erasure and retention; the database itself refuses to change one."""
append_only(NOTICE, "the record of notices")
