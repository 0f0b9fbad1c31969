"""Who is told of what: pure functions, so properties hold for any rules and verdicts."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Alert, Recipient
from alerts.plans.plan import Plan, Plans
from alerts.plans.rules import Rule, To
from alerts.routing import permitted, route
from classify.verdict import LABELS, SEVERITIES, Label, Verdict, at_least
from flow.clock import ManualClock
from registry.official import Consent, Official
from tests.alerts.people import AT, DESK, DUTY, official, verdict

ANY = Rule(name="any", severity="low")
SOMEBODY = To(name="Somebody", channel="email", address="somebody@ekvik.example", language="sv")


def routed(rules: Sequence[Rule], *verdicts: Verdict, officials: Sequence[Official] = (official(),)) -> list[Alert]:
    known = {each.id: each for each in officials}
    return route(verdicts, plans=Plans(Plan(tuple(rules))), officials=known.get, clock=ManualClock(AT))


def test_an_alert_says_who_what_and_why() -> None:
    (alert,) = routed([ANY], verdict())
    assert (alert.rule, alert.official, alert.official_name) == ("any", "anna-lindqvist", "Anna Lindqvist")
    assert alert.raised_at == AT
    (told,) = alert.recipients
    assert (told.name, told.channel, told.address, told.language) == (DESK.name, "email", DESK.address, "sv")
    assert not told.show_text


def test_the_same_verdict_raises_the_same_alert() -> None:
    assert [alert.id for alert in routed([ANY], verdict())] == [alert.id for alert in routed([ANY], verdict())]


@pytest.mark.parametrize(
    "rule",
    [
        Rule(name="a", severity="critical"),
        Rule(name="a", severity="low", labels=("threat", "hate")),
        Rule(name="a", severity="low", officials=("somebody-else",)),
        Rule(name="a", severity="low", municipalities=("Elsewhere",)),
        Rule(name="a", severity="low", sources=("mastodon",)),
    ],
)
def test_what_a_rule_does_not_cover_raises_nothing(rule: Rule) -> None:
    assert routed([rule], verdict()) == []


def test_what_a_rule_names_is_covered() -> None:
    rule = Rule(
        name="a",
        severity="high",
        labels=("hate", "harassment"),
        officials=("anna-lindqvist",),
        municipalities=("Ekvik",),
        sources=("bluesky",),
        show_text=True,
    )
    (alert,) = routed([rule], verdict())
    assert alert.recipients[0].show_text


@pytest.mark.parametrize(
    "silent", [verdict(deleted_at=AT), verdict(unable="language"), verdict(mentions=()), verdict(severity="none")]
)
def test_deleted_unable_and_harmless_posts_raise_nothing(silent: Verdict) -> None:
    assert routed([ANY], silent) == []


@pytest.mark.parametrize(
    "officials",
    [(), (official(scope=("mastodon",)),), (official(until=AT),), (official(until=AT - timedelta(days=1)),)],
)
def test_no_consent_no_alert(officials: tuple[Official, ...]) -> None:
    assert routed([ANY], verdict(), officials=officials) == []


def test_each_official_gets_an_alert_that_does_not_name_the_other() -> None:
    other = official("aino-koivumaki", name=("Aino", "Koivumäki"), country="FI", contacts=(DUTY,))
    both = verdict(mentions=("anna-lindqvist", "aino-koivumaki", "anna-lindqvist"))
    alerts = routed([ANY], both, officials=[official(), other])
    assert [alert.official for alert in alerts] == ["anna-lindqvist", "aino-koivumaki"]
    for alert in alerts:
        assert {mention.official for mention in alert.verdict.post.mentions} == {alert.official}


def test_the_first_rule_wins_for_a_contact() -> None:
    desk = To(name="Desk", channel=DESK.channel, address=DESK.address, language="en")
    extra = To(name="Duty", channel="webhook", address="https://duty.example", language="en")
    second = Rule(name="second", severity="low", contacts=(desk, extra, extra))
    first, other = routed([ANY, second], verdict())
    assert [told.address for told in first.recipients] == [DESK.address]
    assert [told.address for told in other.recipients] == ["https://duty.example"]


def test_of_several_policies_the_most_insistent_holds_whoever_raises_the_alert() -> None:
    rules = [Rule(name="log", severity="low", policy="usual"), Rule(name="all", severity="low", policy="urgent")]
    (alert,) = routed(rules, verdict())
    assert (alert.rule, alert.policy, alert.rules) == ("log", "urgent", ("log", "all"))


def test_quiet_hours_hold_back() -> None:
    rule = Rule(name="a", severity="low", quiet="12:00-15:00")
    (alert,) = routed([rule], verdict())
    assert alert.recipients[0].not_before == AT.replace(hour=14, minute=0)
    (alert,) = routed([rule], verdict(severity="critical"))
    assert alert.recipients[0].not_before is None


@pytest.mark.parametrize("order", [1, -1])
def test_whom_several_rules_tell_is_held_back_no_longer_than_any_of_them_says(order: int) -> None:
    rules = [
        Rule(name="all", severity="low", quiet="12:00-16:00"),
        Rule(name="rest", severity="low", quiet="12:00-15:00"),
        Rule(name="threats", severity="low", labels=("threat",)),
    ][::order]
    (threat,) = routed(rules, verdict(labels=("threat",)))
    assert (threat.rule, threat.recipients[0].not_before) == (rules[0].name, None)
    (abuse,) = routed(rules, verdict())
    assert abuse.recipients[0].not_before == AT.replace(hour=14, minute=0)


def test_nobody_to_tell_is_an_alert_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        (alert,) = routed([ANY, Rule(name="b", severity="low")], verdict(), officials=[official(contacts=())])
    assert alert.recipients == ()
    assert "alerts without a recipient" in caplog.text
    assert "lindqvist" not in caplog.text.lower()


def consent(**what: Any) -> Consent:
    return Consent(("*",), AT - timedelta(days=30), **what)


def test_a_post_without_a_label_of_the_consent_raises_nothing() -> None:
    her = official(consents=(consent(labels=("threat",)),))
    assert routed([ANY], verdict(labels=("harassment",)), officials=[her]) == []
    assert routed([ANY], verdict(labels=()), officials=[her]) == []
    assert len(routed([ANY], verdict(labels=("harassment", "threat")), officials=[her])) == 1


def test_only_the_recipients_of_the_consent_are_told() -> None:
    her = official(contacts=(DESK, DUTY), consents=(consent(recipients=(DUTY.name,)),))
    (alert,) = routed([ANY], verdict(), officials=[her])
    assert [each.name for each in alert.recipients] == [DUTY.name]
    (alert,) = routed([Rule(name="a", severity="low", contacts=(SOMEBODY,))], verdict(), officials=[her])
    assert alert.recipients == (), "nor does a rule's own list go beyond it"


@pytest.mark.parametrize(
    ("rule", "consents", "shown"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_a_text_is_shown_where_rule_and_consent_say_so(rule: bool, consents: bool, shown: bool) -> None:
    her = official(consents=(consent(text=consents),))
    (alert,) = routed([Rule(name="a", severity="low", show_text=rule)], verdict(), officials=[her])
    assert alert.recipients[0].show_text is shown


def test_what_one_of_several_consents_allows_is_allowed_and_nothing_mixed_out_of_two() -> None:
    consents = (
        consent(labels=("threat",)),
        consent(labels=("harassment",), recipients=(DUTY.name,), text=False),
    )
    her = official(contacts=(DESK, DUTY), consents=consents)
    rule = Rule(name="a", severity="low", show_text=True)
    (alert,) = routed([rule], verdict(labels=("harassment",)), officials=[her])
    assert [(each.name, each.show_text) for each in alert.recipients] == [(DUTY.name, False)]
    (alert,) = routed([rule], verdict(labels=("harassment", "threat")), officials=[her])
    assert [(each.name, each.show_text) for each in alert.recipients] == [(DESK.name, True), (DUTY.name, True)]


def test_what_waits_is_sent_as_the_consent_is_by_then() -> None:
    (raised,) = routed([Rule(name="a", severity="low", show_text=True)], verdict())
    (told,) = raised.recipients

    def by(*consents: Consent) -> Recipient | None:
        return permitted(raised, told, official=official(consents=consents), at=AT)

    assert by(consent()) == told
    assert by(consent(text=False)) == replace(told, show_text=False)
    assert by(consent(recipients=(DUTY.name,))) is None
    assert by(consent(labels=("threat",))) is None
    assert by(consent(until=AT)) is None
    assert permitted(raised, told, official=None, at=AT) is None


severities = st.sampled_from(SEVERITIES[1:])
labels = st.lists(st.sampled_from(LABELS), unique=True, max_size=3).map(tuple)
addresses = st.sampled_from(["a@x.example", "b@x.example", "c@x.example"])
named = st.lists(
    st.builds(
        To, name=st.just("N"), channel=st.sampled_from(["email", "outbox"]), address=addresses, language=st.just("sv")
    ),
    min_size=1,
    max_size=3,
).map(tuple)
rule_lists = st.lists(
    st.builds(
        Rule,
        name=st.uuids().map(str),
        severity=severities,
        labels=labels,
        quiet=st.sampled_from([None, "22:00-07:00", "12:00-15:00"]),
        contacts=st.one_of(st.just("official"), named),
    ),
    max_size=5,
)
verdicts = st.builds(
    verdict,
    severity=severities,
    labels=labels,
    mentions=st.sampled_from([("anna-lindqvist",), ("a", "anna-lindqvist")]),
)


@given(rules=rule_lists, judged=verdicts)
def test_no_threat_is_lost_and_every_contact_is_told_once(rules: list[Rule], judged: Verdict) -> None:
    alerts = routed(rules, judged)
    flagged: tuple[Label, ...] = judged.judgement.flagged
    wanted = {
        (contact.channel, contact.address)
        for rule in rules
        if at_least(judged.judgement.severity, rule.severity) and (not rule.labels or set(rule.labels) & set(flagged))
        for contact in [DESK if isinstance(each, str) else each for each in rule.tell]
    }
    told = [(each.channel, each.address) for alert in alerts for each in alert.recipients]
    assert set(told) == wanted
    assert len(told) == len(set(told))
    assert len({alert.id for alert in alerts}) == len(alerts)


batches = st.lists(verdicts, max_size=4).map(
    lambda batch: [replace(each, post=replace(each.post, id=f"bluesky:{n}")) for n, each in enumerate(batch)]
)


@given(judged=batches, cut=st.integers(0, 4))
def test_split_batches_equal_the_whole(judged: list[Verdict], cut: int) -> None:
    assert routed([ANY], *judged) == routed([ANY], *judged[:cut]) + routed([ANY], *judged[cut:])
