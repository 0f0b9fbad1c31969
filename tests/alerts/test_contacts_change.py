"""Whoever was told of an incident, or has it, is gone: those who are left hear of it."""

from dataclasses import replace

import pytest

from alerts.alert import Recipient
from alerts.delivery.budget import Budgets
from alerts.incidents.incident import Action
from alerts.incidents.telling import Telling
from alerts.plans.contacts import Contact as Planned
from alerts.plans.contacts import Way, at_present
from alerts.plans.plan import Budget, Plan, Plans
from alerts.plans.policies import Policy, Step
from alerts.plans.rules import Rule
from classify.verdict import Label
from flow.database import Database
from registry.holder import Part
from registry.official import Consent, Contact
from tests.alerts.people import AT, official, recipient
from tests.alerts.world import CHIEF, DEPUTY, DESK, SMS, World, both

GONE = "Beredskap Ekvik"
ONCE = Plan(
    (Rule(name="grave", severity="low"),),
    policies={"urgent": Policy(name="urgent", steps=(Step(tell=("rule",)),))},
    last_resort=("official",),
)
"""One step, and as the last resort the same contacts again."""


def planned(name: str, *ways: tuple[str, str]) -> Planned:
    return Planned(name=name, language="sv", channels=tuple(Way(channel=channel, address=to) for channel, to in ways))


def exchange(world: World, *contacts: Contact, gone: str = GONE) -> None:
    """She has other contacts now, and has withdrawn the one of this name."""
    world.her = replace(world.her, contacts=contacts)
    # Some of it twice, as after an interruption.
    for holder in (world.outbox, world.incidents, world.incidents, world.incidents.history):
        holder.erase(world.her.id, Part("recipient", gone))


def test_what_nobody_could_take_over_is_told_anew_when_whoever_had_seen_it_goes(database: Database) -> None:
    plan = replace(ONCE, last_resort=())
    world = World(database, plan)
    world.her = replace(
        world.her,
        contacts=(*world.her.contacts, DEPUTY),
        consents=(Consent(("*",), AT, recipients=(GONE, DEPUTY.name)),),
    )
    world.take(world.raised(1, labels=("threat",)))
    world.deliver()
    world.incidents.answer(world.one.id, "acknowledge", by=GONE)
    world.incidents.answer(world.one.id, "hand-over", by=DEPUTY.name)
    assert (world.one.state, world.history()[-1].result) == ("acknowledged", "nobody-left")
    exchange(world, DEPUTY)
    assert world.pass_time(1) == [("escalated", 1, DEPUTY.address)]


class TestWhoeverHasIt:
    @pytest.mark.parametrize("action", ["on-it", "acknowledge"])
    def test_what_a_person_had_who_was_removed_is_told_anew(self, world: World, action: Action) -> None:
        world.take(world.raised(1, labels=("threat",)), world.raised(2))
        world.deliver()
        for each in world.incidents.open():
            world.incidents.answer(each.id, action, by="Kim")
        assert world.pass_time(10) == []
        world.people.remove("Kim")
        told = world.pass_time(2)
        assert told == [("reminder", 1, SMS.address), ("reminder", 1, DESK)]

    def test_what_somebody_else_has_answered_since_stays_so(self, world: World) -> None:
        world.take(world.raised(1, labels=("threat",)))
        world.incidents.answer(world.one.id, "on-it", by="Kim")
        world.incidents.answer(world.one.id, "on-it", by=GONE)
        world.people.clear()
        assert world.pass_time(10) == []
        assert (world.one.state, world.one.owner) == ("acknowledged", GONE)

    def test_so_is_what_a_contact_had_whom_the_plan_names_no_more(self, database: Database) -> None:
        boss = planned("Chefen", ("email", "chef@ekvik.example"))
        world = World(database, replace(ONCE, contacts={boss.name: boss}))
        world.take(world.raised(1, labels=("threat",)))
        world.deliver()
        world.incidents.answer(world.one.id, "on-it", by=boss.name)
        assert world.pass_time(10) == []
        world.plans = Plans(ONCE)
        assert [occasion for occasion, _, _ in world.pass_time(2)] == ["reminder", "reminder"]

    def test_while_the_official_is_being_erased_nothing_is_told(self, world: World) -> None:
        world.take(world.raised(1, labels=("threat",)))
        world.deliver()
        world.incidents.answer(world.one.id, "on-it", by=GONE)
        her, world.her = world.her, official("bo")
        assert world.pass_time(10) == []
        assert [each.state for each in world.incidents.of_official(her.id)] == ["acknowledged"]

    def test_what_has_rested_for_days_stays_so(self, world: World) -> None:
        world.take(world.raised(1, labels=("threat",)))
        world.deliver()
        world.incidents.answer(world.one.id, "on-it", by="Kim")
        world.pass_time(73 * 60, by=60)
        world.people.clear()
        assert world.pass_time(10) == []


class TestTheOnlyOneWhoWasTold:
    @both
    @pytest.mark.parametrize("labels", [("threat",), ("hate",)])
    @pytest.mark.parametrize("arrived", [False, True])
    def test_what_was_told_to_nobody_else_is_told_anew(
        self, database: Database, labels: tuple[Label, ...], arrived: bool
    ) -> None:
        world = World(database, ONCE)
        world.take(world.raised(1, labels=labels))
        if arrived:
            world.deliver()
        world.pass_time(30)
        assert world.one.escalate_at is None
        exchange(world, DEPUTY)
        assert world.events().count("owner-gone") == 1
        assert world.pass_time(1) == [("escalated", 1, DEPUTY.address)]
        world.deliver()
        events = world.events()
        exchange(world, DEPUTY)
        assert world.pass_time(1) == []
        assert world.events() == events

    def test_the_new_contact_does_not_wait_until_a_step_is_over(self, world: World) -> None:
        world.take(world.raised(1, labels=("threat",)))
        exchange(world, DEPUTY)
        assert world.pass_time(1) == [("escalated", 1, DEPUTY.address)]

    def test_so_is_what_a_budget_has_held_back(self, database: Database) -> None:
        world = World(database, Plan((Rule(name="grave", severity="low"),), budget=Budget(per_hour=1)))
        budgets = Budgets(
            database,
            plans=lambda: world.plans,
            officials=lambda id: world.her,
            operator=lambda *, at, severity: (CHIEF,),
            clock=world.clock,
        )
        world.telling = Telling(database, outbox=world.outbox, clock=world.clock, budgets=budgets)
        world.incidents = world.opened()
        world.take(world.raised(1), world.raised(2))
        (held,) = (each for each in world.incidents.open() if "digested" in world.events(each))
        exchange(world, DEPUTY)
        assert {each.contact for each in world.history(held)} == {""}
        for each in world.incidents.open():
            world.incidents.advance(each.id)
        assert {each.contact for each in world.history(held)} == {"", DEPUTY.name}

    @pytest.mark.parametrize("arrived", [False, True])
    def test_what_others_have_or_wait_for_goes_on_as_before(self, world: World, arrived: bool) -> None:
        world.her = replace(world.her, contacts=(*world.her.contacts, DEPUTY))
        world.take(
            world.raised(1, labels=("threat",), to=(recipient(), replace(recipient(DEPUTY.address), name=DEPUTY.name)))
        )
        if arrived:
            world.deliver()
        before = world.one.escalate_at
        exchange(world, DEPUTY)
        assert world.one.escalate_at == before
        assert world.pass_time(1) == []


@pytest.mark.parametrize(
    ("told", "now"),
    [
        (("email", "rut@x"), ("email", "rut@x")),
        (("email", "rut@old"), ("email", "rut@x")),
        (("sms", "+9"), ("sms", "+2")),
        (("voice", "+9"), ("voice", "+1")),
        (("webhook", "https://old.example"), ("email", "rut@x")),
    ],
)
def test_an_address_that_the_contact_has_no_more_is_left_for_one_that_it_has(
    told: tuple[str, str], now: tuple[str, str]
) -> None:
    ways = ("voice", "+1"), ("email", "rut@x"), ("sms", "+2")
    before = Recipient("Rut", *told, "sv", show_text=False, instead=(("sms", "+8"),))
    found = at_present(before, [planned("Rut", *ways)])
    assert found is not None
    assert (found.channel, found.address) == now
    assert found.instead == ((("sms", "+8"),) if now == told else () if now[0] == "sms" else (("sms", "+2"),))
    # Two may have the same name.
    assert at_present(before, [planned("Rut", *ways), planned("Rut", told)]) == before
    # Whoever has her address has got another name.
    assert at_present(before, [planned("Kim", told)]) == replace(before, name="Kim")
    assert at_present(before, [planned("Kim", told), planned("Bo", told)]) is None
    assert at_present(before, [planned("Kim", ("email", "kim@x"))]) is None
