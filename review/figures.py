"""Facts counted for analysts, by week and by what the posts are. Small counts are told to nobody."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta, tzinfo
from typing import Literal

from classify.verdict import LABELS, SEVERITIES
from review.fact import Fact

By = Literal["week", "label", "severity", "source", "municipality", "decision"]
UNLABELLED = "none"
WAITING = "none"
FEW = 5
"""Counts below are not told, and the others are rounded to multiples of this, so that no subtraction gives a small one."""
SPANS: tuple[tuple[str, float], ...] = (("hour", 3600), ("4_hours", 4 * 3600), ("day", 86400), ("3_days", 3 * 86400))
"""Within how many seconds somebody decided; what took longer is ``later``, what waits `WAITING`."""
DECIDED = (*(name for name, _ in SPANS), "later", WAITING)
_WEEK = timedelta(days=7)


def told(many: int) -> int | None:
    """A count as it may be told; ``None``: fewer than `FEW`, but some."""
    if 0 < many < FEW:
        return None
    return FEW * round(many / FEW)


def monday(day: date) -> date:
    """The first day of the week."""
    return day - timedelta(days=day.weekday())


@dataclass(slots=True)
class Figures:
    """Flagged posts, counted. A post about officials of two tenants counts in each; one with two labels under both.

    Attributes:
        by: for each way to count them, the number of posts by value; a week is the ISO date of its Monday.
        flagged, judged: all of the former, and with them those in which nothing was found.
    """

    by: dict[By, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    flagged: int = 0
    judged: int = 0

    @property
    def share(self) -> float | None:
        """The share of flagged posts among all that could be judged; ``None`` if it may not be told."""
        flagged, rest = told(self.flagged), told(self.judged - self.flagged)
        return flagged / (flagged + rest) if flagged is not None and rest is not None and flagged + rest else None


def figures(facts: Iterable[tuple[str, Fact]], *, weeks: Iterable[date], zone: tzinfo) -> Figures:
    """Count ``facts``, each with the tenant of its official. Every week and every value that is fixed has a count, if only 0."""
    found, seen = Figures(), set[tuple[str, str]]()
    fixed: dict[By, Iterable[str]] = {
        "week": [week.isoformat() for week in weeks],
        "label": LABELS,
        "severity": reversed(SEVERITIES[1:]),
        "decision": DECIDED,
    }
    for by, values in fixed.items():
        found.by[by].update(dict.fromkeys(values, 0))
    for tenant, fact in facts:
        if (tenant, fact.post) in seen:
            continue
        seen.add((tenant, fact.post))
        found.judged += not fact.unable or fact.flagged
        if fact.flagged:
            found.flagged += 1
            for by, value in _values(tenant, fact, zone):
                found.by[by][value] += 1
    return found


def _values(tenant: str, fact: Fact, zone: tzinfo) -> Iterator[tuple[By, str]]:
    yield "week", monday(fact.judged_at.astimezone(zone).date()).isoformat()
    for label in fact.labels or (UNLABELLED,):
        yield "label", label
    yield "severity", fact.severity
    yield "source", fact.source
    yield "municipality", tenant
    yield "decision", _decided(fact.decided_seconds)


def _decided(seconds: float | None) -> str:
    if seconds is None:
        return WAITING
    return next((name for name, most in SPANS if seconds <= most), "later")
