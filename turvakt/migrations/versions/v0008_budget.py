"""How many messages each address has had lately."""

from alembic import op
from sqlalchemy import Column, Integer

from flow.databases.columns import MOMENT, NAME

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "alert_budget",
        Column("number", Integer, primary_key=True),
        Column("contact", NAME, nullable=False),
        Column("at", MOMENT, nullable=False),
    )
    op.create_index("alert_budget_contact", "alert_budget", ["contact", "at"])
