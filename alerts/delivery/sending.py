"""One try to send a message, and what comes of it: made, to be tried again, or given up; and by which channel instead."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import islice

from alerts.alert import Recipient
from alerts.channel import Channel, Held, Later, Unsure
from alerts.content import Content, listed_in, to_one
from alerts.delivery.limits import Limited
from alerts.delivery.outbox import Item, Result
from alerts.messages.message import Message
from flow.backoff import backoff
from flow.clock import Clock
from flow.errors import BadInput, Unavailable

FAILURES = 3
"""After so many failures of a channel a contact's next channel takes its turn."""
GIVEN_UP, FAILED_OVER = "given up after", "failed over after"
"""How the reason of a failure for good begins where the channel did not take the message; else this refused it."""
MAY_HAVE_ARRIVED = "may have arrived: "
"""How the reason begins of what waits and may have arrived, from then on."""
SEND_SECONDS = 200.0
"""How long one try may take: somewhat longer than the slowest channel, which is e-mail: all before the message, it, and QUIT."""
URGENT_SECONDS, URGENT_FOR = 60.0, timedelta(hours=1)
"""What is urgent is tried at least so often, for so long, whatever the service asks for: where a channel comes back, it must not
come after the rest."""

logger = logging.getLogger(__name__)


def growing() -> Iterator[float]:
    """The pauses between tries: one second at first, five minutes at most."""
    return backoff(first=1.0, factor=2.0, most=300.0)


def unsure(tried: timedelta) -> timedelta:
    """The pause before a message that may have arrived comes once more: as long again as it has been ``tried``, a minute at
    least and an hour at most.
    """
    return min(max(tried, timedelta(minutes=1)), timedelta(hours=1))


class Sender:
    """Sends one message at a time by its channel.

    A delivery is tried again, with growing pauses, until it is made, refused for good or given up. What is urgent is never
    given up. Where a channel refuses for good, or fails `FAILURES` times, the contact's next channel takes its turn; what is
    urgent goes to the next one after the first failure, while the first is still tried, each minute of the first hour. What may
    have arrived comes again less and less often, and is given up, urgent or not.

    Args:
        channels: by name. What waits for a channel that is not there is tried again like any other.
        render: makes the message; the third argument is the id of the delivery.
        give_up_after: from when a delivery was first due; what is urgent is tried for ever.
        send_seconds: how long one try may take, whatever the channel does.
        pauses: an iterator of pauses in seconds, one for each try that failed.
    """

    def __init__(
        self,
        *,
        channels: Mapping[str, Channel],
        render: Callable[[Content, Recipient, str], Message],
        clock: Clock,
        give_up_after: timedelta,
        send_seconds: float,
        pauses: Callable[[], Iterator[float]] = growing,
    ) -> None:
        self._channels = channels
        self._render = render
        self._clock = clock
        self._give_up_after = give_up_after
        self._send_seconds = send_seconds
        self._pauses = pauses
        self._failing: set[str] = set()  # the channels that failed at the last try

    async def send(self, item: Item) -> Result:
        """Try once. Whatever the channel does, there is a result."""
        delivery = item.delivery
        place = f"channel {delivery.channel}"
        try:
            if delivery.channel not in self._channels:
                raise Unavailable("is not set up", place=place, remedy="Set it up, or give the contact another one")
            message = self._render(item.content, item.recipient, delivery.id)
            async with asyncio.timeout(self._send_seconds):
                await self._channels[delivery.channel].send(
                    message, recipient=item.recipient, idempotency_key=delivery.id
                )
        except BadInput as error:
            return self._failed(item, str(error))
        except Held as error:
            return self._held(item, error)
        except Later as error:
            return self._again(item, str(error), at_least=error.seconds)
        except Unavailable as error:
            return self._again(item, str(error), is_unsure=isinstance(error, Unsure))
        except TimeoutError:
            return self._again(item, f"{place}: took longer than {self._send_seconds:g} s")
        except Exception as error:  # noqa: BLE001  whatever a channel does, the alert must not get lost
            return self._again(item, f"{place}: unexpected {type(error).__name__}")
        else:
            attempts = delivery.attempts + 1
            now = self._clock.now()
            if delivery.channel in self._failing:
                self._failing.remove(delivery.channel)
                logger.info("channel %s delivers again", delivery.channel)
            delivered = replace(delivery, state="delivered", attempts=attempts, at=now, reason=None)
            return Result(delivered, contact=item.recipient.name, listed=tuple(listed_in(item.content)))

    def _held(self, item: Item, error: Held) -> Result:
        reason = _reason(str(error), may_have_arrived=_may_have_arrived(item))
        waiting = replace(item.delivery, state="waiting", at=self._clock.now(), reason=reason)
        due = waiting.at + timedelta(seconds=error.seconds)
        return Result(waiting, due, contact=item.recipient.name, tried=False)

    def _again(self, item: Item, reason: str, *, at_least: float = 0.0, is_unsure: bool = False) -> Result:
        now = self._clock.now()
        attempts = item.delivery.attempts + 1
        urgent = item.content.breaks_through
        tried = now - item.first_due
        before = _may_have_arrived(item)
        # However long it was tried in vain: one try that may have arrived is not enough for what is urgent.
        if tried >= self._give_up_after and (not urgent or (is_unsure and before and attempts >= FAILURES)):
            return self._failed(item, f"{GIVEN_UP} {attempts} tries. {reason}")
        if item.delivery.channel not in self._failing:
            self._failing.add(item.delivery.channel)
            logger.warning("channel %s fails, its deliveries are tried again. %s", item.delivery.channel, reason)
        instead = _instead(item)
        if instead is not None and not urgent and attempts >= FAILURES:
            return self._failed(item, f"{FAILED_OVER} {attempts} tries. {reason}")
        if is_unsure:
            pause = unsure(tried if before else timedelta()).total_seconds()
        else:
            pause = max(next(islice(self._pauses(), attempts - 1, None)), at_least)
            if urgent and tried < URGENT_FOR:
                pause = min(pause, URGENT_SECONDS)
        reason = _reason(reason, may_have_arrived=is_unsure or before)
        waiting = replace(item.delivery, state="waiting", attempts=attempts, at=now, reason=reason)
        return Result(
            waiting,
            now + timedelta(seconds=pause),
            contact=item.recipient.name,
            instead=instead if urgent and attempts == 1 else None,
        )

    def _failed(self, item: Item, reason: str) -> Result:
        logger.error("delivery %s has failed: %s", item.delivery.id, reason)
        channel = self._channels.get(item.delivery.channel)
        if isinstance(channel, Limited):
            channel.gave_up(item.recipient.address, reason)
        attempts = item.delivery.attempts + 1
        failed = replace(item.delivery, state="failed", attempts=attempts, at=self._clock.now(), reason=reason)
        return Result(failed, contact=item.recipient.name, instead=_instead(item))


def _may_have_arrived(item: Item) -> bool:
    return (item.delivery.reason or "").startswith(MAY_HAVE_ARRIVED)


def _reason(reason: str, *, may_have_arrived: bool) -> str:
    return f"{MAY_HAVE_ARRIVED}{reason}" if may_have_arrived else reason


def _instead(item: Item) -> Content | None:
    """The same to the next channel of the recipient; ``None``: she has no other."""
    if not item.recipient.instead:
        return None
    (channel, address), *rest = item.recipient.instead
    return to_one(item.content, replace(item.recipient, channel=channel, address=address, instead=tuple(rest)))
