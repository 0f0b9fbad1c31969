"""The browsers in which people have asked for notifications."""

from alembic import op
from sqlalchemy import Column, LargeBinary

from flow.databases.columns import MOMENT, NAME

revision = "0009"
down_revision = "0008"

_PERSONAL = {"access_push": ("digest", "person", "endpoint", "key", "secret")}  # see v0001_tables


def upgrade() -> None:
    op.create_table(
        "access_push",
        Column("digest", LargeBinary, primary_key=True),
        Column("person", NAME, nullable=False),
        Column("endpoint", NAME, nullable=False),
        Column("key", LargeBinary, nullable=False),
        Column("secret", LargeBinary, nullable=False),
        Column("at", MOMENT, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("access_push_person", "access_push", ["person"])
    if op.get_bind().dialect.name == "postgresql":
        for table, columns in _PERSONAL.items():
            for column in columns:
                op.execute(f'ALTER TABLE {table} ALTER COLUMN "{column}" SET STATISTICS 0')
