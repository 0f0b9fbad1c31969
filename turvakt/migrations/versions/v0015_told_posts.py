"""Whether somebody was told of a post by itself: only what is like one of these is told in passing."""

from alembic import op
from sqlalchemy import Column, Integer

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("incident_post", Column("told", Integer, nullable=False, server_default="1"))
