"""Whose a hold is. Of who has left the registry nobody knows it any more: those are ended by command."""

import json

from alembic import op
from sqlalchemy import Column, LargeBinary, column, select, table, update

from flow.databases.columns import NAME
from registry.tenant import tenant_id

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("review_hold", Column("tenant", NAME, nullable=False, server_default=""))
    officials = table("registry_official", column("id"), column("value", LargeBinary()))
    holds = table("review_hold", column("official"), column("tenant"))
    connection = op.get_bind()
    held = select(officials.c.id, officials.c.value).where(officials.c.id.in_(select(holds.c.official)))
    for official_id, value in connection.execute(held).all():
        official = json.loads(value)
        tenant = official.get("tenant") or tenant_id(official["municipality"])
        connection.execute(update(holds).where(holds.c.official == official_id).values(tenant=tenant))
