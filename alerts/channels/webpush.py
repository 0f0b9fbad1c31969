"""Notifications to the browsers of people who sign in: Web Push (RFC 8030, 8291, 8292)."""

import asyncio
import base64
import os
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import http_ece
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02, VapidException

from access.push import Subscription
from alerts.alert import Recipient
from alerts.channels.addresses import check_address
from alerts.channels.calling import Caller
from alerts.channels.reaching import server_of
from alerts.messages.message import Message, clean
from flow.clock import Clock
from flow.errors import BadInput, Broken, Unavailable

_KEPT = 86_400
"""Seconds for which a service keeps a message for a browser that is off."""
_GOOD_FOR = 12 * 3600
"""Seconds for which we prove who we are; a day at most (RFC 8292, 2)."""
_OURS = frozenset({400, 401, 403})


class WebPush:
    """Shows one line without text, name or label in every browser in which the person has asked for it; a tap opens the link.

    Only the browser can read the message. The service of the browser's maker sees that there is one, when, and how urgent.

    Args:
        key: the private key by which services know us, as `new_key` makes it.
        contact: a ``mailto:`` or ``https:`` address of whoever runs Turvakt, for the services.
        browsers: those of a person, by id; called in a thread.
        gone: is told the endpoint of a browser that wants nothing more; called in a thread.

    Raises:
        Broken: the key or the contact is none.
    """

    name = "webpush"

    def __init__(
        self,
        *,
        key: str,
        contact: str,
        browsers: Callable[[str], Sequence[Subscription]],
        gone: Callable[[str], None],
        clock: Clock,
        seconds: float = 15.0,
    ) -> None:
        self._caller = Caller(self.name, clock=clock, seconds=seconds)
        self._vapid = _vapid(key)
        self._contact = _checked(contact, self._vapid)
        self._browsers = browsers
        self._gone = gone
        self._clock = clock

    @staticmethod
    def public_key(key: str) -> str:
        """What browsers are told to know us by, in Base64url, from the private ``key``.

        Raises:
            Broken: it is none.
        """
        point: bytes = _vapid(key).public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return base64.urlsafe_b64encode(point).rstrip(b"=").decode()

    def check(self, address: str) -> None:
        """Look at the person's id."""
        check_address(self.name, address)

    def servers(self, address: str) -> frozenset[str]:
        """Those of the makers of the person's browsers.

        Raises:
            BadInput: the person has no browser that wants notifications.
        """
        found = frozenset(server_of(each.endpoint) for each in self._browsers(address))
        if not found:
            raise self._nowhere()
        return found

    async def send(self, message: Message, *, recipient: Recipient, idempotency_key: str) -> None:
        """Return once the service of one of the person's browsers, at least, has taken the message on.

        Raises:
            BadInput: the person has no browser that wants notifications.
            Unavailable: no service answers as it should.
        """
        self.check(recipient.address)
        browsers = await asyncio.to_thread(self._browsers, recipient.address)
        results = await asyncio.gather(
            *(self._send(message, each, recipient.language, idempotency_key) for each in browsers),
            return_exceptions=True,
        )
        if any(result is True for result in results):
            return
        failed = [result for result in results if isinstance(result, BaseException)]
        for kind in (Unavailable, BadInput, BaseException):
            for error in failed:
                if isinstance(error, kind):
                    raise error
        raise self._nowhere()

    async def _send(self, message: Message, browser: Subscription, language: str, key: str) -> bool:
        shown = {"text": clean(message.short) or clean(message.subject), "link": message.link, "key": key}
        headers = {
            "content-type": "application/octet-stream",
            "content-encoding": "aes128gcm",
            "ttl": str(_KEPT),
            "urgency": "high" if message.breaks_through or message.severity == "high" else "normal",
            # The same message again replaces itself as long as the browser has not fetched it.
            "topic": base64.urlsafe_b64encode(key.encode())[:32].rstrip(b"=").decode(),
            **self._proof(browser.endpoint),
        }
        content = encrypt(msgspec.json.encode(shown | {"language": language}), browser)
        answer = await self._caller.call("POST", browser.endpoint, read=False, content=content, headers=headers)
        if answer.status in (404, 410):
            await asyncio.to_thread(self._gone, browser.endpoint)
            return False
        if not answer.good:
            raise self._caller.refusal(answer, ours=_OURS, remedy="Switch notifications on anew")
        return True

    def _nowhere(self) -> BadInput:
        remedy = "She switches them on at her account's page"
        return BadInput("no browser of this person wants notifications", place=self._caller.place, remedy=remedy)

    def _proof(self, endpoint: str) -> dict[str, str]:
        parts = urlsplit(endpoint)
        until = int(self._clock.now().timestamp()) + _GOOD_FOR
        claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": until, "sub": self._contact}
        signed: dict[str, str] = self._vapid.sign(claims)
        return {name.lower(): value for name, value in signed.items()}

    async def retract(self, idempotency_key: str) -> None:
        """What was shown holds nothing of the post."""

    async def close(self) -> None:
        """Close the connections."""
        await self._caller.close()


def encrypt(content: bytes, browser: Subscription) -> bytes:
    """``content`` so that only ``browser`` can read it (RFC 8291)."""
    encrypted: bytes = http_ece.encrypt(
        content,
        salt=os.urandom(16),
        private_key=generate_private_key(SECP256R1()),
        dh=browser.key,
        auth_secret=browser.secret,
        version="aes128gcm",
    )
    return encrypted


def _vapid(key: str) -> Vapid02:
    try:
        return Vapid02.from_raw(key.encode("ascii"))
    except (VapidException, ValueError):
        remedy = "Take it out: one is made in the data folder"
        raise Broken(
            "is no private key of 32 bytes in Base64url", place="settings, webpush.key", remedy=remedy
        ) from None


def _checked(contact: str, vapid: Vapid02) -> str:
    try:
        vapid.sign({"aud": "https://push.example", "sub": contact})
    except VapidException:
        remedy = "Give a mailto: or https: address of whoever runs Turvakt"
        raise Broken("is no address", place="settings, webpush.contact", remedy=remedy) from None
    return contact
