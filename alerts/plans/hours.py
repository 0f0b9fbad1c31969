"""Local time: zones, hours of a day, and how long something lasts."""

import re
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ZONES: dict[str, str] = {"SE": "Europe/Stockholm", "FI": "Europe/Helsinki"}
"""The time zone of an official's country."""

_UNITS = {"s": 1, "min": 60, "h": 3600, "hour": 3600, "day": 86_400, "week": 604_800}
_DURATION = re.compile(r"(\d{1,5}) ?(s|min|h|hours?|days?|weeks?)")


def quiet_end(now: datetime, *, quiet: str, timezone: str) -> datetime | None:
    """When the quiet hours end in which ``now`` lies, in UTC; ``None`` outside them.

    Moments are compared, not wall times, so that nights with a change of the clock come out right. A wall time
    that such a night skips counts as if the clock had not been put forward, one that it has twice is the first one.
    """
    start, end = hours(quiet)
    place = zone(timezone)
    today = now.astimezone(place).date()
    for day in (today - timedelta(days=1), today):
        last = day if start < end else day + timedelta(days=1)
        begins = datetime.combine(day, start, place).astimezone(now.tzinfo)
        ends = datetime.combine(last, end, place).astimezone(now.tzinfo)
        if begins <= now < ends:
            return ends
    return None


def local_day(at: datetime, timezone: str) -> date:
    """The day that ``at`` belongs to in that zone."""
    return at.astimezone(zone(timezone)).date()


@cache
def hours(text: str) -> tuple[time, time]:
    """Start and end of hours like ``22:00-07:00``.

    Raises:
        ValueError: says what is wrong.
    """
    try:
        start, end = (datetime.strptime(part.strip(), "%H:%M").time() for part in text.split("-"))  # noqa: DTZ007
    except ValueError:
        raise ValueError("is not of the form '22:00-07:00'") from None
    if start == end:
        raise ValueError("starts and ends at the same time")
    return start, end


@cache
def zone(name: str) -> ZoneInfo:
    """The time zone called ``name``.

    Raises:
        ValueError: says what is wrong.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not known on this machine, write it like 'Europe/Helsinki'") from None


def duration(text: str) -> timedelta:
    """How long ``text`` lasts, such as ``10 min``, ``12 hours`` or ``1 week``.

    Raises:
        ValueError: says what is wrong.
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise ValueError("is not of the form '10 min', '12 hours', '1 day' or '1 week'")
    unit = found[2] if found[2] in _UNITS else found[2].removesuffix("s")
    return timedelta(seconds=int(found[1]) * _UNITS[unit])
