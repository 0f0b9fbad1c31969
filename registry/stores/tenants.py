"""Tenants in a table of a database."""

from collections.abc import Iterable

from sqlalchemy import delete, insert, select

from flow.database import Database
from flow.errors import BadInput
from registry.official import Official
from registry.tables import TENANT
from registry.tenant import TENANTS, Tenant, checked, first_of, tenant_of


class SqlTenants:
    """Tenants in the table ``registry_tenant``, written in the transactions of a `registry.stores.sql.SqlStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Tenant]:
        return [TENANTS.decode(row[0]) for row in self._database.query(select(TENANT.c.value).order_by(TENANT.c.id))]

    def get(self, tenant_id: str) -> Tenant:
        rows = self._database.query(select(TENANT.c.value).where(TENANT.c.id == tenant_id))
        if not rows:
            remedy = "See 'turvakt tenants list'; a tenant comes into being with its first official"
            raise BadInput("no tenant has this id", place="registry", remedy=remedy)
        return TENANTS.decode(rows[0][0])

    def put(self, tenant: Tenant) -> None:
        checked(tenant)
        self._database.execute(delete(TENANT).where(TENANT.c.id == tenant.id))
        self._database.execute(insert(TENANT), {"id": tenant.id, "value": TENANTS.encode(tenant)})

    def begin(self, officials: Iterable[Official]) -> None:
        """Make the tenants of these officials that are not there yet."""
        known = {row[0] for row in self._database.query(select(TENANT.c.id))}
        new = {tenant_of(official): first_of(official) for official in reversed(list(officials))}
        rows = [{"id": each.id, "value": TENANTS.encode(each)} for each in new.values() if each.id not in known]
        self._database.executemany(insert(TENANT), rows)
