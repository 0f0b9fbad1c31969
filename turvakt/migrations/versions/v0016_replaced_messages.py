"""Of messages that a newer one has replaced: what is yet to be written down is found without reading all."""

from alembic import op
from sqlalchemy import text

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    those = text("state = 'withdrawn' AND reason = 'replaced' AND contact <> ''")
    op.create_index("outbox_replaced", "outbox", ["at"], sqlite_where=those, postgresql_where=those)
