"""The tables of what is kept beside the index."""

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, Table

from flow.databases.columns import MOMENT, NAME

METADATA = MetaData()

HOLD = Table(
    "review_hold",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("official", NAME, nullable=False),
    Column("post", NAME, nullable=False),
    Column("reason", NAME, nullable=False),
    Column("by", NAME, nullable=False),
    Column("since", MOMENT, nullable=False),
    Column("until", MOMENT, nullable=False),
    Column("verdict", LargeBinary, nullable=False),
    Column("deleted_at", MOMENT),
    Column("tenant", NAME, nullable=False, server_default=""),
    Index("review_hold_official", "official", "post", unique=True),
)
"""Copies of posts that are kept apart.

``verdict`` holds the post, too; ``deleted_at`` is when its platform deleted it; ``tenant`` is empty where nobody had written it
down before the official left.
"""
