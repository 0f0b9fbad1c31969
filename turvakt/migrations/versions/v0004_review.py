"""What is kept apart, and who was told."""

from alembic import op
from sqlalchemy import Column, LargeBinary

from flow.databases.columns import MOMENT, NAME

revision = "0004"
down_revision = "0003"

# See v0001.
_PERSONAL = {
    "registry_partial": ("id", "name"),
}


def upgrade() -> None:
    _partial()
    if op.get_bind().dialect.name == "postgresql":
        for table, columns in _PERSONAL.items():
            for column in columns:
                op.execute(f'ALTER TABLE {table} ALTER COLUMN "{column}" SET STATISTICS 0')


def _partial() -> None:
    op.create_table(
        "registry_partial",
        Column("digest", LargeBinary, primary_key=True),
        Column("id", NAME),
        Column("kind", NAME, nullable=False),
        Column("name", NAME),
        Column("at", MOMENT, nullable=False),
        Column("erased_at", MOMENT),
        sqlite_with_rowid=False,
    )
