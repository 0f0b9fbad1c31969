"""Holidays of Sweden and Finland, and rules that know them."""

from datetime import UTC, date, datetime
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from alerts.plans.holidays import holiday, is_holiday
from alerts.plans.rules import Rule
from registry.official import Country
from tests.alerts.people import official, verdict


@pytest.mark.parametrize(
    ("day", "sweden", "finland"),
    [
        (date(2026, 1, 6), True, True),  # Epiphany
        (date(2026, 5, 1), True, True),
        (date(2026, 5, 14), True, True),  # Ascension
        (date(2026, 5, 25), False, False),  # Whit Monday, which neither has any more
        (date(2026, 6, 6), True, False),  # Sweden's national day
        (date(2026, 6, 19), True, True),  # Midsummer Eve: no public holiday in Sweden, but nobody works
        (date(2026, 6, 20), True, True),
        (date(2027, 6, 25), True, True),  # the next year it is another day
        (date(2026, 10, 31), True, True),  # All Saints
        (date(2026, 12, 6), False, True),  # Finland's independence day
        (date(2026, 12, 24), True, True),
        (date(2026, 12, 31), True, False),
        (date(2026, 3, 3), False, False),
        (date(2026, 3, 8), False, False),  # a common Sunday
    ],
)
def test_which_days_are_free(day: date, sweden: bool, finland: bool) -> None:
    found = {country: is_holiday(day, country) for country in get_args(Country)}
    assert found == {"SE": sweden, "FI": finland}


def test_a_holiday_has_its_name_in_the_language_of_the_reader() -> None:
    day = date(2026, 12, 6)
    assert holiday(day, "FI", "fi") == "Itsenäisyyspäivä"
    assert holiday(day, "FI", "sv") == "Självständighetsdagen"
    assert holiday(day, "FI", "en") == "Independence Day"
    assert holiday(date(2026, 6, 19), "SE", "fi") == holiday(date(2026, 6, 19), "SE", "sv") == "Midsommarafton"


def matches(rule: Rule, at: str, *, country: str = "SE") -> bool:
    zone = ZoneInfo("Europe/Stockholm" if country == "SE" else "Europe/Helsinki")
    moment = datetime.fromisoformat(at).replace(tzinfo=zone).astimezone(UTC)
    return rule.matches(verdict(), official(country=country), moment)


OFFICE = Rule(
    name="office",
    severity="low",
    hours="08:00-17:00",
    weekdays=("mon", "tue", "wed", "thu", "fri"),
    holidays=False,
)


@pytest.mark.parametrize(
    ("at", "country", "expected"),
    [
        ("2026-03-03T08:00", "SE", True),
        ("2026-03-03T07:59", "SE", False),
        ("2026-03-03T17:00", "SE", False),
        ("2026-03-07T10:00", "SE", False),  # Saturday
        ("2026-06-19T10:00", "SE", False),  # Midsummer Eve
        ("2026-12-31T10:00", "SE", False),
        ("2026-12-31T10:00", "FI", True),
        # The first office hours of summer time and of winter time.
        ("2026-03-30T08:00", "FI", True),
        ("2026-10-26T07:59", "FI", False),
    ],
)
def test_a_rule_for_office_hours(at: str, country: str, expected: bool) -> None:
    assert matches(OFFICE, at, country=country) is expected


def test_a_rule_for_holidays_alone() -> None:
    rule = Rule(name="holidays", severity="low", holidays=True)
    assert matches(rule, "2026-12-06T23:59", country="FI")
    assert not matches(rule, "2026-12-07T00:00", country="FI")
    assert not matches(rule, "2026-12-06T12:00", country="SE")


def test_hours_over_midnight_belong_to_the_day_of_the_moment() -> None:
    rule = Rule(name="night", severity="low", hours="22:00-07:00", weekdays=("sat",))
    assert not matches(rule, "2026-03-06T23:00")  # Friday
    assert matches(rule, "2026-03-07T03:00")  # Saturday
    assert matches(rule, "2026-03-07T23:00")


def test_a_rule_for_a_role() -> None:
    rule = Rule(name="role", severity="low", roles=("Kommunalråd",))
    assert matches(rule, "2026-03-03T12:00")
    assert not matches(Rule(name="role", severity="low", roles=("riksdagsledamot",)), "2026-03-03T12:00")
