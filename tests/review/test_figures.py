"""Facts counted: each post once for a tenant, and no small count is told or can be subtracted."""

from dataclasses import replace
from datetime import UTC, date
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from review.fact import Fact
from review.figures import FEW, figures, told
from tests.review.people import at

FACT = Fact("1", "anna", "feed", at(0), at(0), ("threat", "hate"), "high", True, False, 3600.0)
WEEK = date(2026, 9, 14)


def test_small_counts_are_not_told_and_others_are_rounded() -> None:
    assert [told(many) for many in (0, 1, 4, 5, 7, 8, 12, 13)] == [0, None, None, 5, 5, 10, 10, 15]
    # Whatever two counts that differ by few show, their difference is none of those few.
    shown = [told(many) for many in range(200)]
    assert {after - before for before, after in pairwise(shown) if before and after} == {0, FEW}


def test_a_post_counts_once_for_each_tenant() -> None:
    hers = [("ekvik", FACT), ("ekvik", replace(FACT, official="bo")), ("furuby", replace(FACT, official="siv"))]
    found = figures(hers, weeks=[WEEK], zone=UTC)
    assert found.flagged == found.judged == 2
    assert found.by["municipality"] == {"ekvik": 1, "furuby": 1}
    assert found.by["week"] == {"2026-09-14": 2}
    assert {name for name, many in found.by["label"].items() if many} == {"threat", "hate"}
    assert found.by["decision"]["hour"] == 2


@pytest.mark.parametrize(
    ("seconds", "expected"), [(3601, "4_hours"), (86400, "day"), (86401, "3_days"), (1e6, "later"), (None, "none")]
)
def test_how_soon_somebody_decided(seconds: float | None, expected: str) -> None:
    found = figures([("ekvik", replace(FACT, decided_seconds=seconds))], weeks=[WEEK], zone=UTC)
    assert {value for value, many in found.by["decision"].items() if many} == {expected}


def test_a_week_begins_on_monday_where_the_reader_is() -> None:
    late = replace(FACT, judged_at=at(-9 * 60))  # on Sunday at nine in the evening in UTC
    for zone, expected in ((ZoneInfo("Europe/Helsinki"), "2026-09-14"), (UTC, "2026-09-07")):
        found = figures([("ekvik", late)], weeks=[], zone=zone)
        assert found.by["week"] == {expected: 1}


def test_the_share_of_what_was_flagged() -> None:
    calm = replace(FACT, flagged=False, labels=(), severity="none")
    flagged = [("ekvik", replace(FACT, post=f"f{number}")) for number in range(10)]
    rest = [("ekvik", replace(calm, post=f"c{number}")) for number in range(30)]
    unable = [("ekvik", replace(calm, post="u", unable=True))]
    assert figures(flagged + rest + unable, weeks=[], zone=UTC).share == 0.25
    assert figures(flagged + rest[:3], weeks=[], zone=UTC).share is None
    assert figures([], weeks=[], zone=UTC).share is None
