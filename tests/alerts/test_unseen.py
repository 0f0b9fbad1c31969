"""What nobody has seen yet: it is told, whatever was answered before, and whoever answers without having seen it is told so."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.alert import Alert
from alerts.incidents.answering import Answering
from alerts.plans.contacts import Contact as Planned
from alerts.plans.contacts import Way
from alerts.plans.plan import Plan
from alerts.plans.policies import Policy, Step
from alerts.plans.rules import Rule
from flow.database import Database
from registry.official import Consent
from tests.alerts.people import AT, recipient
from tests.alerts.world import CHIEF, DESK, TEXTS, World, both, told

BOSS = "chef@ekvik.example"
THREATS = ("Jag ska slå ihjäl dig ikväll", "En bomb väntar under din bil i morgon bitti")
"""Abusive, and written for this."""


def collected_now(world: World, alert: Alert) -> Alert:
    """The same of its post as it is collected now."""
    post = replace(alert.verdict.post, collected_at=world.clock.now(), edited_at=world.clock.now())
    return replace(alert, verdict=replace(alert.verdict, post=post))


def flood(world: World) -> None:
    """So much harassment that whatever follows joins it."""
    world.take(*(world.raised(each) for each in range(5)))


class TestPostsThatComeBack:
    @both
    @pytest.mark.parametrize("closed", [False, True])
    def test_what_was_deleted_and_is_there_again_is_told_anew(self, world: World, closed: bool) -> None:
        threat = world.raised(1, labels=("threat",), severity="critical")
        world.take(threat)
        world.deliver()
        (incident,) = world.incidents.open()
        if closed:
            world.incidents.answer(incident.id, "resolve", by="Beredskap Ekvik")
        world.incidents.forget({threat.verdict.post.id})
        world.clock.advance(60)
        other = world.raised(2, labels=("threat",), severity="critical")
        assert world.take(collected_now(world, threat), other) != []
        assert len({each.id for each in world.incidents.open()}) == (2 if closed else 3)

    def test_what_is_collected_anew_after_its_incident_was_closed_may_have_been_harmless_in_between(
        self, world: World
    ) -> None:
        threat = world.raised(1, THREATS[0], labels=("threat",), severity="critical")
        world.take(threat)
        world.deliver()
        world.clock.advance(60)
        world.incidents.answer(world.one.id, "false-alarm", by="Beredskap Ekvik")
        assert world.take(threat) == []
        world.clock.advance(60)
        again = collected_now(world, threat)
        assert world.take(again) == [("raised", 1, DESK)]
        assert world.take(again) == []

    def test_what_is_edited_while_somebody_has_it_is_not_told_again_if_it_is_no_graver(self, world: World) -> None:
        threat = world.raised(1, THREATS[0], labels=("threat",), severity="critical")
        world.take(threat)
        world.incidents.answer(world.one.id, "on-it", by="Beredskap Ekvik")
        world.clock.advance(60)
        assert world.take(collected_now(world, threat)) == []

    def test_of_a_post_in_two_incidents_the_open_one_goes_on(self, world: World) -> None:
        """Two rules had it; it was closed; then only one of them matched what it was edited into."""
        first = world.raised(1, labels=("harassment",), severity="medium")
        world.take(first, replace(world.raised(1, rule="nagging", severity="medium"), id="nagging-1"))
        world.incidents.answer(world.one.id, "resolve", by="Beredskap Ekvik")
        world.clock.advance(60)
        world.take(world.raised(1, severity="high"))
        world.clock.advance(60)
        world.take(world.raised(1, severity="critical"))
        assert world.one.severity == "critical"

    def test_a_message_that_was_replaced_while_it_waited_may_be_wanted_again(self, world: World) -> None:
        night = replace(recipient(), not_before=world.clock.now() + timedelta(hours=7))
        text = "Anna Lindqvist lovade en ny bro och nu står vi här utan både bro och pengar"
        first = world.raised(1, text, to=(night,))
        world.take(first)
        world.take(world.raised(2, f"{text}!", to=(night,)))
        second_rule = replace(world.raised(1, text, to=(night,), rule="private-data"), id="private-1")
        world.take(second_rule)
        world.clock.advance(7 * 3600)
        assert {each.content.id for each in world.waiting().values() if isinstance(each.content, Alert)} >= {
            "private-1"
        }


class TestAnswers:
    def test_a_threat_that_came_while_somebody_read_is_not_answered_with_the_rest(self, world: World) -> None:
        flood(world)
        world.take(world.raised(6, THREATS[0], labels=("threat",), severity="critical"))
        answering = Answering(world.database, world.incidents)
        (incident,) = (each for each in world.incidents.open() if each.threat)
        seen = answering.seen(incident)
        world.take(world.raised(7, THREATS[1], labels=("threat",), severity="critical"))
        for action in ("acknowledge", "on-it", "false-alarm"):
            answered = answering.answer(incident.id, action, by="Beredskap Ekvik", seen=seen)
            assert answered is not None
            assert answered.refusal == "graver", action
        now = world.incidents.get(incident.id)
        assert now is not None
        assert (now.state, now.posts, now.escalate_at) == ("triggered", incident.posts + 1, incident.escalate_at)
        assert world.events(now)[-3:] == ["new-threat", "joined", "told"]
        handed_over = answering.answer(incident.id, "hand-over", by="Beredskap Ekvik", seen=seen)
        assert handed_over is not None
        assert handed_over.done  # which silences nothing

    def test_another_exposed_home_is_no_mere_growth(self, world: World) -> None:
        def home(number: int, text: str, author: str) -> Alert:
            return world.raised(number, text, labels=("doxxing",), severity="critical", author=author)

        first = "Vägen till sjön är stängd hela veckan och alla vet var hon bor på Storgatan"
        world.take(*(home(each, first, str(each)) for each in range(1, 6)))
        world.deliver()
        world.incidents.answer(world.one.id, "on-it", by="Beredskap Ekvik")
        world.clock.advance(60)
        assert world.take(home(6, f"{first}!", "6")) == []
        school = "Barnens skola ligger vid Lillgatan tolv, de slutar klockan tre"
        assert ("raised", 7, DESK) in world.take(home(7, school, "7"))
        assert (world.one.state, world.one.owner) == ("triggered", "")
        world.deliver()
        assert ("reminder", 7, DESK) in world.pass_time(12)

    def test_of_several_threats_one_that_is_still_there_is_told_on(self, world: World) -> None:
        for number in (1, 2):
            world.take(world.raised(number, f"{THREATS[0]}{'!' * number}", labels=("threat",), author=str(number)))
            world.deliver()
        world.incidents.forget(["bluesky:2"])
        world.pass_time(12)
        posts = [each.content.verdict.post for each in world.waiting().values() if isinstance(each.content, Alert)]
        assert {(post.id, post.deleted_at) for post in posts} == {("bluesky:1", None)}

    def test_another_threat_does_not_put_off_the_next_step(self, world: World) -> None:
        flood(world)
        largest = max(world.incidents.open(), key=lambda each: each.posts)
        world.take(world.raised(6, THREATS[0], labels=("threat",), severity="critical"))
        began = world.incidents.get(largest.id)
        assert began is not None
        world.clock.advance(120)
        world.take(world.raised(7, THREATS[1], labels=("threat",), severity="critical"))
        now = world.incidents.get(largest.id)
        assert now is not None
        assert (now.posts, now.escalate_at) == (began.posts + 1, began.escalate_at)


class TestExposedHomes:
    def test_a_home_that_is_exposed_among_harassment_is_told_by_itself(self, world: World) -> None:
        flood(world)
        world.deliver()
        largest = max(world.incidents.open(), key=lambda each: each.posts)
        world.incidents.answer(largest.id, "on-it", by="Beredskap Ekvik")
        home = world.raised(6, "Hon bor i det gula huset vid sjön", labels=("doxxing",), severity="high")
        assert ("graver", largest.posts + 1, DESK) in world.take(home)
        now = world.incidents.get(largest.id)
        assert now is not None
        assert (now.state, now.step) == ("triggered", 1)
        world.deliver()
        another = world.raised(7, "Brevlådan är röd och grinden står öppen", labels=("doxxing",), severity="high")
        assert "graver" not in [occasion for occasion, _, _ in world.take(another)]

    def test_an_edit_that_exposes_a_home_is_told_though_it_is_no_more_severe(self, world: World) -> None:
        world.take(world.raised(1))
        world.deliver()
        world.incidents.answer(world.one.id, "acknowledge", by="Beredskap Ekvik")
        assert world.take(world.raised(1, labels=("harassment", "doxxing"))) == [("graver", 1, DESK)]

    def test_what_was_milder_in_between_is_not_told_again(self, world: World) -> None:
        worst, milder = ("threat", "harassment"), ("harassment", "doxxing")
        world.take(world.raised(1, severity="critical", labels=("hate",)))
        for severity, labels, tells in (("critical", worst, True), ("high", milder, True), ("critical", worst, False)):
            world.deliver()
            world.clock.advance(1)
            edited = collected_now(world, world.raised(1, severity=severity, labels=labels))
            assert bool(world.take(edited)) is tells, (severity, labels)


class TestWhoeverHasIt:
    @pytest.fixture
    def world(self, database: Database) -> World:
        """Where the second step tells somebody else than the first."""
        boss = Planned(name="Chefen", language="sv", channels=(Way(channel="email", address=BOSS),))
        steps = (Step(tell=("rule",)), Step(tell=("contact:Chefen",)))
        plan = Plan(
            (Rule(name="grave", severity="low", policy="usual"),),
            contacts={"Chefen": boss},
            policies={name: Policy(name=name, steps=steps) for name in ("usual", "urgent")},
        )
        world = World(database, plan)
        world.her = replace(world.her, consents=(Consent(("*",), AT),))
        return world

    def test_hears_that_it_has_become_graver(self, world: World) -> None:
        flood(world)
        world.deliver()
        largest = max(world.incidents.open(), key=lambda each: each.posts)
        world.incidents.answer(largest.id, "on-it", by="Chefen")
        messages = world.take(world.raised(6, THREATS[0], labels=("threat",), severity="critical"))
        assert ("graver", largest.posts + 1, BOSS) in messages
        assert ("graver", largest.posts + 1, DESK) in messages

    @pytest.mark.parametrize("by", ["Chefen", "Beredskap Ekvik"])
    def test_hears_how_it_grows(self, world: World, by: str) -> None:
        world.take(world.raised(1))
        world.deliver()
        world.incidents.answer(world.one.id, "on-it", by=by)
        boss = [("grown", 2, BOSS)] if by == "Chefen" else []
        assert world.take(world.raised(1), world.raised(2, f"{TEXTS[1]}!")) == [*boss, ("grown", 2, DESK)]
        world.take(world.raised(3, f"{TEXTS[1]}?"))
        assert world.pass_time(6) == [(word, 3, address) for word, _, address in [*boss, ("grown", 2, DESK)]]

    def test_hears_that_somebody_else_has_handed_it_over(self, world: World) -> None:
        world.take(world.raised(1, labels=("threat",)))
        world.deliver()
        world.incidents.answer(world.one.id, "on-it", by="Chefen")
        world.incidents.answer(world.one.id, "hand-over", by="Beredskap Ekvik")
        assert [told(each) for each in world.waiting().values()] == [("handed-over", 1, BOSS)]
        world.deliver()
        world.incidents.answer(world.one.id, "on-it", by="Chefen")
        world.incidents.answer(world.one.id, "hand-over", by="Beredskap Ekvik")
        assert {told(each) for each in world.waiting().values()} == {
            ("handed-to-last", 1, CHIEF.address),
            ("overtaken", 1, BOSS),
        }


def test_those_of_the_former_municipality_learn_nothing_new(world: World) -> None:
    world.take(world.raised(1, THREATS[0], labels=("threat",), severity="critical"))
    before = world.one
    world.her = replace(world.her, tenant="sandvik")
    world.take(world.raised(2, f"{THREATS[0]}!", labels=("threat",), severity="critical"))
    new = next(each for each in world.incidents.open() if each.id != before.id)
    assert (before.tenant, new.tenant, new.posts) == ("ekvik", "sandvik", 1)


def test_where_the_first_step_tells_nobody_the_next_one_is_waited_for_by_its_own_time(database: Database) -> None:
    """Nobody is on duty, so the desk was told at once: it has its own ten minutes, and is not told a second time."""
    steps = (
        Step(tell=("schedule:duty",), wait=timedelta(hours=2)),
        Step(tell=("contact:Vakten",), wait=timedelta(minutes=10)),
        Step(tell=("contact:Chefen",), wait=timedelta(minutes=10)),
    )
    people = {"Vakten": DESK, "Chefen": BOSS}
    plan = Plan(
        (Rule(name="grave", severity="low", policy="duty"),),
        contacts={
            name: Planned(name=name, language="sv", channels=(Way(channel="email", address=address),))
            for name, address in people.items()
        },
        policies={"duty": Policy(name="duty", steps=steps)},
    )
    world = World(database, plan)
    world.her = replace(world.her, consents=(Consent(("*",), AT),))
    threat = world.raised(1, THREATS[0], labels=("threat",), severity="critical", to=(recipient(DESK),))
    assert world.take(replace(threat, policy="duty")) == [("raised", 1, DESK)]
    world.deliver()
    assert world.one.step == 2
    assert world.pass_time(9) == []
    assert world.pass_time(2) == [("escalated", 1, BOSS)]


def test_what_comes_back_is_told_to_the_contacts_of_each_rule(world: World) -> None:
    jour = recipient("jour@ekvik.example")
    text = THREATS[0]
    alerts = [
        replace(world.raised(1, text, labels=("threat",), rule=rule, to=(to,)), id=rule)
        for rule, to in (("grave", recipient(DESK)), ("second", jour))
    ]
    world.take(*alerts)
    world.deliver()
    world.incidents.answer(world.one.id, "resolve", by="Beredskap Ekvik")
    world.clock.advance(60)
    told = world.take(*(collected_now(world, each) for each in alerts))
    assert {address for _, _, address in told} == {DESK, jour.address}


def test_a_post_edited_into_a_threat_while_somebody_has_the_incident_begins_it_again(world: World) -> None:
    flood(world)
    world.take(world.raised(6, THREATS[0], labels=("threat",), severity="critical"))
    (incident,) = (each for each in world.incidents.open() if each.threat)
    harmless = world.raised(7)
    world.take(harmless)
    world.deliver()
    world.incidents.answer(incident.id, "on-it", by="Kim")
    world.clock.advance(60)
    edited = collected_now(world, world.raised(7, THREATS[1], labels=("threat",), severity="high"))
    assert ("raised", incident.posts + 1, DESK) in world.take(edited)
    now = world.incidents.get(incident.id)
    assert now is not None
    assert (now.state, now.owner, now.escalate_at is None) == ("triggered", "", False)


def test_who_is_told_by_no_message_of_a_batch_hears_how_it_grows(world: World) -> None:
    """The first post tells nobody, so that of the second only growth may be told."""
    text = "En text som delas av många just nu"
    nobody = replace(world.raised(1, text), recipients=())
    assert world.take(nobody, world.raised(2, f"{text}!")) == [("grown", 2, DESK)]


def test_who_has_moved_has_one_incident_more_of_a_post_and_no_further_ones(world: World) -> None:
    world.take(world.raised(1, severity="low"), replace(world.raised(1, rule="second", severity="low"), id="second-1"))
    world.her = replace(world.her, tenant="sandvik")
    for severity in ("medium", "high", "critical"):
        world.clock.advance(60)
        world.take(replace(world.raised(1, rule="second", severity=severity), id="second-1"))
    assert sorted((each.tenant, each.severity) for each in world.incidents.open()) == [
        ("ekvik", "low"),
        ("sandvik", "critical"),
    ]
