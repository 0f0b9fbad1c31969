"""Processes: which one gave its last sign of life when, and whether that was its good-bye."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, extract, func, insert, select, update

from flow.clock import Clock
from flow.database import Database
from flow.databases.columns import moment
from turvakt.watch.tables import PROCESS

FORGOTTEN = timedelta(days=7)
MADE_GOOD = timedelta(hours=1)
"""An upgrade takes less: what goes on for so long without one that crashed was not about to be stopped."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process that did a worker's work.

    Attributes:
        place: ``worker:NAME``; several processes may share it.
        started_at: when it began: it may have failed before it could do anything.
        at: its last sign of life.
        ended: whether it ended then, in order: it was stopped, or there was nothing left to do.
        ahead: by how many seconds its clock is ahead of the database's; less than 0: behind.
    """

    id: str
    place: str
    started_at: datetime
    at: datetime
    ended: bool
    ahead: float = 0.0

    @property
    def last(self) -> datetime:
        """Its last sign of life, by the database's clock."""
        return self.at - timedelta(seconds=self.ahead)

    @property
    def began(self) -> datetime:
        """When it began, by the database's clock."""
        return self.started_at - timedelta(seconds=self.ahead)


class Processes:
    """The table ``watch_process``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begins(self, id: str, place: str, now: datetime) -> None:
        """It is about to do the work of ``place``."""
        self._write(id, place, now, {})

    def lives(self, id: str, place: str, now: datetime, *, ahead: float = 0.0) -> None:
        """It does the work of ``place``."""
        self._write(id, place, now, {"ahead": ahead})

    def _write(self, id: str, place: str, now: datetime, values: dict[str, float]) -> None:
        at = now.timestamp()
        if not self._database.execute(update(PROCESS).where(PROCESS.c.id == id).values(at=at, **values)):
            row = {"id": id, "place": place, "started_at": at, "at": at, "ended": 0, **values}
            self._database.execute(insert(PROCESS), row)

    def ends(self, id: str, now: datetime) -> None:
        """It ends in order."""
        self._database.execute(update(PROCESS).where(PROCESS.c.id == id).values(at=now.timestamp(), ended=1))

    def of(self, place: str) -> list[Process]:
        """Those that did the work of ``place``, within the last days that there was one."""
        return [each for each in self.all() if each.place == place]

    def all(self) -> list[Process]:
        """Those of all places."""
        return [
            Process(id, place, moment(started_at), moment(at), bool(ended), ahead)
            for id, place, started_at, at, ended, ahead in self._database.query(select(PROCESS))
        ]

    def ahead(self, clock: Clock) -> float:
        """By how many seconds ``clock`` is surely ahead of the database's; less than 0: behind."""
        before = clock.now().timestamp()
        ((there,),) = self._database.query(select(extract("epoch", func.current_timestamp())))
        after = clock.now().timestamp()
        # Somewhere between the two it was asked: in a second or more, if it had much to do.
        return max(before - float(there), 0.0) + min(after - float(there), 0.0)

    def stopped(self, place: str) -> bool:
        """Whether each that did the work of ``place``, and that no other one made good, has ended in order."""
        known = self.of(place)
        return bool(known) and not missing(known)

    def tidy(self) -> None:
        """Remove those that ended long before another one of their place: how the last one ended is not forgotten."""
        last = PROCESS.c.at - PROCESS.c.ahead
        for place, at in self._database.query(select(PROCESS.c.place, func.max(last)).group_by(PROCESS.c.place)):
            before = last < at - FORGOTTEN.total_seconds()
            self._database.execute(delete(PROCESS).where(PROCESS.c.place == place, before))


def missing(processes: Collection[Process]) -> list[Process]:
    """Those of one place that ended without a good-bye, and that nobody came after: each that starts replaces one of them that
    was gone by then, the first to go first.

    So one that crashed is made good by its restart, and not by others that went on beside it. But where these went on for
    `MADE_GOOD`, they did its work, too.
    """
    newest = max((each.last for each in processes), default=None)
    starts = sorted(each.began for each in processes)
    left = []
    for each in sorted(processes, key=lambda each: each.last):
        if each.ended or (newest is not None and newest - each.last >= MADE_GOOD):
            continue
        later = next((start for start in starts if start > each.last), None)
        if later is None:
            left.append(each)
        else:
            starts.remove(later)
    return left
