"""From the outbox to people: at least once, with the same key, and no channel in the way of another one."""

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from itertools import islice, repeat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.alert import DELIVERIES, Alert, Delivery, Recipient, Told
from alerts.channel import Held, Later, Unsure
from alerts.content import Content, to_one
from alerts.delivery.dispatcher import NAMED_WITHIN, Dispatcher, NotNamed
from alerts.delivery.outbox import UNREADABLE_AGAIN, Outbox, Result
from alerts.delivery.sending import growing
from alerts.incidents.history import History
from alerts.incidents.holder import IncidentHolder
from alerts.incidents.telling import Telling
from alerts.messages.message import Message
from alerts.stage import DELIVERIES_TOPIC, recording
from flow.clock import ManualClock
from flow.errors import BadInput, Broken, Unavailable
from flow.logs.sqlite import SqliteLog
from tests.alerts.people import AT, alert, recipient, verdict
from tests.databases import open_file

SOON = 5.0
Fault = Exception | str | None


class Scripted:
    """A channel that does what its script says, try by try; then it delivers. ``hang`` waits until `release` is set."""

    def __init__(self, name: str = "email", script: Sequence[Fault] = ()) -> None:
        self.name = name
        self.script = list(script)
        self.tries: list[str] = []
        self.delivered: list[str] = []
        self.retracted: list[str] = []
        self.trying = asyncio.Event()
        self.release = asyncio.Event()

    def check(self, address: str) -> None:
        """Takes any."""

    async def send(self, message: Message, *, recipient: Recipient, idempotency_key: str) -> None:
        fault = self.script.pop(0) if self.script else None
        self.tries.append(idempotency_key)
        self.trying.set()
        if fault == "hang":
            await self.release.wait()
        elif isinstance(fault, Exception):
            raise fault
        self.delivered.append(idempotency_key)

    async def retract(self, idempotency_key: str) -> None:
        self.retracted.append(idempotency_key)

    async def close(self) -> None:
        """Nothing is open."""


async def step(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


def render(told: Content, recipient: Recipient, delivery: str) -> Message:
    return Message("subject", "text", {}, told.official, delivery)


class World:
    """A database, and dispatchers over it that may come and go."""

    def __init__(self, path: Path) -> None:
        self.clock = ManualClock(AT)
        self.database = open_file(path)
        self.log = SqliteLog(self.database, clock=self.clock)
        self.outbox = Outbox(self.database, clock=self.clock)
        self.telling = Telling(self.database, outbox=self.outbox, clock=self.clock)
        self.consent = True

    def dispatcher(self, *channels: Scripted, **options: Any) -> Dispatcher:
        defaults: dict[str, Any] = {
            "outbox": self.outbox,
            "channels": {channel.name: channel for channel in channels},
            "render": render,
            "commit": recording(telling=self.telling, log=self.log),
            "allowed": lambda alert, recipient: alert if self.consent else None,
            "step": step,
            "clock": self.clock,
            "pauses": lambda: repeat(10.0),
            "idle_seconds": 0.01,
        }
        return Dispatcher(**{**defaults, **options})

    @asynccontextmanager
    async def running(self, *channels: Scripted, **options: Any) -> AsyncIterator[Dispatcher]:
        dispatcher = self.dispatcher(*channels, **options)
        task = asyncio.create_task(dispatcher.run())
        try:
            yield dispatcher
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def add(self, *posts: str, channel: str = "email", **options: Any) -> list[str]:
        before = set(self.waiting())
        self.outbox.add([alert(verdict(post), recipient(channel=channel, **options)) for post in posts])
        return sorted(set(self.waiting()) - before)

    def waiting(self) -> list[str]:
        return [row[0] for row in self.database.query("SELECT id FROM outbox WHERE state = 'waiting'")]

    def told(self) -> list[tuple[str, str, int, str | None]]:
        entries = self.log.browse(DELIVERIES_TOPIC)
        records = [DELIVERIES.decode(entry.value) for entry in entries]
        return [(record.id, record.state, record.attempts, record.reason) for record in records]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "turvakt.db")
    yield world
    world.database.close()


async def test_delivers_and_writes_it_down(world: World) -> None:
    channel = Scripted()
    keys = world.add("bluesky:1", "bluesky:2")
    async with world.running(channel) as dispatcher:
        assert await dispatcher.drained(at_most=SOON)
    assert sorted(channel.delivered) == keys
    assert world.outbox.counts()["delivered"] == 2
    assert sorted(world.told()) == [(key, "delivered", 1, None) for key in keys]
    assert {entry.key for entry in world.log.browse(DELIVERIES_TOPIC)} == {"bluesky:1", "bluesky:2"}


async def test_tries_again_with_the_same_key(world: World, caplog: pytest.LogCaptureFixture) -> None:
    channel = Scripted(script=[Unavailable("busy"), ValueError("quotes a name"), Unavailable("busy")])
    (key,) = world.add("bluesky:1")
    async with world.running(channel) as dispatcher:
        for tries in (1, 2, 3, 4):
            assert await dispatcher.drained(at_most=SOON)
            assert channel.tries == [key] * tries
            world.clock.advance(9.9)
            assert await dispatcher.drained(at_most=SOON)
            assert channel.tries == [key] * tries
            world.clock.advance(0.1)
    assert world.told() == [(key, "waiting", 1, "busy"), (key, "delivered", 4, None)]
    assert "name" not in caplog.text


async def test_what_we_hold_back_ourselves_is_no_failed_try(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """However often: no other channel takes its turn, nothing is given up, and nobody is told that the channel fails."""
    email, sms = Scripted(script=[Held("enough for now", seconds=25)] * 4), Scripted("sms")
    world.outbox.add([alert(verdict(), replace(recipient(), instead=INSTEAD))])
    (key,) = world.waiting()
    async with world.running(email, sms, give_up_after=timedelta(seconds=20)) as dispatcher:
        for tries in (1, 2, 3, 4, 5):
            assert await dispatcher.drained(at_most=SOON)
            assert email.tries == [key] * tries
            world.clock.advance(24.9)
            assert await dispatcher.drained(at_most=SOON)
            assert email.tries == [key] * tries
            world.clock.advance(0.1)
    assert (email.delivered, sms.tries, caplog.messages) == ([key], [], [])
    assert world.told()[-1] == (key, "delivered", 1, None)


async def test_what_we_hold_back_after_a_failure_is_no_news(world: World) -> None:
    channel = Scripted(script=[Unavailable("busy"), *[Held("enough for now", seconds=10)] * 3])
    (key,) = world.add("bluesky:1")
    async with world.running(channel) as dispatcher:
        for _ in range(5):
            assert await dispatcher.drained(at_most=SOON)
            world.clock.advance(10)
        assert await dispatcher.drained(at_most=SOON)
    assert world.told() == [(key, "waiting", 1, "busy"), (key, "delivered", 2, None)]


@pytest.mark.parametrize(("asked", "pause"), [(60.0, 60.0), (3.0, 10.0)], ids=["longer than ours", "shorter"])
async def test_a_pause_that_the_service_asks_for_is_kept(world: World, asked: float, pause: float) -> None:
    channel = Scripted(script=[Later("busy", seconds=asked)])
    (key,) = world.add("bluesky:1")
    async with world.running(channel) as dispatcher:
        assert await dispatcher.drained(at_most=SOON)
        world.clock.advance(pause - 0.1)
        assert await dispatcher.drained(at_most=SOON)
        assert channel.tries == [key]
        world.clock.advance(0.1)
        assert await dispatcher.drained(at_most=SOON)
    assert world.told() == [(key, "waiting", 1, "busy"), (key, "delivered", 2, None)]


async def test_a_refusal_for_good_fails_at_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    (key,) = world.add("bluesky:1")
    async with world.running(Scripted(script=[BadInput("no such mailbox")])) as dispatcher:
        assert await dispatcher.drained(at_most=SOON)
    assert world.told() == [(key, "failed", 1, "no such mailbox")]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


INSTEAD = (("sms", "+46700000000"),)


@pytest.mark.parametrize(
    ("script", "tries", "told"),
    [
        ([BadInput("no such mailbox")], 1, "no such mailbox"),
        ([Unavailable("busy")] * 3, 3, "failed over after 3 tries. busy"),
    ],
    ids=["refused", "failed three times"],
)
async def test_the_next_channel_of_the_contact_takes_over(
    world: World, script: Sequence[Fault], tries: int, told: str
) -> None:
    email, sms = Scripted(script=script), Scripted("sms")
    world.outbox.add([alert(verdict(), replace(recipient(), instead=INSTEAD))])
    (first,) = world.waiting()
    async with world.running(email, sms) as dispatcher:
        for _ in range(4):
            assert await dispatcher.drained(at_most=SOON)
            world.clock.advance(10)
    assert (email.tries, len(sms.delivered)) == ([first] * tries, 1)
    assert world.outbox.counts() == {"waiting": 0, "delivered": 1, "failed": 1, "withdrawn": 0}
    assert (first, "failed", tries, told) in world.told()


async def test_what_is_urgent_goes_by_the_next_channel_after_one_failure_and_is_still_tried_on_the_first(
    world: World,
) -> None:
    email, sms = Scripted(script=[Unavailable("busy")] * 5), Scripted("sms")
    world.outbox.add([alert(verdict(severity="critical"), replace(recipient(), instead=INSTEAD))])
    async with world.running(email, sms) as dispatcher:
        assert await dispatcher.drained(at_most=SOON)
        assert (len(email.tries), len(sms.delivered)) == (1, 1)
        for _ in range(6):
            world.clock.advance(10)
            assert await dispatcher.drained(at_most=SOON)
    assert (len(email.delivered), len(sms.delivered)) == (1, 1)


async def test_is_given_up_after_a_day(world: World) -> None:
    channel = Scripted(script=[Unavailable("busy")] * 2)
    (key,) = world.add("bluesky:1", not_before=AT + timedelta(hours=9))
    async with world.running(channel) as dispatcher:
        world.clock.advance(9 * 3600)
        assert await dispatcher.drained(at_most=SOON)
        world.clock.advance(24 * 3600)
        assert await dispatcher.drained(at_most=SOON)
    assert world.told()[-1] == (key, "failed", 2, "given up after 2 tries. busy")


async def test_a_pause_that_the_service_asks_for_holds_back_no_threat(world: World) -> None:
    channel = Scripted(script=[Later("busy", seconds=3600.0)] * 62)
    world.outbox.add([alert(verdict(labels=("threat",)))])
    async with world.running(channel) as dispatcher:
        for minute in range(1, 62):
            assert await dispatcher.drained(at_most=SOON)
            assert len(channel.tries) == minute
            world.clock.advance(60)
        assert await dispatcher.drained(at_most=SOON)
    assert len(channel.tries) == 61, "after an hour it is heeded"


async def test_a_threat_is_never_given_up_and_in_the_first_hour_tried_each_minute(world: World) -> None:
    channel = Scripted(script=[Unavailable("busy")] * 4)
    world.outbox.add([alert(verdict(labels=("threat",)))])
    (key,) = world.waiting()
    tries = []
    async with world.running(channel, pauses=lambda: repeat(300.0)) as dispatcher:
        for seconds in (60, 60, 7 * 24 * 3600, 60, 240, 0):
            assert await dispatcher.drained(at_most=SOON)
            tries.append(len(channel.tries))
            world.clock.advance(seconds)
    assert tries == [1, 2, 3, 4, 4, 5]
    assert world.told()[-1] == (key, "delivered", 5, None)


@pytest.mark.parametrize("labels", [("threat",), ("insult",)])
async def test_what_may_have_arrived_comes_again_less_and_less_often_and_not_for_ever(
    world: World, labels: tuple[str, ...]
) -> None:
    """Of a call nobody knows whether it rang: it must not ring each minute, nor for days."""
    channel = Scripted(script=[Unsure("no answer")] * 100)
    world.outbox.add([alert(verdict(labels=labels))])
    (key,) = world.waiting()
    tries: list[int] = []
    async with world.running(channel) as dispatcher:
        for minute in range(26 * 60):
            assert await dispatcher.drained(at_most=SOON)
            tries += [minute] * (len(channel.tries) - len(tries))
            world.clock.advance(60)
    assert tries == [0, 1, 2, 4, 8, 16, 32, *range(64, 24 * 60, 60), 64 + 23 * 60]
    assert world.told()[-1] == (key, "failed", len(tries), f"given up after {len(tries)} tries. no answer")


async def test_a_threat_is_not_given_up_when_a_service_that_was_away_for_long_leaves_it_open_once(world: World) -> None:
    """Nor does it wait for as long again as the service was away."""
    script = [*[Unavailable("away")] * 3, Unsure("no answer"), Unavailable("away"), Unsure("no answer")]
    channel = Scripted(script=script)
    world.outbox.add([alert(verdict(labels=("threat",)))])
    (key,) = world.waiting()
    states = []
    async with world.running(channel, pauses=lambda: repeat(60.0)) as dispatcher:
        for seconds in (60, 60, 24 * 3600, 60, 60, 60):
            assert await dispatcher.drained(at_most=SOON)
            states.append((len(channel.tries), world.outbox.counts()["failed"]))
            world.clock.advance(seconds)
    assert states == [(1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 1)], "twice is enough"
    assert world.told()[-1] == (key, "failed", 6, "given up after 6 tries. no answer")


async def test_what_may_have_arrived_goes_by_the_next_channel_at_once_if_it_is_urgent(world: World) -> None:
    call, sms = Scripted(script=[Unsure("no answer")]), Scripted("sms")
    world.outbox.add([alert(verdict(labels=("threat",)), replace(recipient(), instead=INSTEAD))])
    async with world.running(call, sms) as dispatcher:
        assert await dispatcher.drained(at_most=SOON)
    assert (len(call.tries), len(sms.delivered)) == (1, 1)


async def test_a_dead_channel_is_told_of_once_and_once_when_it_is_back(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.add(*(f"bluesky:{number}" for number in range(20)))
    channel = Scripted(script=[Unavailable("busy")] * 50)
    with caplog.at_level(logging.INFO, logger="alerts"):
        async with world.running(channel) as dispatcher:
            for _ in range(4):
                assert await dispatcher.drained(at_most=SOON)
                world.clock.advance(10)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert caplog.messages[0] == "channel email fails, its deliveries are tried again. busy"
    assert world.outbox.counts()["delivered"] == 20


async def test_a_channel_that_is_not_set_up_is_waited_for(world: World) -> None:
    (key,) = world.add("bluesky:1", channel="pigeon")
    async with world.running() as dispatcher:
        assert await dispatcher.drained(at_most=SOON)
    ((found, state, _, reason),) = world.told()
    assert (found, state) == (key, "waiting")
    assert "channel pigeon: is not set up" in (reason or "")
    world.clock.advance(10)
    async with world.running(Scripted("pigeon")) as dispatcher:
        assert await dispatcher.drained(at_most=SOON)
    assert world.outbox.counts()["delivered"] == 1


async def test_a_dead_channel_delays_no_other(world: World) -> None:
    dead, alive = Scripted("webhook", ["hang"] * 1000), Scripted("email")
    world.add(*(f"bluesky:{number}" for number in range(50)), channel="webhook")
    async with world.running(dead, alive, at_once=4, grace_seconds=0.01) as dispatcher:
        await asyncio.wait_for(dead.trying.wait(), SOON)
        keys = world.add(*(f"feed:{number}" for number in range(50)))
        async with asyncio.timeout(SOON):
            while world.outbox.counts()["delivered"] < 50:
                await asyncio.sleep(0)
        assert not await dispatcher.drained(at_most=0.05)
        assert len(dead.tries) == 4
    assert sorted(alive.delivered) == keys
    assert world.outbox.counts() == {"waiting": 50, "delivered": 50, "failed": 0, "withdrawn": 0}


async def test_a_channel_that_hangs_is_tried_again(world: World) -> None:
    channel = Scripted(script=["hang"])
    (key,) = world.add("bluesky:1")
    async with world.running(channel, send_seconds=0.02) as dispatcher:
        assert await dispatcher.drained(at_most=SOON)
        world.clock.advance(10)
        assert await dispatcher.drained(at_most=SOON)
    assert channel.delivered == [key]
    assert world.told()[0][3] == "channel email: took longer than 0.02 s"


async def test_no_consent_any_more_no_delivery(world: World) -> None:
    channel = Scripted()
    (key,) = world.add("bluesky:1")
    world.consent = False
    async with world.running(channel) as dispatcher:
        assert await dispatcher.drained(at_most=SOON)
    assert channel.tries == []
    assert world.told() == [(key, "withdrawn", 0, "withdrawn")]


async def test_what_cannot_be_read_of_one_message_keeps_no_other_from_going_out(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A digest may list an incident that a newer program has written: it waits for one that can read it."""
    channel = Scripted()
    (first,), (second,) = world.add("bluesky:1"), world.add("bluesky:2")
    newer = {"bluesky:1"}

    def allowed(told: Content, to: Recipient) -> Content:
        assert isinstance(told, Alert)
        if told.verdict.post.id in newer:
            raise BadInput("is of version 99", place="incident")
        return told

    async with world.running(channel, allowed=allowed) as dispatcher:
        assert await dispatcher.drained(at_most=SOON)
        assert channel.delivered == [second]
        assert world.waiting() == [first]
        newer.clear()
        world.clock.advance(UNREADABLE_AGAIN.total_seconds())
        assert await dispatcher.drained(at_most=SOON)
    assert channel.delivered == [second, first]
    assert len([each for each in caplog.messages if "cannot be read" in each]) == 1


async def test_what_nobody_is_to_be_disturbed_for_waits_for_the_morning_and_rings_nobody_up(world: World) -> None:
    """Somebody has answered while it waited; of that there is nothing to be done."""
    mail, call = Scripted(), Scripted("voice")
    (written,), (rung,) = world.add("bluesky:1"), world.add("bluesky:1", channel="voice")
    morning = AT + timedelta(hours=8)

    def allowed(told: Content, to: Recipient) -> Content:
        assert isinstance(told, Alert)
        answered = Told("answered", posts=1, accounts=1, minutes=0, step=1)
        return to_one(replace(told, told=answered), replace(to, not_before=morning))

    async with world.running(mail, call, allowed=allowed) as dispatcher:
        assert await dispatcher.drained(at_most=SOON)
        assert (mail.tries, call.tries, world.waiting()) == ([], [], [written])
        assert world.told() == [(rung, "withdrawn", 0, "answered")]
        world.clock.advance(8 * 3600 - 1)
        assert await dispatcher.drained(at_most=SOON)
        assert (world.outbox.oldest(), world.outbox.overdue(timedelta(0))) == ({}, 0)
        world.clock.advance(1)
        assert await dispatcher.drained(at_most=SOON)
    assert (mail.delivered, call.tries) == ([written], [])


async def test_what_was_put_off_is_looked_at_again(world: World) -> None:
    """Handed over between the look at it and its being put off: it is news for whoever waits for it."""
    mail, held = Scripted(), [AT + timedelta(hours=8)]
    (written,) = world.add("bluesky:1")

    def allowed(told: Content, to: Recipient) -> Content:
        return to_one(told, replace(to, not_before=held[0] if held else None))

    async with world.running(mail, allowed=allowed) as dispatcher:
        assert await dispatcher.drained(at_most=SOON)
        held.clear()
        world.clock.advance(5 * 60)
        assert await dispatcher.drained(at_most=SOON)
    assert mail.delivered == [written]


@pytest.mark.parametrize("channel", ["email", "sms"])
async def test_what_waits_for_an_address_of_before_goes_to_the_one_of_now(world: World, channel: str) -> None:
    mail, sms, sent = Scripted(), Scripted("sms"), dict[str, Recipient]()

    def allowed(told: Content, to: Recipient) -> Content:
        return to_one(told, replace(to, channel=channel, address="new", show_text=False, not_before=None))

    def remembered(told: Content, to: Recipient, delivery: str) -> Message:
        sent[delivery] = to
        return render(told, to, delivery)

    told = Told("raised", posts=1, accounts=1, minutes=0, step=1)
    of = replace(alert(verdict(), recipient(show_text=True)), incident="i", told=told)
    (item,) = world.telling.tell([of])
    async with world.running(mail, sms, allowed=allowed, render=remembered) as dispatcher:
        assert await dispatcher.drained(at_most=SOON)
    ((delivery, to),) = sent.items()
    assert (to.channel, to.address, mail.delivered + sms.delivered) == (channel, "new", [delivery])
    assert world.told() == [(item.delivery.id, "withdrawn", 0, "moved"), (delivery, "delivered", 1, None)]
    assert {each.delivery for each in History(world.database).of("i")} == {item.delivery.id, delivery}


async def test_of_what_a_newer_message_replaces_it_is_written_down_that_it_was(world: World) -> None:
    """Also of what came together with that; and once."""
    mail = Scripted()
    first, second, third = (
        replace(alert(verdict()), incident="i", told=Told("grown", number, 1, 0, step=1, key=str(number)))
        for number in (2, 5, 10)
    )
    told = [*world.telling.tell([first, second]), *world.telling.tell([third])]
    deliveries = [item.delivery.id for item in told]
    async with world.running(mail) as dispatcher:
        assert await dispatcher.drained(at_most=SOON)
        dispatcher.wake()
        assert await dispatcher.drained(at_most=SOON)
    assert mail.delivered == deliveries[-1:]
    assert sorted(world.told()) == sorted(
        [*((id, "withdrawn", 0, "replaced") for id in deliveries[:-1]), (deliveries[-1], "delivered", 1, None)]
    )
    ends = [each for each in History(world.database).of("i") if each.event == "withdrawn"]
    assert [(each.delivery, each.contact, each.result) for each in ends] == [
        (id, recipient().name, "replaced") for id in deliveries[:-1]
    ]


async def test_what_is_replaced_by_another_process_as_it_is_picked_goes_out_and_ends_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail, replaced = Scripted(), world.outbox.replaced
    numbers = iter((5,))

    def grown(number: int) -> Alert:
        told = Told("grown", number, 1, 0, step=1, key=str(number))
        return replace(alert(verdict()), incident="i", told=told)

    def after_another(limit: int, *, besides: Collection[str]) -> list[tuple[Delivery, str]]:
        world.telling.tell([grown(number) for number in islice(numbers, 1)])
        return replaced(limit, besides=besides)

    monkeypatch.setattr(world.outbox, "replaced", after_another)
    (first,) = world.telling.tell([grown(2)])
    async with world.running(mail) as dispatcher:
        assert await dispatcher.drained(at_most=SOON)
    assert len(mail.delivered) == 2
    assert mail.delivered[0] == first.delivery.id
    assert {state for _, state, _, _ in world.told()} == {"delivered"}


@pytest.mark.parametrize("named", [True, False])
async def test_whom_no_plan_names_yet_is_told_a_moment_later_or_not_at_all(world: World, named: bool) -> None:
    """Processes look at the files of plans one after another."""
    mail, known = Scripted(), list[bool]()

    def allowed(told: Content, to: Recipient) -> Content:
        if not known:
            raise NotNamed
        return to_one(told, to)

    (id,) = world.add("bluesky:1")
    async with world.running(mail, allowed=allowed) as dispatcher:
        assert await dispatcher.drained(at_most=SOON)
        assert (mail.tries, world.told()) == ([], [])
        known += [True] if named else []
        world.clock.advance((NAMED_WITHIN / 2 if named else NAMED_WITHIN).total_seconds())
        dispatcher.wake()
        assert await dispatcher.drained(at_most=SOON)
    assert [state for _, state, _, _ in world.told()] == ["delivered" if named else "withdrawn"]
    assert mail.delivered == ([id] if named else [])


async def test_no_consent_to_the_text_any_more_no_text(world: World) -> None:
    channel, rendered = Scripted(), []

    def remembered(told: Content, recipient: Recipient, delivery: str) -> Message:
        rendered.append(recipient.show_text)
        return render(told, recipient, delivery)

    (key,) = world.add("bluesky:1", show_text=True)
    withheld = {
        "allowed": lambda told, to: to_one(told, replace(to, show_text=False)),
        "render": remembered,
    }
    async with world.running(channel, **withheld) as dispatcher:
        assert await dispatcher.drained(at_most=SOON)
    assert channel.delivered == [key]
    assert rendered == [False]


async def test_killed_between_sending_and_writing_down(world: World) -> None:
    """The process ends before the result is on the disk: the message comes again, with the same key."""

    def killed(results: Sequence[Result]) -> Collection[str]:
        raise Broken("killed")

    (key,) = world.add("bluesky:1")
    first, second = Scripted(), Scripted()
    with pytest.raises(Broken, match="killed"):
        await world.dispatcher(first, commit=killed).run()
    assert world.outbox.counts()["waiting"] == 1
    async with world.running(second) as dispatcher:
        assert await dispatcher.drained(at_most=SOON)
    assert first.delivered == second.delivered == [key]
    assert world.told() == [(key, "delivered", 1, None)]


async def test_stopped_in_the_middle_it_finishes_what_is_on_its_way(world: World) -> None:
    channel = Scripted(script=["hang"])
    (key,) = world.add("bluesky:1")
    task = asyncio.create_task(world.dispatcher(channel).run())
    await asyncio.wait_for(channel.trying.wait(), SOON)
    task.cancel()
    asyncio.get_running_loop().call_later(0.01, channel.release.set)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert world.told() == [(key, "delivered", 1, None)]


async def test_stopped_in_the_middle_it_does_not_wait_for_ever(world: World) -> None:
    channel = Scripted(script=["hang"])
    world.add("bluesky:1")
    async with world.running(channel, grace_seconds=0.01):
        await asyncio.wait_for(channel.trying.wait(), SOON)
    assert world.outbox.counts()["waiting"] == 1
    assert world.told() == []


async def test_stopped_in_the_middle_one_that_hangs_does_not_cost_the_others_their_results(world: World) -> None:
    hanging, quick = Scripted("webhook", ["hang"]), Scripted("email", ["hang"])
    world.add("bluesky:1", channel="webhook")
    (key,) = world.add("bluesky:2")
    async with world.running(hanging, quick, grace_seconds=0.3):
        await asyncio.wait_for(hanging.trying.wait(), SOON)
        await asyncio.wait_for(quick.trying.wait(), SOON)
        asyncio.get_running_loop().call_later(0.02, quick.release.set)
    assert world.told() == [(key, "delivered", 1, None)]
    assert world.outbox.counts()["waiting"] == 1


async def test_stopped_while_the_database_is_locked(world: World) -> None:
    locked = asyncio.Event()

    async def waiting(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if args:  # the only step with an argument writes results down
            locked.set()
            await asyncio.Event().wait()
        return function(*args, **kwargs)

    channel = Scripted()
    world.add("bluesky:1")
    async with world.running(channel, step=waiting, grace_seconds=0.01):
        await asyncio.wait_for(locked.wait(), SOON)
    assert world.outbox.counts()["waiting"] == 1


async def test_results_that_cannot_be_written_at_the_end_are_told(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async def waiting(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if args:
            await asyncio.Event().wait()
        return function(*args, **kwargs)

    channel = Scripted(script=["hang"])
    world.add("bluesky:1")
    async with world.running(channel, step=waiting, grace_seconds=0.05, idle_seconds=60.0):
        await asyncio.wait_for(channel.trying.wait(), SOON)
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(0.01, channel.release.set)
    assert "will be sent again" in caplog.text
    assert world.outbox.counts()["waiting"] == 1


async def test_erased_while_on_its_way(world: World) -> None:
    channel = Scripted(script=["hang"])
    (key,) = world.add("bluesky:1")
    async with world.running(channel) as dispatcher:
        await asyncio.wait_for(channel.trying.wait(), SOON)
        world.outbox.erase("anna-lindqvist")
        channel.release.set()
        assert await dispatcher.drained(at_most=SOON)
    assert channel.retracted == [key]
    assert world.told() == []
    assert world.outbox.count("anna-lindqvist") == 0


@pytest.mark.parametrize("erased", [False, True], ids=["", "and erased"])
async def test_replaced_on_its_way_it_has_arrived_all_the_same(world: World, erased: bool) -> None:
    def grown(number: int) -> Alert:
        told = Told("grown", number, 1, 0, step=1, key=str(number))
        return replace(alert(verdict(f"bluesky:{number}")), incident="i1", told=told)

    channel = Scripted(script=["hang"])
    world.telling.tell([grown(2)])
    async with world.running(channel) as dispatcher:
        await asyncio.wait_for(channel.trying.wait(), SOON)
        [first] = channel.tries
        world.telling.tell([grown(5)])
        assert first not in world.waiting()
        if erased:
            for holder in (world.outbox, IncidentHolder(world.database, clock=world.clock)):
                holder.erase("anna-lindqvist")
        channel.release.set()
        assert await dispatcher.drained(at_most=SOON)
    said = [each.event for each in History(world.database).of_delivery(first)]
    assert said == (["told"] if erased else ["told", "delivered"])


async def test_can_be_woken_from_any_thread(world: World) -> None:
    channel = Scripted()
    dispatcher = world.dispatcher(channel, idle_seconds=60.0)
    dispatcher.wake()  # before it runs: nothing happens
    task = asyncio.create_task(dispatcher.run())
    assert await dispatcher.drained(at_most=SOON)
    world.add("bluesky:1")
    threading.Thread(target=dispatcher.wake).start()
    await asyncio.wait_for(channel.trying.wait(), SOON)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    dispatcher.wake()  # after it ran: nothing happens


async def test_looks_by_itself_for_what_has_become_due(world: World) -> None:
    channel = Scripted()
    world.add("bluesky:1", not_before=AT + timedelta(hours=1))
    async with world.running(channel) as dispatcher:
        assert await dispatcher.drained(at_most=SOON)
        assert channel.tries == []
        world.clock.advance(3600)
        await asyncio.wait_for(channel.trying.wait(), SOON)


async def test_a_slow_channel_is_waited_for_as_long_as_it_delivers(world: World) -> None:
    class Slow(Scripted):
        async def send(self, message: Message, *, recipient: Recipient, idempotency_key: str) -> None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.release.wait(), 0.06)
            await super().send(message, recipient=recipient, idempotency_key=idempotency_key)

    channel = Slow()
    keys = world.add(*(f"bluesky:{number}" for number in range(12)))
    async with world.running(channel, at_once=1) as dispatcher:
        assert await dispatcher.drained(at_most=0.5)
    assert sorted(channel.delivered) == keys


async def test_somebody_may_stop_waiting(world: World) -> None:
    channel = Scripted(script=["hang"])
    world.add("bluesky:1")
    async with world.running(channel) as dispatcher:
        await asyncio.wait_for(channel.trying.wait(), SOON)
        assert not await dispatcher.drained(at_most=0.01)
        channel.release.set()
        assert await dispatcher.drained(at_most=SOON)


def test_pauses_grow_up_to_five_minutes() -> None:
    pauses = [pause for pause, _ in zip(growing(), range(20), strict=False)]
    assert 0.5 <= pauses[0] <= 1
    assert all(150 <= pause <= 300 for pause in pauses[10:])


faults = st.sampled_from(["ok", "unavailable", "unexpected", "crash"])


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=st.lists(faults, max_size=12), number=st.integers(1, 5), seed=st.integers(0, 10**9))
def test_whatever_happens_every_alert_arrives_and_ends_once(
    tmp_path: Path, script: list[str], number: int, seed: int
) -> None:
    """At least once to the recipient, with one key each; exactly once in the topic ``deliveries``."""
    world = World(tmp_path / f"{seed}-{number}-{'-'.join(script)}"[:200])

    async def scenario() -> None:
        keys = world.add(*(f"bluesky:{each}" for each in range(number)))
        kinds: dict[str, Fault] = {"ok": None, "unavailable": Unavailable("x"), "unexpected": KeyError("x")}
        channel = Scripted(script=[kinds[fault] for fault in script if fault != "crash"])
        crashes = iter([fault == "crash" for fault in script])
        commit = recording(telling=world.telling, log=world.log)

        def crashing(results: Sequence[Result]) -> Collection[str]:
            if next(crashes, False):
                raise Broken("killed")
            return commit(results)

        while world.waiting():
            dispatcher = world.dispatcher(channel, commit=crashing)
            running = asyncio.create_task(dispatcher.run())
            draining = asyncio.create_task(dispatcher.drained(at_most=SOON))
            await asyncio.wait((running, draining), return_when=asyncio.FIRST_COMPLETED)
            running.cancel()
            draining.cancel()
            await asyncio.gather(running, draining, return_exceptions=True)
            world.clock.advance(10)
        assert set(channel.delivered) == set(keys)
        ends = Counter(key for key, state, _, _ in world.told() if state == "delivered")
        assert ends == dict.fromkeys(keys, 1)

    try:
        asyncio.run(scenario())
    finally:
        world.database.close()
