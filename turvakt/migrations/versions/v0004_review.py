"""What is kept apart, and who was told."""

from alembic import op
from sqlalchemy import Boolean, CheckConstraint, Column, Integer, LargeBinary

from flow.databases.columns import MOMENT, NAME

revision = "0004"
down_revision = "0003"

# See v0001.
_PERSONAL = {
    "registry_partial": ("id", "name"),
    "review_hold": ("official", "post", "reason", "by", "verdict"),
    "alert_notice": ("official", "by"),
    "author_objection": ("by",),
}


def upgrade() -> None:
    _partial()
    _hold()
    _notice()
    _objections()
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


def _hold() -> None:
    op.create_table(
        "review_hold",
        Column("number", Integer, primary_key=True),
        Column("official", NAME, nullable=False),
        Column("post", NAME, nullable=False),
        Column("reason", NAME, nullable=False),
        Column("by", NAME, nullable=False),
        Column("since", MOMENT, nullable=False),
        Column("until", MOMENT, nullable=False),
        Column("verdict", LargeBinary, nullable=False),
        Column("deleted_at", MOMENT),
    )
    op.create_index("review_hold_official", "review_hold", ["official", "post"], unique=True)


def _notice() -> None:
    op.create_table(
        "alert_notice",
        Column("number", Integer, primary_key=True),
        Column("alert", NAME, nullable=False),
        Column("official", NAME, nullable=False),
        Column("at", MOMENT, nullable=False),
        Column("how", NAME, nullable=False),
        Column("by", NAME, nullable=False),
        Column("form", NAME, nullable=False),
        Column("wish", NAME, nullable=False),
    )
    for column in ("alert", "official"):
        op.create_index(f"alert_notice_{column}", "alert_notice", [column])
    before = "CREATE TRIGGER alert_notice_is_final BEFORE UPDATE ON alert_notice "
    message = "'the record of notices is never changed'"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION alert_notice_is_final() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION {message}; END $$"
        )
        op.execute(f"{before}FOR EACH STATEMENT EXECUTE FUNCTION alert_notice_is_final()")
    else:
        op.execute(f"{before}BEGIN SELECT RAISE(ABORT, {message}); END")


def _objections() -> None:
    op.create_table(
        "author_objection",
        Column("digest", LargeBinary, primary_key=True),
        Column("source", NAME, nullable=False),
        Column("upheld", Boolean, nullable=False),
        Column("reason", NAME, nullable=False),
        Column("by", NAME, nullable=False),
        Column("at", MOMENT, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "author_key",
        Column("one", Integer, CheckConstraint("one = 1"), primary_key=True, autoincrement=False),
        Column("key", LargeBinary, nullable=False),
    )
