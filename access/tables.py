"""The tables of people, their sign-in, and the audit log."""

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, Table

from flow.databases.columns import MOMENT, NAME

METADATA = MetaData()

LETTER = Table(
    "access_letter",
    METADATA,
    Column("id", NAME, primary_key=True),
    Column("kind", NAME, nullable=False),
    Column("official", NAME, nullable=False),
    Column("state", NAME, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due", MOMENT, nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("content", LargeBinary),
    Index("access_letter_official", "official"),
    sqlite_with_rowid=False,
)
"""``official`` is whose letters, or whose deputies', they are, or empty; ``content`` is NULL once the letter has been sent."""
