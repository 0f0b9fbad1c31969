"""What is said of a trouble, to be told in any language; and which processes live, so that a planned stop is known."""

from alembic import op
from sqlalchemy import Column, Integer

from flow.databases.columns import MOMENT, NAME

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.drop_column("watch_trouble", "detail")
    op.add_column("watch_trouble", Column("details", NAME, nullable=False, server_default="{}"))
    op.create_table(
        "watch_process",
        Column("id", NAME, primary_key=True),
        Column("place", NAME, nullable=False),
        Column("started_at", MOMENT, nullable=False),
        Column("at", MOMENT, nullable=False),
        Column("ended", Integer, nullable=False),
        sqlite_with_rowid=False,
    )
