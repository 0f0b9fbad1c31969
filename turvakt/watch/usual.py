"""How long a source may be silent before its silence is an alarm: learnt from what it usually gives at each hour of the week.

The question is that of a failure detector: how improbable is it that a source which lives has said nothing since its last
post? (φ accrual failure detector: Hayashibara, Défago, Yared and Katayama, SRDS 2004, where φ is the negative logarithm of
that probability.) The usual number of posts of an hour is a capped mean over the same hour of the last weeks and the hours
beside it, so that neither a storm nor an outage teaches much. What is expected of the silent stretch is the sum over its
hours: a quiet night adds next to nothing, and the alarm waits for the morning.

Posts do not come singly, nor does every day give as much; both are learnt. Posts come in *clumps* of such a size that as many
hours are empty as were. *Days* differ as a gamma variable does, which makes the counts negative binomial, as in the detection
of outbreaks (Noufaily et al., Statistics in Medicine 32, 2013). The probability of silence is then ``(1 + x/k) ** -k`` where
``x`` clumps are expected.

One alarm without cause per source is allowed in `FALSE_ALARM_WEEKS` weeks. As every pause between two clumps is a chance for
one, silence must be less probable for a source that gives more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import exp
from statistics import mean, median
from zoneinfo import ZoneInfo

FALSE_ALARM_WEEKS = 104
LEAST_WEEKS = 2
"""Of a source that is known for a shorter time nothing is usual yet."""
WEEKS = 8
"""As far back as is learnt from."""
LEAST_SILENCE = timedelta(minutes=15)
"""Connections are cut and made again, and a feed is looked at every few minutes."""

HOURS = 24 * 7
_HOUR = timedelta(hours=1)
_CAP_FLOOR, _CAP = 3.0, 3.0
_CLUMPS = (1.0, 60.0)
_EVENNESS = (1.0, 10.0)
_SUNDAY = 6


def never(day: date) -> bool:
    """A calendar without holidays."""
    return False


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual of one source.

    Args:
        posts: expected in each hour of the week, from Monday 0:00 in ``zone``.
        clump: how many posts come together.
        evenness: ``k`` above; days differ the less the larger it is.
        holiday: days on which a source gives what it gives on Sundays.
    """

    posts: tuple[float, ...]
    clump: float
    evenness: float
    zone: ZoneInfo
    holiday: Callable[[date], bool] = never

    def expected(self, start: datetime, end: datetime) -> float:
        """How many posts are usual from ``start`` to ``end``."""
        total, at = 0.0, start
        while at < end:
            till = min(_hour_of(at) + _HOUR, end)
            total += self.posts[slot(at, self.zone, self.holiday)] * ((till - at) / _HOUR)
            at = till
        return total

    def probability(self, start: datetime, end: datetime) -> float:
        """That the source lives and says nothing from ``start`` to ``end``."""
        clumps = self.expected(start, end) / self.clump
        return float((1 + clumps / self.evenness) ** -self.evenness)

    @property
    def alarming(self) -> float:
        """Silence that is less probable than this is an alarm."""
        return 1 / (FALSE_ALARM_WEEKS * max(1.0, sum(self.posts) / self.clump))

    def is_silent(self, last: datetime, now: datetime) -> bool:
        """Whether nothing since ``last`` is an alarm."""
        return now - last >= LEAST_SILENCE and self.probability(last, now) < self.alarming

    def noticed_after(self, last: datetime, *, most: timedelta = timedelta(days=60)) -> timedelta | None:
        """How long it could be silent from ``last`` on until that is an alarm, to the hour; ``None``: longer than ``most``."""
        needed = self.evenness * (self.alarming ** (-1 / self.evenness) - 1) * self.clump
        at = last
        while needed > 0 and at - last < most:
            needed -= self.expected(at, at + _HOUR)
            at += _HOUR
        return None if needed > 0 else max(at - last, LEAST_SILENCE)


def learn(
    counts: Mapping[int, int], now: datetime, *, zone: ZoneInfo, holiday: Callable[[date], bool] = never
) -> Usual | None:
    """What is usual of a source, or ``None`` if it is not yet known.

    Args:
        counts: posts by hour since 1970; hours that are not there were not watched.
    """
    newest = hour(now)
    seen = {each: counts[each] for each in counts if newest - WEEKS * HOURS <= each < newest}
    if len(seen) < LEAST_WEEKS * HOURS - 24:
        return None
    slots: dict[int, list[int]] = {each: [] for each in range(HOURS)}
    capped: dict[int, tuple[int, float]] = {}
    for each in seen:
        at = start_of(each)
        # On a holiday a source is as quiet as on a Sunday, of which it is no measure either.
        if not holiday(at.astimezone(zone).date()):
            slots[slot(at, zone)].append(each)
    posts = []
    for place in range(HOURS):
        around = [seen[each] for near in (-1, 0, 1) for each in slots[(place + near) % HOURS]]
        cap = max(_CAP_FLOOR, _CAP * median(around)) if around else 0.0
        posts.append(mean(min(each, cap) for each in around) if around else 0.0)
        capped |= {each: (place, min(float(seen[each]), cap)) for each in slots[place]}
    clump = _clump(slots, seen)
    return Usual(tuple(posts), clump, _evenness(posts, capped, clump), zone, holiday)


def _clump(slots: Mapping[int, list[int]], seen: Mapping[int, int]) -> float:
    """Such that as many hours are empty as were: by halving, since more do as clumps grow.

    Each hour of the week is taken by itself: next to the night, the hours beside it are of another kind.
    """
    hours = [[seen[each] for each in same] for same in slots.values() if same]
    empty = sum(posts == 0 for same in hours for posts in same)

    def would_be(clump: float) -> float:
        return sum(exp(-mean(same) / clump) * len(same) for same in hours)

    low, high = _CLUMPS
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if would_be(middle) < empty else (low, middle)
    return low


def _evenness(posts: list[float], capped: Mapping[int, tuple[int, float]], clump: float) -> float:
    """By moments, from the sums of days: what they vary beyond what clumps explain."""
    days: dict[int, tuple[float, float]] = {}
    for each, (place, many) in capped.items():
        got, wanted = days.get(each // 24, (0.0, 0.0))
        days[each // 24] = (got + many, wanted + posts[place])
    beyond = sum((got - wanted) ** 2 - clump * wanted for got, wanted in days.values())
    squares = sum(wanted**2 for _, wanted in days.values())
    least, most = _EVENNESS
    return most if beyond <= squares / most else max(least, squares / beyond)


def slot(at: datetime, zone: ZoneInfo, holiday: Callable[[date], bool] = never) -> int:
    """The hour of the week in ``zone``. When clocks go forward an hour is left out, and when they go back one is there twice."""
    local = at.astimezone(zone)
    weekday = _SUNDAY if holiday(local.date()) else local.weekday()
    return weekday * 24 + local.hour


def hour(at: datetime) -> int:
    """The hour since 1970."""
    return int(at.timestamp() // 3600)


def start_of(hour: int) -> datetime:
    """When an hour since 1970 began."""
    return datetime.fromtimestamp(hour * 3600, UTC)


def _hour_of(at: datetime) -> datetime:
    return start_of(hour(at))
