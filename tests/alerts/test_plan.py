"""Plans: whom a step tells, and every mistake in their files."""

import errno
import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from alerts.plans.contacts import Contact as Named
from alerts.plans.contacts import Way
from alerts.plans.gaps import gaps, of_no_tenant, strangers
from alerts.plans.live import LivePlans
from alerts.plans.plan import Plan, Plans
from alerts.plans.planning import load_plans, read_plans
from alerts.plans.rules import Rule, To
from alerts.routing import route
from classify.verdict import Severity, Verdict
from flow.clock import ManualClock
from flow.errors import Broken
from registry.official import Consent, Contact, Official
from registry.tenant import first_of
from tests.alerts.people import AT, DESK, official, verdict

PLAN = """
last_resort = ["contact:Chief"]

[[rule]]
name = "threat"
severity = "low"
labels = ["threat"]
policy = "night"

[[rule]]
name = "rest"
severity = "low"
contacts = ["contact:Desk"]
show_text = true

[[contact]]
name = "Desk"
language = "sv"
quiet = "12:00-16:00"
digests = ["daily"]
channels = [{ channel = "email", address = "desk@ekvik.example" }, { channel = "webhook", address = "https://d.example" }]

[[contact]]
name = "Rut"
language = "sv"
channels = [
  { channel = "email", address = "rut@ekvik.example" },
  { channel = "voice", address = "+46700000000", severity = "critical" },
]

[[contact]]
name = "Chief"
language = "fi"
channels = [{ channel = "email", address = "chief@ekvik.example" }]
second_factor = true

[[schedule]]
name = "duty"
timezone = "Europe/Stockholm"
rotation = ["Rut", "Chief"]
every = "1 week"
from = 2026-03-02T08:00:00
overrides = [{ contact = "Chief", from = "2026-03-04T08:00", until = "2026-03-05T08:00" }]

[[policy]]
name = "night"
repeat = 2
[[policy.step]]
tell = ["schedule:duty"]
wait = "5 min"
[[policy.step]]
tell = ["official", "contact:Desk", "contact:Desk"]
channels = "all"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "rules.toml"
    made.write_text(PLAN, "utf-8")
    return made


@pytest.fixture
def plan(file: Path) -> Plan:
    return load_plans(file).default


def addresses(plan: Plan, step: int, *, severity: str = "high", threat: bool = False, hours: float = 0) -> list[str]:
    told = plan.step_recipients(
        plan.policy("night"),
        step,
        official=official(),
        at=AT + timedelta(hours=hours),
        severity=severity,  # type: ignore[arg-type]
        threat=threat,
    )
    return [each.address for each in told]


def raised(plan: Plan, judged: Verdict, *, about: Official | None = None) -> list[tuple[str, str, list[str]]]:
    her = about or official()
    alerts = route([judged], plans=Plans(plan), officials=lambda id: her, clock=ManualClock(AT))
    return [(each.rule, each.policy, [told.address for told in each.recipients]) for each in alerts]


def test_a_step_tells_who_is_on_duty(plan: Plan) -> None:
    assert addresses(plan, 1) == ["rut@ekvik.example"]
    assert addresses(plan, 1, hours=24) == ["chief@ekvik.example"]


def test_a_step_tells_each_address_once(plan: Plan) -> None:
    assert addresses(plan, 2) == [DESK.address, "desk@ekvik.example", "https://d.example"]


def test_a_telephone_rings_for_what_is_critical_alone(plan: Plan) -> None:
    assert addresses(plan, 1, severity="critical") == ["rut@ekvik.example", "+46700000000"]
    assert addresses(plan, 1, threat=True) == ["rut@ekvik.example"]


@pytest.mark.parametrize(
    ("others", "severity", "threat", "told"),
    [
        (["sms"], "high", False, "sms"),
        (["sms"], "high", True, "voice"),
        (["sms"], "critical", False, "voice"),
        ([], "high", False, "voice"),
    ],
)
def test_a_telephone_that_is_named_first_rings_for_what_is_critical_alone(
    others: list[str], severity: Severity, threat: bool, told: str
) -> None:
    ways = tuple(Way(channel=channel, address="+46700000000") for channel in ("voice", *others))
    (first,) = Named(name="Rut", language="sv", channels=ways).recipients(
        at=AT, severity=severity, threat=threat, every=False, show_text=False, timezone="Europe/Stockholm"
    )
    assert [first.channel, *(channel for channel, _ in first.instead)] == [told, *others[told == "sms" :]]


def test_the_other_channels_of_a_contact_wait_for_the_first_to_fail(plan: Plan) -> None:
    (alert,) = route([verdict()], plans=Plans(plan), officials=lambda id: official(), clock=ManualClock(AT))
    (told,) = alert.recipients
    assert (told.channel, told.instead, told.show_text) == ("email", (("webhook", "https://d.example"),), True)


def test_quiet_hours_of_a_contact_hold_back_what_is_neither_a_threat_nor_critical(plan: Plan) -> None:
    desk = plan.contacts["Desk"]
    for severity, threat, held in (("high", False, True), ("low", True, False), ("critical", False, False)):
        (first, *_) = desk.recipients(
            at=AT,
            severity=severity,  # type: ignore[arg-type]
            threat=threat,
            every=False,
            show_text=False,
            timezone="Europe/Stockholm",
        )
        assert (first.not_before is not None) is held


def test_a_schedule_with_nobody_on_duty_falls_to_the_next_step(plan: Plan, file: Path) -> None:
    file.write_text(PLAN.replace("2026-03-02T08:00:00", "2026-12-01T08:00:00"), "utf-8")
    later = load_plans(file).default
    assert addresses(later, 1) == []
    threat = verdict(severity="low", labels=("threat",))
    assert raised(plan, threat)[0] == ("threat", "night", ["rut@ekvik.example"])
    rule, policy, told = raised(later, threat)[0]
    assert (rule, policy, told[0]) == ("threat", "night", DESK.address)
    skipped = "its steps are skipped"
    assert list(gaps(later, AT)) == [f"schedule 'duty': nobody is on duty until 2026-03-04 08:00; {skipped}"]
    assert list(gaps(later, AT + timedelta(days=1))) == [  # an override stands in before the first turn
        f"schedule 'duty': nobody is on duty from 2026-03-05 08:00 until 2026-12-01 08:00; {skipped}"
    ]
    assert list(gaps(plan, AT)) == []


def test_values_that_fit_nobody_are_told_as_they_may_be_misspelt(plan: Plan) -> None:
    rule = msgspec.structs.replace(
        plan.rules[0], roles=("KOMMUNALRÅD", "mayor"), officials=("anna-lindqvist", "anno"), sources=("x",)
    )
    assert list(strangers(Plan((rule,)), [official()], ("feed",))) == [
        "rule 'threat': key 'officials': 'anno' matches nobody in the registry; misspelt?",
        "rule 'threat': key 'roles': 'mayor' matches nobody in the registry; misspelt?",
        "rule 'threat': key 'sources': 'x' matches JSON lines alone; misspelt?",
    ]


def test_a_plan_of_no_tenant_is_told_as_its_file_may_be_misnamed(plan: Plan) -> None:
    tenants = [first_of(official()), first_of(official(municipality="Granskär", id="mikaela"))]
    plans = Plans(plan, {"ekvik": plan, "granskar": plan})
    assert list(of_no_tenant(plans, tenants)) == [
        "granskar.toml: there is no tenant 'granskar', so nobody goes by it; there are ekvik, granskaer"
    ]


def test_consent_stands_above_the_plan(plan: Plan) -> None:
    her = official(consents=(Consent(("*",), AT, recipients=("Chief", DESK.name)),))
    threat = verdict(severity="low", labels=("threat",))
    # Rut, who is on duty, may not be told, nor may the desk: the next step tells the contact that she has herself.
    assert raised(plan, threat, about=her) == [("threat", "night", [DESK.address])]


def test_where_nobody_may_be_told_the_alert_stands_in_the_console(plan: Plan, caplog: pytest.LogCaptureFixture) -> None:
    her = official(consents=(Consent(("*",), AT, recipients=("Nobody",)),))
    with caplog.at_level(logging.WARNING):
        assert raised(plan, verdict(), about=her) == [("rest", "usual", [])]
    assert "alerts without a recipient" in caplog.text


def test_contacts_of_the_same_name_are_one(plan: Plan) -> None:
    her = official(contacts=(DESK, Contact(DESK.name, "webhook", "https://vakt.example", "sv")))
    rules = load_plans(Path(__file__).parents[2] / "config" / "rules.toml")
    (alert,) = route([verdict()], plans=rules, officials=lambda id: her, clock=ManualClock(AT))
    assert [(each.channel, each.instead) for each in alert.recipients] == [
        ("email", (("webhook", "https://vakt.example"),))
    ]
    (alert,) = route([verdict(labels=("threat",))], plans=rules, officials=lambda id: her, clock=ManualClock(AT))
    assert [(each.channel, each.instead) for each in alert.recipients] == [("email", ()), ("webhook", ())]


def test_the_last_resort_is_told_on_all_channels(plan: Plan) -> None:
    last = plan.last_recipients(official=official(), at=AT, severity="high", threat=False)
    assert [(each.address, each.show_text) for each in last] == [("chief@ekvik.example", False)]
    (stands_in,) = plan.last_recipients(official=official(), at=AT, severity="high", threat=False, rule="rest")
    assert stands_in.show_text


def test_who_is_named_like_a_contact_that_need_not_sign_in_does_as_the_plan_says(plan: Plan) -> None:
    desk = msgspec.structs.replace(plan.contacts["Desk"], second_factor=False)
    strict = replace(plan, second_factor=True, contacts={**plan.contacts, "Desk": desk})

    def asked(plan: Plan, contact: str, *contacts: Contact) -> bool:
        return plan.needs_second_factor(contact, official(contacts=contacts))

    assert [asked(plan, name) for name in ("Chief", "Desk", "Vakt")] == [True, False, False]
    assert [asked(strict, name) for name in ("Chief", "Desk", "Vakt")] == [True, False, True]
    same = Contact("Desk", "email", "desk@ekvik.example", "sv")
    other = replace(same, address="cousin@turvakt.example")
    assert [asked(strict, "Desk", each) for each in (same, other)] == [False, True]
    to = To(name="Desk", channel="email", address=other.address, language="sv")
    named = replace(strict, rules=(Rule(name="x", severity="low", contacts=(to,)),))
    assert [asked(each, "Desk") for each in (named, strict)] == [True, False]
    assert not asked(replace(named, second_factor=False), "Desk", other)


def test_a_policy_that_is_gone_is_the_urgent_one(plan: Plan) -> None:
    assert plan.policy("gone").name == "urgent"
    assert plan.policy("usual").last_resort is False


class TestTenants:
    def test_each_has_its_own_plan_or_that_of_all(self, file: Path, tmp_path: Path) -> None:
        folder = tmp_path / "tenants"
        folder.mkdir()
        (folder / "ekvik.toml").write_text(
            'inherits = true\nsecond_factor = true\n[[contact]]\nname = "Desk"\nlanguage = "fi"\n'
            'channels = [{ channel = "email", address = "ekvik@ekvik.example" }]\n',
            "utf-8",
        )
        (folder / "alone.toml").write_text('[[rule]]\nname = "own"\nseverity = "high"\n', "utf-8")
        plans = load_plans(file, folder)
        ekvik, alone = plans.of("ekvik"), plans.of("alone")
        assert plans.of("elsewhere") is plans.default
        assert ekvik.rules == plans.default.rules
        assert ekvik.contacts["Desk"].language == "fi"
        assert (ekvik.last_resort, ekvik.second_factor) == (("contact:Chief",), True)
        assert ([rule.name for rule in alone.rules], alone.contacts, alone.last_resort) == (["own"], {}, ())
        told = route([verdict()], plans=plans, officials=lambda id: official(), clock=ManualClock(AT))
        assert [each.address for alert in told for each in alert.recipients] == ["ekvik@ekvik.example"]

    def test_alone_it_names_only_what_it_has(self, file: Path, tmp_path: Path) -> None:
        folder = tmp_path / "tenants"
        folder.mkdir()
        (folder / "Ekvik!.toml").write_text(
            '[[rule]]\nname = "own"\nseverity = "high"\ncontacts = ["contact:Desk"]\n', "utf-8"
        )
        _, mistakes = read_plans(file, folder)
        assert [each.says.partition(".")[0] for each in mistakes] == [
            "is not called like a tenant",
            "key 'contacts[0]': there is no [[contact]] of that name",
        ]
        _, mistakes = read_plans(file, tmp_path / "none")
        assert "alerts.tenants" in mistakes[0].says


def test_every_mistake_is_told_by_table_and_key_and_nobody_is_named(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(
        """
        budgets = 3
        last_resort = "Maria"
        second_factor = "yes"
        phone = "ask Maria"
        [budget]
        per_hour = 0
        [[rule]]
        name = "a"
        severity = "urgent"
        weekdays = ["monday"]
        [[contact]]
        name = "Maria Secret"
        language = "sv"
        quiet = "22-7"
        timezone = "Ekvik"
        channels = [{ channel = "email" }]
        [[schedule]]
        name = "duty"
        timezone = "Europe/Stockholm"
        rotation = ["Maria Secret"]
        from = "2026-03-02T08:00+01:00"
        every = "weekly"
        overrides = [{ contact = "Maria Secret", from = "2026-03-02", until = "soon" }]
        [[policy]]
        name = "p"
        repeat = "often"
        [[policy.step]]
        tell = "Maria Secret"
        """,
        "utf-8",
    )
    _, mistakes = read_plans(file)
    told = [str(each).removeprefix(f"{file}").strip(":, ") for each in mistakes]
    assert [each.split(": ")[0:2] for each in told] == [
        ["unknown key 'budgets'"],
        ["rule 'a'", "key 'severity'"],
        ["rule 'a'", "key 'weekdays[0]'"],
        ["contact number 1, key 'channels[0]'", "key `address` is missing"],
        ["schedule 'duty'", "key 'from'"],
        ["schedule 'duty'", "key 'every'"],
        ["schedule 'duty', key 'overrides[0]'", "key 'until'"],
        ["policy 'p', key 'step[0]'", "key 'tell'"],
        ["policy 'p'", "key 'repeat'"],
        ["budget", "key 'per_hour'"],
        ["key 'last_resort'", told[10].partition(": ")[2]],
        ["key 'second_factor'", "is not true or false"],
        ["key 'phone'", 'is no telephone number like "+46 8 123 456"'],
    ]
    assert "Maria" not in " ".join(told)
    with pytest.raises(Broken, match=r"12 more, which 'turvakt check' shows"):
        load_plans(file)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('policy = "night"', 'policy = "day"', "rule 'threat': key 'policy': there is no policy 'day'"),
        ('["contact:Desk"]', '["contact:Nobody"]', "rule 'rest': key 'contacts[0]'"),
        ('["contact:Desk"]', '["Desk"]', "rule 'rest': key 'contacts[0]': is none of 'official', 'contact:NAME'"),
        ('["schedule:duty"]', '["schedule:desk"]', "policy 'night': key 'step[0].tell[0]'"),
        ('["Rut", "Chief"]', '["Rut", "Nobody"]', "schedule 'duty': key 'rotation[1]'"),
        ('["contact:Chief"]', '["contact:Nobody"]', "the top: key 'last_resort[0]'"),
        ('name = "Chief"', 'name = "Rut"', "contact number 3 has the name of an earlier one"),
        ('quiet = "12:00-16:00"', 'quiet = "noon"\ntimezone = "x"', "contact number 1: key 'timezone'"),
    ],
)
def test_what_refers_to_nothing_is_a_mistake(file: Path, old: str, new: str, says: str) -> None:
    file.write_text(PLAN.replace(old, new, 1), "utf-8")
    _, mistakes = read_plans(file)
    assert any(says in str(each) for each in mistakes), mistakes


@pytest.mark.parametrize(
    ("channel", "address", "says"),
    [
        (
            "voice",
            "070-174 06 05",
            "key 'address': the address is no international telephone number, channel voice. Write",
        ),
        ("sms-gateway", "+46 70 174 06 05", "key 'address': the address is no international telephone number"),
        ("sms", "0701740605", "key 'address': the address is no international telephone number"),
        ("e-mail", "rut@ekvik.example", "key 'channel': there is no such channel. There are email, sms, "),
        ("email", "rut.ekvik.example", "key 'address': the address is no e-mail address"),
        ("webhook", "http://ekvik.example/rut", "key 'address': the address is no https address"),
        ("teams", "https://[", "key 'address': the address is no https address"),
        ("matrix", "#rut:ekvik.example", "key 'address': the address is no id of a room"),
        ("ntfy", "rut", "key 'address': the address is no name of a topic"),
        ("webpush", "Rut Ek", "key 'address': the address is no person's id"),
        ("outbox", "rut\\nek", "key 'address': the address is empty or not one line"),
    ],
)
def test_a_way_by_which_nothing_can_ever_arrive_is_a_mistake(file: Path, channel: str, address: str, says: str) -> None:
    way = f'channel = "{channel}", address = "{address}"'
    file.write_text(PLAN.replace('channel = "voice", address = "+46700000000"', way), "utf-8")
    _, (mistake,) = read_plans(file)
    assert str(mistake).startswith(f"{file}, contact number 2, key 'channels[1]': {says}")
    with pytest.raises(Broken) as raised:
        load_plans(file)
    assert address not in str(raised.value)
    file.write_text(PLAN.replace('["contact:Desk"]', f'[{{ name = "Rut", language = "sv", {way} }}]'), "utf-8")
    _, (mistake,) = read_plans(file)
    assert str(mistake).startswith(f"{file}, rule 'rest', key 'contacts[0]': {says}")


def test_whether_a_channel_is_set_up_is_no_matter_of_the_plan(file: Path) -> None:
    """Not each process that reads plans knows it, and what waits goes out when it is."""
    way = 'channel = "apprise", address = "signal://host/+46700000000"'
    file.write_text(PLAN.replace('channel = "voice", address = "+46700000000"', way), "utf-8")
    assert read_plans(file)[1] == []


def test_who_is_on_duty_is_told_by_the_address_of_before_until_a_wrong_one_is_mended(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = ManualClock(AT)
    plans = LivePlans(file, None, clock=clock)
    file.write_text(PLAN.replace("+46700000000", "070-000 00 00").replace("rut@", "rut.ek@"), "utf-8")
    clock.advance(5)
    with caplog.at_level(logging.ERROR):
        assert addresses(plans.default, 1, severity="critical") == ["rut@ekvik.example", "+46700000000"]
    assert "key 'address'" in caplog.text
    assert "070" not in caplog.text
    fault = plans.fault
    assert fault is not None
    assert fault.reason.startswith(
        "contact number 2, key 'channels[1]': key 'address': the address is no international"
    )
    with pytest.raises(Broken, match="no international telephone number"):
        LivePlans(file, None, clock=clock)
    file.write_text(PLAN.replace("rut@", "rut.ek@"), "utf-8")
    clock.advance(5)
    assert addresses(plans.default, 1, severity="critical") == ["rut.ek@ekvik.example", "+46700000000"]
    assert plans.fault is None


def test_hours_without_a_rule_for_threats_are_told(file: Path) -> None:
    file.write_text('[[rule]]\nname = "office"\nseverity = "low"\nhours = "08:00-17:00"\n', "utf-8")
    assert ["at 17:00" in each for each in gaps(load_plans(file).default, AT)] == [True]
    file.write_text(
        '[[rule]]\nname = "days"\nseverity = "low"\nholidays = false\n[[rule]]\nname = "free"\nseverity = "low"\n'
        "holidays = true\n",
        "utf-8",
    )
    assert list(gaps(load_plans(file).default, AT)) == []
    ringing = (
        '[[contact]]\nname = "Rut"\nlanguage = "fi"\nchannels = [{ channel = "voice", address = "+358401234567" }]\n'
    )
    file.write_text(file.read_text("utf-8") + ringing, "utf-8")
    assert ["contact number 1 is only rung up" in each for each in gaps(load_plans(file).default, AT)] == [True]


def test_a_changed_file_is_followed_and_one_with_a_mistake_is_not(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = ManualClock(AT)
    plans = LivePlans(file, None, clock=clock)
    first = plans.of("ekvik")
    file.write_text(PLAN.replace("repeat = 2", "repeat = 12"), "utf-8")
    assert plans.of("ekvik") is first
    clock.advance(5)
    assert plans.of("ekvik").policy("night").repeat == 12
    file.write_text("rule = 3", "utf-8")
    clock.advance(5)
    with caplog.at_level(logging.ERROR):
        assert plans.of("ekvik").policy("night").repeat == 12
        clock.advance(5)
        plans.of("ekvik")
    assert caplog.text.count("those from before stay in force") == 1
    file.unlink()
    clock.advance(5)
    assert plans.of("ekvik").policy("night").repeat == 12
    with pytest.raises(Broken, match="cannot be read"):
        LivePlans(file, None, clock=clock)


def test_a_changed_file_is_followed_when_the_clock_was_put_back(file: Path) -> None:
    clock = ManualClock(AT)
    plans = LivePlans(file, None, clock=clock)
    clock.advance(-3600)
    file.write_text(PLAN.replace("repeat = 2", "repeat = 12"), "utf-8")
    assert plans.of("ekvik").policy("night").repeat == 12


def test_what_is_wrong_in_a_changed_file_is_known_until_it_is_mended(file: Path, tmp_path: Path) -> None:
    clock, folder = ManualClock(AT), tmp_path / "tenants"
    folder.mkdir()
    plans = LivePlans(file, folder, clock=clock)
    assert plans.fault is None
    (folder / "ekvik.toml").write_text('inherits = true\n[[schedule]]\nname = "evening"\n', "utf-8")
    clock.advance(5)
    fault = plans.fault
    assert fault is not None
    assert (fault.since, fault.file) == (clock.now(), "ekvik.toml")
    assert fault.reason.startswith("schedule 'evening': key `timezone` is missing; 2 more")
    first = clock.now()
    (folder / "ekvik.toml").write_text("inherits = \n", "utf-8")
    clock.advance(5)
    fault = plans.fault
    assert fault is not None
    assert (fault.since, fault.file) == (first, "ekvik.toml")
    assert "not valid TOML" in fault.reason
    assert "line 1" in fault.reason
    (folder / "ekvik.toml").write_text("inherits = true\n", "utf-8")
    clock.advance(5)
    assert plans.fault is None


def test_all_mistakes_are_told_at_once_whatever_they_depend_on(file: Path) -> None:
    """Mending one never brings the next to light: each would be a round at four in the afternoon."""
    file.write_text(
        PLAN.replace('quiet = "12:00-16:00"', 'quiet = "noon"')
        .replace("+46700000000", "070-000 00 00")
        .replace('["Rut", "Chief"]', '["Rut", "Nobody"]')
        .replace('"1 week"', '"weekly"')
        .replace('["schedule:duty"]', '["schedule:desk"]')
        .replace("repeat = 2", "repeat = 99")
        .replace('["contact:Desk"]', '["contact:Nobody"]\nweekdays = ["monday"]')
        .replace('["contact:Chief"]', '["contact:Nobody"]'),
        "utf-8",
    )
    _, mistakes = read_plans(file)
    told = [str(each).removeprefix(f"{file}, ").split(": ") for each in mistakes]
    assert [each[:2] for each in told] == [
        ["rule 'rest'", "key 'weekdays[0]'"],
        ["contact number 1", "key 'quiet'"],
        ["contact number 2, key 'channels[1]'", "key 'address'"],
        ["schedule 'duty'", "key 'every'"],
        ["policy 'night'", "key 'repeat'"],
        ["rule 'rest'", "key 'contacts[0]'"],
        ["policy 'night'", "key 'step[0].tell[0]'"],
        ["schedule 'duty'", "key 'rotation[1]'"],
        ["the top", "key 'last_resort[0]'"],
    ]


def test_mistakes_name_nobody(file: Path) -> None:
    file.write_text(PLAN.replace('language = "fi"', 'language = "chief@ekvik.example"'), "utf-8")
    with pytest.raises(Broken, match=r"contact number 3: .*Invalid enum value\. There are ") as raised:
        load_plans(file)
    assert "ekvik.example" not in str(raised.value)


def test_who_asks_for_all_plans_gets_those_of_the_files_as_they_are(file: Path, tmp_path: Path) -> None:
    clock, folder = ManualClock(AT), tmp_path / "tenants"
    folder.mkdir()
    plans = LivePlans(file, folder, clock=clock)
    assert "Chief" in plans.default.contacts
    assert not plans.tenants
    file.write_text(PLAN.replace("Chief", "Head"), "utf-8")
    (folder / "ekvik.toml").write_text("inherits = true\nsecond_factor = true\n", "utf-8")
    clock.advance(5)
    assert "Chief" not in plans.default.contacts
    clock.advance(5)
    assert plans.tenants["ekvik"].second_factor
    (folder / "ekvik.toml").write_text("rule = 3", "utf-8")
    clock.advance(5)
    assert plans.tenants["ekvik"].second_factor


def test_a_tenants_file_that_is_gone_stays_in_force_until_a_restart(file: Path, tmp_path: Path) -> None:
    clock, folder = ManualClock(AT), tmp_path / "tenants"
    folder.mkdir()
    own = folder / "ekvik.toml"
    own.write_text("inherits = true\nsecond_factor = true\n", "utf-8")
    plans = LivePlans(file, folder, clock=clock)
    own.rename(tmp_path / "away.toml")
    for _ in range(3):
        clock.advance(5)
        file.touch()
        assert plans.of("ekvik").second_factor
        fault = plans.fault
        assert fault is not None
        assert (fault.file, fault.reason[:7]) == ("ekvik.toml", "is gone")
    file.write_text(PLAN.replace("repeat = 2", "repeat = 7"), "utf-8")
    clock.advance(5)
    assert plans.default.policy("night").repeat == 7
    assert plans.of("ekvik").second_factor
    assert plans.fault is not None
    assert not LivePlans(file, folder, clock=clock).tenants
    (tmp_path / "away.toml").rename(own)
    clock.advance(5)
    assert plans.of("ekvik").second_factor
    assert plans.fault is None


def test_a_file_that_has_become_readable_is_read(file: Path) -> None:
    clock = ManualClock(AT)
    plans = LivePlans(file, None, clock=clock)
    before = file.stat()
    file.write_text(PLAN.replace("repeat = 2", "repeat = 7"), "utf-8")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))  # as chmod, which changes neither text nor time
    clock.advance(5)
    assert plans.default.policy("night").repeat == 7


def test_the_example_has_no_mistake_and_no_gap() -> None:
    example = load_plans(Path(__file__).parents[2] / "config" / "examples" / "duty.toml").default
    assert list(gaps(example, AT)) == []
    assert raised(example, verdict(labels=("threat",))) == [
        ("urgent", "duty", ["rut.ek@ekvik.example"]),
        ("grave-in-office-hours", "duty", ["kansliet@ekvik.example"]),
    ]


def test_a_folder_that_cannot_be_reached_leaves_the_plans_in_force(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where it lies on a network that is away: each look raises what Python does not take for an empty folder."""
    folder = tmp_path / "tenants"
    folder.mkdir()
    (folder / "ekvik.toml").write_text("inherits = true\n", encoding="utf-8")
    clock = ManualClock(AT)
    plans = LivePlans(file, folder, clock=clock)

    def stale(path: Path) -> Iterator[Path]:
        raise OSError(errno.ESTALE, "Stale file handle")

    with monkeypatch.context() as away:
        away.setattr(Path, "iterdir", stale)
        clock.advance(6)
        assert plans.of("ekvik").rules
        assert plans.tenants.keys() == {"ekvik"}
        fault = plans.fault
        assert fault is not None
        assert (fault.file, fault.reason[:14]) == ("tenants", "cannot be read")
        _, mistakes = read_plans(file, folder)
        assert [each.place for each in mistakes] == [str(folder)]
    clock.advance(6)
    assert plans.fault is None
