"""An explanation says what routing does, and why."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.explaining import explain
from alerts.plans.plan import Plan, Plans
from alerts.plans.rules import Rule, To
from alerts.routing import route
from classify.verdict import Verdict
from flow.clock import ManualClock
from registry.official import Consent, Official
from tests.alerts.people import AT, DESK, DUTY, official, verdict
from tests.alerts.test_routing import SOMEBODY, rule_lists, verdicts
from tests.alerts.world import World
from tests.databases import open_file

NOBODY = Consent(("*",), AT, recipients=("Nobody",))
SILENT = Consent(("*",), AT, text=False)


@given(
    rules=rule_lists,
    judged=verdicts,
    consents=st.sampled_from([(), (NOBODY,), (SILENT,), (NOBODY, Consent(("*",), AT, labels=("threat",)))]),
)
def test_it_says_what_routing_does(rules: list[Rule], judged: Verdict, consents: tuple[Consent, ...]) -> None:
    her = official(consents=consents, contacts=(DESK, DUTY))
    plan = Plan(tuple(rules))
    alerts = route([judged], plans=Plans(plan), officials={her.id: her}.get, clock=ManualClock(AT))
    explained = explain(judged, official=her, plan=plan, at=AT)
    told = {
        rule.rule: [
            (each.name, each.channel, each.text, each.held_until)
            for each in next((step.people for step in rule.steps if any(said.consents for said in step.people)), ())
            if each.left_out is None
        ]
        for rule in explained.rules
    }
    assert {rule: people for rule, people in told.items() if people} == {
        alert.rule: [(each.name, each.channel, each.show_text, each.not_before) for each in alert.recipients]
        for alert in alerts
        if alert.recipients
    }
    assert explained.raises == bool(alerts)


@pytest.mark.parametrize(
    ("judged", "her", "silent"),
    [
        (verdict(deleted_at=AT), official(), "deleted"),
        (verdict(unable="language"), official(), "unable"),
        (verdict(), official(scope=("feed",)), "no-consent"),
        (verdict(), official(consents=(Consent(("*",), AT, labels=("threat",)),)), "no-consent"),
    ],
)
def test_why_no_rule_is_asked(judged: Verdict, her: Official, silent: str) -> None:
    explained = explain(judged, official=her, plan=Plan((Rule(name="any", severity="low"),)), at=AT)
    assert (explained.silent, explained.rules) == (silent, ())


def test_why_a_rule_does_not_match_and_who_is_held_back() -> None:
    rules = (
        Rule(name="other", severity="critical", labels=("threat",), sources=("feed",), weekdays=("mon",)),
        Rule(name="held", severity="low", quiet="12:00-15:00"),
        Rule(name="again", severity="low", contacts=(SOMEBODY, "official"), quiet="12:00-16:00"),
    )
    other, held, again = explain(verdict(), official=official(), plan=Plan(rules), at=AT).rules
    assert other.differs == ("severity", "labels", "sources", "weekdays")
    (first,) = held.steps[0].people
    assert (first.held_by, first.held_until) == ("rule", AT + timedelta(minutes=55))
    assert [each.left_out for each in again.steps[0].people] == [None, "told"]
    assert (other.adds, held.adds, again.adds) == (False, True, True)
    awake = Rule(name="awake", severity="low")
    _, held, *_ = explain(verdict(), official=official(), plan=Plan((*rules, awake)), at=AT).rules
    assert held.steps[0].people[0].held_until is None, "whom another rule tells at once"


def test_a_rule_whose_people_are_told_already_has_no_steps_of_its_own() -> None:
    rules = (Rule(name="first", severity="low", policy="urgent"), Rule(name="second", severity="low"))
    first, second = explain(verdict(), official=official(), plan=Plan(rules), at=AT).rules
    assert (first.adds, second.adds, len(second.steps), second.last) == (True, False, 1, None)


@pytest.mark.parametrize("policies", [("usual", "urgent"), ("urgent", "urgent"), ("urgent", "usual")])
@pytest.mark.parametrize("contact", [SOMEBODY, "official"])
def test_of_several_rules_it_says_whom_each_step_tells_in_fact(
    tmp_path: Path, policies: tuple[str, str], contact: To | str
) -> None:
    rules = (
        Rule(name="log", severity="low", policy=policies[0]),
        Rule(name="threats", severity="low", labels=("threat",), contacts=(contact,), policy=policies[1]),
    )
    database = open_file(tmp_path / "t.db")
    world = World(database, Plan(rules))
    world.her = official()
    judged = verdict(labels=("threat",))
    explained = explain(judged, official=world.her, plan=world.plans.default, at=AT)
    alerts = route([judged], plans=world.plans, officials={world.her.id: world.her}.get, clock=world.clock)
    world.take(*alerts)
    (charge,) = (rule for rule in explained.rules if not rule.goes_on)
    first = {each.name for rule in explained.rules for each in rule.steps[0].people if each.left_out is None}
    assert {item.recipient.name for item in world.waiting().values()} == first
    for step in charge.steps[1:]:
        world.deliver()
        world.pass_time(step.minutes)
        assert {item.recipient.name for item in world.waiting().values()} == {each.name for each in step.people}
    assert (charge.policy, world.one.policy) == ("urgent", "urgent")
    assert [len(rule.steps) for rule in explained.rules if rule.goes_on] == [1]
    database.close()
