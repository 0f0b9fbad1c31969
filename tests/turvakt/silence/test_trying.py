"""Channels are tried without sending: what would not work is told before there is something to send."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerts.alert import Recipient
from alerts.bulletin import Bulletin
from alerts.channel import AGAIN
from alerts.messages.message import Message
from flow.clock import ManualClock
from flow.errors import TurvaktError, Unavailable
from tests.alerts.services import Elks
from turvakt.settings import Settings
from turvakt.watch.beats import LOST, Beat, Beats
from turvakt.watch.channels import Channels, place_of
from turvakt.watch.setup import trying, watcher
from turvakt.watch.trouble import Trouble
from turvakt.watch.trying import Trying, unready
from turvakt.wiring import Parts

MINUTE = timedelta(minutes=1)
WAYS = [("ntfy", "a-topic"), ("matrix", "!room"), ("webhook", "https://one.example/1")]


@dataclass
class Service:
    """A channel that nothing is sent by; ``fault``: what is wrong with its service."""

    name: str
    fault: Exception | None = None
    hangs: bool = False
    tried: int = 0

    def check(self, address: str) -> None: ...

    async def send(self, message: Message, *, recipient: Recipient, idempotency_key: str) -> None:
        raise AssertionError("a try sends nothing")

    async def probe(self) -> None:
        self.tried += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.fault is not None:
            raise self.fault

    async def retract(self, idempotency_key: str) -> None: ...

    async def close(self) -> None: ...


async def at_once(function: Any, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


def tries(parts: Parts, *services: Service, **options: Any) -> Trying:
    channels: Mapping[str, Any] = {each.name: each for each in services}
    return Trying(parts.database, channels, ways=lambda: WAYS, step=at_once, clock=parts.clock, **options)


def found(parts: Parts, ways: list[tuple[str, str]] = WAYS) -> dict[str, Trouble]:
    return {each.place: each for each in unready(Beats(parts.database), ways=lambda: ways)(parts.clock.now())}


def away() -> TurvaktError:
    return Unavailable("the server does not answer", place="channel ntfy", remedy=AGAIN)


async def test_what_fails_twice_is_a_trouble_until_it_works(parts: Parts, clock: ManualClock) -> None:
    ntfy, matrix = Service("ntfy", away()), Service("matrix")
    start = clock.now()
    assert await tries(parts, ntfy, matrix).turn()
    assert found(parts) == {}, "the server may only be starting"
    clock.advance(600)
    assert await tries(parts, ntfy, matrix).turn()  # by a process that was started anew
    assert found(parts)["channel:ntfy"].since == start
    assert {place: each.details for place, each in found(parts).items()} == {
        "channel:ntfy": {"failed-at": clock.now().isoformat(), "reason": "channel ntfy: the server does not answer"}
    }
    assert found(parts, WAYS[1:]) == {}, "nobody is told by it any longer"
    ntfy.fault = None
    clock.advance(600)
    assert not await tries(parts, ntfy, matrix).turn()
    assert found(parts) == {}


async def test_one_that_hangs_or_is_broken_keeps_no_other_one_from_being_tried(
    parts: Parts, clock: ManualClock
) -> None:
    services = Service("email", hangs=True), Service("ntfy", RuntimeError("with an address")), Service("matrix", away())
    for _ in range(2):
        await tries(parts, *services, seconds=0.05).turn()
        clock.advance(600)
    assert {place: each.details["reason"] for place, each in found(parts).items()} == {
        "channel:email": "channel email: no answer in time",  # letters go by it, whoever is told of alerts
        "channel:ntfy": "channel ntfy: unexpected RuntimeError",
        "channel:matrix": "channel ntfy: the server does not answer",
    }


async def test_only_what_somebody_is_told_by_is_tried(parts: Parts) -> None:
    services = Service("ntfy"), Service("sms")
    await tries(parts, *services).turn()
    assert [each.tried for each in services] == [1, 0]


async def test_it_is_tried_every_hour_and_sooner_while_it_fails(parts: Parts) -> None:
    ntfy, slept = Service("ntfy", away()), []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        ntfy.fault = None
        if len(slept) == 3:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await tries(parts, ntfy, sleep=sleep).run()
    assert slept == [600, 3600, 3600]


async def test_it_says_nothing_of_deliveries(parts: Parts, clock: ManualClock) -> None:
    """A channel whose service answers may deliver nothing all the same."""
    beats, start = Beats(parts.database), clock.now()
    beats.write([Beat("channel:ntfy", start, None, start, "no answer")], {})
    failing = Channels(parts.database, beats, ways=lambda: WAYS)
    for fault in (None, away()):
        clock.advance(600)
        await tries(parts, Service("ntfy", fault)).turn()
        assert [each.place for each in failing(clock.now())] == ["channel:ntfy"]


@pytest.mark.parametrize(
    ("minute", "worked", "lost", "is_told"),
    [
        (-1, False, "", False),  # it failed before: of that `Channels` tells
        (-1, False, LOST, True),  # but one address alone may have been refused
        (5, False, "", True),
        (5, True, "", True),
        (11, True, "", False),
    ],
)
async def test_what_is_told_of_deliveries_is_not_told_twice_and_goes_before(
    parts: Parts, clock: ManualClock, minute: int, worked: bool, lost: str, is_told: bool
) -> None:
    start, ntfy = clock.now(), Service("ntfy", away())
    await tries(parts, ntfy).turn()
    clock.advance(600)
    await tries(parts, ntfy).turn()
    at = start + minute * MINUTE
    sent = Beat("channel:ntfy", at, at) if worked else Beat("channel:ntfy", at, None, at, f"{lost}no answer")
    Beats(parts.database).write([sent], {})
    assert ("channel:ntfy" in found(parts)) is is_told


async def test_of_several_hosts_one_that_is_away_is_told_whatever_another_one_takes(
    parts: Parts, clock: ManualClock
) -> None:
    ways = [("webhook", "https://turvakt.invalid/1"), ("webhook", "https://two.example/2")]
    one, two = (place_of("webhook", host).replace("channel:", "tried:") for host in ("turvakt.invalid", "two.example"))
    start, beats = clock.now(), Beats(parts.database)
    clock.advance(600)
    beats.write([Beat(one, clock.now(), None, start, "is not found"), Beat(two, clock.now(), clock.now())], {})
    clock.advance(60)
    beats.write([Beat(place_of("webhook", "two.example"), clock.now(), clock.now())], {})
    assert [(each.place, each.details["reason"]) for each in found(parts, ways).values()] == [
        ("channel:webhook", "is not found")
    ]
    (trouble,) = found(parts, ways).values()
    assert found(parts, ways[1:]) == {}
    assert Channels(parts.database, beats, ways=lambda: ways[1:]).unused(trouble)
    beats.write([Beat(one, clock.now(), clock.now())], {})
    assert not Channels(parts.database, beats, ways=lambda: ways).unused(trouble)


def opened(folder: Path, clock: ManualClock, elks: Elks, *, password: str) -> Parts:
    operator = {"name": "Desk", "channel": "sms", "address": "+46701740699", "language": "fi"}
    given = {
        "data": {"dir": str(folder)},
        "sms": {"username": "user", "password": password, "url": f"{elks.url}/a1"},
        "operator": {"contacts": [operator], "disk_free": 0},
    }
    return Parts(msgspec.convert(given, Settings), clock=clock)


def told(parts: Parts) -> list[tuple[str, str, str]]:
    contents = [item.content for item in parts.outbox.due(100, channel="sms")]
    bulletins = [each for each in contents if isinstance(each, Bulletin)]
    return [(each.values["trouble"], each.values["event"], each.values.get("detail.reason", "")) for each in bulletins]


async def test_an_expired_password_is_told_to_the_operator_before_anything_is_sent(
    tmp_path: Path, clock: ManualClock
) -> None:
    async def minutes(parts: Parts, number: int) -> None:
        channels, watch = trying(parts, step=at_once), watcher(parts, step=at_once, monotonic=seconds)
        for minute in range(number):
            if minute % 10 == 0:
                await channels.turn()
            Beats(parts.database).write([Beat("worker:run", clock.now())], {})
            await watch.look()
            clock.advance(60)

    async def closed(parts: Parts) -> None:
        for channel in parts.channels.values():
            await channel.close()

    seconds = lambda: clock.now().timestamp()  # noqa: E731
    async with Elks() as elks:
        with opened(tmp_path, clock, elks, password="of last year") as parts:
            await minutes(parts, 10)
            assert told(parts) == []
            await minutes(parts, 5)
            [(trouble, event, reason)] = told(parts)
            assert (trouble, event) == ("channel-unready", "begins")
            assert reason.startswith("channel sms: the service refused us (401). Check the settings of the channel")
            await closed(parts)
        with opened(tmp_path, clock, elks, password="secret") as parts:
            await minutes(parts, 15)
            assert [(trouble, event) for trouble, event, _ in told(parts)] == [("channel-unready", "over")]
            assert parts.incidents.open() == []
            await closed(parts)
        assert {call.path for call in elks.calls} == {"/a1/me"}
