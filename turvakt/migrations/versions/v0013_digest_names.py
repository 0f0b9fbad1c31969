"""For whom something was held back for the next digest: an address may be that of several contacts, and change."""

from alembic import op
from sqlalchemy import Column

from flow.databases.columns import NAME

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("digest_entry", Column("name", NAME, nullable=False, server_default=""))
