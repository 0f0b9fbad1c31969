"""The tables of what authors have objected to."""

from sqlalchemy import Boolean, CheckConstraint, Column, Integer, LargeBinary, MetaData, Table

from flow.databases.columns import MOMENT, NAME

METADATA = MetaData()

OBJECTION = Table(
    "author_objection",
    METADATA,
    Column("digest", LargeBinary, primary_key=True),
    Column("source", NAME, nullable=False),
    Column("upheld", Boolean, nullable=False),
    Column("reason", NAME, nullable=False),
    Column("by", NAME, nullable=False),
    Column("at", MOMENT, nullable=False),
    sqlite_with_rowid=False,
)
"""The newest decision on each account; ``digest`` knows the account again without naming it."""

KEY = Table(
    "author_key",
    METADATA,
    Column("one", Integer, CheckConstraint("one = 1"), primary_key=True, autoincrement=False),
    Column("key", LargeBinary, nullable=False),
)
"""One row: what the digests are made with."""
