"""How often silence alarms without a cause, and how soon a dead source is noticed: invented sources over years."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from turvakt.watch.usual import HOURS, WEEKS, Usual, hour, learn

ZONE = ZoneInfo("Europe/Helsinki")
START = datetime(2023, 1, 2, tzinfo=UTC)
YEARS = 3
DEATHS = 200
"""How many deaths, at moments drawn at random, are measured of each source."""
HOLIDAYS = {(1, 1), (1, 6), (5, 1), (6, 24), (12, 6), (12, 24), (12, 25), (12, 26), (12, 31)}
_BY_DAY = (1, 1, 0, 0, 0, 1, 4, 10, 14, 14, 13, 13, 14, 13, 12, 12, 13, 14, 15, 16, 17, 15, 10, 4)


@dataclass(frozen=True, slots=True)
class Source:
    """What a source gives: posts a day on average, how many come together, and how days differ (a gamma's shape)."""

    name: str
    posts: float
    clump: float
    evenness: float


SOURCES = (
    Source("a whole platform", 200_000, 1.0, 20.0),
    Source("a busy server", 2_000, 2.0, 8.0),
    Source("a town's hashtag", 120, 3.0, 4.0),
    Source("a local paper's feed", 24, 1.5, 4.0),
    Source("a blog", 2, 1.0, 2.0),
)


def run() -> dict[str, dict[str, Any]]:
    """Results by source; times in hours."""
    return {source.name: _measure(source) for source in SOURCES}


def _measure(source: Source) -> dict[str, Any]:
    draw = random.Random(source.name)
    counts: dict[int, int] = {}
    last, models, false = START, list[tuple[datetime, Usual]](), 0
    model: Usual | None = None
    for at in _hours():
        if at.astimezone(ZONE).hour == 0 or model is None:
            model = learn(counts, at, zone=ZONE, holiday=_holiday)
        if model is not None and at.minute == 0 and at.astimezone(ZONE).hour == 0:
            models.append((at, model))
        times = _posts(source, at, draw)
        for moment in times:
            if model is not None and model.is_silent(last, moment):
                false += 1
            last = moment
        counts[hour(at)] = len(times) if source.posts < 50_000 else _many(source, at, draw)
        counts.pop(hour(at) - WEEKS * HOURS - 24, None)
    noticed, nights = [], []
    for _ in range(DEATHS):
        day, usual = draw.choice(models)
        death = day + timedelta(hours=draw.random() * 24)
        noticed.append(_noticed(usual, death))
        nights.append(_noticed(usual, day + timedelta(hours=3)))
    ordered = sorted(noticed)
    return {
        "posts a day": source.posts,
        "weeks": len(models) // 7,
        "false alarms": false,
        "noticed, median": round(median(ordered), 2),
        "noticed, 95 %": round(ordered[int(len(ordered) * 0.95)], 2),
        "noticed, died at 3 a.m.": round(median(nights), 2),
    }


def _noticed(usual: Usual, death: datetime) -> float:
    """Hours; to the minute by halving within what it says to the hour."""
    most = usual.noticed_after(death)
    if most is None:
        return float("inf")
    low, high = timedelta(0), most + timedelta(hours=1)
    while high - low > timedelta(minutes=1):
        middle = (low + high) / 2
        low, high = (low, middle) if usual.is_silent(death, death + middle) else (middle, high)
    return high / timedelta(hours=1)


def _hours() -> Iterator[datetime]:
    at = START
    while at < START + timedelta(days=365 * YEARS):
        yield at
        at += timedelta(hours=1)


_OF_DAY: dict[tuple[str, date], float] = {}


def _rate(source: Source, at: datetime, draw: random.Random) -> float:
    local = at.astimezone(ZONE)
    key = (source.name, local.date())
    if key not in _OF_DAY:
        weekend = 0.6 if local.weekday() > 4 or _holiday(local.date()) else 1.0
        storm = draw.uniform(3, 10) if draw.random() < 0.02 else 1.0
        _OF_DAY[key] = draw.gammavariate(source.evenness, 1 / source.evenness) * weekend * storm
    return source.posts * _BY_DAY[local.hour] / sum(_BY_DAY) * _OF_DAY[key]


def _posts(source: Source, at: datetime, draw: random.Random) -> list[datetime]:
    """Moments of clumps in the hour; of a source that gives many, so many as matter."""
    rate = min(_rate(source, at, draw) / source.clump, 400.0)
    times, offset = list[datetime](), 0.0
    while rate > 0 and (offset := offset + draw.expovariate(rate)) < 1:
        many = 1 + int(draw.expovariate(1 / (source.clump - 1))) if source.clump > 1 else 1
        times += [at + timedelta(hours=offset)] * many
    return times


def _many(source: Source, at: datetime, draw: random.Random) -> int:
    rate = _rate(source, at, draw)
    return max(0, round(draw.gauss(rate, rate**0.5 + 0.1 * rate)))


def _holiday(day: date) -> bool:
    return (day.month, day.day) in HOLIDAYS


def main() -> None:
    for name, measured in run().items():
        print(json.dumps({"source": name, **measured}), flush=True)


if __name__ == "__main__":
    main()
