"""Rules from TOML, and quiet hours."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.plans.hours import quiet_end
from alerts.plans.planning import load_plans
from alerts.plans.rules import Rule, To
from flow.errors import Broken
from tests.alerts.people import AT, official, verdict

SHIPPED = Path(__file__).parent.parent.parent / "config" / "rules.toml"


def load_rules(file: Path) -> tuple[Rule, ...]:
    return load_plans(file).default.rules


def write(folder: Path, text: str) -> Path:
    file = folder / "rules.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_shipped_rules_send_every_threat_at_any_hour() -> None:
    first = load_rules(SHIPPED)[0]
    judged = verdict(severity="low", labels=("threat",))
    assert first.matches(judged, official(), AT)
    assert first.quiet is None


def test_the_shipped_rules_never_show_the_text() -> None:
    assert not any(rule.show_text for rule in load_rules(SHIPPED))


def test_contacts_may_be_named_in_the_rule(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        """
        [[rule]]
        name = "desk"
        severity = "low"
        contacts = [{ name = "Desk", channel = "email", address = "desk@ekvik.example", language = "en" }]
        """,
    )
    (rule,) = load_rules(file)
    assert [each.address for each in rule.tell if isinstance(each, To)] == ["desk@ekvik.example"]


RULE = '[[rule]]\nname = "a"\nseverity = "low"\n'
AS_SOMEBODY = 'name = "p-3f2a9c77c0ff"\nlanguage = "sv"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rule = [", "is not valid TOML"),
        ("rule = " + 3000 * "[", "is not valid TOML: its lists or tables are nested too deeply"),
        ("", r"no \[\[rule\]\], so nobody"),
        ("rule = 3", r"no \[\[rule\]\]"),
        ("rule = [3]", "rule number 1"),
        ("rules = 3", "unknown key 'rules'"),
        ('[[rule]]\nseverity = "low"', "rule number 1: .*`name`"),
        ('[[rule]]\nname = "a"', "rule 'a': .*`severity`"),
        ('[[rule]]\nname = "a"\nseverity = "urgent"', "rule 'a': key 'severity'"),
        ('[[rule]]\nname = "a"\nseverity = "none"', "rule 'a': key 'severity'"),
        ('[[rule]]\nname = " "\nseverity = "low"', "key 'name'"),
        ('[[rule]]\nname = "a"\nseverity = "low"\nlabel = ["threat"]', "rule 'a': .*`label`"),
        ('[[rule]]\nname = "a"\nseverity = "low"\nlabels = ["threats"]', r"rule 'a': key 'labels\[0\]'"),
        ('[[rule]]\nname = "a"\nseverity = "low"\nquiet = "22-7"', "rule 'a': key 'quiet'"),
        ('[[rule]]\nname = "a"\nseverity = "low"\nquiet = "07:00-07:00"', "rule 'a': key 'quiet'"),
        ('[[rule]]\nname = "a"\nseverity = "low"\ntimezone = "Europe/Ekvik"', "rule 'a': key 'timezone'"),
        ('[[rule]]\nname = "a"\nseverity = "low"\ntimezone = "../etc"', "rule 'a': key 'timezone'"),
        ('[[rule]]\nname = "a"\nseverity = "low"\ncontacts = []', "rule 'a': key 'contacts'"),
        ('[[rule]]\nname = "a"\nseverity = "low"\ncontacts = [{ name = "x" }]', r"rule 'a': key 'contacts\[0\]'"),
        (
            f'[[contact]]\n{AS_SOMEBODY}channels = [{{ channel = "sms", address = "+46701740605" }}]\n{RULE}',
            "contact number 1: key 'name'",
        ),
        (
            f"{RULE}[[rule.contacts]]\n{AS_SOMEBODY}channel = 'sms'\naddress = '+46701740605'",
            r"rule 'a': key 'contacts\[0\].name'",
        ),
        ('[[rule]]\nname = "a"\nseverity = "low"\n' * 2, "rule 'a' has the name of an earlier one"),
    ],
)
def test_an_error_names_rule_and_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(Broken, match=message):
        load_rules(write(tmp_path, text))


def test_a_missing_file_stops(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="cannot be read"):
        load_rules(tmp_path / "none.toml")


def at(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "quiet", "end"),
    [
        ("2026-03-03T21:59", "22:00-07:00", None),
        ("2026-03-03T22:00", "22:00-07:00", "2026-03-04T07:00"),
        ("2026-03-04T00:30", "22:00-07:00", "2026-03-04T07:00"),
        ("2026-03-04T07:00", "22:00-07:00", None),
        ("2026-03-04T12:30", "12:00-13:00", "2026-03-04T13:00"),
        ("2026-03-04T13:00", "12:00-13:00", None),
        # The nights of 29 March and 25 October 2026 change the clock.
        ("2026-03-28T23:00", "22:00-07:00", "2026-03-29T07:00"),
        ("2026-10-24T23:00", "22:00-07:00", "2026-10-25T07:00"),
    ],
)
@pytest.mark.parametrize("zone", ["Europe/Stockholm", "Europe/Helsinki"])
def test_quiet_hours(now: str, quiet: str, end: str | None, zone: str) -> None:
    assert quiet_end(at(now, zone), quiet=quiet, timezone=zone) == (at(end, zone) if end else None)


def test_the_night_that_skips_an_hour_is_an_hour_shorter() -> None:
    now = at("2026-03-28T22:00", "Europe/Stockholm")
    end = quiet_end(now, quiet="22:00-07:00", timezone="Europe/Stockholm")
    assert end == now + timedelta(hours=8)


def test_an_end_that_the_night_skips_lies_on_the_other_side() -> None:
    now = at("2026-03-29T01:00", "Europe/Stockholm")
    assert quiet_end(now, quiet="22:00-02:30", timezone="Europe/Stockholm") == now + timedelta(hours=1, minutes=30)


def test_an_end_that_the_night_has_twice_is_the_first_one() -> None:
    now = at("2026-10-25T01:00", "Europe/Stockholm")
    end = quiet_end(now, quiet="22:00-02:30", timezone="Europe/Stockholm")
    assert end == now + timedelta(hours=1, minutes=30)
    assert quiet_end(end, quiet="22:00-02:30", timezone="Europe/Stockholm") is None


@given(
    now=st.integers(0, 2 * 365 * 24 * 60).map(
        lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    start=st.times(),
    end=st.times(),
    zone=st.sampled_from(["Europe/Stockholm", "Europe/Helsinki"]),
)
def test_quiet_hours_end_within_a_day_and_are_over_then(now: datetime, start: time, end: time, zone: str) -> None:
    quiet = f"{start:%H:%M}-{end:%H:%M}"
    if f"{start:%H:%M}" == f"{end:%H:%M}":
        return
    until = quiet_end(now, quiet=quiet, timezone=zone)
    if until is not None:
        assert now < until <= now + timedelta(hours=25)
        assert until.astimezone(ZoneInfo(zone)).date() - now.astimezone(ZoneInfo(zone)).date() <= timedelta(days=1)


def test_a_verdict_grave_enough_breaks_through() -> None:
    rule = Rule(name="a", severity="low", quiet="00:00-23:59", timezone="UTC", quiet_breaks="high")
    noon = datetime(2026, 3, 3, 12, tzinfo=UTC)
    assert rule.held_until(noon, severity="high", country="SE") is None
    assert rule.held_until(noon, severity="medium", country="SE") == noon.replace(hour=23, minute=59)


def test_the_country_gives_the_time_zone() -> None:
    rule = Rule(name="a", severity="low", quiet="22:00-07:00")
    half_past_nine = at("2026-03-03T21:30", "Europe/Stockholm")
    assert rule.held_until(half_past_nine, severity="low", country="SE") is None
    assert rule.held_until(half_past_nine, severity="low", country="FI") == at("2026-03-04T07:00", "Europe/Helsinki")
