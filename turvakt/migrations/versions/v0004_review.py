"""What is kept apart, and who was told."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    pass
