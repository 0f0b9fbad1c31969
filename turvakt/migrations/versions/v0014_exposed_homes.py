"""Whether a post, or an incident, exposes a home: one that begins to do so is told anew."""

from alembic import op
from sqlalchemy import Column, Integer

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    for table in ("incident", "incident_post"):
        op.add_column(table, Column("exposes", Integer, nullable=False, server_default="0"))
