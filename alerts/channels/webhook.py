"""Signed calls to a web address, in the form of Standard Webhooks (https://www.standardwebhooks.com, version 1.0.0)."""

import base64
import binascii
import hashlib
import hmac
import json

from alerts.alert import Recipient
from alerts.channels.addresses import check_address
from alerts.channels.calling import Caller
from alerts.channels.reaching import server_of
from alerts.messages.message import Message
from flow.clock import Clock
from flow.errors import Broken

_PREFIX = "whsec_"


class Webhook:
    """Posts each message as JSON to the contact's address.

    The receiver checks ``webhook-signature`` (HMAC-SHA256 over ``id.timestamp.body``), refuses old timestamps, and knows
    repetitions by ``webhook-id``.

    Args:
        secret: ``whsec_`` and 24 to 64 bytes in Base64, shared with the receivers.
        former: the secret before it: calls are signed by both, so that receivers can change over one after another.
        seconds: how long one call may take altogether.

    Raises:
        Broken: a secret has the wrong form.
    """

    name = "webhook"

    def __init__(self, *, secret: str, clock: Clock, former: str = "", seconds: float = 15.0) -> None:
        self._keys = [_key(secret, "secret"), *([_key(former, "former_secret")] if former else [])]
        self._clock = clock
        self._caller = Caller(self.name, clock=clock, seconds=seconds)

    def check(self, address: str) -> None:
        """Look at the address: https, or http on this machine."""
        check_address(self.name, address)

    def servers(self, address: str) -> frozenset[str]:
        """The one of the address."""
        return frozenset({server_of(address)})

    async def send(self, message: Message, *, recipient: Recipient, idempotency_key: str) -> None:
        """Return once the receiver has answered 2xx.

        Raises:
            BadInput: it answered 4xx other than 401, 403, 404, 405, 408, 425 and 429, or the address is none.
            Unavailable: it did not answer in time, or with any other status; 401 and 403: it does not know our secret; 404 and
                405: it is not there, as while a receiver is set up anew.
        """
        self.check(recipient.address)
        body = json.dumps(message.with_quote(), ensure_ascii=False, separators=(",", ":")).encode()
        at = int(self._clock.now().timestamp())
        headers = {
            "content-type": "application/json",
            "webhook-id": idempotency_key,
            "webhook-timestamp": str(at),
            "webhook-signature": " ".join(sign(key, identity=idempotency_key, at=at, body=body) for key in self._keys),
        }
        answer = await self._caller.call("POST", recipient.address, read=False, content=body, headers=headers)
        if not answer.good:
            raise self._caller.refusal(answer, ours=(401, 403, 404, 405), remedy="Ask the receiver why")

    async def retract(self, idempotency_key: str) -> None:
        """A call cannot be taken back."""

    async def close(self) -> None:
        """Close the connections."""
        await self._caller.close()


def sign(key: bytes, *, identity: str, at: int, body: bytes) -> str:
    """The value of ``webhook-signature``; ``at`` in seconds since 1970."""
    signed = f"{identity}.{at}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def _key(secret: str, setting: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or not 24 <= len(key) <= 64:
        raise Broken(
            "is not 'whsec_' and 24 to 64 bytes in Base64",
            place=f"settings, webhook.{setting}",
            remedy="Make one with: echo whsec_$(openssl rand -base64 32)",
        )
    return key
