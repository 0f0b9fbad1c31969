"""Keeps a channel from being flooded, and leaves one that is down alone for a while. What is urgent always passes."""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from alerts.alert import Recipient
from alerts.channel import Channel, Held, Later
from alerts.messages.message import Message
from flow.clock import Clock
from flow.errors import BadInput

_KEYS_MOST = 10_000
_SOON = 5.0
"""Seconds until it is worth to look what came of a try."""


class Bucket:
    """Lets ``per_minute`` through, all of them at once if it was quiet before (a token bucket)."""

    def __init__(self, per_minute: int, now: datetime) -> None:
        self._most = float(per_minute)
        self._left = self._most
        self._at = now

    def waits(self, now: datetime) -> float:
        """Seconds until there is room for one more; 0: there is."""
        passed = max((now - self._at).total_seconds(), 0.0)
        self._left = min(self._most, self._left + passed * self._most / 60)
        self._at = now
        return 0.0 if self._left >= 1 else (1 - self._left) * 60 / self._most

    def count(self) -> None:
        """One goes."""
        self._left = max(self._left - 1, 0.0)


class Breaker:
    """Opens after ``failures`` in a row, for a while; then one message tries, and closes it or opens it anew."""

    def __init__(self, failures: int, pause: timedelta) -> None:
        self._most = failures
        self._pause = pause
        self._failures = 0
        self._until: datetime | None = None
        self._trying = False

    def waits(self, now: datetime) -> float:
        """Seconds until a message that is not urgent may go; 0: it may, and is the one that tries if it was open."""
        if self._until is None:
            return 0.0
        left = (self._until - now).total_seconds()
        if left > 0:
            return left
        if self._trying:
            return _SOON
        self._trying = True
        return 0.0

    def went(self, now: datetime, *, well: bool) -> None:
        """What came of a message."""
        self._trying = False
        if well:
            self._failures, self._until = 0, None
            return
        self._failures += 1
        if self._failures >= self._most:
            self._until = now + self._pause


class Limited:
    """A channel within limits.

    A message beyond them is `Held`: it waits, and no try has failed. While the channel is left alone, tries fail at once, so
    that the contact's next channel takes its turn. Threats and what is critical pass, and count.

    Args:
        per_minute: messages of the channel.
        per_address: messages to one address, a minute.
        failures: in a row, after which it is left alone for ``pause``; where addresses are web addresses, of one host.
    """

    def __init__(
        self, channel: Channel, *, per_minute: int, per_address: int, failures: int, pause: timedelta, clock: Clock
    ) -> None:
        self.name = channel.name
        self.channel = channel
        self._per_address = per_address
        self._failures = failures
        self._pause = pause
        self._clock = clock
        self._all = Bucket(per_minute, clock.now())
        self._addresses: OrderedDict[str, Bucket] = OrderedDict()
        self._breakers: OrderedDict[str, Breaker] = OrderedDict()

    def check(self, address: str) -> None:
        """As the channel."""
        self.channel.check(address)

    async def send(self, message: Message, *, recipient: Recipient, idempotency_key: str) -> None:
        """As the channel.

        Raises:
            Held: there have been too many messages lately.
            Later: the channel has failed too often lately.
        """
        now, place = self._clock.now(), f"channel {self.name}"
        buckets, breaker = (self._all, self._bucket(recipient.address, now)), self._breaker(recipient.address)
        full = max(bucket.waits(now) for bucket in buckets)
        if not (message.threat or message.severity == "critical"):
            if full:
                raise Held("enough messages for now", seconds=full, place=place, remedy="It is sent a little later")
            if left := breaker.waits(now):
                reason = "has failed too often and is left alone for a while"
                raise Later(reason, seconds=left, place=place, remedy="It is tried again")
        for bucket in buckets:
            bucket.count()
        try:
            await self.channel.send(message, recipient=recipient, idempotency_key=idempotency_key)
        except BadInput:
            breaker.went(self._clock.now(), well=True)  # it has answered
            raise
        except BaseException:  # whatever it was, also that it took too long
            breaker.went(self._clock.now(), well=False)
            raise
        breaker.went(self._clock.now(), well=True)

    async def retract(self, idempotency_key: str) -> None:
        """As the channel."""
        await self.channel.retract(idempotency_key)

    async def close(self) -> None:
        """As the channel."""
        await self.channel.close()

    def _bucket(self, address: str, now: datetime) -> Bucket:
        found = self._addresses.setdefault(address, Bucket(self._per_address, now))
        _keep(self._addresses, address)
        return found

    def _breaker(self, address: str) -> Breaker:
        key = urlsplit(address).netloc if "://" in address else ""
        found = self._breakers.setdefault(key, Breaker(self._failures, self._pause))
        _keep(self._breakers, key)
        return found


def _keep(known: OrderedDict[str, Any], key: str) -> None:
    """Of too many, the one that was not asked for longest is forgotten."""
    known.move_to_end(key)
    if len(known) > _KEYS_MOST:
        known.popitem(last=False)
