"""Consent ledger and tenants. What was registered before begins the ledger; how it came about nobody wrote down: by a file."""

import json
from datetime import UTC, datetime
from typing import Any

from alembic import op
from sqlalchemy import Column, Integer, LargeBinary, column, insert, select, table

from flow.databases.columns import NAME
from registry.tenant import tenant_id

revision = "0002"
down_revision = "0001"

# See v0001.
_PERSONAL = {"registry_consent": ("official", "value")}


def upgrade() -> None:
    op.create_table(
        "registry_consent",
        Column("official", NAME, primary_key=True),
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("value", LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "registry_tenant",
        Column("id", NAME, primary_key=True),
        Column("value", LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION registry_consent_is_final() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the consent ledger is never changed'; END $$"
        )
        op.execute(
            "CREATE TRIGGER registry_consent_is_final BEFORE UPDATE ON registry_consent "
            "FOR EACH STATEMENT EXECUTE FUNCTION registry_consent_is_final()"
        )
        for name, columns in _PERSONAL.items():
            for each in columns:
                op.execute(f'ALTER TABLE {name} ALTER COLUMN "{each}" SET STATISTICS 0')
    else:
        op.execute(
            "CREATE TRIGGER registry_consent_is_final BEFORE UPDATE ON registry_consent "
            "BEGIN SELECT RAISE(ABORT, 'the consent ledger is never changed'); END"
        )
    _begin()


def _begin() -> None:
    officials = table("registry_official", column("id"), column("value", LargeBinary()))
    withdrawn = table("registry_withdrawal", column("id"))
    connection = op.get_bind()
    gone = {row.id for row in connection.execute(select(withdrawn.c.id))}  # their erasure is under way
    entries: list[dict[str, Any]] = []
    tenants: dict[str, dict[str, Any]] = {}
    for official_id, value in connection.execute(select(officials.c.id, officials.c.value).order_by(officials.c.id)):
        official = json.loads(value)
        if official_id not in gone:
            entries.append({"official": official_id, "number": 1, "value": _entry(official)})
        tenant = official.get("tenant") or tenant_id(official["municipality"])
        tenants.setdefault(tenant, {"id": tenant, "value": _tenant(tenant, official)})
    for name, rows in (("registry_consent", entries), ("registry_tenant", list(tenants.values()))):
        if rows:
            connection.execute(insert(table(name, *(column(each) for each in rows[0]))), rows)


def _entry(official: dict[str, Any]) -> bytes:
    return _wire(
        "consent-entry",
        number=1,
        official=official["id"],
        at=datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        act="given",
        consents=official["consents"],
        recipients=[*dict.fromkeys(contact["name"] for contact in official["contacts"])],
        purpose="protection",
        how="file",
        by="",
        wording="",
        language=official["language"],
    )


def _tenant(tenant: str, official: dict[str, Any]) -> bytes:
    name = official["municipality"] or tenant
    return _wire("tenant", id=tenant, body="municipality", name=name, country=official["country"])


def _wire(kind: str, **fields: Any) -> bytes:
    wire = json.dumps({"kind": kind, "version": 1} | fields, ensure_ascii=False, separators=(",", ":"))
    return wire.encode()
