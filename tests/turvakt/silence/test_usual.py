"""Silence alarms when it is improbable: not at night, not on holidays, not while nothing is known."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from turvakt.watch.usual import LEAST_SILENCE, Usual, hour, learn, never, slot, start_of

ZONE = ZoneInfo("Europe/Helsinki")
NOW = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)
"""A Monday, 12:00 in Helsinki."""


def daily(local: datetime) -> int:
    """Nothing at night, much by day."""
    return 0 if local.hour < 6 else 40


def taught(
    gives: Callable[[datetime], int] = daily,
    *,
    weeks: int = 8,
    until: datetime = NOW,
    holiday: Callable[[date], bool] = never,
) -> Usual | None:
    draw = random.Random(1)
    counts = {}
    for each in range(hour(until) - weeks * 168, hour(until)):
        many = gives(start_of(each).astimezone(ZONE))
        counts[each] = many and max(0, round(draw.gauss(many, many**0.5)))
    return learn(counts, until, zone=ZONE, holiday=holiday)


def known(usual: Usual | None) -> Usual:
    assert usual is not None
    return usual


def local(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZONE)


def test_nothing_is_usual_of_a_source_that_is_new() -> None:
    assert taught(weeks=1) is None
    assert taught(weeks=2) is not None
    assert learn({}, NOW, zone=ZONE) is None


def test_hours_in_which_nobody_watched_teach_nothing() -> None:
    counts = {each: 40 for each in range(hour(NOW) - 8 * 168, hour(NOW)) if (hour(NOW) - each) > 6 * 168}
    assert learn({each: posts for each, posts in counts.items() if each % 2}, NOW, zone=ZONE) is None
    assert known(learn(counts, NOW, zone=ZONE)).expected(NOW, NOW + timedelta(hours=1)) == pytest.approx(40)


def test_a_quiet_night_is_no_alarm_and_the_morning_after_it_is() -> None:
    usual = known(taught())
    last = local(30, 23, 59)
    assert not usual.is_silent(last, local(1, 5, 59, month=12))
    assert usual.is_silent(last, local(1, 12, month=12))


def test_a_source_that_dies_at_three_is_noticed_when_posts_are_usual_again() -> None:
    usual = known(taught())
    noticed = known(usual).noticed_after(local(1, 3, month=12))
    assert noticed is not None
    assert timedelta(hours=3) < noticed <= timedelta(hours=5)


def test_a_busy_source_is_not_missed_in_a_quarter_of_an_hour() -> None:
    usual = known(taught(lambda at: 10_000))
    assert not usual.is_silent(NOW, NOW + LEAST_SILENCE - timedelta(seconds=1))
    assert usual.is_silent(NOW, NOW + LEAST_SILENCE)


def test_what_comes_seldom_alarms_after_weeks_or_never() -> None:
    weekly = known(taught(lambda at: int(at.hour == 12 and at.weekday() == 0)))
    assert not weekly.is_silent(NOW, NOW + timedelta(days=21))
    assert not known(taught(lambda at: 0)).is_silent(NOW, NOW + timedelta(days=60))


def test_neither_a_storm_nor_an_outage_teaches_much() -> None:
    plain = known(taught()).expected(NOW, NOW + timedelta(hours=1))

    def stormy(at: datetime) -> int:
        return 4000 if (at.month, at.day) == (11, 23) else 0 if (at.month, at.day) == (11, 16) else daily(at)

    assert known(taught(stormy)).expected(NOW, NOW + timedelta(hours=1)) == pytest.approx(plain, rel=0.35)


def test_a_holiday_is_as_quiet_as_a_sunday_and_teaches_nothing_of_its_weekday() -> None:
    def week(at: datetime) -> int:
        return 0 if at.weekday() == 6 or at.date() == date(2026, 11, 24) else 40

    def holiday(day: date) -> bool:
        return day in (date(2026, 11, 24), date(2026, 12, 1))

    usual = known(taught(week, holiday=holiday))
    assert usual.expected(local(1, 8, month=12), local(1, 20, month=12)) == pytest.approx(0, abs=0.1)
    assert usual.expected(local(8, 8, month=12), local(8, 20, month=12)) == pytest.approx(480, rel=0.05)


def test_hours_are_those_of_the_place_also_when_clocks_change() -> None:
    assert [slot(datetime(2026, 10, 25, at, tzinfo=UTC), ZONE) for at in (0, 1, 2)] == [
        6 * 24 + 3,
        6 * 24 + 3,
        6 * 24 + 4,
    ]
    assert [slot(datetime(2026, 3, 29, at, tzinfo=UTC), ZONE) for at in (0, 1, 2)] == [
        6 * 24 + 2,
        6 * 24 + 4,
        6 * 24 + 5,
    ]
    # Learnt before clocks went back, true after it: the morning begins an hour later in UTC.
    usual = known(taught(until=datetime(2026, 10, 24, tzinfo=UTC)))
    assert usual.expected(local(26, 1, month=10), local(26, 5, month=10)) == pytest.approx(0, abs=0.1)
    assert usual.expected(local(26, 8, month=10), local(26, 9, month=10)) == pytest.approx(40, rel=0.15)


def test_posts_that_come_in_clumps_leave_longer_pauses() -> None:
    draw = random.Random(2)

    def clumped(at: datetime) -> int:
        return 12 if draw.random() < 0.3 else 0

    single, clumps = known(taught(lambda at: 4)), known(taught(clumped))
    assert single.clump < 2 < clumps.clump
    assert known(clumps).noticed_after(NOW, most=timedelta(days=9)) > single.noticed_after(NOW)  # type: ignore[operator]
