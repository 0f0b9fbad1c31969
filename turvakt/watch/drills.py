"""Drills: a test alert to everybody, once a week, and what came of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select

from alerts.channels import CHANNELS
from alerts.incidents.history import Transition
from alerts.incidents.incident import Incident
from alerts.messages.words import REFERENCE_LETTERS
from flow.database import Database
from flow.databases.columns import moment
from flow.errors import Broken
from turvakt.watch.tables import DRILL
from turvakt.watch.trouble import Trouble

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LATE, DAY = timedelta(hours=6), timedelta(days=1)
"""A drill whose hour came while nobody watched is held up to so late, that day or at its hour of a later one: not at night."""
ANSWERED = timedelta(hours=24)
DELIVERED = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Weekly:
    """A time of the week in a place."""

    weekday: int
    at: time
    zone: ZoneInfo

    @classmethod
    def read(cls, text: str, zone: ZoneInfo) -> "Weekly":
        """Such as ``mon 10:00``.

        Raises:
            Broken: it is no time of the week.
        """
        day, _, clock = text.strip().lower().partition(" ")
        try:
            return cls(DAYS.index(day), time.fromisoformat(clock.strip()), zone)
        except ValueError as error:
            remedy = f'Write it like "mon 10:00"; days are {", ".join(DAYS)}'
            raise Broken("is no time of the week", place="operator.drill", remedy=remedy) from error

    def last(self, now: datetime) -> datetime:
        """The last such moment until ``now``. A time that clocks leave out is that much later."""
        local = now.astimezone(self.zone)
        day = local.date() - timedelta(days=(local.weekday() - self.weekday) % 7)
        at = datetime.combine(day, self.at, self.zone)
        return at if at <= now else datetime.combine(day - timedelta(days=7), self.at, self.zone)


class Drills:
    """The drills of one Turvakt.

    Args:
        start: raises the incident of a drill and tells everybody; returns its id, ``None``: there is nobody. Called in the
            transaction that notes it.
        incident: an incident by its id.
        history: what became of it.
        weekly: when; ``None``: only by hand.
        since: from when on they are held: where none has ever been, none was missed before.
    """

    def __init__(
        self,
        database: Database,
        *,
        start: Callable[[datetime], str | None],
        incident: Callable[[str], Incident | None],
        history: Callable[[str], list[Transition]],
        weekly: Weekly | None,
        since: datetime,
    ) -> None:
        self._database = database
        self._start = start
        self._incident = incident
        self._history = history
        self._weekly = weekly
        self._since = since

    def hold_if_due(self, now: datetime) -> str | None:
        """Hold the drill of this week, if it is time and none was held since; returns its incident's id, else ``None``."""
        if self._weekly is None:
            return None
        planned, last = self._weekly.last(now), self.last(now)
        self._since = min(self._since, now)  # the clock may have been put back
        held = planned < self._since if last is None else planned <= last[0]
        # A day that was set anew, or drills that were off, have missed none.
        missed = last is not None and abs(planned - last[0] - 7 * DAY) < DAY
        if held or (now - planned if not missed else (now - planned) % DAY) >= LATE:
            return None
        return self.hold(now)

    def hold(self, now: datetime) -> str | None:
        """Hold one now; returns its incident's id, ``None``: nobody gets drills."""
        with self._database.transaction():
            self._database.lock("watch")
            incident = self._start(now)
            if incident is not None:
                self._database.execute(insert(DRILL), {"at": now.timestamp(), "incident": incident})
        return incident

    def last(self, now: datetime) -> tuple[datetime, str] | None:
        """When the last one was held, and its incident's id; what a clock that was ahead dated later than ``now`` was none."""
        held = select(DRILL.c.at, DRILL.c.incident).where(DRILL.c.at <= now.timestamp())
        rows = self._database.query(held.order_by(DRILL.c.at.desc()).limit(1))
        return (moment(rows[0][0]), rows[0][1]) if rows else None

    def __call__(self, now: datetime) -> Iterator[Trouble]:
        """What the last drill brought to light: it stays so until the next one."""
        last = self.last(now)
        incident = None if last is None else self._incident(last[1])
        if last is None or incident is None:  # its record is no longer kept
            return
        at = last[0]
        told = self._history(incident.id)
        for channel in sorted(_failed(told, over=now - at >= DELIVERED)):
            place = f"channel:{channel}" if channel in CHANNELS else "channel:other"
            yield Trouble("drill-failed", place, at, {"drills": incident.id[:REFERENCE_LETTERS]})
        if now - at >= ANSWERED and incident.state not in ("acknowledged", "resolved"):
            yield Trouble("drill-unanswered", "drill", at + ANSWERED)


def _failed(told: list[Transition], *, over: bool) -> set[str]:
    """The channels by which something was not delivered: for good or, once it is ``over``, at all."""
    sent = {each.delivery: each.channel for each in told if each.event == "told"}
    came = {each.delivery for each in told if each.event in ("delivered", "received")}
    lost = {each.channel for each in told if each.event == "failed"}
    return lost | ({channel for delivery, channel in sent.items() if delivery not in came} if over else set())
