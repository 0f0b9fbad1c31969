"""Signed calls to a web address, in the form of Standard Webhooks (https://www.standardwebhooks.com, version 1.0.0)."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import json

import httpx

from alerts.alert import Recipient
from alerts.message import Message
from flow.clock import Clock
from flow.errors import BadInput, Broken, Unavailable
from flow.hosts import is_guarded

_PLACE = "channel webhook"
_PREFIX = "whsec_"
_LATER = frozenset({408, 425, 429})
"""Answers of the 4xx range that mean "not now": time-out, too early, too many requests."""


class Webhook:
    """Posts each message as JSON to the contact's address.

    The receiver checks ``webhook-signature`` (HMAC-SHA256 over ``id.timestamp.body``), refuses old timestamps, and knows
    repetitions by ``webhook-id``.

    Args:
        secret: ``whsec_`` and 24 to 64 bytes in Base64, shared with the receivers.
        seconds: how long one call may take altogether.

    Raises:
        Broken: the secret has the wrong form.
    """

    name = "webhook"

    def __init__(self, *, secret: str, clock: Clock, seconds: float = 15.0) -> None:
        self._key = _key(secret)
        self._clock = clock
        self._seconds = seconds
        # A redirect could lead the alert away from the address that somebody entered and vouches for.
        self._client = httpx.AsyncClient(follow_redirects=False, timeout=seconds)

    def check(self, address: str) -> None:
        """Look at the address: https, or http on this machine."""
        try:
            httpx.URL(address)
            fits = is_guarded(address)
        except httpx.InvalidURL:
            fits = False
        if not fits:
            raise BadInput("the address is no https address", place=_PLACE, remedy="Mend the contact")

    async def send(self, message: Message, *, recipient: Recipient, idempotency_key: str) -> None:
        """Return once the receiver has answered 2xx.

        Raises:
            BadInput: it answered 4xx other than 408, 425 and 429, or the address is none.
            Unavailable: it did not answer in time, or with any other status.
        """
        self.check(recipient.address)
        body = json.dumps(message.with_quote(), ensure_ascii=False, separators=(",", ":")).encode()
        at = int(self._clock.now().timestamp())
        headers = {
            "content-type": "application/json",
            "user-agent": "Turvakt",
            "webhook-id": idempotency_key,
            "webhook-timestamp": str(at),
            "webhook-signature": sign(self._key, identity=idempotency_key, at=at, body=body),
        }
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._client.stream("POST", recipient.address, content=body, headers=headers) as response,
            ):
                status = response.status_code  # the body is not wanted, and might never end
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            # The exceptions of the library may quote the address, which may hold a key.
            reason = f"the receiver does not answer ({type(error).__name__})"
            raise Unavailable(reason, place=_PLACE, remedy="It is tried again") from None
        if 200 <= status < 300:
            return
        if 400 <= status < 500 and status not in _LATER:
            raise BadInput(f"the receiver refused for good ({status})", place=_PLACE, remedy="Ask the receiver why")
        raise Unavailable(f"the receiver refused for now ({status})", place=_PLACE, remedy="It is tried again")

    async def retract(self, idempotency_key: str) -> None:
        """A call cannot be taken back."""

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def sign(key: bytes, *, identity: str, at: int, body: bytes) -> str:
    """The value of ``webhook-signature``; ``at`` in seconds since 1970."""
    signed = f"{identity}.{at}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or not 24 <= len(key) <= 64:
        raise Broken(
            "is not 'whsec_' and 24 to 64 bytes in Base64",
            place="settings, webhook.secret",
            remedy="Make one with: echo whsec_$(openssl rand -base64 32)",
        )
    return key
