"""Keeps a channel from being flooded, and leaves one that is down alone for a while. What is urgent always passes."""

import asyncio
from collections import Counter, OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from alerts.alert import Recipient
from alerts.channel import AGAIN, Channel, Held, HersAlone, Later, NotBegun
from alerts.messages.message import Message
from flow.breaker import Breaker
from flow.clock import Clock, Moment
from flow.errors import BadInput, TurvaktError
from flow.hosts import host_of

_KEYS_MOST = 10_000
_SOON = 5.0
"""Seconds until it is worth to look what came of a try."""
_URGENT_AT_ONCE = 4
"""Messages on their way to a receiver that fails: more would hold back what is for others."""
LEFT_ALONE = "has failed too often and is left alone for a while"
ENOUGH = "enough messages for now"


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of the tries to send to one receiver.

    Attributes:
        receiver: what fails together, see `receiver_of`.
        at: when it was last tried.
        worked_at: when it last took something.
        failing_since: since when it has been left alone, as it failed too often in a row, or since a delivery failed for good;
            until it takes something again.
        reason: why the last try failed, in English.
        lost: a delivery failed for good, but it is not left alone.
    """

    receiver: str
    at: datetime
    worked_at: datetime | None = None
    failing_since: datetime | None = None
    reason: str = ""
    lost: bool = False


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


class Limited:
    """A channel within limits.

    A message beyond them is `Held`: it waits, and no try has failed. While the channel is left alone, tries fail at once, so
    that the contact's next channel takes its turn. Threats and what is critical pass, and count; while a receiver fails, a few
    of them at once.

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
        self._tried: OrderedDict[str, Tried] = OrderedDict()
        self._on_their_way: Counter[str] = Counter()  # messages by receiver

    @property
    def open_since(self) -> Moment | None:
        """Since when the channel has been left alone, or the first of the hosts that it calls; ``None``: none is."""
        return min((each.failing_since for each in self.tried() if each.failing_since and not each.lost), default=None)

    def tried(self) -> list[Tried]:
        """The receivers of which it is known that they work, or that they do not; a single failure tells neither."""
        return [each for each in tuple(self._tried.values()) if each.worked_at or each.failing_since]

    def check(self, address: str) -> None:
        """As the channel."""
        self.channel.check(address)

    async def send(self, message: Message, *, recipient: Recipient, idempotency_key: str) -> None:
        """As the channel.

        Raises:
            Held: there have been too many messages lately.
            Later: the receiver has failed too often lately; of what is urgent, enough is on its way there.
        """
        now, place = self._clock.now(), f"channel {self.name}"
        buckets = (self._all, self._bucket(recipient.address, now))
        key = receiver_of(recipient.address)
        breaker = self._breaker(key)
        full = max(bucket.waits(now) for bucket in buckets)
        if full and not message.breaks_through:
            raise Held(ENOUGH, seconds=full, place=place, remedy="It is sent a little later")
        if left := self._waits(key, breaker, urgent=message.breaks_through):
            raise Later(LEFT_ALONE, seconds=left, place=place, remedy=AGAIN)
        for bucket in buckets:
            bucket.count()
        self._on_their_way[key] += 1
        try:
            await self.channel.send(message, recipient=recipient, idempotency_key=idempotency_key)
        except NotBegun:
            raise
        except (BadInput, HersAlone):
            breaker.answered()
            raise
        except BaseException as error:  # whatever it was, also that it took too long
            breaker.failed()
            self._fails(key, breaker.open_since, _said(error))
            raise
        else:
            breaker.answered()
            now = self._clock.now()
            self._note(Tried(key, now, worked_at=now))
        finally:
            self._on_their_way[key] -= 1
            self._on_their_way += Counter()  # without those of which there are none

    def gave_up(self, address: str, reason: str) -> None:
        """A delivery to ``address`` has failed for good: until it takes something again, nobody knows whether it works."""
        now = self._clock.now()
        before = self._tried.get(receiver_of(address), Tried(receiver_of(address), now))
        lost = before.lost or before.failing_since is None
        # What our own limits say is no error of the receiver.
        reason = before.reason if LEFT_ALONE in reason else reason
        self._note(replace(before, at=now, failing_since=before.failing_since or now, reason=reason, lost=lost))

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

    def _breaker(self, key: str) -> Breaker:
        seconds = self._pause.total_seconds()
        found = self._breakers.setdefault(key, Breaker(clock=self._clock, after=self._failures, seconds=seconds))
        _keep(self._breakers, key)
        return found

    def _fails(self, key: str, left_alone: Moment | None, reason: str) -> None:
        now = self._clock.now()
        before = self._tried.get(key, Tried(key, now))
        since, lost = before.failing_since or left_alone, before.lost
        if lost and left_alone is not None:
            since, lost = left_alone, False
        self._note(replace(before, at=now, failing_since=since, reason=reason, lost=lost))

    def _note(self, tried: Tried) -> None:
        self._tried[tried.receiver] = tried
        _keep(self._tried, tried.receiver)

    def _waits(self, key: str, breaker: Breaker, *, urgent: bool) -> float:
        """Seconds until a message may go; 0: it may. After the rest of a receiver the first one that comes decides."""
        there = self._on_their_way[key]
        if urgent:
            return _SOON if breaker.open_since is not None and there >= _URGENT_AT_ONCE else 0.0
        if breaker.resting:
            return breaker.left
        return _SOON if breaker.room(2) == 1 and there else 0.0


def receiver_of(address: str) -> str:
    """What fails together: the host of a web address; empty: the whole channel."""
    return host_of(address) if "://" in address else ""


def _said(error: BaseException) -> str:
    if isinstance(error, asyncio.CancelledError):
        return "took too long"
    return str(error) if isinstance(error, TurvaktError) else f"unexpected {type(error).__name__}"


def _keep(known: OrderedDict[str, Any], key: str) -> None:
    """Of too many, the one that was not asked for longest is forgotten."""
    known.move_to_end(key)
    if len(known) > _KEYS_MOST:
        known.popitem(last=False)
