"""Processes: which one gave its last sign of life when, and whether that was its good-bye."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from flow.database import Database
from flow.databases.columns import moment
from turvakt.watch.tables import PROCESS

FORGOTTEN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Process:
    """A process that did a worker's work.

    Attributes:
        place: ``worker:NAME``; several processes may share it.
        started_at: when it first did.
        at: its last sign of life.
        ended: whether it ended then, in order: it was stopped, or there was nothing left to do.
    """

    id: str
    place: str
    started_at: datetime
    at: datetime
    ended: bool


class Processes:
    """The table ``watch_process``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lives(self, id: str, place: str, now: datetime) -> None:
        """It does the work of ``place``."""
        if not self._database.execute(update(PROCESS).where(PROCESS.c.id == id).values(at=now.timestamp())):
            row = {"id": id, "place": place, "started_at": now.timestamp(), "at": now.timestamp(), "ended": 0}
            self._database.execute(insert(PROCESS), row)

    def ends(self, id: str, now: datetime) -> None:
        """It ends in order; one that never did any work leaves no trace."""
        self._database.execute(update(PROCESS).where(PROCESS.c.id == id).values(at=now.timestamp(), ended=1))

    def of(self, place: str) -> list[Process]:
        """Those that did the work of ``place`` within the last days."""
        return [
            Process(id, place, moment(started_at), moment(at), bool(ended))
            for id, place, started_at, at, ended in self._database.query(
                select(PROCESS).where(PROCESS.c.place == place)
            )
        ]

    def stopped(self, place: str) -> bool:
        """Whether each that did the work of ``place``, and that no other one replaced, has ended in order."""
        left = unreplaced(self.of(place))
        return bool(left) and all(each.ended for each in left)

    def tidy(self, now: datetime) -> None:
        """Remove processes of long ago."""
        self._database.execute(delete(PROCESS).where(PROCESS.c.at < (now - FORGOTTEN).timestamp()))


def unreplaced(processes: Iterable[Process]) -> list[Process]:
    """Those of one place that nobody came after: each that starts replaces one that was gone by then, the first to go first.

    So one that crashed is made good by its restart, and not by others that went on beside it.
    """
    gone = sorted(processes, key=lambda each: each.at)
    starts = sorted(each.started_at for each in gone)
    left = []
    for each in gone:
        later = next((start for start in starts if start > each.at), None)
        if later is None:
            left.append(each)
        else:
            starts.remove(later)
    return left
