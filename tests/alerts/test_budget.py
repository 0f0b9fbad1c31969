"""Budgets and digests: threats always pass, the rest is counted and collected, and people are told so."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from alerts.alert import Alert, Recipient, State, Told
from alerts.bulletin import Bulletin
from alerts.content import listed_in
from alerts.delivery.budget import Budgets
from alerts.delivery.digests import Digests
from alerts.delivery.outbox import Item, Outbox, Result
from alerts.delivery.replacing import MOVED
from alerts.delivery.sending import Sender
from alerts.delivery.standing import Standing, Standings
from alerts.delivery.tellable import MOST, as_it_stands
from alerts.incidents.history import History
from alerts.incidents.incidents import Incidents
from alerts.incidents.telling import Telling
from alerts.listing import link_id, read
from alerts.plans.contacts import Contact, Digest, Way
from alerts.plans.plan import Budget, Plan, Plans
from alerts.plans.rules import Rule
from alerts.tables import BUDGET, DIGEST_ENTRY, INCIDENT, INCIDENT_EVENT, INCIDENT_LINK, INCIDENT_POST, METADATA, OUTBOX
from classify.verdict import Label, Severity
from flow.clock import ManualClock
from flow.database import Database
from flow.errors import BadInput
from registry.holder import Part
from registry.official import Consent, Official
from registry.official import Contact as RegistryContact
from tests import databases
from tests.alerts.people import AT, alert, official, recipient, verdict
from tests.alerts.test_deliver import Scripted, render
from tests.alerts.world import World as IncidentWorld
from tests.alerts.world import told
from tests.databases import open_file

DESK = Contact(
    name="Beredskap Ekvik",
    language="sv",
    channels=(Way(channel="email", address="jour@ekvik.example"),),
    digests=("daily",),
)
OPERATOR = Recipient("Drift", "webhook", "https://drift.example", "en", show_text=False)
LIMIT = 3


class World:
    """An outbox behind budgets."""

    def __init__(self, database: Database, *, digests: tuple[Digest, ...] = ()) -> None:
        self.database = database
        self.clock = ManualClock(AT)
        self.outbox = Outbox(database, clock=self.clock)
        self.her: Official = official()
        desk = Contact(
            name="Jouren",
            language="sv",
            channels=(Way(channel="email", address="jour@ekvik.example"),),
            digests=digests,
        )
        self.plans = Plans(
            Plan((Rule(name="any", severity="low"),), contacts={desk.name: desk}, budget=Budget(per_hour=LIMIT))
        )
        given = {"plans": lambda: self.plans, "clock": self.clock}
        self.budgets = Budgets(
            database,
            officials=lambda id: self.her if id == self.her.id else None,
            operator=lambda *, at, severity: (OPERATOR,),
            **given,  # type: ignore[arg-type]
        )
        self.telling = Telling(database, outbox=self.outbox, budgets=self.budgets, clock=self.clock)
        given |= {"telling": self.telling, "officials": lambda: [self.her]}
        given |= {"operator": lambda *, at, severity: (OPERATOR,)}
        self.digests = Digests(database, **given)  # type: ignore[arg-type]

    def alert(
        self, number: int, *, severity: Severity = "high", labels: tuple[Label, ...] = ("harassment",), **to: str
    ) -> Alert:
        judged = verdict(f"bluesky:{number}", severity=severity, labels=labels)
        told = Told("raised", 1, 1, 0, step=1, key=str(number))
        made = alert(judged, recipient(to.get("address", "vakt@ekvik.example")))
        return replace(made, incident=f"i{number}", told=told)

    def tell(self, *alerts: Alert) -> tuple[int, int]:
        """How many alerts and how many bulletins go out."""
        items = self.telling.tell(alerts)
        bulletins = sum(isinstance(item.content, Bulletin) for item in items)
        return len(items) - bulletins, bulletins

    def bulletins(self) -> list[tuple[str, str, dict[str, str]]]:
        """Kind, address and values of all that wait."""
        items: list[Item] = [item for name in ("email", "webhook") for item in self.outbox.due(1000, channel=name)]
        return [
            (item.content.kind, item.recipient.address, item.content.values)
            for item in items
            if isinstance(item.content, Bulletin)
        ]

    def entries(self) -> int:
        return len(self.database.query(select(DIGEST_ENTRY)))


@pytest.fixture(params=databases.KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    yield from databases.opened(request.param, request)


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def test_beyond_the_budget_alerts_are_collected_and_people_are_told(world: World) -> None:
    assert world.tell(*(world.alert(number) for number in range(10))) == (LIMIT, 2)
    assert world.entries() == 7
    told = world.bulletins()
    until = (AT + timedelta(hours=1)).isoformat()
    values = {"per_hour": str(LIMIT), "held": "7", "until": until, "contact": ""}
    whose = values | {"contact": "Beredskap Ekvik"}
    assert told == [("budget", "vakt@ekvik.example", values), ("budget", "https://drift.example", whose)]
    assert world.tell(world.alert(11)) == (0, 0)
    events = [each.event for number in (5, 11) for each in world.telling._history.of(f"i{number}")]
    assert events == ["digested", "digested"]
    assert [each.event for each in world.telling._history.of("i3")] == ["digested", "budget-used-up"]


@pytest.mark.parametrize(
    ("severity", "labels"), [("low", ("threat",)), ("critical", ("hate",)), ("medium", ("doxxing", "hate"))]
)
def test_what_is_urgent_always_passes_and_does_not_count(
    world: World, severity: Severity, labels: tuple[Label, ...]
) -> None:
    urgent = [world.alert(number, severity=severity, labels=labels) for number in range(20)]
    assert world.tell(*urgent) == (20, 0)
    assert world.tell(*(world.alert(number) for number in range(20, 20 + LIMIT))) == (LIMIT, 0)


def test_that_somebody_has_answered_neither_waits_nor_counts(world: World) -> None:
    def overtaken(number: int) -> Alert:
        made = world.alert(number)
        return replace(made, told=Told("overtaken", 1, 1, 0, step=1, key=f"answer {number}"))

    assert world.tell(*map(overtaken, range(LIMIT + 2))) == (LIMIT + 2, 0)
    assert world.tell(*(world.alert(number) for number in range(20, 20 + LIMIT))) == (LIMIT, 0)


def test_each_address_has_a_budget_of_its_own_and_each_hour_a_new_one(world: World) -> None:
    assert world.tell(*(world.alert(number) for number in range(LIMIT))) == (LIMIT, 0)
    assert world.tell(world.alert(10, address="other@ekvik.example")) == (1, 0)
    world.clock.advance(3599)
    assert world.tell(world.alert(11))[0] == 0
    world.clock.advance(1)
    assert world.tell(world.alert(12)) == (1, 0)


def test_what_was_told_before_neither_counts_again_nor_is_held_back(world: World) -> None:
    first, second, *others = (world.alert(number) for number in range(LIMIT))
    assert world.tell(first, first, second) == (2, 0)
    assert world.tell(first, second) == (0, 0)
    assert world.tell(*others) == (LIMIT - 2, 0), "the budget has room for it"
    assert world.tell(first, second, *others) == (0, 0)
    assert (world.entries(), world.digests.send()) == (0, 0)
    assert {each.event for each in History(world.database).of(first.incident)} == {"told"}


def test_what_waited_for_an_address_of_before_counts_at_that_of_now(world: World) -> None:
    """Whoever has a former address again is told by it once more."""
    alerts = [world.alert(number) for number in range(LIMIT)]
    assert world.tell(*alerts) == (LIMIT, 0)
    for item in world.outbox.due(1000, channel="email"):
        moved = replace(item.delivery, state="withdrawn", reason=MOVED)
        world.telling.record([Result(moved, contact=item.recipient.name)])
    world.clock.advance(3600)
    assert world.tell(*alerts) == (LIMIT, 0)
    assert world.tell(world.alert(LIMIT)) == (0, 2)


def test_growth_that_was_held_back_from_one_contact_counts_for_no_other(database: Database) -> None:
    ways = {name: (Way(channel="email", address=f"{name}@ekvik.example"),) for name in ("vaken", "sover")}
    quiet = {"vaken": None, "sover": "13:00-14:00"}
    contacts = {
        name: Contact(name=name, language="sv", channels=way, quiet=quiet[name], timezone="UTC")
        for name, way in ways.items()
    }
    rule = Rule(name="grave", severity="low", contacts=("contact:vaken", "contact:sover"))
    incidents = IncidentWorld(database, Plan((rule,), contacts=contacts, budget=Budget(per_hour=2)))
    budgets = Budgets(
        database,
        plans=lambda: incidents.plans,
        officials=lambda id: incidents.her,
        operator=lambda *, at, severity: (OPERATOR,),
        clock=incidents.clock,
    )
    incidents.telling = Telling(database, outbox=incidents.outbox, clock=incidents.clock, budgets=budgets)
    incidents.incidents = incidents.opened()
    awake, asleep = (replace(recipient(f"{name}@ekvik.example"), name=name, rule="grave") for name in ways)
    asleep = replace(asleep, not_before=AT.replace(hour=14, minute=0))
    for number, text in enumerate((TEXTS[0], f"{TEXTS[0]} nu")):
        incidents.take(incidents.raised(number, text, to=(awake, asleep)))
    incidents.deliver()
    incidents.clock.advance(3600)
    assert incidents.incidents.advance(incidents.one.id) == 1
    assert list(map(told, incidents.waiting().values())) == [("grown", 2, asleep.address)]
    for number in (2, 3):
        assert incidents.take(incidents.raised(number, to=(awake,))) == [("raised", 1, awake.address)]
    assert database.query(select(DIGEST_ENTRY)) == []


def test_what_quiet_hours_hold_back_counts_when_it_is_due(world: World) -> None:
    morning = AT + timedelta(hours=8)

    def held(number: int) -> Alert:
        made = world.alert(number)
        return replace(made, recipients=(replace(made.recipients[0], not_before=morning),))

    assert world.tell(*map(held, range(LIMIT + 2)))[0] == LIMIT
    assert world.tell(*(world.alert(number) for number in range(10, 10 + LIMIT)))[0] == LIMIT


def test_an_hour_later_the_contact_is_told_how_much_it_was(world: World) -> None:
    world.tell(*(world.alert(number) for number in range(10)))
    world.clock.advance(3599)
    assert world.digests.send() == 0
    world.clock.advance(1)
    assert world.digests.send() == 1
    assert world.entries() == 0
    held = [values["held"] for kind, address, values in world.bulletins() if address == "vakt@ekvik.example"]
    assert held == ["7", "7"]
    # It goes on: of the next hour she is told at its beginning, too, and at its end.
    assert world.tell(*(world.alert(number) for number in range(10, 20))) == (LIMIT, 2)
    assert len([each for each in world.bulletins() if each[1] == "vakt@ekvik.example"]) == 3
    world.clock.advance(3600)
    assert world.digests.send() == 1
    world.clock.advance(1)
    assert world.budgets.tidy() == LIMIT
    assert len(world.database.query(select(BUDGET))) == LIMIT


TEXTS = ("Vägen till sjön är stängd", "Budgeten på måndag", "Ny matsal till hösten", "Öppet på söndagar")


def incidents_of(world: World) -> Incidents:
    return Incidents(
        world.database,
        telling=world.telling,
        plans=lambda: world.plans,
        officials=lambda id: world.her if id == world.her.id else None,
        clock=world.clock,
    )


def raised(world: World, *texts: str, to: Recipient | None = None) -> list[str]:
    """The incidents of posts that are about hate and say these things, of which the recipient is told."""
    incidents, before = incidents_of(world), {each.id for each in incidents_of(world).open()}
    for number, text in enumerate(texts):
        judged = verdict(f"bluesky:{len(before) + number}", text=text, labels=("hate",))
        incidents.take([alert(judged, to or recipient())])
    return [each.id for each in incidents.open() if each.id not in before]


def sent(world: World, item: Item, **changes: Any) -> None:
    """A message arrives, or comes to another end."""
    delivery = replace(item.delivery, state="delivered", at=world.clock.now())
    lists = tuple(listed_in(item.content))
    world.telling.record([Result(replace(delivery, **changes), contact=item.recipient.name, listed=lists)])


def digest_of(world: World) -> Item:
    """The newest digest to the desk that waits."""
    waiting = [item for item in world.outbox.due(1000, channel="email") if isinstance(item.content, Bulletin)]
    return next(item for item in reversed(waiting) if "listed" in item.content.values)


def listed(item: Item) -> list[str]:
    assert isinstance(item.content, Bulletin)
    return [each.incident for each in read(item.content.values["listed"])]


class Erasing:
    """A database; an official is erased while somebody waits for a lock."""

    def __init__(self, inner: Database, erase: Callable[[], object]) -> None:
        self._inner = inner
        self._erase = erase

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def lock(self, name: str) -> None:
        self._erase()
        self._inner.lock(name)


def test_who_is_erased_while_a_digest_is_put_together_is_not_in_it(database: Database) -> None:
    world = World(database, digests=("daily",))
    [incident] = raised(world, "Ett inlägg", to=replace(recipient("jour@ekvik.example"), name="Jouren"))
    world.clock.advance(timedelta(hours=18).total_seconds())
    erasing = Erasing(database, lambda: incidents_of(world).erase(world.her.id))
    world.digests._database = cast(Database, erasing)
    before = world.digests._lately({world.her.id}, AT, tenant="", plans=world.plans)
    assert [case.id for case in before] == [incident]
    assert world.digests.send() == 1
    item = digest_of(world)
    assert isinstance(item.content, Bulletin)
    assert (item.content.kind, item.content.values["incidents"], listed(item)) == ("digest-daily", "1", [])
    assert database.query(select(INCIDENT_LINK)) == []


@pytest.mark.parametrize("show_text", [True, False])
def test_what_is_told_in_brief_can_be_answered_without_an_account(world: World, show_text: bool) -> None:
    raised(world, *TEXTS, to=recipient(show_text=show_text))
    world.clock.advance(3600)
    assert world.digests.send() == 1
    item = digest_of(world)
    [incident] = listed(item)
    columns = INCIDENT_LINK.c.delivery, INCIDENT_LINK.c.contact, INCIDENT_LINK.c.show_text
    found = world.database.query(select(*columns).where(INCIDENT_LINK.c.incident == incident))
    assert found == [(link_id(item.delivery.id, incident), "Beredskap Ekvik", show_text)]


def test_who_was_told_in_brief_is_written_down_when_it_has_gone_out(world: World) -> None:
    raised(world, *TEXTS)
    world.clock.advance(3600)
    world.digests.send()
    item = digest_of(world)
    [incident] = listed(item)
    history = History(world.database)
    assert "in-digest" not in [each.event for each in history.of(incident)]
    sent(world, item, state="waiting", attempts=1, reason="not now")
    assert "in-digest" not in [each.event for each in history.of(incident)]
    world.clock.advance(60)
    sent(world, item)
    told = history.of(incident)[-1]
    assert (told.event, told.contact, told.channel, told.at) == (
        "in-digest",
        "Beredskap Ekvik",
        "email",
        world.clock.now(),
    )


async def test_of_what_was_left_out_as_the_message_went_out_nobody_was_told_in_brief(desk: World) -> None:
    desk.digests.send()
    item = digest_of(desk)
    first, *others = listed(item)
    incidents_of(desk).answer(first, "resolve", by="Beredskap Ekvik")
    assert isinstance(item.content, Bulletin)
    told_now = as_it_stands(
        desk.database, item.content, item.recipient, officials=lambda id: desk.her, at=desk.clock.now()
    )
    sender = Sender(
        channels={"email": Scripted()},
        render=render,
        clock=desk.clock,
        give_up_after=timedelta(hours=24),
        send_seconds=5.0,
    )
    desk.telling.record([await sender.send(replace(item, content=told_now))])
    told = {each: [line.event for line in History(desk.database).of(each)] for each in (first, *others)}
    assert ["in-digest" in told[each] for each in (first, *others)] == [False, *(True for _ in others)]


async def test_a_digest_goes_by_the_contacts_next_channel_where_the_first_fails(world: World) -> None:
    ways = ("voice", "+46701740605"), ("email", "vakt@ekvik.example"), ("sms", "+46701740606")
    channels = tuple(Way(channel=channel, address=address) for channel, address in ways)
    rut = Contact(name="Beredskap Ekvik", language="sv", channels=channels)
    world.plans = Plans(
        Plan((Rule(name="any", severity="low"),), contacts={rut.name: rut}, budget=Budget(per_hour=LIMIT))
    )
    raised(world, *TEXTS)
    world.clock.advance(3600)
    world.digests.send()
    item = digest_of(world)
    sender = Sender(
        channels={"email": Scripted(script=[BadInput("no such mailbox")])},
        render=render,
        clock=world.clock,
        give_up_after=timedelta(hours=24),
        send_seconds=5.0,
    )
    world.telling.record([await sender.send(item)])
    [instead] = world.outbox.due(10, channel="sms")
    assert instead.content == replace(item.content, recipient=instead.recipient)
    assert instead.recipient.instead == ()
    [incident] = listed(instead)
    links = world.database.query(select(INCIDENT_LINK.c.delivery).where(INCIDENT_LINK.c.incident == incident))
    assert (link_id(instead.delivery.id, incident),) in links


def test_of_what_was_erased_meanwhile_no_digest_writes_anything_down(world: World) -> None:
    raised(world, *TEXTS)
    world.clock.advance(3600)
    world.digests.send()
    item = digest_of(world)
    [incident] = listed(item)
    incidents_of(world).erase(world.her.id)
    History(world.database).erase(world.her.id)
    sent(world, item)
    assert History(world.database).of(incident) == []
    assert world.database.query(select(INCIDENT_LINK)) == []


def test_no_link_is_made_to_what_is_being_erased(request: pytest.FixtureRequest) -> None:
    """On PostgreSQL, where two transactions write at once: the digest waits until the erasure is over."""
    for database in databases.opened("postgres", request):
        world = World(database)
        raised(world, *TEXTS)
        world.clock.advance(3600)
        with ThreadPoolExecutor(1) as beside:
            with database.transaction():
                incidents_of(world).erase(world.her.id)
                sending = beside.submit(world.digests.send)
                wait([sending], timeout=0.5)
                assert not sending.done()
            assert sending.result() == 0
        assert database.query(select(INCIDENT_LINK)) == []


def unreadable(world: World, incident: str) -> None:
    """A newer program has written it, and this one cannot read it."""
    newer = update(INCIDENT).where(INCIDENT.c.id == incident)
    world.database.execute(newer.values(content=b'{"kind": "alert", "version": 99}'))


def test_an_incident_that_cannot_be_read_keeps_no_digest_from_the_others(world: World) -> None:
    """Neither what was collected nor the day in brief; while versions change, a newer program has written it."""
    raised(world, *TEXTS)
    held = world.database.query(select(DIGEST_ENTRY.c.incident))
    [told, *_] = [each.id for each in incidents_of(world).open() if (each.id,) not in held]
    unreadable(world, told)
    world.clock.advance(3600)
    assert world.digests.send() == 1
    assert listed(digest_of(world)) == [incident for (incident,) in held]
    world.plans = Plans(replace(world.plans.default, contacts={"Beredskap Ekvik": DESK}))
    world.clock.advance(16 * 3600)
    assert world.digests.send() == 1
    many = len(incidents_of(world).open()) - 1
    assert len(listed(digest_of(world))) == many > 0


@pytest.mark.parametrize("end", ["delivered", "failed"])
def test_what_is_told_in_a_digest_says_so_once_it_was(world: World, end: State) -> None:
    raised(world, *TEXTS)
    its = INCIDENT_POST.c.incident == DIGEST_ENTRY.c.incident
    ((held,),) = world.database.query(select(INCIDENT_POST.c.alert).where(its))

    def stands() -> Standing:
        return Standings(world.database, clock=world.clock).of([held], world.her.id)[held]

    assert stands() == Standing("digest")
    world.clock.advance(3600)
    world.digests.send()
    assert stands() == Standing("underway")
    sent(world, digest_of(world), state=end)
    told = ("Beredskap Ekvik",)
    assert stands() == (Standing("in-digest", told=told) if end == "delivered" else Standing("failed"))


@pytest.fixture
def desk(world: World) -> World:
    """Its desk, which has been told of four incidents, gets the day in brief at seven."""
    world.plans = Plans(replace(world.plans.default, contacts={"Beredskap Ekvik": DESK}))
    raised(world, *TEXTS[:LIMIT], to=recipient(address="jour@ekvik.example"))
    world.clock.advance(17 * 3600)
    return world


@pytest.mark.parametrize(
    ("consent", "many"),
    [
        ({}, LIMIT),
        ({"labels": ("hate",)}, LIMIT),
        ({"labels": ("threat",)}, 0),
        ({"scope": ("mastodon",)}, 0),
        ({"recipients": ("Somebody else",)}, 0),
    ],
    ids=["all", "its label", "another label", "another source", "another contact"],
)
def test_what_consent_no_longer_covers_is_neither_listed_nor_counted(
    desk: World, consent: dict[str, Any], many: int
) -> None:
    desk.her = official(consents=(replace(Consent(("*",), AT - timedelta(days=30)), **consent),))
    assert desk.digests.send() == 1
    item = digest_of(desk)
    assert isinstance(item.content, Bulletin)
    assert len(listed(item)) == many
    assert {item.content.values[name] for name in ("incidents", "open", "posts")} == {str(many)}


def test_there_may_be_any_number_of_officials(desk: World) -> None:
    """More than a statement may have parameters."""
    others = [replace(desk.her, id=f"other-{number}") for number in range(70_000)]
    desk.digests._officials = lambda: [desk.her, *others]
    assert desk.digests.send() == 1
    assert len(listed(digest_of(desk))) == LIMIT


def test_what_was_withdrawn_is_not_listed(desk: World) -> None:
    """Nor is it when the consent is given anew: as an alert it would not be told again either."""
    first, *others = desk.outbox.due(10, channel="email")
    sent(desk, first, state="withdrawn", reason="withdrawn")
    for each in others:
        sent(desk, each)
    desk.digests.send()
    assert sorted(listed(digest_of(desk))) == sorted(each.content.incident for each in others)


def test_what_is_over_or_may_not_be_told_any_more_leaves_a_digest_that_waits(desk: World) -> None:
    desk.digests.send()
    item = digest_of(desk)
    assert isinstance(item.content, Bulletin)

    def stands() -> list[str]:
        assert isinstance(item.content, Bulletin)
        told = as_it_stands(
            desk.database, item.content, item.recipient, officials=lambda id: desk.her, at=desk.clock.now()
        )
        return [each.incident for each in read(told.values["listed"])]

    first, *others = listed(item)
    assert stands() == [first, *others]
    incidents_of(desk).answer(first, "resolve", by="Beredskap Ekvik")
    assert stands() == others
    desk.her = official(consents=(Consent(("*",), AT, labels=("threat",)),))
    assert stands() == []


def test_of_what_a_digest_does_not_list_it_says_how_much_there_is(world: World) -> None:
    world.plans = Plans(replace(world.plans.default, contacts={"Beredskap Ekvik": DESK}, budget=Budget(per_hour=99)))
    words = ["bron", "skolan", "torget", "hamnen", "badet", "parken", "museet", "stationen", "kyrkan", "biblioteket"]
    texts = [f"Nej till {word} vid {other}" for word, other in zip(words, reversed(words), strict=True)]
    for text in [*texts, *TEXTS]:
        raised(world, text, to=recipient(address="jour@ekvik.example"))
        world.clock.advance(1200)
    many = len(incidents_of(world).open())
    assert many > MOST
    world.clock.advance(17 * 3600 - 14 * 1200)
    world.digests.send()
    item = digest_of(world)
    assert isinstance(item.content, Bulletin)
    assert (len(listed(item)), item.content.values["more"]) == (MOST, str(many - MOST))
    # So it does when it goes out, of what is open then.
    first, *others = [each.id for each in incidents_of(world).open() if each.id not in listed(item)]
    stands = partial(
        as_it_stands, world.database, item.content, item.recipient, officials=lambda id: world.her, at=world.clock.now()
    )
    assert stands().values["more"] == str(1 + len(others))
    for each in (*others, listed(item)[0]):
        incidents_of(world).answer(each, "resolve", by="Beredskap Ekvik")
    assert stands().values["more"] == "1"
    incidents_of(world).answer(first, "resolve", by="Beredskap Ekvik")
    assert stands().values["more"] == "0"


def test_of_whom_consent_says_no_more_nothing_is_told(world: World) -> None:
    world.tell(*(world.alert(number) for number in range(10)))
    world.her = official(consents=(Consent(("*",), AT, labels=("threat",)),))
    world.clock.advance(3600)
    assert world.digests.send() == 0
    assert world.entries() == 0


def collected(world: World) -> list[tuple[str, str, str]]:
    """Name, address and number of what was held back, of each message that tells it."""
    waiting = [item for name in ("email", "webhook") for item in world.outbox.due(1000, channel=name)]
    return [
        (item.recipient.name, item.recipient.address, item.content.values["held"])
        for item in waiting
        if isinstance(item.content, Bulletin) and item.content.key.startswith("collected")
    ]


def test_an_address_that_two_contacts_have_is_told_for_each_what_is_covered_for_it(world: World) -> None:
    """Consents name contacts: the official's own, and the plan's, which has the same desk under another name."""
    desk = RegistryContact("Beredskap Ekvik", "email", "jour@ekvik.example", "sv")
    both = {"contacts": (desk,), "consents": (Consent(("*",), AT, recipients=("Jouren",)),)}
    world.her = official(**both)  # type: ignore[arg-type]
    plan = replace(recipient("jour@ekvik.example"), name="Jouren")
    alerts = [world.alert(number, address="jour@ekvik.example") for number in range(LIMIT + 5)]
    world.tell(*(replace(each, recipients=(plan,)) for each in alerts[:-2]), *alerts[-2:])
    world.clock.advance(3600)
    assert world.digests.send() == 1
    assert collected(world) == [("Jouren", "jour@ekvik.example", "3")]
    assert world.entries() == 0


def test_who_has_another_address_by_now_is_told_there(world: World) -> None:
    world.tell(*(world.alert(number, address="gone@ekvik.example") for number in range(10)))
    world.clock.advance(3600)
    assert world.digests.send() == 1
    assert collected(world) == [("Beredskap Ekvik", "vakt@ekvik.example", "7")]


def test_who_is_called_otherwise_by_now_is_told_at_her_address(world: World) -> None:
    """So is one for whom a program held something back that wrote down no names."""
    world.her = official(contacts=(RegistryContact("Vakten", "email", "vakt@ekvik.example", "sv"),))
    world.tell(*(world.alert(number) for number in range(LIMIT + 2)))
    world.tell(world.alert(10, address="jour@ekvik.example"))
    world.tell(*(world.alert(number, address="jour@ekvik.example") for number in range(11, 10 + LIMIT + 1)))
    world.database.execute(update(DIGEST_ENTRY).where(DIGEST_ENTRY.c.incident == "i13").values(name=""))
    world.clock.advance(3600)
    assert world.digests.send() == 2
    assert sorted(collected(world)) == [("Jouren", "jour@ekvik.example", "1"), ("Vakten", "vakt@ekvik.example", "2")]


def move(world: World, contact: Contact) -> None:
    """She belongs to another municipality from now on; its plan names this contact."""
    plan = replace(world.plans.default, contacts={contact.name: contact}, budget=Budget(per_hour=99))
    world.plans = Plans(world.plans.default, {"sandvik": plan})
    world.her = replace(world.her, tenant="sandvik")


JOUR = replace(recipient("jour@ekvik.example"), name="Jouren")


@pytest.mark.parametrize("name", ["Jouren", "Vakten"])
def test_what_was_held_back_goes_to_those_of_the_former_municipality(world: World, name: str) -> None:
    *_, held = raised(world, *TEXTS, to=JOUR)
    ways = (Way(channel="email", address="jour@sandvik.example"),)
    move(world, Contact(name=name, language="sv", channels=ways))
    world.clock.advance(3600)
    assert world.digests.send() == 1
    assert collected(world) == [("Jouren", "jour@ekvik.example", "1")]
    item = digest_of(world)
    assert (listed(item), item.content.values["per_hour"]) == ([held], str(LIMIT))  # type: ignore[union-attr]
    assert "nobody-left" not in [each.event for each in History(world.database).of(held)]


def test_the_budget_is_that_of_the_former_municipality_too(world: World) -> None:
    [incident] = raised(world, TEXTS[0], to=JOUR)
    move(world, DESK)
    alerts = [replace(world.alert(number, address=JOUR.address), incident=incident) for number in range(LIMIT)]
    assert world.tell(*alerts) == (LIMIT - 1, 2)
    assert {values["per_hour"] for _, _, values in world.bulletins()} == {str(LIMIT)}


@pytest.mark.parametrize("address", ["jour@sandvik.example", "jour@ekvik.example"])
def test_the_day_in_brief_is_that_of_the_contacts_own_municipality(database: Database, address: str) -> None:
    """Though the other one has a contact of that name, perhaps the very same."""
    world = World(database, digests=("daily",))
    world.clock.advance(16.5 * 3600)
    former = raised(world, *TEXTS[:LIMIT], "Simhallen renoveras", to=JOUR)
    move(
        world,
        Contact(name="Jouren", language="sv", channels=(Way(channel="email", address=address),), digests=("daily",)),
    )
    new = raised(world, TEXTS[LIMIT], to=replace(JOUR, address=address))
    world.clock.advance(0.5 * 3600)
    assert world.digests.send() == 2
    found = {}
    for item in world.outbox.due(1000, channel="email"):
        if isinstance(told := item.content, Bulletin) and told.kind == "digest-daily":
            found[told.tenant] = item
            numbers = [told.values[name] for name in ("incidents", "posts", "open", "held")]
            its = former if told.tenant == "" else new
            assert (set(listed(item)), numbers) == (set(its), [*([str(len(its))] * 3), str(len(its) // 4)])
    assert found.keys() == {"", "sandvik"}
    told = found["sandvik"].content
    more = replace(told, values=told.values | {"more": "9"})
    stands = as_it_stands(
        database, more, found["sandvik"].recipient, officials=lambda id: world.her, at=world.clock.now()
    )
    assert stands.values["more"] == "0"


@pytest.mark.parametrize("left", [(), (RegistryContact("Vakten", "email", "vakt@ekvik.example", "sv"),)])
def test_what_nobody_can_be_told_of_any_more_the_operator_is_told(
    world: World, left: tuple[RegistryContact, ...]
) -> None:
    """Nobody has the address any more, or somebody whom consent does not name."""
    world.tell(*(world.alert(number) for number in range(LIMIT + 2)))
    world.her = official(contacts=left, consents=(Consent(("*",), AT, recipients=("Beredskap Ekvik",)),))
    world.clock.advance(3600)
    assert (world.digests.send(), world.entries()) == (1, 0)
    *_, (kind, address, values) = world.bulletins()
    assert (kind, address) == ("budget", OPERATOR.address)
    assert {name: values[name] for name in ("contact", "held", "untold")} == {
        "contact": "Beredskap Ekvik",
        "held": "2",
        "untold": "yes",
    }
    last = [History(world.database).of(f"i{number}")[-1] for number in (LIMIT, LIMIT + 1)]
    assert [(each.event, each.contact) for each in last] == [("nobody-left", "Beredskap Ekvik")] * 2


def test_a_clock_that_is_put_back_loses_nothing_that_was_held(world: World) -> None:
    for first in (0, 100):
        world.tell(*(world.alert(number) for number in range(first, first + 10)))
        world.clock.advance(3600)
        assert world.digests.send() == 1
        world.clock.advance(-3000)
    world.clock.advance(3000)
    assert [held for *_, held in collected(world)] == ["7", "10"]


def test_the_operator_as_the_last_resort_has_no_budget(world: World) -> None:
    asked = Told("last-resort", 1, 1, 0, step=1, key="last")
    alerts = [replace(world.alert(number), told=asked, recipients=(OPERATOR,)) for number in range(20)]
    assert world.tell(*alerts) == (20, 0)
    assert world.entries() == 0
    # Another last resort has one, and so has what reaches her address as a contact's.
    others = [replace(each, recipients=(recipient(),)) for each in alerts]
    assert world.tell(*others)[0] == LIMIT
    hers = [replace(world.alert(number), recipients=(OPERATOR,)) for number in range(20, 30)]
    assert world.tell(*hers)[0] == LIMIT


def test_what_is_held_back_goes_with_the_consent_to_its_contact(world: World) -> None:
    world.tell(*(world.alert(number) for number in range(LIMIT + 2)))
    part, incidents = Part("recipient", "Beredskap Ekvik"), incidents_of(world)
    before = incidents.count(world.her.id, part)
    assert before == incidents.erase(world.her.id, part) > 2
    assert (world.entries(), incidents.count(world.her.id, part)) == (0, 0)


def test_of_what_is_held_back_the_day_in_brief_counts_what_consent_covers(desk: World) -> None:
    desk.tell(*(desk.alert(number, address="jour@ekvik.example") for number in range(100, 102 + LIMIT)))
    for consents, held in (((), "2"), ((Consent(("*",), AT, labels=("threat",)),), "0")):
        desk.her = official(consents=consents)
        assert desk.digests.send() == 1
        item = digest_of(desk)
        assert isinstance(item.content, Bulletin)
        assert item.content.values["held"] == held
        desk.clock.advance(86_400)


def test_a_day_and_a_week_in_brief(database: Database) -> None:
    world = World(database, digests=("daily", "weekly"))
    for number, (hours, who) in enumerate([(35, world.her.id), (11, world.her.id), (10, world.her.id), (10, "other")]):
        world.clock.advance((AT - timedelta(hours=hours) - world.clock.now()).total_seconds())
        incidents_of(world).take([alert(verdict(f"bluesky:{number}", text=TEXTS[number], mentions=(who,)))])
    world.clock.advance((AT - world.clock.now()).total_seconds())
    # AT is Tuesday 14:05 in Stockholm: the day's digest is late, and still sent; the week's is not.
    world.clock.advance(-4 * 3600)
    assert world.digests.send() == 1
    ((kind, address, values),) = world.bulletins()
    assert (kind, address) == ("digest-daily", "jour@ekvik.example")
    assert {name: values[name] for name in ("posts", "before", "incidents", "open", "held")} == {
        "posts": "2",
        "before": "1",
        "incidents": "2",
        "open": "3",
        "held": "0",
    }
    assert values["until"] == "2026-03-03T06:00:00+00:00"
    assert world.digests.send() == 0
    restarted = Digests(
        database, telling=world.telling, plans=lambda: world.plans, officials=lambda: [world.her], clock=world.clock
    )
    assert restarted.send() == 0
    world.her = official(consents=(Consent(("*",), AT - timedelta(days=30), recipients=("Nobody",)),))
    world.clock.advance(6 * 86_400)
    assert world.digests.send() == 2
    told = {kind: values["posts"] for kind, _, values in world.bulletins()[1:]}
    assert told == {"digest-daily": "0", "digest-weekly": "0"}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with closing(open_file(tmp_path_factory.mktemp("budget") / "turvakt.db")) as database:
        yield database


batches = st.lists(
    st.tuples(st.integers(0, 4000), st.lists(st.tuples(st.booleans(), st.sampled_from("ab")), max_size=8)), max_size=6
)


@settings(deadline=None, max_examples=40)
@given(batches=batches)
def test_no_threat_waits_and_no_address_has_more_than_its_budget_in_any_hour(
    file: Database, batches: list[tuple[int, list[tuple[bool, str]]]]
) -> None:
    """Whatever comes, and when: each alert goes out or is collected, and none of either twice."""
    for table in (OUTBOX, INCIDENT_LINK, INCIDENT_EVENT, BUDGET, DIGEST_ENTRY):
        file.execute(table.delete())
    world, number = World(file), 0
    passed: dict[str, list[float]] = {}
    others = threats = 0
    for pause, batch in batches:
        world.clock.advance(pause)
        alerts = []
        for threat, name in batch:
            number += 1
            labels: tuple[Label, ...] = ("threat",) if threat else ("hate",)
            alerts.append(world.alert(number, labels=labels, address=f"{name}@ekvik.example"))
            threats, others = threats + threat, others + (not threat)
        for item in world.telling.tell(alerts):
            if isinstance(item.content, Alert):
                urgent = item.content.breaks_through
                threats, others = threats - urgent, others - (not urgent)
                if not urgent:
                    passed.setdefault(item.recipient.address, []).append(world.clock.now().timestamp())
    assert (threats, others) == (0, world.entries())
    for times in passed.values():
        assert all(later - first >= 3600 for first, later in zip(times, times[LIMIT:], strict=False))


def test_of_ten_thousand_posts_in_a_minute_every_threat_is_told_and_the_rest_is_a_few_messages(
    file: Database,
) -> None:
    """Against one official: through grouping, growth, steps that nobody answers, and the budget."""
    for table in METADATA.sorted_tables:
        file.execute(table.delete())
    world, chance = World(file), Random(7)
    words = [f"{first}{last}" for first in ("väg", "bro", "skol", "torg", "sjö") for last in map(chr, range(97, 123))]
    incidents = Incidents(
        file,
        telling=world.telling,
        plans=lambda: world.plans,
        officials=lambda id: world.her,
        account=lambda post: post.author.id or "",
        operator=lambda at, severity: (OPERATOR,),
        clock=world.clock,
    )
    threats = set()
    for second in range(60):
        alerts = []
        for number in range(second * 167, (second + 1) * 167):
            threat = number % 200 == 0
            text = " ".join(chance.sample(words, 12)) if threat else f"Nej till bron {number % 40}"
            judged = verdict(
                f"bluesky:{number}", text=text, severity="medium", labels=("threat" if threat else "hate",)
            )
            author = replace(judged.post.author, id=str(number % 300))
            post = replace(judged.post, author=author, created_at=world.clock.now())
            alerts.append(alert(replace(judged, post=post), recipient()))
            threats |= {post.id} if threat else set()
        incidents.take(alerts)
        world.clock.advance(1)
    for _ in range(40):
        world.clock.advance(60)
        for each in incidents.due(world.clock.now()):
            incidents.advance(each)
    rows = file.query(select(OUTBOX.c.post, OUTBOX.c.threat, OUTBOX.c.at).where(OUTBOX.c.alert_id != ""))
    assert len(threats) == 51
    assert threats <= {post for post, threat, _ in rows if threat}
    told = [each for each in incidents.history.since(AT, events=["told"]) if each.contact != OPERATOR.name]
    # A message each, and how the flood grows: the other 9,969 posts are no more than that.
    assert len(threats) <= len(told) <= len(threats) + 2 * LIMIT + 10
