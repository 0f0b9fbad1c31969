"""A channel, what it talks to, and how to see what arrived there."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from access.push import Subscription, new_key
from alerts.alert import Recipient
from alerts.channel import Channel
from alerts.channels.apprise import Apprise
from alerts.channels.matrix import Matrix
from alerts.channels.ntfy import Ntfy
from alerts.channels.sms import Sms
from alerts.channels.sms_gateway import SmsGateway
from alerts.channels.teams import Teams
from alerts.channels.voice import Voice
from alerts.channels.webpush import WebPush
from alerts.messages.message import Message
from flow.clock import ManualClock
from tests.alerts.people import AT
from tests.alerts.services import (
    Elks,
    Gateway,
    Homeserver,
    Hook,
    NtfyServer,
    PushService,
    Service,
    Workflow,
)

CLOCK = ManualClock(AT)
MESSAGE = Message(
    subject="Turvakt: nytt larm, allvarsgrad hög [3f2a9c]",
    text="Gäller: Åsa Öberg\nhttps://turvakt.ekvik.example/" + "x" * 200 + "\n.\nReferens: 3f2a9c\n",
    facts={"type": "alert.raised", "data": {"official": {"name": "Åsa Öberg"}}},
    official="åsa/öberg",
    post="bluesky:did:plc:x/3k",
    short="Turvakt: hot, svara nu [3f2a9c]",
    spoken="This is Turvakt. Press 1.",
    severity="critical",
    threat=True,
    quote="Tack Åsa Öberg",
)
LINKS = "https://turvakt.ekvik.example/a/"


@dataclass
class Bench:
    """``full``: the channel brings the whole message, and not one line alone. ``service``: the stand-in that it calls."""

    channel: Channel
    good: str
    refused: str
    keys: Callable[[], list[str]]
    text: Callable[[], str]
    break_down: Callable[[], Any]
    repair: Callable[[], Any]
    full: bool = True
    service: Service | None = None

    async def send(self, key: str = "k1", *, address: str | None = None, name: str = "Beredskap Ekvik") -> None:
        to = Recipient(name, self.channel.name, address or self.good, "sv", show_text=False)
        await self.channel.send(replace(MESSAGE, link=f"{LINKS}{key}"), recipient=to, idempotency_key=key)


@dataclass(frozen=True)
class Calling:
    """A channel that calls a service: the stand-in, how to make the channel, and addresses."""

    service: type[Service]
    make: Callable[[Any, float], Channel]
    good: Callable[[Service], str]
    refused: Callable[[Service], str]
    reads: bool = True
    """Whether it looks at what the service answers, beside the status."""


def _push(service: PushService, seconds: float) -> WebPush:
    key = new_key()
    service.public = WebPush.public_key(key)
    path = {"anna": "/push", "bo": "/gone"}

    def browsers(person: str) -> list[Subscription]:
        return [Subscription(service.url + path[person], service.point, service.secret)] if person in path else []

    return WebPush(
        key=key,
        contact="mailto:turvakt@ekvik.example",
        browsers=browsers,
        gone=lambda endpoint: None,
        clock=CLOCK,
        seconds=seconds,
    )


def _account(service: Service, seconds: float) -> dict[str, Any]:
    return {"username": "user", "password": "secret", "url": f"{service.url}/a1", "clock": CLOCK, "seconds": seconds}


def _token(service: Service, seconds: float) -> dict[str, Any]:
    return {"token": "secret", "clock": CLOCK, "seconds": seconds}


CALLING = {
    "sms": Calling(
        Elks, lambda s, t: Sms(sender="Turvakt", **_account(s, t)), lambda s: "+46701740605", lambda s: "+46701740404"
    ),
    "voice": Calling(
        Elks,
        lambda s, t: Voice(sender="+46766860000", audio={"fi": f"{s.url}/fi.mp3"}, **_account(s, t)),
        lambda s: "+46701740605",
        lambda s: "+46701740404",
    ),
    "sms-gateway": Calling(
        Gateway,
        lambda s, t: SmsGateway(url=f"{s.url}/send", **_token(s, t)),
        lambda s: "+358401234567",
        lambda s: "+358401234404",
        reads=False,
    ),
    "teams": Calling(
        Workflow,
        lambda s, t: Teams(clock=CLOCK, seconds=t),
        lambda s: f"{s.url}/workflows/1?sig=secret",
        lambda s: f"{s.url}/gone",
        reads=False,
    ),
    "matrix": Calling(
        Homeserver,
        lambda s, t: Matrix(homeserver=s.url, **_token(s, t)),
        lambda s: "!room:ekvik.example",
        lambda s: "!closed:ekvik.example",
    ),
    "ntfy": Calling(
        NtfyServer,
        lambda s, t: Ntfy(url=s.url, **_token(s, t)),
        lambda s: "turvakt-3f2a9c77",
        lambda s: "reserved-topic",
    ),
    "webpush": Calling(PushService, _push, lambda s: "anna", lambda s: "bo", reads=False),
    "apprise": Calling(
        Hook,
        lambda s, t: Apprise(services=["json", "jsons"], seconds=t),
        lambda s: s.url.replace("http", "json", 1) + "/hook/secret",
        lambda s: "tgram://secret/1",
        reads=False,
    ),
}


def calling(name: str, service: Service, *, seconds: float = 5.0) -> Bench:
    """The bench of a channel that calls ``service``, which has been started."""
    parts = CALLING[name]
    return Bench(
        channel=parts.make(service, seconds),
        good=parts.good(service),
        refused=parts.refused(service),
        keys=lambda: [text.rpartition("/")[2].rstrip('"}') for _, text in service.taken],
        text=lambda: service.taken[-1][1],
        break_down=service.stop,
        repair=service.start,
        full=False,
        service=service,
    )
