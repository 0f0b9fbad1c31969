"""Incidents: what is told together, to whom, when it is told again, and how it ends, by an injected clock."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from alerts.alert import Alert, Recipient
from alerts.bulletin import Bulletin
from alerts.content import to_one
from alerts.delivery.outbox import Item, Result
from alerts.explaining import explain
from alerts.incidents.answering import Answering
from alerts.incidents.case import cases
from alerts.incidents.history import Times, Transition
from alerts.incidents.incident import Action
from alerts.incidents.incidents import Incidents
from alerts.incidents.links import Links
from alerts.plans.contacts import Contact as Planned
from alerts.plans.contacts import Way
from alerts.plans.plan import Plan, Plans
from alerts.plans.policies import Policy, Step
from alerts.plans.rules import Rule
from alerts.tables import INCIDENT, INCIDENT_EVENT
from classify.verdict import Label, Severity
from flow.database import Database
from flow.errors import BadInput, Broken
from registry.holder import Holder, Part
from registry.official import Consent
from tests.alerts.people import AT, alert, official, recipient, verdict
from tests.alerts.world import CHIEF, DEPUTY, DESK, SMS, TEXTS, World, both, told
from turvakt.watch.nobody import nobody_left


def case_of(world: World, incident: str) -> Alert:
    (case,) = cases(world.database, INCIDENT.c.id == incident)
    assert isinstance(case.content, Alert)
    return case.content


def of_mastodon(world: World, text: str, *, severity: Severity = "high", labels: tuple[Label, ...]) -> Alert:
    """One from another source than the others."""
    raised = world.raised(9, text, severity=severity, labels=labels)
    post = replace(raised.verdict.post, id="mastodon:9", source="mastodon")
    return alert(replace(raised.verdict, post=post), rule="grave")


THREAT = "Jag ska komma hem till dig i natt och då är det slut, vänta du bara"


class TestGrouping:
    def test_a_post_opens_an_incident_and_a_replay_changes_nothing(self, world: World) -> None:
        first = world.raised(1)
        assert world.take(first) == [("raised", 1, DESK)]
        assert world.take(first) == world.take(replace(first, raised_at=AT + timedelta(hours=1))) == []
        assert world.opened().take([first]) == 0
        assert (world.one.posts, world.one.accounts, world.one.policy) == (1, 1, "usual")
        assert world.one.tenant == "ekvik"
        assert world.events() == ["opened", "told"]

    @both
    def test_near_duplicates_are_one_incident_that_is_told_when_it_reaches_a_milestone(self, world: World) -> None:
        text = "Anna Lindqvist lovade en ny bro och nu står vi här utan både bro och pengar"
        copies = [world.raised(each, f"{text} {'!' * each}", author=str(each)) for each in range(1, 10)]
        assert world.take(copies[0]) == [("raised", 1, DESK)]
        world.deliver()
        assert world.take(copies[1]) == [("grown", 2, DESK)]
        world.deliver()
        assert world.take(copies[2]) == []
        assert world.take(*copies[3:6]) == [("grown", 6, DESK)]
        world.deliver()
        assert world.take(copies[6]) == []
        assert world.pass_time(4) == []
        assert world.pass_time(1) == [("grown", 7, DESK)]
        assert (world.one.posts, world.one.accounts) == (7, 7)
        assert world.incidents.about([copies[4].id]) == {copies[4].id: world.one}
        assert [post for _, post in world.incidents.alerts_of(world.one.id)] == [f"bluesky:{n}" for n in range(1, 8)]

    def test_at_night_how_it_grows_waits_for_the_morning(self, world: World) -> None:
        start = world.clock.now()
        hours = f"{start - timedelta(hours=1):%H:%M}-{start + timedelta(hours=2):%H:%M}"
        rule = Rule(name="grave", severity="low", quiet=hours, timezone="UTC")
        world.plans = Plans(Plan((rule,)))
        copies = [world.raised(each, TEXTS[1]) for each in range(1, 7)]
        world.take(*copies[:3])
        world.deliver()
        world.take(copies[3])
        assert [each for each in world.pass_time(9) if each[0] == "grown"] == []
        assert world.take(copies[4]) == world.take(copies[5]) == []
        world.incidents.answer(world.one.id, "on-it", by="rut")
        assert world.pass_time(110) == []
        assert world.pass_time(2) == [("grown", 6, DESK)]

    def test_how_it_grows_waits_for_each_as_long_as_the_rule_says_that_chose_her(self, world: World) -> None:
        awake, morning = "jour@ekvik.example", AT + timedelta(hours=2)
        rules = (
            Rule(name="grave", severity="low", quiet=f"12:00-{morning:%H:%M}", timezone="UTC"),
            Rule(name="duty", severity="low"),
        )
        world.plans = Plans(Plan(rules))
        to = (replace(recipient(), rule="grave"), replace(recipient(awake), name="Jour", rule="duty"))
        for number in range(1, 5):
            world.take(world.raised(number, TEXTS[1], to=to))
            world.deliver()
        assert world.pass_time(5) == [("grown", 4, awake)]
        world.deliver()
        assert world.take(world.raised(5, TEXTS[1], to=to)) == [("grown", 5, awake)]
        world.deliver()
        assert world.take(world.raised(6, TEXTS[1], to=to)) == []
        assert world.pass_time(5) == [("grown", 6, awake)]
        world.deliver()
        assert world.pass_time(109) == []
        assert world.pass_time(1) == [("grown", 6, DESK)]
        world.deliver()
        assert world.pass_time(60) == []

    def test_how_it_grows_disturbs_nobody_in_her_own_quiet_hours(self, world: World) -> None:
        night = f"{AT + timedelta(minutes=5):%H:%M}-18:00"
        desk = Planned(
            name="Beredskap Ekvik",
            language="sv",
            channels=(Way(channel="email", address=DESK),),
            quiet=night,
            timezone="UTC",
        )
        world.plans = Plans(Plan((Rule(name="grave", severity="low"),), contacts={desk.name: desk}))
        assert world.take(world.raised(1, TEXTS[1])) == [("raised", 1, DESK)]
        world.deliver()
        world.clock.advance(600)
        assert world.take(world.raised(2, TEXTS[1])) == []
        assert world.pass_time(284) == []
        assert world.pass_time(1) == [("grown", 2, DESK)]

    @pytest.mark.parametrize(
        ("severity", "labels", "breaks"),
        [("critical", ("hate",), "critical"), ("medium", ("threat",), "critical"), ("high", ("hate",), "high")],
    )
    def test_at_night_what_breaks_quiet_hours_tells_how_it_grows(
        self, world: World, severity: Severity, labels: tuple[Label, ...], breaks: Severity
    ) -> None:
        rule = Rule(name="grave", severity="low", quiet="12:00-20:00", quiet_breaks=breaks, timezone="UTC")
        world.plans = Plans(Plan((rule,)))
        for each in range(1, 4):
            world.take(world.raised(each, TEXTS[1], severity=severity, labels=labels))
            world.deliver()
        world.incidents.answer(world.one.id, "on-it", by="Kim")
        assert world.pass_time(5) == [("grown", 3, DESK)]

    def test_a_run_that_ends_tells_of_the_growth_that_waits(self, world: World) -> None:
        copies = [world.raised(each, TEXTS[1]) for each in range(1, 4)]
        for each in copies:
            world.take(each)
            world.deliver()
        assert world.incidents.tell_growth() == 1
        assert list(map(told, world.waiting().values())) == [("grown", 3, DESK)]
        assert world.incidents.tell_growth() == 0

    def test_what_has_nothing_in_common_is_told_apart_until_it_is_a_flood(self, world: World) -> None:
        for number in range(4):
            assert world.take(world.raised(number)) == [("raised", 1, DESK)]
            world.clock.advance(60)
        assert len(world.incidents.open()) == 4
        assert world.take(world.raised(4)) == [("grown", 2, DESK)]
        assert len(world.incidents.open()) == 4
        world.clock.advance(1800 + 1)
        assert world.take(world.raised(5)) == [("raised", 1, DESK)]

    def test_a_flood_in_one_batch_is_one_message_for_each_incident(self, world: World) -> None:
        sent = world.take(*[world.raised(number, f"{TEXTS[number % 8]} nummer {number}") for number in range(200)])
        assert len(sent) == 4
        assert sum(many for _, many, _ in sent) == 200

    def test_other_processes_know_what_came_in(self, world: World) -> None:
        world.take(world.raised(1, "Samma text om bron som alla delar i dag"))
        assert world.opened().take([world.raised(2, "Samma text om bron som alla delar i dag!")]) == 1
        assert world.take(world.raised(3, "Samma text om bron som alla delar i dag!!")) == []
        assert world.one.posts == 3

    def test_each_official_of_a_batch_is_looked_up_once_and_anew_for_the_next(self, world: World) -> None:
        asked: list[str] = []
        incidents = Incidents(
            world.database,
            telling=world.telling,
            plans=lambda: world.plans,
            officials=lambda id: asked.append(id) or world.her,  # type: ignore[func-returns-value]
            clock=world.clock,
        )
        for numbers in ((1, 2, 3), (4, 5)):
            incidents.take([world.raised(number) for number in numbers])
            assert asked == [world.her.id]
            asked.clear()

    @both
    def test_two_who_take_at_once_open_one_incident(self, world: World) -> None:
        alerts = [world.raised(number, "Samma text om bron som alla delar i dag") for number in range(10)]
        processes = [world.opened(), world.opened()]
        with ThreadPoolExecutor(2) as both:
            list(both.map(lambda each: each[0].take([each[1]]), zip(processes * 5, alerts, strict=True)))
        assert world.one.posts == 10

    def test_another_rule_tells_others_of_the_same_post(self, world: World) -> None:
        other = recipient("kommun@ekvik.example")
        first, second = world.raised(1), world.raised(1, to=(recipient(), other), rule="second")
        assert world.take(first, second) == [("raised", 1, "kommun@ekvik.example"), ("raised", 1, DESK)]
        assert world.one.posts == 1

    @pytest.mark.parametrize("together", [True, False])
    def test_of_one_verdict_the_first_rule_stays_in_charge(self, world: World, together: bool) -> None:
        desk = replace(recipient(), show_text=True)
        first = world.raised(1, labels=("threat",), to=(desk,))
        second = world.raised(
            1, labels=("threat",), to=(replace(desk, show_text=False), recipient("b@ekvik.example")), rule="second"
        )
        if together:
            world.take(first, second)
        else:
            world.take(first)
            world.take(second)
        case = case_of(world, world.one.id)
        assert case.rule == "grave"
        assert {(each.address, each.show_text) for each in case.recipients} >= {(DESK, True)}
        assert {each.address for each in case.recipients} == {DESK, "b@ekvik.example"}

    @pytest.mark.parametrize(
        ("severity", "labels", "again"),
        [
            ("high", ("harassment",), False),
            ("medium", ("harassment",), False),
            ("critical", ("harassment",), True),
            ("high", ("threat",), True),
            ("medium", ("threat",), True),
        ],
    )
    def test_an_edit_is_told_again_only_if_it_made_the_post_graver(
        self, world: World, severity: Severity, labels: tuple[Label, ...], again: bool
    ) -> None:
        world.take(world.raised(1))
        world.deliver()
        edited = world.raised(1, severity=severity, labels=labels, rule="another")
        assert world.take(edited) == ([("graver", 1, DESK)] if again else [])
        assert world.take(world.raised(1), edited) == []
        assert world.one.posts == 1

    def test_a_threat_is_told_by_itself_unless_it_repeats_one_that_was_told(self, world: World) -> None:
        for number in range(6):
            world.take(world.raised(number))
        assert world.take(world.raised(6, labels=("threat",))) == [("graver", 4, DESK)]
        assert world.take(world.raised(7, labels=("threat",))) == [("raised", 5, DESK)]
        world.deliver()
        assert world.take(world.raised(8, f"{TEXTS[7]}!", labels=("threat",))) == []
        assert ("grown", 6, DESK) in world.pass_time(5)

    def test_a_threat_that_changes_step_by_step_is_told_once_it_is_like_none_that_was_told(self, world: World) -> None:
        words = [f"ord{number}xyz" for number in range(60)]
        steps = [" ".join(words[3 * step : 3 * step + 20]) for step in range(7)]
        world.take(world.raised(0, steps[0], labels=("threat",)))
        world.deliver()
        world.incidents.answer(world.one.id, "on-it", by="Beredskap Ekvik")
        told = [world.take(world.raised(number, text, labels=("threat",))) for number, text in enumerate(steps)]
        occasions = [{occasion for occasion, _, _ in each} for each in told]
        assert occasions[:2] == [set(), {"grown"}]
        assert "raised" in set().union(*occasions)
        assert world.one.state != "acknowledged"

    def test_a_copy_of_a_mild_threat_that_is_critical_is_told_by_itself(self, world: World) -> None:
        mild = f"{TEXTS[5]} {TEXTS[6]}"
        for number in range(5):
            world.take(world.raised(number, TEXTS[number], labels=("hate",), severity="critical"))
        world.take(world.raised(10, mild, labels=("threat",), severity="low"))
        world.deliver()
        for number, severity, by_itself in ((11, "low", False), (12, "critical", True), (13, "critical", False)):
            found = world.take(world.raised(number, f"{mild} nu", labels=("threat",), severity=severity))
            assert ("raised" in {occasion for occasion, _, _ in found}) == by_itself

    def test_what_reaches_nobody_does_not_keep_growth_from_being_told(self, world: World) -> None:
        for number in range(1, 4):
            world.take(world.raised(number, TEXTS[1]))
            world.deliver()
        assert world.take(replace(world.raised(4, f"{TEXTS[1]}!", labels=("threat",)), recipients=())) == []
        assert ("grown", 4, DESK) in world.pass_time(5)

    def test_quiet_hours_of_a_lesser_rule_hold_back_nothing_of_a_threat(self, world: World) -> None:
        copy = f"{TEXTS[1]} och det vet alla"
        world.take(world.raised(1, copy, labels=("threat",)))
        world.deliver()
        held = (recipient(not_before=AT + timedelta(hours=8)),)
        assert world.take(world.raised(2, f"{copy}!", to=held)) == [("grown", 2, DESK)]

    def test_whoever_is_told_soonest_of_one_post_is_waited_for(self, world: World) -> None:
        held = recipient(not_before=AT + timedelta(hours=8))
        awake = recipient("jour@ekvik.example")
        world.take(*(world.raised(1, labels=("threat",), rule=each.address, to=(each,)) for each in (held, awake)))
        assert world.one.escalate_at == AT + timedelta(minutes=10)

    @pytest.mark.parametrize("answered", [True, False])
    def test_a_post_whose_rule_insists_more_on_an_answer_begins_again(self, world: World, answered: bool) -> None:
        text = "En text som delas av många just nu"
        world.take(world.raised(1, text))
        world.deliver()
        if answered:
            world.incidents.answer(world.one.id, "acknowledge", by="Kim")
        other = recipient("jour@ekvik.example")
        insisting = replace(world.raised(2, f"{text}!", severity="medium", rule="second", to=(other,)), policy="urgent")
        told = world.take(insisting)
        assert world.one.policy == "urgent"
        if answered:
            assert (told, world.one.escalate_at) == ([("grown", 2, other.address), ("grown", 2, DESK)], None)
            return
        assert told == [("grown", 2, DESK), ("raised", 2, other.address)]
        world.deliver()
        assert {address for _, _, address in world.pass_time(10)} == {DESK, SMS.address}
        assert world.take(replace(world.raised(3, f"{text}!!"), policy="usual")) == []
        assert world.one.policy == "urgent"

    @pytest.mark.parametrize("labels", [("harassment",), ("threat",)])
    def test_a_second_rules_contacts_hear_as_much_of_a_flood_as_those_of_the_first(
        self, world: World, labels: tuple[Label, ...]
    ) -> None:
        heard: dict[str, list[str]] = {DESK: [], SMS.address: []}
        second = Recipient(SMS.name, SMS.channel, SMS.address, "sv", show_text=False)
        for number in range(30):
            raised = world.raised(number, f"En text som delas av många just nu {number}", labels=labels)
            for occasion, _, address in world.take(raised, replace(raised, id=f"{raised.id} 2", recipients=(second,))):
                heard[address].append(occasion)
            world.deliver()
            world.clock.advance(5)
        assert heard[DESK] == heard[SMS.address]
        assert heard[DESK][0] == "raised"
        assert 3 <= len(heard[DESK]) <= 8

    def test_a_policy_that_has_become_shorter_since_goes_on(self, database: Database) -> None:
        def plan(*steps: str) -> Plan:
            who = {
                name: Planned(
                    name=name, language="sv", channels=(Way(channel="email", address=f"{name}@ekvik.example"),)
                )
                for name in ("first", "second", "last")
            }
            policy = Policy(name="mine", steps=tuple(Step(tell=(f"contact:{each}",)) for each in steps))
            rule = Rule(name="grave", severity="low", policy="mine", contacts=("contact:first",))
            return Plan((rule,), contacts=who, policies={"mine": policy}, last_resort=("contact:last",))

        world = World(database, plan("first", "second"))
        world.her = replace(world.her, consents=(Consent(("*",), AT),))
        world.take(replace(world.raised(1), policy="mine"))
        world.deliver()
        world.incidents.answer(world.one.id, "hand-over", by="first")
        assert world.one.step == 2
        world.plans = Plans(plan("first"))
        assert "last@ekvik.example" in {address for _, _, address in world.pass_time(12)}
        assert world.incidents.answer(world.one.id, "hand-over", by="last")

    def test_of_policies_that_insist_alike_the_gravest_posts_holds(self, database: Database) -> None:
        policies = {
            name: Policy(name=name, steps=(Step(tell=("rule",), wait=timedelta(minutes=wait)),))
            for name, wait in (("security", 10), ("office", 5))
        }
        world = World(database, Plan((Rule(name="grave", severity="low"),), policies=policies))
        text = "En text som delas av många just nu"
        world.take(replace(world.raised(1, text), policy="office"))
        world.take(replace(world.raised(2, f"{text}!", labels=("threat",)), policy="security"))
        assert world.one.policy == "security"
        world.take(replace(world.raised(3, f"{text}!!"), policy="office"))
        assert world.one.policy == "security"

    def test_of_lesser_posts_a_rules_people_are_not_reminded_when_a_graver_one_has_come(
        self, database: Database
    ) -> None:
        office, duty = (
            Planned(name=name, language="sv", channels=(Way(channel="email", address=f"{name}@ekvik.example"),))
            for name in ("office", "duty")
        )
        rules = (
            Rule(name="threats", severity="low", labels=("threat",), contacts=("contact:duty",)),
            Rule(name="office", severity="low", contacts=("contact:office",)),
        )
        world = World(database, Plan(rules, contacts={"office": office, "duty": duty}))
        text = "En text som delas av många just nu"
        world.take(replace(world.raised(1, text, rule="office"), rules=("office",)))
        threat = world.raised(2, f"{text}!", labels=("threat",), rule="threats", to=(recipient("duty@ekvik.example"),))
        world.take(replace(threat, rules=("threats",)))
        assert ("reminder", 2, "office@ekvik.example") not in world.pass_time(10)
        assert case_of(world, world.one.id).rules == ("threats",)
        world.take(
            replace(world.raised(3, f"{text}!!", labels=("threat",), rule="office"), rules=("threats", "office"))
        )
        assert case_of(world, world.one.id).rules == ("threats", "office")
        assert {address for _, _, address in world.pass_time(10)} >= {"duty@ekvik.example", "office@ekvik.example"}

    @both
    def test_what_rises_begins_again_even_if_somebody_had_seen_it(self, world: World) -> None:
        world.take(world.raised(1, "En text som delas av många just nu"))
        world.incidents.answer(world.one.id, "on-it", by="Kim")
        assert (world.one.state, world.one.owner) == ("acknowledged", "Kim")
        rising = [
            world.raised(2, "En text som delas av många just nu!", labels=("threat",), rule=rule, to=to)
            for rule, to in (("grave", ()), ("rest", (replace(recipient(), address="annan@ekvik.example"),)))
        ]
        assert world.take(*rising) == [("graver", 2, "annan@ekvik.example"), ("graver", 2, DESK)]
        assert [each.result for each in world.history() if each.event == "graver"] == ["high"]
        assert (world.one.state, world.one.owner, world.one.policy, world.one.step) == ("triggered", "", "urgent", 1)

    def test_a_threat_among_graver_posts_is_told_with_the_severity_of_the_whole(self, world: World) -> None:
        text = "En text som delas av många just nu"
        world.take(world.raised(1, text, severity="critical"))
        world.deliver()
        assert world.take(world.raised(2, f"{text}!", labels=("threat",))) == [("graver", 2, DESK)]
        assert [each.result for each in world.history() if each.event == "graver"] == ["critical"]
        (item,) = world.waiting().values()
        assert isinstance(item.content, Alert)
        assert item.content.told is not None
        assert (item.content.verdict.judgement.severity, item.content.told.severity) == ("high", "critical")

    def test_what_is_over_is_not_joined(self, world: World) -> None:
        world.take(world.raised(1, "En text som delas av många just nu"))
        world.incidents.answer(world.one.id, "resolve", by="Kim")
        assert world.take(world.raised(2, "En text som delas av många just nu!")) == [("raised", 1, DESK)]


class TestCampaigns:
    @both
    def test_many_posts_from_many_accounts_are_news_of_their_own_once(self, world: World) -> None:
        sent: list[tuple[str, int, str]] = []
        for number in range(30):
            sent += world.take(world.raised(number, f"{TEXTS[number % 8]} {number}", author=str(number % 7)))
            world.deliver()
            world.clock.advance(15)
        assert [each for each in sent if each[0] == "campaign"] == [("campaign", 20, DESK)]
        (campaign,) = [each for each in world.incidents.open() if each.kind == "campaign"]
        assert (campaign.official, campaign.posts, campaign.accounts) == ("anna-lindqvist", 20, 7)
        curve = world.incidents.curve("anna-lindqvist", since=AT, until=world.clock.now())
        assert [many for _, many in curve][:3] == [4, 4, 4]
        assert sum(many for _, many in curve) == 30

    def test_few_accounts_are_none(self, world: World) -> None:
        world.take(*[world.raised(number, author=str(number % 4)) for number in range(40)])
        assert {each.kind for each in world.incidents.open()} == {"posts"}

    def test_what_was_written_long_ago_and_collected_now_is_none(self, world: World) -> None:
        alerts = [world.raised(number, author=str(number)) for number in range(40)]
        world.clock.advance(7200)
        world.take(*alerts)
        assert {each.kind for each in world.incidents.open()} == {"posts"}

    def test_one_is_raised_though_nothing_is_left_of_the_largest_incidents_post(self, world: World) -> None:
        for number in range(19):
            world.take(world.raised(number, f"{TEXTS[number % 8]} {number}", author=str(number % 7)))
        largest = max(world.incidents.open(), key=lambda each: each.posts)
        world.database.execute(update(INCIDENT).where(INCIDENT.c.id == largest.id).values(content=None, posts=100))
        other = world.raised(0, "Något helt annat om torget", author="9").verdict
        world.take(alert(replace(other, post=replace(other.post, id="feed:1"))))
        assert "campaign" in {each.kind for each in world.incidents.open()}

    def test_one_about_who_has_moved_is_told_to_those_of_her_new_municipality(self, world: World) -> None:
        """Though one of the former one is still open, with more posts, and has had a campaign that very hour."""
        former, new = recipient("jour@ekvik.example"), recipient("jour@sandvik.example")
        for number in range(30):
            world.take(world.raised(number, f"{TEXTS[number % 8]} {number}", author=str(number % 7), to=(former,)))
        world.deliver()
        world.clock.advance(3600)
        world.her = replace(world.her, tenant="sandvik")
        sent: list[tuple[str, int, str]] = []
        for number in range(100, 125):
            one = world.raised(number, f"{TEXTS[number % 8]} {number}", author=str(number), to=(new,))
            sent += world.take(one)
            world.deliver()
        assert [each for each in sent if each[0] == "campaign"] == [("campaign", 20, new.address)]
        assert [(each.tenant, each.severity) for each in world.incidents.open() if each.kind == "campaign"] == [
            ("sandvik", "high"),
            ("ekvik", "high"),
        ]

    @pytest.mark.parametrize(("gravest", "held"), [("high", True), ("critical", False)])
    def test_one_that_is_not_critical_waits_for_the_end_of_quiet_hours(
        self, world: World, gravest: Severity, held: bool
    ) -> None:
        """They had not begun when the posts were told on whose account it is told."""
        name, ways = "Beredskap Ekvik", (Way(channel="email", address=DESK),)
        night = f"{AT + timedelta(minutes=5):%H:%M}-18:00"
        desk = Planned(name=name, language="sv", channels=ways, quiet=night, timezone="UTC")
        world.plans = Plans(Plan((Rule(name="grave", severity="low"),), contacts={name: desk}))
        for number in range(8):
            world.take(world.raised(number, f"{TEXTS[number]} {number}", author=str(number)))
        world.take(world.raised(8, severity=gravest, labels=("hate",)))
        world.deliver()
        world.clock.advance(360)
        sent: list[tuple[str, int, str]] = []
        for number in range(9, 25):
            again = world.raised(number, f"{TEXTS[number % 8]} {number}", severity="medium", author=str(number))
            sent += world.take(again)
        assert ("campaign" in {occasion for occasion, *_ in sent}) is not held
        campaign = next(each for each in world.incidents.open() if each.kind == "campaign")
        assert campaign.severity == gravest
        world.clock.advance((AT.replace(hour=18, minute=0) - world.clock.now()).total_seconds())
        assert {("campaign", 20, DESK)} <= set(map(told, world.waiting().values()))

    @both
    def test_far_more_than_usual_is_one(self, world: World) -> None:
        for day in range(8):
            world.take(world.raised(day))
            world.clock.advance(86_400)
        for number in range(10, 25):
            world.take(world.raised(number, author=str(number % 6)))
            world.clock.advance(180)
        assert [each.kind for each in world.incidents.open()].count("campaign") == 1


class TestEscalation:
    @both
    def test_nobody_answers_a_threat(self, world: World) -> None:
        assert world.take(world.raised(1, labels=("threat",))) == [("raised", 1, DESK)]
        world.deliver()
        assert world.pass_time(9) == []
        assert world.pass_time(1) == [("reminder", 1, "+46700000000"), ("reminder", 1, DESK)]
        assert (world.one.state, world.one.step, world.one.round) == ("escalated", 2, 0)
        world.deliver()
        rounds = world.pass_time(40)
        assert [occasion for occasion, _, _ in rounds] == ["reminder"] * 8
        world.deliver()
        assert world.pass_time(10) == [("last-resort", 1, CHIEF.address)]
        events = [each for each in world.events() if each not in ("told", "delivered")]
        assert events == ["opened", "escalated", *["repeated"] * 4, "nobody-answered", "last-resort"]
        world.deliver()
        assert world.pass_time(60, by=10) == []
        assert world.pass_time(72 * 60, by=60) == []
        assert world.incidents.open() == []
        assert world.incidents.of_official("anna-lindqvist")[0].state == "expired"

    def test_an_answer_ends_it(self, world: World) -> None:
        world.take(world.raised(1, labels=("threat",)))
        world.deliver()
        incident = world.one.id
        world.clock.advance(300)
        answered = world.incidents.answer(incident, "acknowledge", by="Beredskap Ekvik")
        assert answered is not None
        assert (answered.state, answered.owner) == ("acknowledged", "")
        assert world.pass_time(72 * 60, by=60) == []
        assert case_of(world, incident).verdict.post.text == ""
        world.incidents.answer(incident, "on-it", by="Kim")
        assert world.one.owner == "Kim"
        world.incidents.answer(incident, "resolve", by="p-1")
        assert world.incidents.open() == []
        answers = [(each.event, each.actor) for each in world.incidents.history.of(incident)][-3:]
        assert answers == [("acknowledged", "Beredskap Ekvik"), ("on-it", "Kim"), ("resolved", "p-1")]
        again = world.incidents.answer(incident, "acknowledge", by="Kim")
        assert again is not None
        assert again.state == "resolved"
        assert world.incidents.answer("nothing", "acknowledge", by="Kim") is None

    def test_handing_over_tells_the_next_step_at_once(self, world: World) -> None:
        world.take(world.raised(1, labels=("threat",)))
        world.deliver()
        world.incidents.answer(world.one.id, "hand-over", by="Kim")
        assert sorted(map(told, world.waiting().values()))[0] == ("handed-over", 1, "+46700000000")
        assert world.events()[-4:] == ["handed-over", "escalated", "told", "told"]

    def test_what_was_put_off_as_somebody_had_it_waits_no_longer_when_she_hands_it_over(self, world: World) -> None:
        world.take(world.raised(1, labels=("threat",), to=(recipient("eva@ekvik.example"),)))
        world.incidents.answer(world.one.id, "acknowledge", by="Kim")
        put_off = world.waiting()
        for item in put_off.values():
            world.outbox.postpone(item, AT + timedelta(hours=8))
        assert not world.waiting()
        world.clock.advance(60)
        world.incidents.answer(world.one.id, "hand-over", by="Kim")
        waiting = world.waiting()
        assert put_off.keys() <= waiting.keys()
        assert {item.first_due for item in waiting.values()} == {AT + timedelta(minutes=1)}

    @pytest.mark.parametrize(("by", "told_next"), [("p-1", CHIEF.address), ("p-2", DESK)])
    def test_who_hands_over_with_her_account_is_not_told_as_the_contact_that_she_is_too(
        self, world: World, by: str, told_next: str
    ) -> None:
        world.take(world.raised(1, labels=("threat",)))
        world.deliver()
        world.incidents.answer(world.one.id, "on-it", by=by)
        world.incidents.answer(world.one.id, "hand-over", by=by)
        addresses = {each.recipient.address for each in world.waiting().values()}
        # Her contact's telephone is hers, too.
        assert addresses == ({told_next} if by == "p-1" else {told_next, SMS.address})

    def test_who_has_only_had_it_in_a_digest_does_not_get_it_again(self, world: World) -> None:
        world.take(world.raised(1, labels=("threat",)))
        collected = Transition(world.one.id, world.her.id, world.clock.now(), "in-digest", contact=SMS.name)
        world.incidents.history.add([collected])
        assert {occasion for occasion, _, _ in world.pass_time(10)} == {"escalated"}
        world.deliver()
        assert {occasion for occasion, _, _ in world.pass_time(10)} == {"reminder"}

    def test_handing_over_what_has_no_next_step_tells_the_last_resort(self, world: World) -> None:
        world.take(world.raised(1))
        world.deliver()
        world.incidents.answer(world.one.id, "hand-over", by="Beredskap Ekvik")
        assert list(map(told, world.waiting().values())) == [("handed-to-last", 1, CHIEF.address)]
        world.deliver()
        world.incidents.answer(world.one.id, "on-it", by="Kim")
        world.incidents.answer(world.one.id, "hand-over", by="Kim")
        assert list(map(told, world.waiting().values())) == [("handed-to-last", 1, CHIEF.address)]
        world.deliver()
        world.incidents.answer(world.one.id, "hand-over", by=CHIEF.name)
        assert (world.waiting(), world.history()[-1].result) == ({}, "nobody-left")

    @pytest.mark.parametrize("labels", [("threat",), ("harassment",)])
    def test_what_is_handed_over_to_the_last_resort_and_not_answered_goes_back_once(
        self, world: World, labels: tuple[Label, ...]
    ) -> None:
        world.her = official()
        world.take(world.raised(1, labels=labels))
        world.deliver()
        world.incidents.answer(world.one.id, "hand-over", by="Beredskap Ekvik")
        assert list(map(told, world.waiting().values())) == [("handed-to-last", 1, CHIEF.address)]
        world.deliver()
        if labels == ("threat",):
            world.pass_time(60)  # the rounds that were left
            world.deliver()
            back = [each.event for each in world.history() if each.event == "last-resort"]
            assert back == ["last-resort"] * 2
        else:
            assert world.pass_time(9) == []
            assert world.pass_time(1) == [("last-resort", 1, CHIEF.address), ("last-resort", 1, DESK)]
            world.deliver()
        assert "nobody-answered" in world.events()
        assert world.pass_time(600, by=10) == []

    @pytest.mark.parametrize("last_resort", [True, False])
    def test_whoever_handed_over_hears_that_nobody_has_answered_whichever_step_stands(
        self, database: Database, last_resort: bool
    ) -> None:
        desk, deputy = (
            Planned(name=name, language="sv", channels=(Way(channel="email", address=f"{name}@ekvik.example"),))
            for name in ("desk", "deputy")
        )
        steps = tuple(Step(tell=(f"contact:{name}",)) for name in ("desk", "deputy"))
        policy = Policy(name="urgent", steps=steps, last_resort=last_resort)
        plan = Plan(
            (Rule(name="grave", severity="low"),),
            contacts={each.name: each for each in (desk, deputy)},
            policies={policy.name: policy},
        )
        world = World(database, plan)
        world.take(world.raised(1, labels=("threat",)))
        world.deliver()
        world.incidents.answer(world.one.id, "hand-over", by="desk")
        assert list(map(told, world.waiting().values())) == [("handed-over", 1, "deputy@ekvik.example")]
        world.deliver()
        back = world.pass_time(10)
        assert [address for occasion, _, address in back if occasion == "last-resort"] == [
            *("desk@ekvik.example", CHIEF.address),
        ]
        world.deliver()
        assert world.pass_time(600, by=10) == []

    def test_a_false_alarm_is_a_decision_on_each_post_and_can_be_taken_back(self, world: World) -> None:
        world.take(world.raised(1, TEXTS[0]), world.raised(2, f"{TEXTS[0]}!"))
        incident = world.one.id
        world.incidents.answer(incident, "false-alarm", by="Kim")
        assert world.judged == [("bluesky:1", "Kim"), ("bluesky:2", "Kim")]
        assert world.incidents.open() == []
        world.incidents.answer(incident, "false-alarm", by="Kim")
        assert len(world.judged) == 2
        world.deliver()
        world.incidents.answer(incident, "reopen", by="Kim")
        assert (world.one.state, world.one.owner) == ("acknowledged", "Kim")
        assert world.judged[2:] == [("bluesky:1", "Kim, taken back of Kim"), ("bluesky:2", "Kim, taken back of Kim")]
        world.incidents.answer(incident, "hand-over", by="Kim")
        assert list(map(told, world.waiting().values())) == [("handed-to-last", 2, CHIEF.address)]

    def test_who_must_not_be_disturbed_at_night_has_not_failed_to_answer(self, world: World) -> None:
        morning = AT + timedelta(hours=8)
        world.take(world.raised(1, labels=("doxxing",), to=(recipient(not_before=morning),)))
        assert world.one.next_at == morning + timedelta(minutes=10)

    @both
    def test_after_a_clock_was_put_back_the_next_step_waits_no_longer_than_it_says(self, world: World) -> None:
        world.clock.advance(24 * 3600)
        world.take(world.raised(1, labels=("threat",)))
        world.deliver()
        world.clock.advance(-24 * 3600)
        assert world.pass_time(9.5) == []
        assert world.pass_time(1) == [("reminder", 1, SMS.address), ("reminder", 1, DESK)]

    def test_after_a_clock_was_put_back_how_it_grows_waits_no_longer(self, world: World) -> None:
        world.clock.advance(24 * 3600)
        for number in range(1, 4):
            world.take(world.raised(number, TEXTS[1]))
            world.deliver()
        world.clock.advance(-24 * 3600)
        assert world.pass_time(5) == []
        assert world.pass_time(1) == [("grown", 3, DESK)]
        assert world.pass_time(30) == []

    def test_after_a_clock_was_put_back_who_must_not_be_disturbed_is_waited_for(self, database: Database) -> None:
        world = World(database, Plan((Rule(name="grave", severity="low", quiet="22:00-07:00"),)))
        morning = AT.replace(hour=6, minute=0) + timedelta(days=1)
        world.clock.advance((morning - timedelta(hours=7) - AT).total_seconds())
        world.take(world.raised(1, labels=("doxxing",), to=(recipient(not_before=morning),)))
        world.clock.advance(-3600)
        assert world.pass_time(1) == []
        assert world.one.escalate_at == morning + timedelta(minutes=10)

    def test_a_step_that_waits_for_days_is_waited_for(self, database: Database) -> None:
        steps = (Step(tell=("rule",), wait=timedelta(days=4)), Step(tell=("rule",)))
        policy = Policy(name="urgent", steps=steps, last_resort=False)
        world = World(database, Plan((Rule(name="grave", severity="low"),), policies={"urgent": policy}))
        world.take(world.raised(1, labels=("threat",)))
        world.deliver()
        assert world.pass_time(4 * 24 * 60 + 30, by=30) == [("reminder", 1, SMS.address), ("reminder", 1, DESK)]
        assert world.pass_time(71 * 60, by=60) == []
        assert world.one.state == "escalated"
        assert world.pass_time(2 * 60, by=60) == []
        assert world.incidents.open() == []

    def test_a_threat_that_nobody_can_be_told_of_goes_on_at_once(self, world: World) -> None:
        world.her = official(contacts=())
        world.take(replace(world.raised(1, labels=("threat",)), recipients=()))
        assert world.pass_time(1) == [("last-resort", 1, CHIEF.address)]
        assert [each for each in world.events() if each != "told"] == ["opened", "nobody-answered", "last-resort"]

    def test_a_step_that_consent_does_not_allow_is_not_waited_for(self, database: Database) -> None:
        deputy, desk = (
            Planned(name=name, language="sv", channels=(Way(channel="email", address=f"{name}@ekvik.example"),))
            for name in ("deputy", "desk")
        )
        steps = tuple(Step(tell=(f"contact:{name}",)) for name in ("desk", "deputy", "desk"))
        policy = Policy(name="urgent", steps=steps)
        plan = Plan(
            (Rule(name="grave", severity="low"),),
            contacts={each.name: each for each in (deputy, desk)},
            policies={policy.name: policy},
            last_resort=("contact:deputy",),
        )
        world = World(database, plan)
        world.her = official(consents=(Consent(("*",), AT, recipients=("desk",)),))
        world.take(world.raised(1, labels=("threat",)))
        threat = world.one
        assert world.pass_time(10) == [("escalated", 1, "desk@ekvik.example")]
        assert world.pass_time(10, by=5) == []
        assert [each for each in world.events(threat) if each != "told"] == [
            *("opened", "escalated", "nobody-answered", "nobody-left"),
        ]
        # The operator learns that it is so, and not whom it is about.
        [trouble] = nobody_left(world.database)(world.clock.now())
        assert (trouble.place, trouble.details["unanswered"], trouble.severity) == ("tenant:ekvik", "1", "critical")
        assert "lindqvist" not in str(trouble).lower()
        world.incidents.answer(threat.id, "hand-over", by="desk")  # to nobody
        assert list(nobody_left(world.database)(world.clock.now())) == [trouble]
        world.incidents.answer(threat.id, "on-it", by="desk")
        assert list(nobody_left(world.database)(world.clock.now())) == []

    @pytest.mark.parametrize("owner", ["", "Kim"])
    def test_what_is_handed_over_to_nobody_stays_as_it_was(self, world: World, owner: str) -> None:
        world.take(world.raised(1, labels=("threat",)))
        if owner:
            world.incidents.answer(world.one.id, "on-it", by=owner)
        before = world.one
        world.her = official(contacts=(), consents=(Consent(("*",), AT, recipients=("Nobody",)),))
        assert world.incidents.answer(before.id, "hand-over", by="Beredskap Ekvik") == before
        assert [(each.event, each.result) for each in world.incidents.history.of(before.id)][-1:] == [
            ("handed-over", "nobody-left")
        ]

    @pytest.mark.parametrize(
        ("rule", "consents_to_text", "reads"), [("grave", True, True), ("grave", False, False), ("other", True, False)]
    )
    def test_the_last_resort_reads_what_rule_and_consent_let_contacts_read(
        self, database: Database, rule: str, consents_to_text: bool, reads: bool
    ) -> None:
        chief = Planned(name="chief", language="sv", channels=(Way(channel="email", address="c@ekvik.example"),))
        rules = (Rule(name="grave", severity="low", show_text=True), Rule(name="other", severity="low"))
        world = World(database, Plan(rules, contacts={"chief": chief}, last_resort=("contact:chief",)))
        world.her = official(contacts=(), consents=(Consent(("*",), AT, text=consents_to_text),))
        world.take(replace(world.raised(1, labels=("threat",), rule=rule), recipients=()))
        assert world.pass_time(1) == [("last-resort", 1, "c@ekvik.example")]
        assert [each.recipient.show_text for each in world.waiting().values()] == [reads]

    @pytest.mark.parametrize("reads", [True, False])
    def test_of_several_rules_the_last_resort_reads_what_the_one_in_charge_lets_contacts_read(
        self, database: Database, reads: bool
    ) -> None:
        chief = Planned(name="chief", language="sv", channels=(Way(channel="email", address="c@ekvik.example"),))
        rules = (
            Rule(name="log", severity="low", policy="usual", show_text=not reads),
            Rule(name="grave", severity="low", policy="urgent", show_text=reads),
        )
        world = World(database, Plan(rules, contacts={"chief": chief}, last_resort=("contact:chief",)))
        world.her = official(contacts=())
        threat = world.raised(1, labels=("threat",), rule="log")
        explained = explain(threat.verdict, official=world.her, plan=world.plans.default, at=world.clock.now())
        assert [[each.text for each in rule.last or ()] for rule in explained.rules] == [[], [reads]]
        world.take(replace(threat, recipients=(), policy="urgent", rules=("log", "grave")))
        assert world.pass_time(1) == [("last-resort", 1, "c@ekvik.example")]
        assert [each.recipient.show_text for each in world.waiting().values()] == [reads]

    @pytest.mark.parametrize("others", [(), ("log",)])
    def test_the_contacts_of_a_rule_that_is_renamed_meanwhile_are_reminded(
        self, database: Database, others: tuple[str, ...]
    ) -> None:
        rut = Planned(name="Rut", language="sv", channels=(Way(channel="email", address="rut@ekvik.example"),))

        def plan(name: str) -> Plan:
            grave = Rule(name=name, severity="low", contacts=("contact:Rut",))
            return Plan((*(Rule(name=each, severity="low") for each in others), grave), contacts={"Rut": rut})

        world = World(database, plan("grave"))
        threat = world.raised(1, labels=("threat",), to=(recipient("rut@ekvik.example"),))
        world.take(replace(threat, rules=(*others, "grave")))
        world.deliver()
        world.plans = Plans(plan("threats"))
        told = world.pass_time(11)
        assert "rut@ekvik.example" in {address for _, _, address in told}
        assert (DESK in {address for _, _, address in told}) is bool(others)

    def test_harassment_that_nobody_answers_is_told_once_and_expires(self, world: World) -> None:
        world.take(world.raised(1))
        world.deliver()
        incident = world.one
        assert world.pass_time(72 * 60 + 30, by=30) == []
        assert world.events(incident) == ["opened", "told", "delivered", "expired"]


class TestFailOver:
    def failed(self, world: World, item: Item, state: str = "failed") -> None:
        (channel, address), *rest = item.recipient.instead
        to = replace(item.recipient, channel=channel, address=address, instead=tuple(rest))
        instead = to_one(item.content, to)
        tried = replace(item.delivery, state=state, attempts=1, reason="channel email: no")  # type: ignore[arg-type]
        world.telling.record([Result(tried, world.clock.now(), contact=item.recipient.name, instead=instead)])

    def test_the_next_channel_takes_its_turn_and_history_says_so(self, world: World) -> None:
        world.take(world.raised(1, to=(replace(recipient(), instead=(("sms", "+46700000000"),)),)))
        (item,) = world.waiting().values()
        self.failed(world, item)
        assert [told(each) for each in world.waiting().values()] == [("raised", 1, "+46700000000")]
        failed, over = world.history()[-2:]
        assert (failed.event, failed.channel, failed.result) == ("failed", "email", "channel email: no")
        assert (over.event, over.channel, over.contact) == ("failed-over", "sms", "Beredskap Ekvik")


class TestOthers:
    def bulletin(self, severity: Severity = "high") -> Bulletin:
        return Bulletin("operation", "", "", "", severity, False, {"trouble": "stage-late"}, None, AT)

    @both
    def test_the_operator_is_told_of_a_trouble_though_somebody_has_opened_the_last_one_again(
        self, world: World
    ) -> None:
        about = {"subject": "stage:deliver", "severity": "high", "bulletin": self.bulletin()}
        first = world.incidents.raise_("operation", **about)  # type: ignore[arg-type]
        assert (first.subject, first.official) == ("stage:deliver", "")
        assert list(map(told, world.waiting().values())) == [("operation", 0, CHIEF.address)]
        assert world.events() == ["opened", "told"]
        world.deliver()
        world.incidents.answer(first.id, "resolve", by="turvakt")
        world.incidents.answer(first.id, "reopen", by=CHIEF.name)
        world.clock.advance(1)
        assert world.incidents.raise_("operation", **about).id != first.id  # type: ignore[arg-type]
        assert list(map(told, world.waiting().values())) == [("operation", 0, CHIEF.address)]

    def test_a_critical_one_goes_on_until_she_answers(self, world: World) -> None:
        world.incidents.raise_(
            "operation", subject="stage:deliver", severity="critical", bulletin=self.bulletin("critical")
        )
        world.deliver()
        assert world.pass_time(10) == [("operation", 0, CHIEF.address)]
        world.incidents.answer(world.one.id, "resolve", by="turvakt")
        assert world.incidents.due(world.clock.now() + timedelta(days=1)) == []

    def test_no_plan_says_whom_or_how_often_to_tell_of_a_trouble(self, database: Database) -> None:
        deputy = Planned(name="deputy", language="sv", channels=(Way(channel="email", address=DEPUTY.address),))
        often = Policy(name="urgent", steps=(Step(tell=("contact:deputy",), wait=timedelta(minutes=1)),), repeat=20)
        plan = Plan((), {"deputy": deputy}, policies={"urgent": often}, last_resort=("contact:deputy",))
        world = World(database, plan)
        world.incidents.raise_(
            "operation", subject="stage:deliver", severity="critical", bulletin=self.bulletin("critical")
        )
        told = []
        for _ in range(7):
            world.deliver()
            told += world.pass_time(10)
        assert told == [("operation", 0, CHIEF.address)] * 6
        assert world.pass_time(120) == []


class TestHolder:
    def test_is_one(self, world: World) -> None:
        holders: list[Holder] = [world.incidents, world.incidents.history]
        assert [each.name for each in holders] == ["incidents", "history"]

    @both
    def test_erases_all_and_nothing_of_others(self, world: World) -> None:
        world.take(world.raised(1), world.raised(2, TEXTS[3]))
        before = (world.incidents.count("anna-lindqvist"), world.incidents.history.count("anna-lindqvist"))
        assert before == (6, 4)
        assert len(world.incidents.export("anna-lindqvist")) == 2
        assert world.incidents.erase("bo") == world.incidents.history.erase("bo") == 0
        assert (world.incidents.erase("anna-lindqvist"), world.incidents.history.erase("anna-lindqvist")) == before
        assert world.incidents.count("anna-lindqvist") == world.incidents.history.count("anna-lindqvist") == 0
        assert world.incidents.export("anna-lindqvist") == []

    @both
    def test_erases_one_source_and_one_recipient(self, world: World) -> None:
        feed = replace(world.raised(2, TEXTS[3]), verdict=verdict("feed:1", text=TEXTS[3]), id="of-a-feed")
        world.take(world.raised(1), feed)
        part = Part("source", "feed")
        assert world.incidents.count("anna-lindqvist", part) == 1
        world.incidents.erase("anna-lindqvist", part)
        assert world.incidents.count("anna-lindqvist", part) == 0
        assert world.one.posts == 1
        desk = Part("recipient", "Beredskap Ekvik")
        assert world.incidents.count("anna-lindqvist", desk) == world.incidents.erase("anna-lindqvist", desk) == 2
        assert world.incidents.history.erase("anna-lindqvist", desk) == 1
        assert world.incidents.count("anna-lindqvist", desk) == 0

    @both
    def test_a_threat_is_told_on_by_what_is_left_when_the_source_of_the_gravest_post_goes(self, world: World) -> None:
        world.take(of_mastodon(world, THREAT, labels=("threat",)))
        world.take(world.raised(2, f"{THREAT}!", severity="critical", labels=("threat",)))
        world.deliver()
        assert case_of(world, world.one.id).verdict.post.source == "bluesky"
        world.incidents.erase("anna-lindqvist", Part("source", "bluesky"))
        left = case_of(world, world.one.id)
        assert (left.verdict.post.id, left.verdict.post.text) == ("mastodon:9", "")
        assert (left.verdict.judgement.flagged, left.rules) == (("threat",), ("grave",))
        assert [left.id] == [alert for alert, _ in world.incidents.alerts_of(world.one.id)]
        assert (world.one.severity, world.one.threat) == ("high", True)
        assert world.pass_time(11) == [("reminder", 2, SMS.address), ("reminder", 2, DESK)]

    def test_of_a_source_that_goes_nothing_is_told_on(self, world: World) -> None:
        world.take(of_mastodon(world, THREAT, severity="medium", labels=("harassment",)))
        world.take(world.raised(2, f"{THREAT}!", severity="critical", labels=("threat",)))
        world.deliver()
        world.incidents.erase("anna-lindqvist", Part("source", "bluesky"))
        assert [(each.severity, each.threat) for each in world.incidents.open()] == [("medium", False)]

    @pytest.mark.parametrize(
        ("labels", "answered"), [(("threat",), False), (("harassment",), False), (("harassment",), True)]
    )
    def test_what_is_left_is_told_where_the_only_message_went_with_its_source(
        self, world: World, labels: tuple[Label, ...], answered: bool
    ) -> None:
        world.take(world.raised(1, THREAT, labels=labels))
        world.take(of_mastodon(world, THREAT, severity="medium", labels=labels))
        if answered:
            world.incidents.answer(world.one.id, "acknowledge", by="Kim")
        for holder in (world.outbox, world.incidents):
            holder.erase("anna-lindqvist", Part("source", "bluesky"))
        world.pass_time(1)
        assert {item.delivery.post for item in world.waiting().values()} == (set() if answered else {"mastodon:9"})
        world.deliver()
        assert labels == ("threat",) or world.pass_time(60) == []

    def test_what_the_platform_deleted_is_told_on_when_another_source_goes(self, world: World) -> None:
        world.take(world.raised(1, labels=("threat",)))
        world.incidents.forget(["bluesky:1"])
        world.incidents.erase("anna-lindqvist", Part("source", "mastodon"))
        assert world.one.threat

    def test_a_threat_is_told_by_a_post_that_consent_still_covers(self, world: World) -> None:
        soon = AT + timedelta(minutes=5)
        consents = Consent(("bluesky",), AT - timedelta(days=1), soon), Consent(("mastodon",), AT - timedelta(days=1))
        world.her = replace(world.her, consents=consents)
        world.take(of_mastodon(world, THREAT, labels=("threat",)))
        world.take(world.raised(2, f"{THREAT}!", severity="critical", labels=("threat",)))
        world.deliver()
        assert world.pass_time(11) == [("reminder", 2, SMS.address), ("reminder", 2, DESK)]
        assert {item.delivery.post for item in world.waiting().values()} == {"mastodon:9"}
        world.deliver()
        world.incidents.answer(world.one.id, "hand-over", by="Beredskap Ekvik")
        assert "nobody-left" not in world.events()

    def test_that_nothing_is_left_by_which_to_tell_of_a_threat_is_told_to_the_operator(self, world: World) -> None:
        world.take(world.raised(1, labels=("threat",)))
        world.deliver()
        world.database.execute(update(INCIDENT).values(content=None))
        assert world.pass_time(180) == []
        assert len(list(nobody_left(world.database)(world.clock.now()))) == 1

    @both
    @pytest.mark.parametrize("action", ["on-it", "acknowledge"])
    @pytest.mark.parametrize("labels", [("threat",), ("harassment",)])
    def test_what_an_erased_recipient_had_is_told_anew(
        self, world: World, action: Action, labels: tuple[Label, ...]
    ) -> None:
        world.take(world.raised(1, labels=labels))
        world.deliver()
        world.incidents.answer(world.one.id, action, by="Beredskap Ekvik")
        world.her = replace(world.her, contacts=(DEPUTY,))
        gone = Part("recipient", "Beredskap Ekvik")
        assert world.incidents.erase("anna-lindqvist", gone) > world.incidents.erase("anna-lindqvist", gone) == 0
        assert (world.one.state, world.one.owner) == ("escalated", "")
        assert world.pass_time(1) == [("escalated", 1, DEPUTY.address)]
        assert [each for each in world.events() if each in ("owner-gone", "repeated")] == ["owner-gone", "repeated"]

    def test_what_somebody_has_who_signed_in_by_the_link_of_an_erased_recipient_is_told_anew(
        self, world: World
    ) -> None:
        world.take(world.raised(1, labels=("threat",)))
        (item,) = world.waiting().values()
        world.deliver()
        links = Links(world.database, clock=world.clock)
        link = links.find(item.delivery.id)
        assert link is not None
        for _ in range(2):
            links.signed_in(link, "p-9")
        assert world.events().count("signed-in") == 1
        world.incidents.answer(world.one.id, "on-it", by="p-9")
        world.her = replace(world.her, contacts=(DEPUTY,))
        world.incidents.erase("anna-lindqvist", Part("recipient", "Beredskap Ekvik"))
        assert (world.one.state, world.one.owner) == ("escalated", "")
        links.signed_in(link, "p-9")  # a form that was on its way
        world.incidents.history.erase("anna-lindqvist", Part("recipient", "Beredskap Ekvik"))
        assert "signed-in" not in world.events()

    @both
    def test_the_answer_of_an_erased_recipient_stays_without_a_name(self, world: World, database: Database) -> None:
        world.take(world.raised(1))
        world.deliver()
        incident = world.one
        world.incidents.answer(incident.id, "false-alarm", by="Beredskap Ekvik")
        before, gone = world.history(incident), Part("recipient", "Beredskap Ekvik")
        history = world.incidents.history
        assert history.count("anna-lindqvist", gone) == history.erase("anna-lindqvist", gone) == 3
        assert history.count("anna-lindqvist", gone) == history.erase("anna-lindqvist", gone) == 0
        assert world.history(incident) == [before[0], replace(before[-1], actor="")]
        answering = Answering(database, world.incidents)
        (closed,) = world.incidents.these([incident.id])
        assert answering.offered(closed, by="p-1") == ("reopen",)
        answering.answer(closed.id, "reopen", by="p-1", seen=answering.seen(closed))
        assert world.judged[-1] == ("bluesky:1", "p-1, taken back of ")
        assert [each.event for each in world.history(incident)] == ["opened", "false-alarm", "reopened"]

    def test_what_expired_as_nobody_answered_can_be_taken_up(self, world: World, database: Database) -> None:
        world.take(world.raised(1, labels=("threat",)))
        world.pass_time(70)
        world.pass_time(74 * 60, by=30)
        (expired,) = world.incidents.of_official(world.her.id)
        answering = Answering(database, world.incidents)
        assert (expired.state, answering.offered(expired, by="Kim")) == ("expired", ("reopen",))
        answering.answer(expired.id, "reopen", by="Kim", seen=answering.seen(expired))
        assert (world.one.state, world.one.owner) == ("acknowledged", "Kim")

    @pytest.mark.parametrize("by", ["p-1", "Kim"])
    def test_what_somebody_else_has_stays_so(self, world: World, by: str) -> None:
        world.take(world.raised(1, labels=("threat",)))
        world.incidents.answer(world.one.id, "acknowledge", by="Beredskap Ekvik")
        world.incidents.answer(world.one.id, "on-it", by=by)
        world.incidents.answer(world.one.id, "acknowledge", by="Beredskap Ekvik")
        world.incidents.erase("anna-lindqvist", Part("recipient", "Beredskap Ekvik"))
        assert (world.one.state, world.one.owner, world.one.escalate_at) == ("acknowledged", by, None)

    @both
    def test_a_deleted_post_goes_but_a_threat_is_still_escalated(self, world: World) -> None:
        world.take(world.raised(1), world.raised(2, TEXTS[3], labels=("threat",)))
        world.deliver()
        world.incidents.forget(["bluesky:1", "bluesky:2"])
        assert world.one.threat
        assert world.incidents.alerts_of(world.one.id) == []
        assert [occasion for occasion, _, _ in world.pass_time(10)] == ["reminder", "reminder"]
        for item in world.waiting().values():
            assert isinstance(item.content, Alert)
            assert item.content.verdict.post.text == ""

    def test_a_deletion_ends_what_is_not_urgent_and_the_history_says_so(self, world: World) -> None:
        world.take(world.raised(1), world.raised(2, TEXTS[3], labels=("doxxing",)))
        (other,) = (each for each in world.incidents.open() if each.policy == "usual")
        world.clock.advance(60)
        world.incidents.forget(["bluesky:1", "bluesky:2"])
        assert (world.one.policy, world.one.escalate_at) == ("urgent", AT + timedelta(minutes=10))
        assert [(each.event, each.result) for each in world.history(other)][-1] == ("expired", "deleted")
        assert Times(None, None, 60.0) in world.incidents.history.times(AT)

    @pytest.mark.parametrize(
        ("severity", "labels"), [("high", ("threat",)), ("high", ("doxxing",)), ("critical", ("hate",))]
    )
    def test_of_what_is_urgent_somebody_hears_though_it_is_deleted_while_all_channels_are_down(
        self, world: World, severity: Severity, labels: tuple[Label, ...]
    ) -> None:
        """All steps have been told by then, so that nothing but these messages is left."""
        world.take(world.raised(1, severity=severity, labels=labels))
        world.pass_time(200)
        assert world.one.escalate_at is None
        waited = set(map(told, world.waiting().values()))
        for holder in (world.outbox, world.incidents):
            holder.forget(["bluesky:1"])
        assert set(map(told, world.waiting().values())) == waited >= {("last-resort", 1, CHIEF.address)}

    @both
    def test_a_post_that_may_not_be_kept_any_longer_goes_but_was_not_deleted(self, world: World) -> None:
        world.take(world.raised(1), world.raised(2, TEXTS[3], labels=("threat",)))
        world.deliver()
        world.clock.advance(86_400)
        assert world.incidents.release(["bluesky:2", "bluesky:9"]) > 0
        assert world.incidents.release(["bluesky:2"]) == world.incidents.release([]) == 0
        threat = next(each for each in world.incidents.open() if each.threat)
        assert world.incidents.alerts_of(threat.id) == []
        (case,) = cases(world.database, INCIDENT.c.id == threat.id)
        assert isinstance(case.content, Alert)
        post = case.content.verdict.post
        assert (post.text, post.author.id, post.deleted_at) == ("", None, None)

    @both
    def test_what_nobody_waits_for_goes_with_its_time(self, world: World) -> None:
        world.take(world.raised(1), world.raised(2, TEXTS[3], labels=("threat",)))
        threat = next(each for each in world.incidents.open() if each.threat)
        other = next(each for each in world.incidents.open() if not each.threat)
        world.incidents.answer(other.id, "acknowledge", by="Kim")
        world.clock.advance(1)
        world.incidents.expire(world.clock.now())
        assert [each.id for each in world.incidents.of_official("anna-lindqvist")] == [threat.id]

    @both
    @pytest.mark.parametrize("readable", [True, False])
    def test_what_a_step_is_still_to_come_for_stays_longer_than_that(self, database: Database, readable: bool) -> None:
        steps = (Step(tell=("rule",), wait=timedelta(days=5)), Step(tell=("official",)))
        policies = {"urgent": Policy(name="urgent", steps=steps)}
        world = World(database, Plan((Rule(name="grave", severity="low"),), policies=policies))
        world.take(world.raised(1, labels=("threat",)))
        world.clock.advance(4 * 86_400)
        if not readable:
            world.database.execute(update(INCIDENT).values(content=b"{}x"))
        world.incidents.expire(world.clock.now() - timedelta(days=3))
        assert [each.state for each in world.incidents.open()] == (["triggered"] if readable else [])

    @both
    def test_history_is_never_changed(self, world: World, database: Database) -> None:
        world.take(world.raised(1))
        with pytest.raises((Broken, BadInput)):
            database.execute(update(INCIDENT_EVENT).values(actor="another"))


@both
def test_history_tells_how_long_it_took(world: World, database: Database) -> None:
    world.take(world.raised(1, TEXTS[1]), world.raised(2, TEXTS[2]))
    answered, other = sorted(world.incidents.open(), key=lambda each: each.id)
    world.clock.advance(2)
    world.deliver()
    world.clock.advance(58)
    world.incidents.answer(answered.id, "on-it", by="Kim")
    world.clock.advance(60)
    world.incidents.answer(answered.id, "resolve", by="Kim")
    trouble = Bulletin("operation", "", "", "", "high", False, {"trouble": "stage-late"}, None, AT)
    world.incidents.raise_(
        "operation", subject="stage:deliver", severity="high", bulletin=trouble
    )  # which does not count
    times = sorted(world.incidents.history.times(AT), key=lambda each: each.closed is None)
    assert times == [Times(2.0, 60.0, 120.0), Times(2.0, None, None)]
    assert world.incidents.history.times(world.clock.now() + timedelta(hours=1)) == []
    assert [each.id for each in world.incidents.open("ekvik")] == [other.id]
    assert world.incidents.open("another") == []
    world.incidents.answer(answered.id, "reopen", by="Kim")
    times = sorted(world.incidents.history.times(AT), key=lambda each: each.acknowledged is None)
    assert times == [Times(2.0, 60.0, None), Times(2.0, None, None)]
    world.clock.advance(60)
    world.incidents.answer(answered.id, "resolve", by="Kim")
    assert Times(2.0, 60.0, 180.0) in world.incidents.history.times(AT)
