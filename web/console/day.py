"""The last 24 hours as a small picture: flagged posts per hour, stacked by severity."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from classify.verdict import SEVERITIES, Severity
from review.index import Reading

HOURS = 24
WIDTH, HEIGHT = 10, 40
"""Units of the picture that one hour is wide, and all of it high."""

_SHOWN = SEVERITIES[1:]


@dataclass(frozen=True, slots=True)
class Bar:
    """One severity in one hour; all numbers in units of the picture, ``y`` counts down from the top."""

    severity: Severity
    x: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Day:
    """``totals`` per severity, the gravest first; ``unable`` posts could not be judged.

    ``most`` flagged posts were judged in the hour from ``busiest`` on.
    """

    since: datetime
    bars: tuple[Bar, ...]
    totals: dict[Severity, int]
    unable: int
    most: int
    busiest: datetime

    @property
    def flagged(self) -> int:
        """How many posts were flagged."""
        return sum(self.totals[severity] for severity in _SHOWN)


def day(index: Reading, *, now: datetime) -> Day:
    """The 24 hours that end with the present one."""
    # Whole hours, so that a bar does not change while its hour is over.
    since = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    hours = index.activity(since, hours=HOURS)
    sums = [sum(hour.get(severity, 0) for severity in _SHOWN) for hour in hours]
    most = max(sums)
    # A single post must not fill the picture.
    unit = HEIGHT / max(most, 4)
    bars = []
    for number, hour in enumerate(hours):
        top = float(HEIGHT)
        for severity in _SHOWN:
            height = hour.get(severity, 0) * unit
            if height:
                top -= height
                bars.append(Bar(severity, number * WIDTH + 1, round(top, 2), round(height, 2)))
    totals = {severity: sum(hour.get(severity, 0) for hour in hours) for severity in reversed(SEVERITIES)}
    unable = sum(hour.get("unable", 0) for hour in hours)
    return Day(since, tuple(bars), totals, unable, most, since + timedelta(hours=sums.index(most)))
