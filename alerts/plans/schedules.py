"""Duty schedules: who is on duty when. Hand-overs are at wall time, the same in summer and winter."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec

from alerts.plans.contacts import refuse, wrong_times
from alerts.plans.hours import zone

_LEAST, _MOST = timedelta(hours=1), timedelta(days=36_525)
_FIRST_YEAR, _LAST_YEAR = 1970, 9000
"""Far enough from where the calendar ends that nothing reckons past it."""


class Override(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"since": "from"}):
    """Somebody else is on duty from ``since`` up to, not including, ``until``, both in the schedule's wall time."""

    contact: str
    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        refuse(
            (self.since >= self.until, "key 'until': is not after 'from'"),
            _of_no_year("from", self.since),
            _of_no_year("until", self.until),
        )


class Shift(msgspec.Struct, frozen=True):
    """Who is on duty from ``since`` up to, not including, ``until``; ``contact`` is ``None`` where nobody is."""

    contact: str | None
    since: datetime
    until: datetime
    override: bool = False


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"since": "from"}):
    """Contacts who take turns.

    Attributes:
        rotation: names of contacts, in the order of their turns; a single one is always on duty.
        every: how long a turn is, in wall time: a week from Monday 08:00 ends on Monday 08:00, whatever the clock did.
        since: when the first turn begins, in wall time; before that nobody is on duty.
        overrides: who is on duty instead, and when; a swap is two of them. They do not overlap.
    """

    name: str
    timezone: str
    rotation: tuple[str, ...]
    since: datetime
    every: timedelta = timedelta(weeks=1)
    overrides: tuple[Override, ...] = ()

    def __post_init__(self) -> None:
        in_order = sorted(self.overrides, key=lambda each: each.since)
        refuse(
            (not self.name.strip(), "key 'name': is empty"),
            (not self.rotation, "key 'rotation': is empty, so nobody would be on duty"),
            (self.every < _LEAST, "key 'every': is shorter than an hour"),
            (self.every > _MOST, "key 'every': is longer than 100 years"),
            _of_no_year("from", self.since),
            *((True, fault) for fault in wrong_times(timezone=self.timezone)),
            *(
                (True, f"key 'overrides': the one from {later.since:%Y-%m-%dT%H:%M} begins before another one ends")
                for earlier, later in pairwise(in_order)
                if later.since < earlier.until
            ),
        )

    def on_duty(self, at: datetime) -> str | None:
        """The name of the contact who is on duty at the moment ``at``; ``None``: nobody, as the first turn has not begun."""
        for each in self.overrides:
            if self._moment(each.since) <= at < self._moment(each.until):
                return each.contact
        turn = self._turn(at)
        return None if turn < 0 else self.rotation[turn % len(self.rotation)]

    def shifts(self, since: datetime, until: datetime) -> Iterator[Shift]:
        """Who is on duty between two moments, one after another, without a gap between them."""
        begins = since
        while begins < until:
            ends = min(self._next_change(begins), until)
            override = any(self._moment(each.since) <= begins < self._moment(each.until) for each in self.overrides)
            yield Shift(self.on_duty(begins), begins, ends, override)
            begins = ends

    def first_gap(self, since: datetime) -> Shift | None:
        """When nobody is on duty for the first time from ``since`` on; ``None``: somebody always is."""
        begins = self._begins(0)
        shifts = self.shifts(since, begins) if since < begins else iter(())
        return next((shift for shift in shifts if shift.contact is None), None)

    def _next_change(self, at: datetime) -> datetime:
        changes = [self._begins(self._turn(at) + 1)]
        changes += [self._moment(wall) for each in self.overrides for wall in (each.since, each.until)]
        return min(change for change in changes if change > at)

    def _turn(self, at: datetime) -> int:
        """The number of the turn in which ``at`` lies, from 0; -1 before the first."""
        wall = at.astimezone(zone(self.timezone)).replace(tzinfo=None)
        turn = (wall - self.since) // self.every + 1  # wall times go back in autumn: one too late rather than too early
        while turn >= 0 and self._begins(turn) > at:
            turn -= 1
        return max(turn, -1)

    def _begins(self, turn: int) -> datetime:
        return self._moment(self.since + turn * self.every)

    def _moment(self, wall: datetime) -> datetime:
        return wall.replace(tzinfo=zone(self.timezone)).astimezone(UTC)


def _of_no_year(key: str, wall: datetime) -> tuple[bool, str]:
    wrong = not _FIRST_YEAR <= wall.year <= _LAST_YEAR
    return wrong, f"key '{key}': is not in the years {_FIRST_YEAR} to {_LAST_YEAR}"
