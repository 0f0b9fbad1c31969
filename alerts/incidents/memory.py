"""What came in lately, kept in memory and brought up to date from the table: other processes take alerts, too."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, select

from alerts.incidents.grade import Grade
from alerts.incidents.grouping import TOGETHER, Recent, Seen
from alerts.tables import INCIDENT_POST
from flow.database import Database

_KEPT = max(TOGETHER, timedelta(hours=1))
_TIDY = timedelta(minutes=10)


class Memory:
    """The posts of the last hour about each official, as they stand in the table.

    To be asked in the transaction that then writes new ones, while nobody else does: so that no number comes after a higher one.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._recent: dict[str, Recent] = defaultdict(Recent)
        self._read = 0
        self._tidied = 0.0

    def recall(self, officials: Collection[str], now: datetime) -> dict[str, Recent]:
        """What is known of these officials. What is added to it is not remembered: that is read again, once it is written."""
        self._refresh(now)
        return {official: Recent(self._recent[official]) for official in officials}

    def _refresh(self, now: datetime) -> None:
        newest = self._database.query(select(func.max(INCIDENT_POST.c.number)))[0][0] or 0
        if newest < self._read:  # rows were erased, and their numbers are given again
            self._recent.clear()
            self._read = 0
        oldest = (now - _KEPT).timestamp()
        new = select(*_COLUMNS).where(INCIDENT_POST.c.number > self._read, INCIDENT_POST.c.at >= oldest)
        for official, *seen in self._database.query(new.order_by(INCIDENT_POST.c.number)):
            incident, account, at, posted_at, severity, threat, exposes, signature, told = seen
            grade = Grade(severity, bool(threat), bool(exposes))
            self._recent[official].add(Seen(incident, account, at, posted_at, grade, bytes(signature), bool(told)))
        self._read = newest
        if now.timestamp() - self._tidied > _TIDY.total_seconds():
            self._tidied = now.timestamp()
            for official, recent in list(self._recent.items()):
                recent.drop(before=oldest)
                if recent.is_empty:
                    del self._recent[official]


_COLUMNS = (
    *(INCIDENT_POST.c.official, INCIDENT_POST.c.incident, INCIDENT_POST.c.account, INCIDENT_POST.c.at),
    *(INCIDENT_POST.c.posted_at, INCIDENT_POST.c.severity, INCIDENT_POST.c.threat, INCIDENT_POST.c.exposes),
    *(INCIDENT_POST.c.signature, INCIDENT_POST.c.told),
)
