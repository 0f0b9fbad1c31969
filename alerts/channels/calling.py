"""Calls to web services, as all channels make them: guarded, without redirects, and over after a while."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import msgspec

from alerts.channel import AGAIN, Later, Unsure
from alerts.channels.addresses import is_web_address
from alerts.channels.reaching import FAULTS, client, why
from flow.clock import Clock
from flow.errors import BadInput, Unavailable

_LATER = frozenset({408, 425, 429})
"""Answers of the 4xx range that mean "not now": time-out, too early, too many requests."""
_NOBODY_KNOWS = frozenset({500, 504})
"""Answers after which the service, or one behind it, may have acted."""
_READ_MOST = 65_536
_WAIT_MOST = 3600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said: 2xx, or 4xx that is not a matter of time. ``body``: 64 kB at most."""

    status: int
    body: bytes = field(repr=False)

    @property
    def good(self) -> bool:
        """Whether it took the call on."""
        return 200 <= self.status < 300

    def json(self) -> dict[str, Any]:
        """The object in it; empty if there is none."""
        try:
            return msgspec.json.decode(self.body, type=dict[str, Any])
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return {}


class Caller:
    """Calls for one channel.

    Args:
        channel: its name, for errors.
        seconds: how long one call may take altogether.
        keys: whether the service knows by a key what it has taken before.
    """

    def __init__(self, channel: str, *, clock: Clock, seconds: float = 15.0, keys: bool = True) -> None:
        self.place = f"channel {channel}"
        self._keys = keys
        self._clock = clock
        self._seconds = seconds
        self._client = client(seconds)

    def check(self, address: str) -> None:
        """Look at a web address: https, or http on this machine.

        Raises:
            BadInput: it is neither.
        """
        if not is_web_address(address):
            raise BadInput("the address is no https address", place=self.place, remedy="Mend the contact")

    async def call(self, method: str, address: str, *, read: bool = True, **options: Any) -> Answer:
        """Make one call; ``options`` as of ``httpx``: ``headers``, ``content``, ``data``, ``json``, ``auth``.

        Args:
            read: whether the answer's body is wanted; it might never end.

        Raises:
            Unavailable: no answer in time, a redirect, 5xx, 408, 425 or 429; `Later` if it says when, and `Unsure` if the
                service may have acted on the call, without keys.
        """
        ours = sent = False

        async def look(event: str, info: Mapping[str, Any]) -> None:
            nonlocal ours, sent
            if event.endswith("send_request_body.started"):
                ours = info["request"].method != b"CONNECT"  # by which a proxy is only asked to connect us
            sent = sent or (ours and event.endswith("send_request_body.complete"))

        options["extensions"] = {"trace": look}
        try:
            async with asyncio.timeout(self._seconds), self._client.stream(method, address, **options) as response:
                status, headers = response.status_code, response.headers
                body = await _start_of(response) if read else b""
        except FAULTS as error:
            reason, remedy = why(error)
            kind = Unsure if sent and not self._keys else Unavailable
            raise kind(reason, place=self.place, remedy=remedy) from None
        if 200 <= status < 300 or (400 <= status < 500 and status not in _LATER):
            return Answer(status, body)
        reason = f"the receiver refused for now ({status})"
        seconds = _pause(headers, self._clock.now())
        if seconds is None:
            kind = Unsure if status in _NOBODY_KNOWS and not self._keys else Unavailable
            raise kind(reason, place=self.place, remedy=AGAIN)
        raise Later(reason, seconds=seconds, place=self.place, remedy=AGAIN)

    def refusal(self, answer: Answer, *, ours: Collection[int] = (), remedy: str) -> BadInput | Unavailable:
        """The error for an answer that is not good.

        Args:
            ours: the statuses that say that our settings are at fault, and not this recipient.
            remedy: for the recipient's part.
        """
        if answer.status in ours:
            cure = "Check the settings of the channel: address, password, token, credit. Until then messages wait"
            return Unavailable(f"the service refused us ({answer.status})", place=self.place, remedy=cure)
        return BadInput(f"the receiver refused for good ({answer.status})", place=self.place, remedy=remedy)

    def odd(self) -> Unavailable:
        """The error for an answer that is not what the service answers when it has taken something on."""
        kind = Unavailable if self._keys else Unsure
        return kind("the answer cannot be understood", place=self.place, remedy=AGAIN)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


async def _start_of(response: httpx.Response) -> bytes:
    body = b""
    async for part in response.aiter_raw():
        body += part
        if len(body) >= _READ_MOST:
            break
    return body[:_READ_MOST]


def _pause(headers: Mapping[str, str], now: datetime) -> float | None:
    """What Retry-After says, in seconds (RFC 9110, 10.2.3), an hour at most."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), _WAIT_MOST)
    try:
        seconds = (parsedate_to_datetime(value) - now).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), _WAIT_MOST)
