"""The tables of the registry."""

from sqlalchemy import CheckConstraint, Column, Integer, LargeBinary, MetaData, Table

from flow.databases.append_only import append_only
from flow.databases.columns import MOMENT, NAME

METADATA = MetaData()

OFFICIAL = Table(
    "registry_official",
    METADATA,
    Column("id", NAME, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

WITHDRAWAL = Table(
    "registry_withdrawal",
    METADATA,
    Column("digest", LargeBinary, primary_key=True),
    Column("id", NAME),
    Column("at", MOMENT, nullable=False),
    Column("erased_at", MOMENT),
    sqlite_with_rowid=False,
)
"""``id`` stands only until all holders have erased her; ``digest`` knows a withdrawn official again without naming her."""

REMOVED = Table(
    "registry_removed",
    METADATA,
    Column("digest", LargeBinary, primary_key=True),
    Column("holder", NAME, primary_key=True),
    Column("removed", Integer, nullable=False),
    sqlite_with_rowid=False,
)

PARTIAL = Table(
    "registry_partial",
    METADATA,
    Column("digest", LargeBinary, primary_key=True),
    Column("id", NAME),
    Column("kind", NAME, nullable=False),
    Column("name", NAME),
    Column("at", MOMENT, nullable=False),
    Column("erased_at", MOMENT),
    sqlite_with_rowid=False,
)
"""Withdrawals of one source or one recipient, as above; ``name`` stays only where it is a source's."""

REVISION = Table(
    "registry_revision",
    METADATA,
    Column("one", Integer, CheckConstraint("one = 1"), primary_key=True, autoincrement=False),
    Column("revision", Integer, nullable=False),
)
"""One row."""

CONSENT = Table(
    "registry_consent",
    METADATA,
    Column("official", NAME, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("value", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""The consent ledger. Rows are added, and all of an official removed with her; the database itself refuses to change one."""

append_only(CONSENT, "the consent ledger")

TENANT = Table(
    "registry_tenant",
    METADATA,
    Column("id", NAME, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

RETENTION_REPORT = Table(
    "registry_retention_report",
    METADATA,
    Column("at", MOMENT, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

RETENTION_KEY = Table(
    "registry_retention_key",
    METADATA,
    Column("one", Integer, CheckConstraint("one = 1"), primary_key=True, autoincrement=False),
    Column("key", LargeBinary, nullable=False),
)
"""One row."""
