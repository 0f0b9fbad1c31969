"""Limits of channels: what waits, what passes, and when a channel is left alone."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from alerts.alert import Recipient
from alerts.channel import Held, HersAlone, Later, NotBegun
from alerts.content import addressed, to_one
from alerts.delivery.limits import LEFT_ALONE, Limited, Tried
from alerts.delivery.outbox import Item
from alerts.delivery.sending import Sender
from alerts.messages.message import Message
from flow.clock import ManualClock
from flow.errors import BadInput, Unavailable
from tests.alerts.benches import MESSAGE
from tests.alerts.people import AT, alert, recipient
from tests.alerts.services import Elks
from turvakt.settings import Settings
from turvakt.watch.beats import Beat
from turvakt.watch.channels import place_of
from turvakt.watch.pulse import Pulse
from turvakt.wiring import Parts

PLAIN = replace(MESSAGE, severity="high", threat=False)
THREAT = replace(MESSAGE, severity="medium", threat=True)
CRITICAL = replace(MESSAGE, severity="critical", threat=False)


@dataclass
class Post:
    """A channel in memory that does as it is told."""

    name: str = "email"
    error: Exception | None = None
    sent: list[str] = field(default_factory=list)
    takes: asyncio.Event | None = None

    def check(self, address: str) -> None:
        """Any will do."""

    async def send(self, message: Message, *, recipient: Recipient, idempotency_key: str) -> None:
        self.sent.append(recipient.address)
        if self.takes is not None:
            await self.takes.wait()
        if self.error is not None:
            raise self.error

    async def retract(self, idempotency_key: str) -> None:
        self.sent.remove(idempotency_key)

    async def close(self) -> None:
        self.sent.clear()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(AT)


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def limited(post: Post, clock: ManualClock) -> Limited:
    return Limited(post, per_minute=6, per_address=3, failures=2, pause=timedelta(seconds=30), clock=clock)


async def send(limited: Limited, message: Message = PLAIN, address: str = "a") -> None:
    await limited.send(message, recipient=recipient(address), idempotency_key="k1")


async def test_too_many_to_one_address_wait_and_others_do_not(limited: Limited, post: Post, clock: ManualClock) -> None:
    for _ in range(3):
        await send(limited)
    with pytest.raises(Held) as caught:
        await send(limited)
    await send(limited, address="b")
    clock.advance(caught.value.seconds - 0.1)
    with pytest.raises(Held):
        await send(limited)
    clock.advance(0.2)
    await send(limited)
    assert post.sent == ["a", "a", "a", "b", "a"]


async def test_too_many_of_a_channel_wait(limited: Limited) -> None:
    for number in range(6):
        await send(limited, address=str(number))
    with pytest.raises(Held) as caught:
        await send(limited, address="7")
    assert caught.value.seconds == pytest.approx(10)


@pytest.mark.parametrize("message", [THREAT, CRITICAL])
async def test_what_is_urgent_passes_and_counts(limited: Limited, post: Post, message: Message) -> None:
    for _ in range(10):
        await send(limited, message)
    assert len(post.sent) == 10
    with pytest.raises(Held):
        await send(limited, address="b")


async def test_what_was_not_begun_tells_nothing_of_the_receiver(
    limited: Limited, post: Post, clock: ManualClock
) -> None:
    post.error = NotBegun("others are on their way")
    for _ in range(3):
        with pytest.raises(NotBegun):
            await send(limited)
    assert (limited.open_since, limited.tried()) == (None, [])
    post.error = Unavailable("down")
    for _ in range(2):
        with pytest.raises(Unavailable, match="down"):
            await send(limited, THREAT)
    (left_alone,) = limited.tried()
    post.error = NotBegun("others are on their way")
    with pytest.raises(NotBegun):
        await send(limited, THREAT)
    assert limited.tried() == [left_alone], "nor that it works again"


async def test_a_channel_that_fails_is_left_alone_and_tried_by_one(
    limited: Limited, post: Post, clock: ManualClock
) -> None:
    post.error = Unavailable("down")
    for _ in range(2):
        with pytest.raises(Unavailable, match="down"):
            await send(limited)
    with pytest.raises(Later) as caught:
        await send(limited)
    assert (caught.value.seconds, len(post.sent)) == (30, 2)
    clock.advance(30)
    with pytest.raises(Unavailable, match="down"):
        await send(limited, address="b")
    with pytest.raises(Later):
        await send(limited, address="b")
    clock.advance(30)
    post.error = None
    await send(limited, address="b")
    await send(limited, address="c")


async def test_the_watch_sees_since_when_a_host_is_left_alone_until_it_takes_something(
    limited: Limited, post: Post, clock: ManualClock
) -> None:
    """From the first rest on, whatever is tried meanwhile, and however long nobody tries."""
    pulse, start = Pulse("dispatch", clock, channels=[limited]), clock.now()
    one, two = place_of("email", "one.example"), place_of("email", "two.example")

    def told() -> dict[str, datetime | None]:
        return {each.place: each.failing_since for each in pulse.beats() if each.place in (one, two)}

    async def fail(address: str, error: Exception, kind: type[Exception] = Unavailable) -> None:
        post.error = error
        with pytest.raises(kind):
            await send(limited, THREAT, address)

    await fail("https://one.example/1", Unavailable("down"))
    assert told() == {}  # one failure says nothing
    for _ in range(2):
        await fail("https://one.example/1", Unavailable("down", place="channel email"))
        assert told() == {one: start}
        clock.advance(100)
    for _ in range(2):
        await fail("https://two.example/1", KeyError("a name"), KeyError)
    assert told() == {one: start, two: start + timedelta(seconds=200)}
    clock.advance(36000)
    assert told() == {one: start, two: start + timedelta(seconds=200)}
    await fail("https://one.example/1", BadInput("unknown"), BadInput)
    assert told()[one] == start  # it answers, but has taken nothing
    first, second = (each for each in pulse.beats() if each.place in (one, two))
    assert (first.at, first.reason) == (start + timedelta(seconds=100), "channel email: down")
    assert second.reason == "unexpected KeyError"
    post.error = None
    await send(limited, THREAT, "https://one.example/1")
    assert told() == {one: None, two: start + timedelta(seconds=200)}
    assert limited.open_since == start + timedelta(seconds=200)


async def test_while_one_tries_others_wait(limited: Limited, post: Post, clock: ManualClock) -> None:
    post.error = Unavailable("down")
    for address in "ab":
        with pytest.raises(Unavailable, match="down"):
            await send(limited, address=address)
    clock.advance(30)
    post.error, post.takes = None, asyncio.Event()
    trial = asyncio.create_task(send(limited, address="c"))
    await asyncio.sleep(0)
    with pytest.raises(Later) as caught:
        await send(limited, address="d")
    assert caught.value.seconds == 5
    post.takes.set()
    await trial
    await send(limited, address="d")
    assert post.sent == ["a", "b", "c", "d"]


async def test_what_is_urgent_tries_a_channel_that_is_left_alone_and_opens_it(limited: Limited, post: Post) -> None:
    post.error = Unavailable("down")
    for _ in range(3):
        with pytest.raises(Unavailable, match="down"):
            await send(limited, THREAT)
    post.error = None
    await send(limited, CRITICAL)
    await send(limited, address="b")


async def test_what_is_urgent_for_a_host_that_fails_leaves_room_for_others(limited: Limited, post: Post) -> None:
    post.error, post.takes = Unavailable("down"), asyncio.Event()
    one, two = "https://one.example/1", "https://two.example/1"
    first = [asyncio.create_task(send(limited, THREAT, one)) for _ in range(8)]
    await asyncio.sleep(0)
    assert post.sent == [one] * 8  # nothing is known of it yet
    post.takes.set()
    assert {type(each) for each in await asyncio.gather(*first, return_exceptions=True)} == {Unavailable}
    post.error, post.takes = None, asyncio.Event()
    tries = [asyncio.create_task(send(limited, THREAT, one)) for _ in range(4)]
    await asyncio.sleep(0)
    with pytest.raises(Later, match=LEFT_ALONE):
        await send(limited, THREAT, one)
    other = asyncio.create_task(send(limited, THREAT, two))
    await asyncio.sleep(0)
    assert post.sent[8:] == [one] * 4 + [two]
    post.takes.set()
    await asyncio.gather(*tries, other)
    await asyncio.gather(*(send(limited, THREAT, one) for _ in range(8)))
    assert len(post.sent) == 21


@pytest.mark.parametrize("error", [BadInput("unknown"), HersAlone("full")])
async def test_a_refusal_is_an_answer(limited: Limited, post: Post, error: Exception) -> None:
    post.error = error
    for number in range(5):
        with pytest.raises(type(error)):
            await send(limited, address=str(number))


async def test_one_receiver_that_is_down_closes_no_other(limited: Limited, post: Post) -> None:
    post.error = Unavailable("down")
    for path in ("1", "2"):
        with pytest.raises(Unavailable, match="down"):
            await send(limited, address=f"https://one.example/{path}")
    with pytest.raises(Later):
        await send(limited, address="https://one.example/3")
    post.error = None
    await send(limited, address="https://two.example/1")


async def test_of_a_malformed_web_address_the_channel_says_so(limited: Limited, post: Post) -> None:
    post.error = BadInput("the address is no https address")
    with pytest.raises(BadInput):
        await send(limited, THREAT, address="https://[one.example/1")


async def test_the_watch_sees_who_lost_a_delivery_until_something_is_taken(
    limited: Limited, post: Post, clock: ManualClock
) -> None:
    pulse, start = Pulse("dispatch", clock, channels=[limited]), clock.now()
    limited.gave_up("https://one.example/1", "refused for good")
    clock.advance(60)
    limited.gave_up("https://one.example/2", "refused again")  # whatever another process may have sent meanwhile
    place = place_of("email", "one.example")
    assert pulse.beats()[1] == Beat(place, clock.now(), None, start, "failed for good: refused again")
    limited.gave_up("https://one.example/2", f"channel email: {LEFT_ALONE}")
    assert pulse.beats()[1].reason == "failed for good: refused again"
    assert limited.open_since is None  # what comes next goes out as ever
    await send(limited, address="https://one.example/1")
    assert pulse.beats()[1].failing_since is None


async def test_a_delivery_that_failed_for_good_is_known_of_its_host(
    limited: Limited, post: Post, clock: ManualClock
) -> None:
    to = recipient("https://one.example/1")
    content = to_one(alert(), to)
    sender = Sender(
        channels={"email": limited}, render=lambda *_: PLAIN, clock=clock, give_up_after=timedelta(), send_seconds=1
    )
    item = Item(addressed(content, to, AT)[0], content, to, AT)
    post.error = BadInput("unknown", place="channel email")
    assert (await sender.send(item)).delivery.state == "failed"
    assert limited.tried() == [Tried("one.example", AT, failing_since=AT, reason="channel email: unknown", lost=True)]


async def test_a_channel_has_the_limits_of_the_settings_and_threats_pass_them(tmp_path: Path) -> None:
    async with Elks() as elks:
        given = {
            "data": {"dir": str(tmp_path)},
            "sms": {"username": "user", "password": "secret", "url": f"{elks.url}/a1"},
            "limits": {"channel": {"sms": {"per_minute": 1}}},
        }
        with Parts(msgspec.convert(given, Settings), clock=ManualClock(AT)) as parts:
            sms, to = parts.channels["sms"], recipient("+46701740605", channel="sms")
            await sms.send(PLAIN, recipient=to, idempotency_key="k1")
            with pytest.raises(Held):
                await sms.send(PLAIN, recipient=to, idempotency_key="k2")
            await sms.send(THREAT, recipient=to, idempotency_key="k3")
            await sms.close()
        assert len(elks.taken) == 2
