"""What the watch knows: signs of life, what is usual, troubles and drills."""

from alembic import op
from sqlalchemy import Column, Integer

from flow.databases.columns import MOMENT, NAME

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "watch_beat",
        Column("place", NAME, primary_key=True),
        Column("at", MOMENT, nullable=False),
        Column("worked_at", MOMENT),
        Column("failing_since", MOMENT),
        Column("reason", NAME, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "watch_count",
        Column("source", NAME, primary_key=True),
        Column("hour", Integer, primary_key=True, autoincrement=False),
        Column("posts", Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "watch_trouble",
        Column("kind", NAME, primary_key=True),
        Column("place", NAME, primary_key=True),
        Column("state", NAME, nullable=False),
        Column("since", MOMENT, nullable=False),
        Column("told_at", MOMENT),
        Column("gone_at", MOMENT),
        Column("returns", Integer, nullable=False),
        Column("incident", NAME, nullable=False),
        Column("detail", NAME, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "watch_drill",
        Column("at", MOMENT, primary_key=True),
        Column("incident", NAME, nullable=False),
    )
