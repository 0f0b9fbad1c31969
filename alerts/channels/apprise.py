"""Whatever else ``apprise`` can reach (https://github.com/caronc/apprise), service by service as the settings allow."""

import asyncio
import logging
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import parse_qs, urlsplit

from alerts.alert import Recipient
from alerts.channel import AGAIN, NotBegun, Unsure
from alerts.channels.reaching import server_of
from alerts.channels.telephone import brief
from alerts.messages.message import Message
from flow.errors import BadInput, Unavailable
from flow.hosts import is_guarded, is_loopback

_PLACE = "channel apprise"
_AT_ONCE = 16
"""Calls; as many as the dispatcher has on their way, so that slow ones to one service keep none to another from its thread."""
_LONGER = 5.0
"""How much longer a service is waited for than a message may take: that it is late must be seen here."""


class Apprise:
    """Sends one line without text, name or label, and the link, by the service that the contact's address names.

    It cannot tell a refusal for good from one for now: whatever is not taken is tried again, and the contact's next channel
    takes its turn. It knows no idempotency keys.

    Args:
        services: the schemes of addresses that may be used, such as ``slack`` or ``tgram``.
    """

    name = "apprise"

    def __init__(self, *, services: Collection[str], seconds: float = 15.0) -> None:
        self._services = frozenset(services)
        self._seconds = seconds
        # Of its own, as a service may hold a thread for as long as it likes: all that find names of servers need theirs.
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="apprise")
        # Its lines quote addresses, which hold keys.
        logging.getLogger("apprise").disabled = True

    def check(self, address: str) -> None:
        """Look at the address: of a service that may be used, as apprise writes it, and with certificates checked."""
        import apprise

        try:
            parts = urlsplit(address)
        except ValueError:
            raise _wrong("the address is none") from None
        if parts.scheme not in self._services:
            raise _wrong("the service is not one of 'apprise.services'")
        if not address.isprintable() or address.strip() != address:
            raise _wrong("the address is not one line")
        if {"verify", "redirect"} & {name.lower() for name in parse_qs(parts.query, keep_blank_values=True)}:
            raise _wrong("the address says what to do about certificates or redirects")
        service = apprise.Apprise.instantiate(address)
        if service is None:
            raise _wrong("apprise cannot read the address")
        if parts.scheme not in _all(service.secure_protocol) and not is_loopback(parts.hostname or ""):
            raise _wrong("the address is of a service without encryption")

    def servers(self, address: str) -> frozenset[str]:
        """The one that the service has for everybody; of services that have another form of address apprise does not tell."""
        import apprise

        fixed = getattr(apprise.Apprise.instantiate(address), "notify_url", None) or ""
        return frozenset({server_of(fixed)} if is_guarded(fixed) and "{" not in server_of(fixed) else ())

    async def send(self, message: Message, *, recipient: Recipient, idempotency_key: str) -> None:
        """Return once the service has taken the message on.

        Raises:
            BadInput: the address is none, or of a service that may not be used.
            Unavailable: the service did not take it, for whatever reason; `Unsure`: it has not answered yet;
                `NotBegun`: others still hold all threads.
        """
        import apprise

        await asyncio.to_thread(self.check, recipient.address)  # the first time takes seconds
        asset = apprise.AppriseAsset(
            app_id="Turvakt",
            app_desc="Turvakt",
            app_url="",
            async_mode=False,
            http_redirects=False,
            service_timeout=0,  # with any, calls go by threads of its own, of which there are few, for all services
        )
        service = apprise.Apprise(asset=asset)
        service.add(recipient.address)
        for each in service:
            # Of its own it gives up after 4 s, and does not tell that from a refusal.
            each.socket_read_timeout = self._seconds + _LONGER
        kind = apprise.NotifyType.FAILURE if message.threat else apprise.NotifyType.WARNING
        notify = partial(service.notify, title="Turvakt", body=brief(message), notify_type=kind)
        call = self._threads.submit(notify)
        try:
            async with asyncio.timeout(self._seconds):
                taken = await asyncio.wrap_future(call)
        except TimeoutError:
            if call.cancel():
                raise NotBegun("others are on their way for too long", place=_PLACE, remedy=AGAIN) from None
            raise Unsure("the service has not answered yet", place=_PLACE, remedy=AGAIN) from None
        except Exception as error:  # noqa: BLE001  a hundred services fail in as many ways, and quote addresses
            raise _not_now(f"the service fails ({type(error).__name__})") from None
        if not taken:
            raise _not_now("the service did not take the message")

    async def retract(self, idempotency_key: str) -> None:
        """What was sent stays: it holds nothing of the post."""

    async def close(self) -> None:
        """Each message has a connection of its own; one that hangs is not waited for here."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _all(names: str | Collection[str] | None) -> Collection[str]:
    return (names,) if isinstance(names, str) else names or ()


def _wrong(reason: str) -> BadInput:
    return BadInput(reason, place=_PLACE, remedy="Mend the contact; docs/channels.md tells how")


def _not_now(reason: str) -> Unavailable:
    return Unavailable(reason, place=_PLACE, remedy=AGAIN)
