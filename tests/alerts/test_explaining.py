"""An explanation says what routing does, and why."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.explaining import explain
from alerts.plans.plan import Plan, Plans
from alerts.plans.rules import Rule
from alerts.rehearsal import rehearse
from alerts.routing import route
from classify.verdict import Verdict
from flow.clock import ManualClock
from registry.official import Consent, Official
from tests.alerts.people import AT, DESK, DUTY, official, verdict
from tests.alerts.test_routing import SOMEBODY, rule_lists, verdicts

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
        Rule(name="again", severity="low", contacts=(SOMEBODY, "official")),
    )
    other, held, again = explain(verdict(), official=official(), plan=Plan(rules), at=AT).rules
    assert other.differs == ("severity", "labels", "sources", "weekdays")
    (first,) = held.steps[0].people
    assert (first.held_by, first.held_until) == ("rule", AT + timedelta(minutes=55))
    assert [each.left_out for each in again.steps[0].people] == [None, "told"]
    assert (other.adds, held.adds, again.adds) == (False, True, True)


def test_a_rule_whose_people_are_told_already_has_no_steps_of_its_own() -> None:
    rules = (Rule(name="first", severity="low"), Rule(name="second", severity="low", policy="urgent"))
    first, second = explain(verdict(), official=official(), plan=Plan(rules), at=AT).rules
    assert (first.adds, second.adds, len(second.steps), second.last) == (True, False, 1, None)


def test_changed_rules_are_rehearsed_beside_those_of_today() -> None:
    threat = verdict("bluesky:1", severity="low", labels=("threat",))
    abuse = verdict("bluesky:2", severity="medium")
    today = Plans(Plan((Rule(name="threat", severity="low", labels=("threat",)),)))
    changed = Plans(Plan((Rule(name="abuse", severity="medium", labels=("harassment",), contacts=(SOMEBODY,)),)))
    posts: list[int] = []
    known = {"anna-lindqvist": official()}
    found = rehearse([threat, abuse], today=today, changed=changed, officials=known.get, told=posts.append)
    assert (found.posts, posts, found.today.total, found.changed.total) == (2, [1, 2], 1, 1)
    assert (dict(found.today.by["hour"]), dict(found.changed.by["severity"])) == ({"14": 1}, {"medium": 1})
    assert dict(found.changed.by["contact"]) == {"Somebody (email)": 1}
    assert (len(found.lost), found.threats, len(found.won)) == (1, 1, 1)
    assert rehearse([threat], today=today, changed=changed, officials=known.get, tenant="other").today.total == 0
