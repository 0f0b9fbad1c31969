"""Whether a post, or an incident, exposes a home: one that begins to do so is told anew."""

from alembic import op
from sqlalchemy import Column, Integer

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    for table in ("incident", "incident_post"):
        op.add_column(table, Column("exposes", Integer, nullable=False, server_default="0"))
    # Of what was told before nobody knows it any more: it is not told again for that.
    op.execute("UPDATE incident_post SET exposes = 1")
