"""By how much the clock of each process differs from the database's."""

from alembic import op
from sqlalchemy import Column

from flow.databases.columns import MOMENT

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("watch_process", Column("ahead", MOMENT, nullable=False, server_default="0"))
