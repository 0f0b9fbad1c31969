"""People, their sign-in, and the audit log."""

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary

from flow.databases.columns import MOMENT, NAME

revision = "0003"
down_revision = "0002"

# See v0001.
_PERSONAL = {
    "access_person": ("id", "email", "value"),
    "access_password": ("person", "digest"),
    "access_totp": ("person", "secret"),
    "access_recovery": ("person", "digest"),
    "access_passkey": ("credential", "id", "person", "name", "key"),
    "access_session": ("digest", "id", "person", "client"),
    "access_identity": ("digest", "person"),
    "access_break_glass": ("person",),
    "access_audit_name": ("value", "salt"),
    "access_ticket": ("digest", "id", "person", "by", "value"),
}


def upgrade() -> None:
    _people()
    _factors()
    _sessions()
    _audit()
    if op.get_bind().dialect.name == "postgresql":
        for table, columns in _PERSONAL.items():
            for column in columns:
                op.execute(f'ALTER TABLE {table} ALTER COLUMN "{column}" SET STATISTICS 0')


def _people() -> None:
    op.create_table(
        "access_person",
        Column("id", NAME, primary_key=True),
        Column("email", NAME, nullable=False),
        Column("value", LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("access_person_email", "access_person", ["email"], unique=True)


def _factors() -> None:
    op.create_table(
        "access_password",
        Column("person", NAME, primary_key=True),
        Column("digest", NAME, nullable=False),
        Column("at", MOMENT, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "access_totp",
        Column("person", NAME, primary_key=True),
        Column("secret", LargeBinary, nullable=False),
        Column("step", BigInteger, nullable=False),
        Column("at", MOMENT, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "access_recovery",
        Column("person", NAME, primary_key=True),
        Column("digest", LargeBinary, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "access_passkey",
        Column("credential", LargeBinary, primary_key=True),
        Column("id", NAME, nullable=False),
        Column("person", NAME, nullable=False),
        Column("name", NAME, nullable=False),
        Column("key", LargeBinary, nullable=False),
        Column("uses", BigInteger, nullable=False),
        Column("at", MOMENT, nullable=False),
        Column("used_at", MOMENT),
        sqlite_with_rowid=False,
    )
    op.create_index("access_passkey_person", "access_passkey", ["person"])


def _sessions() -> None:
    op.create_table(
        "access_session",
        Column("digest", LargeBinary, primary_key=True),
        Column("id", NAME, nullable=False),
        Column("person", NAME, nullable=False),
        Column("method", NAME, nullable=False),
        Column("client", NAME, nullable=False),
        Column("at", MOMENT, nullable=False),
        Column("seen", MOMENT, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("access_session_id", "access_session", ["id"], unique=True)
    op.create_index("access_session_person", "access_session", ["person"])
    op.create_table(
        "access_identity",
        Column("digest", LargeBinary, primary_key=True),
        Column("person", NAME, nullable=False),
        Column("at", MOMENT, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("access_identity_person", "access_identity", ["person"], unique=True)
    op.create_table(
        "access_break_glass",
        Column("person", NAME, primary_key=True),
        Column("tenant", NAME, primary_key=True),
        Column("at", MOMENT, nullable=False),
        Column("ends", MOMENT, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "access_ticket",
        Column("digest", LargeBinary, primary_key=True),
        Column("id", NAME, nullable=False),
        Column("purpose", NAME, nullable=False),
        Column("person", NAME, nullable=False),
        Column("by", NAME, nullable=False),
        Column("value", LargeBinary, nullable=False),
        Column("at", MOMENT, nullable=False),
        Column("ends", MOMENT, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("access_ticket_person", "access_ticket", ["person"])


def _audit() -> None:
    op.create_table(
        "access_audit",
        Column("number", BigInteger, primary_key=True, autoincrement=False),
        Column("at", MOMENT, nullable=False),
        Column("action", NAME, nullable=False),
        Column("tenant", NAME, nullable=False),
        Column("seals", LargeBinary, nullable=False),
        Column("lacks", LargeBinary),
        Column("digest", LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("access_audit_tenant", "access_audit", ["tenant", "number"])
    op.create_table(
        "access_audit_name",
        Column("number", BigInteger, primary_key=True, autoincrement=False),
        Column("naming", NAME, primary_key=True),
        Column("value", NAME, nullable=False),
        Column("salt", LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("access_audit_name_value", "access_audit_name", ["naming", "value", "number"])
