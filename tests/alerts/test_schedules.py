"""Who is on duty: at each moment exactly one, hand-overs at wall time, overrides win."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.plans.schedules import Override, Schedule

START = datetime.fromisoformat("2026-03-02T08:00")  # a Monday
YEAR_ONE, YEAR_LAST = datetime.fromisoformat("0001-01-01"), datetime.fromisoformat("9999-12-31")
ZONES = ("Europe/Stockholm", "Europe/Helsinki")
NAMES = ("Rut", "Lena", "Veikko")


def schedule(
    *,
    rotation: tuple[str, ...] = NAMES,
    every: timedelta = timedelta(weeks=1),
    overrides: tuple[Override, ...] = (),
    zone: str = "Europe/Stockholm",
    since: datetime = START,
) -> Schedule:
    return Schedule(name="duty", timezone=zone, rotation=rotation, every=every, since=since, overrides=overrides)


def local(text: str, zone: str = "Europe/Stockholm") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    ("at", "who"),
    [
        ("2026-03-02T07:59", None),
        ("2026-03-02T08:00", "Rut"),
        ("2026-03-09T07:59", "Rut"),
        ("2026-03-09T08:00", "Lena"),
        # On 29 March and 25 October 2026 the clock is changed: the hand-over stays at 08:00.
        ("2026-03-30T07:59", "Lena"),
        ("2026-03-30T08:00", "Rut"),
        ("2026-10-26T07:59", "Lena"),
        ("2026-10-26T08:00", "Rut"),
    ],
)
def test_weeks_are_handed_over_at_the_same_wall_time(zone: str, at: str, who: str | None) -> None:
    assert schedule(zone=zone, rotation=("Rut", "Lena")).on_duty(local(at, zone)) == who


@pytest.mark.parametrize("zone", ZONES)
def test_half_days_are_handed_over_at_the_same_wall_times(zone: str) -> None:
    days = schedule(zone=zone, rotation=("day", "night"), every=timedelta(hours=12))
    for month in (3, 7, 10):
        for shift in days.shifts(local(f"2026-{month:02}-20T08:00", zone), local(f"2026-{month:02}-31T08:00", zone)):
            hours = [each.astimezone(ZoneInfo(zone)).hour for each in (shift.since, shift.until)]
            assert hours == ([8, 20] if shift.contact == "day" else [20, 8])


def test_the_night_that_has_an_hour_twice_is_one_shift() -> None:
    night = schedule(rotation=("a", "b"), every=timedelta(hours=1), since=datetime.fromisoformat("2026-10-25T01:00"))
    shifts = list(night.shifts(local("2026-10-25T01:00"), local("2026-10-25T04:00")))
    assert [(each.contact, (each.until - each.since) / timedelta(hours=1)) for each in shifts] == [
        ("a", 1),
        ("b", 2),
        ("a", 1),
    ]


def test_the_hour_that_a_night_skips_is_nobodys() -> None:
    night = schedule(
        rotation=("a", "b", "c", "d"), every=timedelta(hours=1), since=datetime.fromisoformat("2026-03-29T01:00")
    )
    shifts = list(night.shifts(local("2026-03-29T01:00"), local("2026-03-29T05:00")))
    assert [each.contact for each in shifts] == ["a", "c", "d"]


def test_a_swap_is_two_overrides() -> None:
    swap = (
        Override(
            contact="Lena",
            since=datetime.fromisoformat("2026-03-04T08:00"),
            until=datetime.fromisoformat("2026-03-05T08:00"),
        ),
        Override(
            contact="Rut",
            since=datetime.fromisoformat("2026-03-11T08:00"),
            until=datetime.fromisoformat("2026-03-12T08:00"),
        ),
    )
    shifts = schedule(overrides=swap).shifts(local("2026-03-02T08:00"), local("2026-03-16T08:00"))
    assert [(each.contact, each.since.day, each.override) for each in shifts] == [
        ("Rut", 2, False),
        ("Lena", 4, True),
        ("Rut", 5, False),
        ("Lena", 9, False),
        ("Rut", 11, True),
        ("Lena", 12, False),
    ]


def test_before_the_first_turn_nobody_is_on_duty_but_by_an_override() -> None:
    early = Override(
        contact="Lena",
        since=datetime.fromisoformat("2026-02-27T08:00"),
        until=datetime.fromisoformat("2026-02-28T08:00"),
    )
    turns = schedule(overrides=(early,))
    shifts = turns.shifts(local("2026-02-27T00:00"), local("2026-03-03T08:00"))
    assert [each.contact for each in shifts] == [None, "Lena", None, "Rut"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rotation": ()}, "'rotation'"),
        ({"every": timedelta(minutes=30)}, "'every'"),
        ({"every": timedelta(weeks=600_000)}, "'every': is longer"),
        ({"since": YEAR_ONE}, "'from': is not in the years"),
        ({"zone": "Europe/Ekvik"}, "'timezone'"),
        (
            {"overrides": (Override(contact="a", since=START, until=START + timedelta(days=2)),) * 2},
            "'overrides': .* before another one ends",
        ),
    ],
)
def test_what_makes_no_schedule_is_refused(change: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        schedule(**change)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("since", "until", "says"),
    [(YEAR_ONE, START, "'from': is not"), (START, YEAR_LAST, "'until': is not")],
)
def test_an_override_at_the_end_of_the_calendar_is_refused(since: datetime, until: datetime, says: str) -> None:
    """No moment can be reckoned there, and nobody would be told of anything."""
    with pytest.raises(ValueError, match=says):
        Override(contact="Lena", since=since, until=until)


lengths = st.sampled_from([timedelta(hours=1), timedelta(hours=12), timedelta(days=1), timedelta(weeks=1)])


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Any schedule, with overrides that do not overlap."""
    cuts = sorted(draw(st.sets(st.integers(0, 9000), max_size=6)))
    overrides = tuple(
        Override(contact=f"o{begin}", since=START + timedelta(hours=begin), until=START + timedelta(hours=end))
        for begin, end in zip(cuts[::2], cuts[1::2], strict=False)
    )
    rotation = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map(tuple))
    return schedule(
        rotation=rotation, every=draw(lengths), overrides=overrides, zone=draw(st.sampled_from([*ZONES, "UTC"]))
    )


@given(turns=schedules(), minutes=st.integers(0, 400 * 24 * 60))
def test_at_each_moment_exactly_one_is_on_duty(turns: Schedule, minutes: int) -> None:
    zone = ZoneInfo(turns.timezone)
    at = START.replace(tzinfo=zone).astimezone(UTC) + timedelta(minutes=minutes)
    shifts = list(turns.shifts(at - timedelta(hours=30), at + timedelta(hours=30)))
    assert shifts[0].since == at - timedelta(hours=30)
    assert shifts[-1].until == at + timedelta(hours=30)
    assert all(earlier.until == later.since for earlier, later in pairwise(shifts))
    (now,) = [each for each in shifts if each.since <= at < each.until]
    assert turns.on_duty(at) == now.contact
    assert now.contact is not None
    overriding = [
        each.contact
        for each in turns.overrides
        if each.since.replace(tzinfo=zone).astimezone(UTC) <= at < each.until.replace(tzinfo=zone).astimezone(UTC)
    ]
    if overriding:
        assert [now.contact] == overriding
    else:
        assert now.contact in turns.rotation


@given(turns=schedules(), minutes=st.integers(0, 400 * 24 * 60))
def test_turns_begin_at_wall_times_of_the_rotation(turns: Schedule, minutes: int) -> None:
    zone = ZoneInfo(turns.timezone)
    at = START.replace(tzinfo=zone).astimezone(UTC) + timedelta(minutes=minutes)
    for shift in list(turns.shifts(at, at + timedelta(days=15)))[1:]:
        wall = shift.since.astimezone(zone).replace(tzinfo=None)
        ends = {each.until.replace(tzinfo=zone).astimezone(UTC) for each in turns.overrides}
        begins = {each.since.replace(tzinfo=zone).astimezone(UTC) for each in turns.overrides}
        skipped = (
            wall.replace(tzinfo=zone).utcoffset() != (shift.since - timedelta(seconds=1)).astimezone(zone).utcoffset()
        )
        assert shift.since in ends | begins or (wall - START) % turns.every == timedelta(0) or skipped
