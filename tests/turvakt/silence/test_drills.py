"""The weekly drill: when it is held, and what it brings to light."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerts.incidents.history import Transition
from alerts.incidents.incident import Incident, State
from flow.errors import Broken
from turvakt.watch.drills import Drills, Weekly
from turvakt.wiring import Parts

ZONE = ZoneInfo("Europe/Stockholm")
MONDAY = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
"""10:00 in Stockholm."""
HOUR = timedelta(hours=1)


def local(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("now", "last"),
    [
        (local(2026, 11, 30, 10), local(2026, 11, 30, 10)),
        (local(2026, 11, 30, 9, 59), local(2026, 11, 23, 10)),
        (local(2026, 12, 6, 23), local(2026, 11, 30, 10)),
        # The same time of day on either side of the days on which clocks change.
        (local(2026, 10, 26, 10), local(2026, 10, 26, 10)),
        (local(2026, 10, 25, 12), local(2026, 10, 19, 10)),
        (local(2026, 3, 30, 9), local(2026, 3, 23, 10)),
    ],
)
def test_a_time_of_the_week_is_one_of_the_place(now: datetime, last: datetime) -> None:
    weekly = Weekly.read("Mon 10:00", ZONE)
    assert weekly.last(now.astimezone(UTC)) == last
    assert weekly.last(now).utcoffset() == last.utcoffset()


@pytest.mark.parametrize("text", ["monday 10:00", "mon", "mon 25:00", "10:00", ""])
def test_what_is_no_time_of_the_week_is_refused(text: str) -> None:
    with pytest.raises(Broken, match=r"operator\.drill.*Write it like"):
        Weekly.read(text, ZONE)


@dataclass
class World:
    """Drills of which the incident and the history are given."""

    parts: Parts
    state: State = "triggered"
    somebody: bool = True
    told: list[Transition] = field(default_factory=list)
    held: list[datetime] = field(default_factory=list)

    def drills(self, weekly: str = "mon 10:00", *, since: datetime = MONDAY - HOUR) -> Drills:
        return Drills(
            self.parts.database,
            start=self._start,
            incident=self._incident,
            history=lambda incident: self.told,
            weekly=Weekly.read(weekly, ZONE) if weekly else None,
            since=since,
        )

    def _start(self, now: datetime) -> str | None:
        if not self.somebody:
            return None
        self.held.append(now)
        return f"drill-{len(self.held)}"

    def _incident(self, id: str) -> Incident:
        nothing: dict[str, Any] = dict.fromkeys(("tenant", "official", "subject", "policy"), "")
        at = {"opened_at": MONDAY, "changed_at": MONDAY, "next_at": None}
        return Incident(
            id, "drill", severity="medium", threat=False, state=self.state, step=0, round=0, **at, **nothing
        )


@pytest.fixture
def world(parts: Parts) -> World:
    return World(parts)


def test_it_is_held_once_a_week_also_late_or_on_a_later_day_but_not_at_night(world: World) -> None:
    drills = world.drills()
    for hours in (-1, 0, 1, 100, 7 * 24, 14 * 24 + 5, 21 * 24 + 6, 23 * 24 - 1, 23 * 24, 24 * 24):
        drills.hold_if_due(MONDAY + hours * HOUR)
    assert world.held == [MONDAY + hours * HOUR for hours in (0, 7 * 24, 14 * 24 + 5, 23 * 24)]
    assert world.drills(weekly="").hold_if_due(MONDAY + 28 * 24 * HOUR) is None


def test_who_begins_after_its_hour_has_missed_none_before(world: World) -> None:
    """Nobody who has just set Turvakt up gets a drill within the minute; a later one is made up for."""
    drills = world.drills(since=MONDAY + HOUR)
    drills.hold_if_due(MONDAY + 2 * HOUR)
    assert world.held == []
    drills.hold_if_due(MONDAY - HOUR)  # the clock is put back
    drills.hold_if_due(MONDAY)
    world.drills(since=MONDAY + (7 * 24 + 1) * HOUR).hold_if_due(MONDAY + (7 * 24 + 1) * HOUR)
    assert world.held == [MONDAY, MONDAY + (7 * 24 + 1) * HOUR]


def test_where_nobody_gets_drills_none_is_held_and_nobody_has_to_answer(world: World) -> None:
    world.somebody = False
    assert world.drills().hold_if_due(MONDAY) is None
    assert world.drills().last(MONDAY) is None
    assert list(world.drills()(MONDAY + 48 * HOUR)) == []


def test_one_that_was_held_while_the_clock_was_ahead_is_none(world: World) -> None:
    drills, ahead = world.drills(), MONDAY + 52 * 7 * 24 * HOUR
    drills.hold(ahead)
    assert drills.hold_if_due(MONDAY) == "drill-2"
    assert drills.last(MONDAY + HOUR) == (MONDAY, "drill-2")


def test_a_channel_that_did_not_deliver_it_is_a_trouble(world: World) -> None:
    drills = world.drills()
    look: Callable[[datetime], set[str]] = lambda now: {each.place for each in drills(now)}  # noqa: E731
    assert look(MONDAY) == set()
    incident = drills.hold(MONDAY)
    for delivery, channel, events in (("1", "email", ["told", "failed"]), ("2", "webhook", ["told"])):
        world.told += [
            Transition(incident, "", MONDAY, event, channel=channel, delivery=delivery)  # type: ignore[arg-type]
            for event in events
        ]
    assert look(MONDAY + timedelta(minutes=1)) == {"channel:email"}
    assert [each.details for each in drills(MONDAY + timedelta(minutes=1))] == [{"drills": str(incident)[:6]}]
    assert look(MONDAY + HOUR) == {"channel:email", "channel:webhook"}
    world.told.append(Transition(incident, "", MONDAY, "delivered", channel="webhook", delivery="2"))
    assert look(MONDAY + HOUR) == {"channel:email"}
    for event in ("told", "received"):  # the answer was lost, and the service says that it has arrived
        world.told.append(Transition(incident, "", MONDAY, event, channel="sms", delivery="3"))  # type: ignore[arg-type]
    assert look(MONDAY + HOUR) == {"channel:email"}


@pytest.mark.parametrize(("state", "there"), [("triggered", True), ("expired", True), ("acknowledged", False)])
def test_a_drill_that_nobody_answers_is_a_trouble_after_a_day(world: World, state: State, there: bool) -> None:
    drills = world.drills()
    drills.hold(MONDAY)
    world.state = state
    assert list(drills(MONDAY + 24 * HOUR - timedelta(seconds=1))) == []
    assert bool(list(drills(MONDAY + 24 * HOUR))) is there
