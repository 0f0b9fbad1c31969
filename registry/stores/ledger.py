"""The consent ledger in a table of a database."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, select

from flow.database import Database
from registry.ledger import LEDGER, Given, LedgerEntry, entry
from registry.official import Official
from registry.tables import CONSENT


class SqlLedger:
    """Entries in the table ``registry_consent``, written in the transactions of a `registry.stores.sql.SqlStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, changes: Sequence[tuple[Official | None, Official]], given: Given, at: datetime) -> None:
        """Add an entry for each change, from what was before to what holds now, that changes what she agreed to."""
        last = select(CONSENT.c.official, func.max(CONSENT.c.number)).group_by(CONSENT.c.official)
        if len(changes) == 1:
            last = last.where(CONSENT.c.official == changes[0][1].id)
        numbers: dict[str, int] = dict(self._database.query(last))
        rows = []
        for before, after in changes:
            number = numbers.get(after.id, 0) + 1
            new = entry(before, after, given, number=number, at=at)
            if new is not None:
                rows.append({"official": after.id, "number": number, "value": LEDGER.encode(new)})
        self._database.executemany(insert(CONSENT), rows)

    def said(self, official_ids: Collection[str]) -> dict[str, LedgerEntry]:
        """The last entry from the portal of each of these officials who has any."""
        rows = self._database.query(select(CONSENT.c.official, CONSENT.c.value).order_by(CONSENT.c.number))
        entries = (LEDGER.decode(value) for id, value in rows if id in official_ids)
        return {entry.official: entry for entry in entries if entry.how == "portal"}

    def of(self, official_id: str) -> list[LedgerEntry]:
        """Her entries, the oldest first."""
        hers = select(CONSENT.c.value).where(CONSENT.c.official == official_id).order_by(CONSENT.c.number)
        return [LEDGER.decode(row[0]) for row in self._database.query(hers)]

    def remove(self, official_id: str) -> int:
        """Remove her entries, since she is erased; returns how many there were."""
        return self._database.execute(delete(CONSENT).where(CONSENT.c.official == official_id))
