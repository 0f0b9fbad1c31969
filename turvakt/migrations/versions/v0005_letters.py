"""Letters to people who sign in, and reports of retention."""

from alembic import op
from sqlalchemy import CheckConstraint, Column, Integer, LargeBinary

from flow.databases.columns import MOMENT, NAME

revision = "0005"
down_revision = "0004"

_PERSONAL = {"access_letter": ("official", "content")}  # see v0001_tables


def upgrade() -> None:
    op.create_table(
        "access_letter",
        Column("id", NAME, primary_key=True),
        Column("kind", NAME, nullable=False),
        Column("official", NAME, nullable=False),
        Column("state", NAME, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("due", MOMENT, nullable=False),
        Column("at", MOMENT, nullable=False),
        Column("content", LargeBinary),
        sqlite_with_rowid=False,
    )
    op.create_index("access_letter_official", "access_letter", ["official"])
    op.create_table(
        "registry_retention_report",
        Column("at", MOMENT, primary_key=True),
        Column("value", LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "registry_retention_key",
        Column("one", Integer, CheckConstraint("one = 1"), primary_key=True, autoincrement=False),
        Column("key", LargeBinary, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        for table, columns in _PERSONAL.items():
            for column in columns:
                op.execute(f'ALTER TABLE {table} ALTER COLUMN "{column}" SET STATISTICS 0')
