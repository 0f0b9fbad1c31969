"""Steps whose messages have failed for good, and what nobody else can take."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.alert import Delivery, Recipient, State
from alerts.content import to_one
from alerts.delivery.dispatcher import ANSWERED, WITHDRAWN
from alerts.delivery.outbox import Item, Result
from alerts.delivery.replacing import MOVED
from alerts.delivery.sending import MAY_HAVE_ARRIVED
from alerts.incidents.answering import Answering
from alerts.incidents.links import Links
from alerts.incidents.receipts import Receipts
from alerts.plans.contacts import Contact as Planned
from alerts.plans.contacts import Way
from alerts.plans.plan import Plan, Plans
from alerts.plans.policies import Policy, Step
from alerts.plans.rules import Rule
from flow.database import Database
from flow.logs.memory import MemoryLog
from registry.official import Consent
from tests.alerts.people import AT, official, recipient
from tests.alerts.told import bulletin
from tests.alerts.world import CHIEF, DESK, SMS, TEXTS, World, both, told
from turvakt.watch.nobody import nobody_left


def receipts_of(world: World, *, heard: Callable[[Delivery], None] = lambda delivery: None) -> Receipts:
    log = MemoryLog(clock=world.clock)
    return Receipts(world.database, world.incidents, log=log, clock=world.clock, told=heard)


def deliver(world: World, *, refused: str) -> None:
    """All that waits is delivered, but what goes to the address ``refused``: that fails for good."""
    results = []
    for item in world.waiting().values():
        state: State = "failed" if item.recipient.address == refused else "delivered"
        ended = replace(item.delivery, state=state, attempts=1, at=world.clock.now())
        results.append(Result(ended, contact=item.recipient.name))
    world.telling.record(results)


@both
def test_a_step_in_which_all_has_failed_for_good_is_passed_over(world: World) -> None:
    other = replace(recipient(), name="Other", address="annan@ekvik.example")
    world.take(world.raised(1, labels=("threat",), to=(recipient(), other)))
    deliver(world, refused=DESK)
    assert world.pass_time(1) == []
    world.take(world.raised(2, labels=("threat",)))
    (unreached,) = (each.id for each in world.incidents.open() if world.events(each)[-1] == "told")
    deliver(world, refused=DESK)
    assert world.pass_time(1) == [("escalated", 1, SMS.address), ("escalated", 1, DESK)]
    deliver(world, refused=DESK)
    assert world.pass_time(7) == []  # the next step was told, and has its time
    answered = world.incidents.answer(unreached, "on-it", by="Kim")
    assert answered is not None
    assert answered.state == "acknowledged"


@both
@pytest.mark.parametrize("channel", ["sms", "voice"])
def test_what_the_service_says_has_not_arrived_has_failed_unless_it_was_a_call(world: World, channel: str) -> None:
    world.her = official()  # who has one way alone
    world.take(world.raised(1, labels=("threat",)))
    (item,) = world.waiting().values()
    deliver(world, refused="nobody")
    found = Links(world.database, clock=world.clock).find(item.delivery.id)
    assert found is not None
    for _ in range(2):
        receipts_of(world).note(found, "failed", channel=channel)
    events = [each.event for each in world.incidents.history.of(found.incident)]
    assert events == ["opened", "told", "delivered", "failed"]
    failed = world.outbox.failed(timedelta(hours=1))
    assert (failed, world.outbox.counts()["delivered"]) == ((1, 0) if channel == "sms" else (0, 1))
    assert bool(world.pass_time(1)) == (channel == "sms"), "the next step follows"


HOME = "vakt@hemma.example"


def comes_back(world: World, address: str, *, channel: str = "email") -> list[tuple[str, str]]:
    """What waits is delivered, and then what went to this address comes back: occasion and address of what is told at once."""
    sent = next(item for item in world.waiting().values() if item.recipient.address == address)
    deliver(world, refused="nobody")
    before = set(world.waiting())
    found = Links(world.database, clock=world.clock).find(sent.delivery.id)
    assert found is not None
    heard: list[Delivery] = []
    for _ in range(2):
        receipts_of(world, heard=heard.append).note(found, "failed", channel=channel)
    counted = [(sent.delivery.id, "failed")] if sent.delivery.alert else []
    assert [(each.id, each.state) for each in heard] == counted
    new = [told(item) for id, item in world.waiting().items() if id not in before]
    return [(occasion, to) for occasion, _, to in new]


def three_ways(world: World) -> None:
    """Her contact has two mailboxes and a telephone, and is told by the first."""
    first, *_ = official().contacts
    world.her = official(contacts=(first, replace(first, address=HOME), SMS))
    instead = (("email", HOME), ("sms", SMS.address))
    world.take(world.raised(1, to=(replace(recipient(), instead=instead),)))


@both
def test_what_came_back_goes_to_the_contact_by_the_next_way_and_then_to_the_next_step(world: World) -> None:
    three_ways(world)
    assert comes_back(world, DESK) == [("raised", HOME)]
    assert comes_back(world, HOME) == [("raised", SMS.address)]
    assert world.events().count("escalated") == 0
    assert comes_back(world, SMS.address, channel="sms") == []
    assert [each.event for each in world.history()].count("failed-over") == 2


def test_what_came_back_does_not_go_to_where_it_went_at_once(world: World) -> None:
    world.her = official(contacts=(official().contacts[0], SMS))
    sms = replace(recipient(), channel="sms", address=SMS.address)
    world.take(world.raised(1, labels=("threat",), to=(recipient(), sms)))
    assert comes_back(world, DESK) == []


def test_each_of_several_messages_of_a_kind_that_come_back_goes_by_the_next_way(world: World) -> None:
    first, *_ = official().contacts
    world.her = official(contacts=(first, SMS))
    to = (replace(recipient(), instead=(("sms", SMS.address),)),)
    world.take(world.raised(1, labels=("threat",), to=to))
    world.deliver()
    for _ in range(3):
        world.incidents.answer(world.one.id, "on-it", by=recipient().name)
        world.clock.advance(60)
        world.incidents.answer(world.one.id, "on-it", by="Kim")
        assert comes_back(world, DESK) == [("overtaken", SMS.address)]
        world.deliver()
        world.clock.advance(60)


@pytest.mark.parametrize("why", ["closed", "consent"])
def test_what_came_back_is_told_by_no_other_way(world: World, why: str) -> None:
    three_ways(world)
    if why == "closed":
        world.incidents.answer(world.one.id, "resolve", by="Kim")
    else:
        (consent,) = world.her.consents
        world.her = replace(world.her, consents=(replace(consent, recipients=("Kansliet",)),))
    assert comes_back(world, DESK) == []


def test_a_reminder_of_what_is_to_be_done_that_came_back_is_not_told_as_an_alert(world: World) -> None:
    three_ways(world)
    deliver(world, refused="nobody")
    world.telling.tell([to_one(bulletin("task-overdue", incident=world.one.id), recipient())])
    assert comes_back(world, DESK) == []


def test_what_had_arrived_has_not_failed(world: World) -> None:
    world.take(world.raised(1, labels=("threat",)))
    (item,) = world.waiting().values()
    deliver(world, refused="nobody")
    found = Links(world.database, clock=world.clock).find(item.delivery.id)
    assert found is not None
    receipts = receipts_of(world)
    receipts.note(found, "received", channel="sms")
    receipts.note(found, "failed", channel="sms")
    assert world.outbox.counts()["delivered"] == 1


def unsure(world: World, item: Item) -> Result:
    """What comes of a try whose answer was lost."""
    now = world.clock.now()
    delivery = replace(item.delivery, attempts=1, at=now, reason=f"{MAY_HAVE_ARRIVED}no answer")
    return Result(delivery, now + timedelta(minutes=1), contact=item.recipient.name)


@both
@pytest.mark.parametrize("first", ["answer", "receipt"])
def test_what_the_service_says_has_arrived_does_not_come_again(world: World, first: str) -> None:
    """Also where it says so before the answer is missed."""
    world.take(world.raised(1, labels=("threat",)))
    (item,) = world.waiting().values()
    found = Links(world.database, clock=world.clock).find(item.delivery.id)
    assert found is not None
    result = unsure(world, item)
    if first == "answer":
        assert world.telling.record([result]) == frozenset()
    receipts_of(world).note(found, "received", channel="sms")
    if first == "receipt":
        assert world.telling.record([result]) == {item.delivery.id}
    world.clock.advance(120)
    assert (world.waiting(), world.outbox.counts()["delivered"]) == ({}, 1)
    assert [each.notified for each in world.incidents.history.times(AT)] == [0.0]


def test_that_the_second_of_two_messages_has_not_arrived_is_heard_too(world: World) -> None:
    world.her = official()  # who has one way alone
    world.take(world.raised(1, labels=("threat",)))
    (item,) = world.waiting().values()
    found = Links(world.database, clock=world.clock).find(item.delivery.id)
    assert found is not None
    receipts = receipts_of(world)
    world.telling.record([unsure(world, item)])
    receipts.note(found, "failed", channel="sms")
    assert world.outbox.counts()["waiting"] == 1, "it is tried again"
    world.clock.advance(60)
    deliver(world, refused="nobody")
    receipts.note(found, "failed", channel="sms")
    assert world.outbox.counts()["failed"] == 1
    assert world.events().count("failed") == 1
    assert world.pass_time(1) != [], "the next step follows"


def test_what_failed_is_not_passed_over_where_another_message_is_on_its_way(world: World) -> None:
    sms = (("sms", SMS.address),)
    world.take(world.raised(1, labels=("threat",), to=(replace(recipient(), instead=sms),)))
    (item,) = world.waiting().values()
    instead = to_one(item.content, replace(item.recipient, channel="sms", address=SMS.address, instead=()))
    failed = replace(item.delivery, state="failed", attempts=1, at=world.clock.now())
    world.telling.record([Result(failed, contact=item.recipient.name, instead=instead)])
    assert {told(each)[0] for each in world.waiting().values()} == {"raised"}
    deliver(world, refused=SMS.address)
    assert world.pass_time(1) == [("escalated", 1, SMS.address), ("escalated", 1, DESK)]


@pytest.mark.parametrize("grows", [False, True])
def test_growth_that_others_hear_of_does_not_keep_a_step_from_being_passed_over(
    database: Database, grows: bool
) -> None:
    way = Way(channel="email", address="chef@ekvik.example")
    chief = Planned(name="Chief", language="sv", channels=(way,))
    steps = (Step(tell=("rule",)), Step(tell=("contact:Chief",), wait=timedelta(hours=2)), Step(tell=("rule",)))
    policies = {"urgent": Policy(name="urgent", steps=steps)}
    rules = (Rule(name="grave", severity="low"),)
    world = World(database, Plan(rules, contacts={"Chief": chief}, policies=policies))
    threat = "Jag ska komma hem till dig i natt och då är det slut, vänta du bara"
    world.take(world.raised(1, threat, labels=("threat",)))
    world.deliver()
    assert world.pass_time(11) == [("escalated", 1, way.address)]
    if grows:
        assert world.take(world.raised(2, f"{threat}!", labels=("threat",))) == [("grown", 2, DESK)]
    deliver(world, refused=way.address)
    assert [each[0] for each in world.pass_time(1)] == ["reminder", "reminder"]


CHEF, KANSLI = "chef@ekvik.example", "kansli@ekvik.example"
STEPS = (Step(tell=("rule",)), Step(tell=("contact:Kansliet",)))
BOTH = Step(tell=("contact:Chefen", "contact:Kansliet"))
FIRST = Recipient("Chefen", "email", CHEF, "sv", show_text=False, rule="grave")
FORMER = replace(FIRST, address="gammal@ekvik.example")


def planned(name: str, address: str) -> Planned:
    return Planned(name=name, language="sv", channels=(Way(channel="email", address=address),))


@pytest.fixture
def twice(database: Database) -> World:
    """Two steps, the second to the office, and as the last resort the chief."""
    policies = {"urgent": Policy(name="urgent", steps=STEPS)}
    contacts = {each.name: each for each in (planned("Chefen", CHEF), planned("Kansliet", KANSLI))}
    rules = (Rule(name="grave", severity="low", contacts=("contact:Chefen",)),)
    return World(database, Plan(rules, contacts=contacts, policies=policies, last_resort=("contact:Chefen",)))


def refused(world: World, item: Item) -> Result:
    ended = replace(item.delivery, state="failed", attempts=1, at=world.clock.now(), reason="550")
    return Result(ended, contact=item.recipient.name)


def to_chief(world: World, item: Item, *, moved: bool = False) -> Result:
    """``item`` fails, or its address has changed, and it goes to that of the chief."""
    instead = to_one(item.content, replace(item.recipient, address=CHEF))
    result = replace(refused(world, item), instead=instead)
    return replace(result, delivery=replace(result.delivery, state="withdrawn", reason=MOVED)) if moved else result


@both
@pytest.mark.parametrize("moved", [True, False])
def test_what_goes_by_another_way_takes_the_place_of_nothing_newer(twice: World, moved: bool) -> None:
    """Her address changes while mail is down, or the first message is refused when the last resort has been told."""
    twice.take(twice.raised(1, labels=("threat",), to=(FORMER,)))
    (item,) = twice.waiting().values()
    assert twice.pass_time(21) == [("escalated", 1, KANSLI), ("last-resort", 1, CHEF)]
    twice.telling.record([to_chief(twice, item, moved=moved)])
    hers = [told(each) for each in twice.waiting().values() if each.recipient.address == CHEF]
    assert sorted(hers) == [("last-resort", 1, CHEF), ("raised", 1, CHEF)]
    deliver(twice, refused=CHEF)
    assert twice.events().count("nobody-left") == 1


@both
@pytest.mark.parametrize("minutes", [11, 21])
def test_what_goes_by_another_way_takes_the_place_of_what_is_older(twice: World, minutes: int) -> None:
    twice.take(twice.raised(1, labels=("threat",), to=(FIRST,)))
    twice.pass_time(minutes)
    (item,) = (each for each in twice.waiting().values() if told(each)[0] == "escalated")
    twice.telling.record([to_chief(twice, item)])
    left = sorted(told(each)[0] for each in twice.waiting().values())
    assert left == (["escalated"] if minutes == 11 else ["escalated", "last-resort"])


def test_of_two_that_go_the_same_way_at_once_neither_takes_the_place_of_the_other(twice: World) -> None:
    twice.take(twice.raised(1, labels=("threat",), to=(FORMER,)))
    twice.pass_time(11)
    twice.telling.record([to_chief(twice, item) for item in sorted(twice.waiting().values(), key=told)])
    assert sorted(map(told, twice.waiting().values())) == [("escalated", 1, CHEF), ("raised", 1, CHEF)]


@both
@pytest.mark.parametrize("state", ["failed", "delivered"])
def test_a_last_resort_of_which_growth_has_taken_the_place_is_noticed_where_that_fails(
    twice: World, state: State
) -> None:
    twice.take(twice.raised(1, TEXTS[0], severity="critical", to=(FIRST,)))
    deliver(twice, refused="nobody")
    twice.pass_time(11)
    deliver(twice, refused="nobody")
    assert twice.pass_time(10) == [("last-resort", 1, CHEF)]
    twice.take(twice.raised(2, f"{TEXTS[0]}!", severity="critical", to=(FIRST,)))
    assert list(map(told, twice.waiting().values())) == [("grown", 2, CHEF)]
    deliver(twice, refused=CHEF if state == "failed" else "nobody")
    assert ("nobody-left" in twice.events()) == (state == "failed")


def test_a_step_is_waited_for_while_what_has_taken_the_place_of_a_message_of_it_is_on_its_way(twice: World) -> None:
    twice.plans = Plans(
        replace(twice.plans.of(""), policies={"urgent": Policy(name="urgent", steps=(*STEPS, BOTH, BOTH))})
    )
    twice.take(twice.raised(1, TEXTS[0], severity="critical", to=(FIRST,)))
    deliver(twice, refused="nobody")
    twice.pass_time(21)
    assert twice.one.step == 3
    twice.take(twice.raised(2, f"{TEXTS[0]}!", severity="critical", to=(FIRST,)))
    grown = [each for each in twice.waiting().values() if told(each)[0] == "grown"]
    assert [each.recipient.address for each in grown] == [CHEF]
    before = twice.one.escalate_at
    office = [each for each in twice.waiting().values() if each.recipient.address == KANSLI]
    twice.telling.record([refused(twice, each) for each in office])
    assert twice.one.escalate_at == before
    twice.telling.record([refused(twice, each) for each in grown])
    assert twice.one.escalate_at == twice.clock.now()


def withdraw(world: World, reason: str = WITHDRAWN) -> None:
    """All that waits is withdrawn, as the dispatcher finds that its consent has ended."""
    now = world.clock.now()
    ended = (replace(each.delivery, state="withdrawn", at=now, reason=reason) for each in world.waiting().values())
    world.telling.record([Result(each, contact="Chefen") for each in ended])


@both
def test_a_step_whose_messages_consent_has_withdrawn_is_passed_over(twice: World) -> None:
    twice.take(twice.raised(1, labels=("threat",), to=(FIRST,)))
    twice.her = replace(twice.her, consents=(Consent(("*",), AT, recipients=("Kansliet",)),))
    withdraw(twice)
    assert twice.pass_time(1) == [("escalated", 1, KANSLI)]
    assert twice.pass_time(7) == [], "this step has its time"


@both
def test_that_consent_has_withdrawn_the_messages_of_a_last_resort_is_told_to_the_operator(twice: World) -> None:
    twice.take(twice.raised(1, labels=("threat",), to=(FIRST,)))
    twice.deliver()
    twice.pass_time(11)
    twice.deliver()
    assert twice.pass_time(10) == [("last-resort", 1, CHEF)]
    twice.her = replace(twice.her, consents=(Consent(("*",), AT, recipients=("Kansliet",)),))
    withdraw(twice)
    assert twice.events()[-2:] == ["withdrawn", "nobody-left"]
    assert [each.place for each in nobody_left(twice.database)(twice.clock.now())] == ["tenant:ekvik"]


def test_what_goes_to_a_new_address_passes_over_nothing(twice: World) -> None:
    twice.take(twice.raised(1, labels=("threat",), to=(FORMER,)))
    before = twice.one.escalate_at
    twice.telling.record([to_chief(twice, each, moved=True) for each in twice.waiting().values()])
    assert [told(each) for each in twice.waiting().values()] == [("raised", 1, CHEF)]
    assert twice.one.escalate_at == before


def test_a_call_that_is_dropped_as_somebody_has_answered_passes_over_nothing(twice: World) -> None:
    twice.take(twice.raised(1, labels=("threat",), to=(FIRST,)))
    twice.incidents.answer(twice.one.id, "on-it", by="Kim")
    withdraw(twice, ANSWERED)
    assert twice.pass_time(60) == []
    assert (twice.one.state, "nobody-left" in twice.events()) == ("acknowledged", False)


def test_that_a_last_resort_could_not_be_reached_is_told_to_the_operator(database: Database) -> None:
    last = Planned(name="Last", language="sv", channels=(Way(channel="email", address="sist@ekvik.example"),))
    policies = {"urgent": Policy(name="urgent", steps=(Step(tell=("rule",)),), repeat=1)}
    rules = (Rule(name="grave", severity="low"),)
    world = World(database, Plan(rules, contacts={"Last": last}, policies=policies, last_resort=("contact:Last",)))
    world.take(world.raised(1, labels=("threat",)))
    deliver(world, refused=DESK)
    assert world.pass_time(1) == [("last-resort", 1, "sist@ekvik.example")]
    (item,) = world.waiting().values()
    assert list(nobody_left(database)(world.clock.now())) == []
    deliver(world, refused="sist@ekvik.example")
    found = Links(database, clock=world.clock).find(item.delivery.id)
    assert found is not None
    receipts_of(world).note(found, "failed", channel="email")  # and says so once more
    assert world.events()[-2:] == ["nobody-left", "failed"]
    assert [each.place for each in nobody_left(database)(world.clock.now())] == ["tenant:ekvik"]
    world.incidents.answer(world.one.id, "on-it", by="Kim")
    assert list(nobody_left(database)(world.clock.now())) == []


def test_who_has_it_is_not_troubled_by_messages_that_failed(world: World) -> None:
    world.take(world.raised(1, labels=("threat",)))
    world.incidents.answer(world.one.id, "on-it", by="Kim")
    deliver(world, refused=DESK)
    assert world.pass_time(60) == []


def test_that_nobody_is_left_blames_no_consent_where_it_was_the_one_who_handed_over(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.take(world.raised(1))
    world.incidents.answer(world.one.id, "hand-over", by=recipient().name)
    caplog.clear()
    world.incidents.answer(world.one.id, "hand-over", by=CHIEF.name)
    assert caplog.messages == [f"incident {world.one.id}: there is nobody else to hand it over to"]


def test_what_is_the_operators_alone_is_not_offered_to_be_handed_over(world: World, database: Database) -> None:
    answering = Answering(database, world.incidents)
    trouble = world.incidents.raise_("operation", subject="host", severity="high", bulletin=bulletin("operation"))
    assert "hand-over" not in answering.offered(trouble, by=CHIEF.name)
    assert "hand-over" in answering.offered(trouble, by="Kim")
    refused = answering.answer(trouble.id, "hand-over", by=CHIEF.name, seen=answering.seen(trouble))
    assert refused is not None
    assert (refused.refusal, world.events(trouble)) == ("outdated", ["opened", "told"])
