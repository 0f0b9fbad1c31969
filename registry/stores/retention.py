"""The reports of retention, and the key of the sample, in a database."""

import secrets
from datetime import datetime

from sqlalchemy import delete, insert, select

from flow.database import Database
from registry.retention import REPORTS, RetentionReport
from registry.tables import RETENTION_KEY, RETENTION_REPORT


class RetentionReports:
    """The table ``registry_retention_report``: one row for each time that retention was enforced. It names no official."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, report: RetentionReport) -> None:
        """Keep a report; one of the very same moment is replaced."""
        at = report.at.timestamp()
        with self._database.transaction():
            self._database.execute(delete(RETENTION_REPORT).where(RETENTION_REPORT.c.at == at))
            self._database.execute(insert(RETENTION_REPORT), {"at": at, "value": REPORTS.encode(report)})

    def newest(self, many: int = 1) -> list[RetentionReport]:
        """The last ``many`` reports, the newest first."""
        newest = select(RETENTION_REPORT.c.value).order_by(RETENTION_REPORT.c.at.desc()).limit(many)
        return [REPORTS.decode(value) for (value,) in self._database.query(newest)]

    def expire(self, before: datetime) -> int:
        """Remove the reports from before ``before``."""
        return self._database.execute(delete(RETENTION_REPORT).where(RETENTION_REPORT.c.at < before.timestamp()))


def sample_key(database: Database) -> bytes:
    """The secret by which the sample is drawn, made when it is first asked for: nobody can write a post into the sample."""
    with database.transaction():
        database.lock("retention-key")
        rows = database.query(select(RETENTION_KEY.c.key))
        if not rows:
            database.execute(insert(RETENTION_KEY), {"one": 1, "key": secrets.token_bytes(32)})
            rows = database.query(select(RETENTION_KEY.c.key))
    return bytes(rows[0][0])
