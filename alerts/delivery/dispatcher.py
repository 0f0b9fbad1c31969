"""Carries deliveries from the outbox to people: at least once, each with an idempotency key."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import Any

from alerts.alert import Recipient
from alerts.channel import Channel, Held, Later
from alerts.content import Content, to_one
from alerts.delivery.outbox import Item, Outbox, Result
from alerts.messages.message import Message
from flow.backoff import backoff
from flow.clock import Clock
from flow.errors import BadInput, Unavailable
from flow.step import Step

FAILURES = 3
"""After so many failures of a channel a contact's next channel takes its turn."""
URGENT_SECONDS, URGENT_FOR = 60.0, timedelta(hours=1)
"""What is urgent is tried at least so often, for so long: where a channel comes back, it must not come after the rest."""

logger = logging.getLogger(__name__)


def growing() -> Iterator[float]:
    """The pauses between tries: one second at first, five minutes at most."""
    return backoff(first=1.0, factor=2.0, most=300.0)


class Dispatcher:
    """Sends what is due, several messages at a time per channel, so that a dead channel delays no other one.

    A delivery is tried again, with growing pauses, until it is made, refused for good, given up, or the consent ends. What is
    urgent is never given up. Where a channel refuses for good, or fails `FAILURES` times, the contact's next channel takes its
    turn; what is urgent goes to the next one after the first failure, while the first is still tried, each
    minute of the first hour.

    A delivery is written down as made only after the channel has taken it on: a crash in between sends it again, with
    the same key.

    Args:
        channels: by name. What waits for a channel that is not there is tried again like any other.
        render: makes the message; the third argument is the id of the delivery.
        commit: writes results down (`alerts.stage.recording`); called by way of ``step``; returns the ids of
            deliveries that were erased meanwhile.
        allowed: the recipient as consent allows to tell her of it now, or ``None`` (`alerts.routing.permitted`); asked
            before each try, by way of ``step``.
        step: where ``commit``, ``allowed`` and the outbox run.
        at_once: messages on their way per channel.
        give_up_after: from when a delivery was first due; what is urgent is tried for ever.
        send_seconds: how long one try may take, whatever the channel does.
        idle_seconds: how often to look for what has become due.
        grace_seconds: how long the end may take when it is stopped: messages on their way have two thirds of it, and
            writing down what came of them has the rest.
        pauses: an iterator of pauses in seconds, one for each try that failed.
    """

    def __init__(
        self,
        *,
        outbox: Outbox,
        channels: Mapping[str, Channel],
        render: Callable[[Content, Recipient, str], Message],
        commit: Callable[[Sequence[Result]], Collection[str]],
        allowed: Callable[[Content, Recipient], Recipient | None],
        step: Step,
        clock: Clock,
        at_once: int = 16,
        give_up_after: timedelta = timedelta(hours=24),
        send_seconds: float = 60.0,
        idle_seconds: float = 0.5,
        grace_seconds: float = 3.0,
        pauses: Callable[[], Iterator[float]] = growing,
    ) -> None:
        self._outbox = outbox
        self._channels = channels
        self._render = render
        self._commit = commit
        self._allowed = allowed
        self._step = step
        self._clock = clock
        self._at_once = at_once
        self._give_up_after = give_up_after
        self._send_seconds = send_seconds
        self._idle_seconds = idle_seconds
        self._grace_seconds = grace_seconds
        self._pauses = pauses
        self._awake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._on_their_way: dict[str, str] = {}  # id of the delivery -> channel; until its result is written down
        self._sending: set[asyncio.Task[None]] = set()
        self._turning: asyncio.Task[bool] | None = None
        self._results: list[Result] = []
        self._drained: list[asyncio.Future[None]] = []
        self._ended = 0  # deliveries that have ended and are written down
        self._failing: set[str] = set()  # the channels that failed at the last try

    async def run(self) -> None:
        """Send until cancelled; messages on their way are then finished, for a few seconds at most.

        Raises:
            Broken: the outbox cannot be read or written.
        """
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                self._awake.clear()
                asked = tuple(self._drained)
                self._turning = asyncio.create_task(self._turn())
                # Shielded: results must not get lost between here and the disk.
                idle = await asyncio.shield(self._turning)
                if idle:
                    for drained in asked:
                        self._drained.remove(drained)
                        if not drained.done():
                            drained.set_result(None)
                # Not wait_for: before Python 3.12 it swallows a cancellation that comes together with the event.
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._idle_seconds):
                        await self._awake.wait()
        finally:
            self._loop = None
            await self._finish()

    def wake(self) -> None:
        """There may be something to send. Safe to call from any thread."""
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self._awake.set)

    async def drained(self, *, at_most: float) -> bool:
        """Wait until nothing is due and nothing on its way; says whether it came to that.

        It stops waiting once no delivery has ended for ``at_most`` seconds (up to twice as long may pass). What is held
        back or to be tried again later is not due. Needs `run` to be running.
        """
        drained = asyncio.get_running_loop().create_future()
        self._drained.append(drained)
        self._awake.set()
        ended = -1
        while not drained.done() and ended != self._ended:
            ended = self._ended
            await asyncio.wait([drained], timeout=at_most)
        return drained.done()

    async def _turn(self) -> bool:
        """Write down what has come in, and send what is due; says whether there was nothing to do."""
        await self._write_down()
        items, refused = await self._step(self._pick)
        for item in (*items, *refused):
            self._on_their_way[item.delivery.id] = item.delivery.channel
        for item in refused:
            logger.info("delivery %s is dropped: no consent covers it any more", item.delivery.id)
            ended = replace(item.delivery, state="withdrawn", at=self._clock.now(), reason="withdrawn")
            self._done(Result(ended, contact=item.recipient.name))
        for item in items:
            task = asyncio.create_task(self._send(item))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return not self._on_their_way

    def _pick(self) -> tuple[list[Item], list[Item]]:
        """What is to be sent now, and what must not be sent any more."""
        due: list[Item] = []
        for channel in self._outbox.channels():
            busy = {identity for identity, name in self._on_their_way.items() if name == channel}
            due += self._outbox.due(self._at_once - len(busy), channel=channel, besides=busy)
        items, refused = [], []
        for item in due:
            recipient = self._allowed(item.content, item.recipient)
            if recipient is None:
                refused.append(item)
            else:
                items.append(replace(item, recipient=recipient))
        return items, refused

    async def _write_down(self) -> None:
        results, self._results = self._results, []
        if not results:
            return
        erased = await self._step(self._commit, results)
        self._ended += sum(result.delivery.state != "waiting" for result in results)
        for result in results:
            name = self._on_their_way.pop(result.delivery.id)
            if result.delivery.id in erased and name in self._channels:
                await self._channels[name].retract(result.delivery.id)

    async def _send(self, item: Item) -> None:
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
            self._done(self._failed(item, str(error)))
        except Held as error:
            self._done(self._held(item, error))
        except Later as error:
            self._done(self._again(item, str(error), at_least=error.seconds))
        except Unavailable as error:
            self._done(self._again(item, str(error)))
        except TimeoutError:
            self._done(self._again(item, f"{place}: took longer than {self._send_seconds:g} s"))
        except Exception as error:  # noqa: BLE001  whatever a channel does, the alert must not get lost
            self._done(self._again(item, f"{place}: unexpected {type(error).__name__}"))
        else:
            attempts = delivery.attempts + 1
            now = self._clock.now()
            if delivery.channel in self._failing:
                self._failing.remove(delivery.channel)
                logger.info("channel %s delivers again", delivery.channel)
            delivered = replace(delivery, state="delivered", attempts=attempts, at=now, reason=None)
            self._done(Result(delivered, contact=item.recipient.name))

    def _done(self, result: Result) -> None:
        self._results.append(result)
        self._awake.set()

    def _held(self, item: Item, error: Held) -> Result:
        waiting = replace(item.delivery, state="waiting", at=self._clock.now(), reason=str(error))
        due = waiting.at + timedelta(seconds=error.seconds)
        return Result(waiting, due, contact=item.recipient.name, tried=False)

    def _again(self, item: Item, reason: str, *, at_least: float = 0.0) -> Result:
        now = self._clock.now()
        attempts = item.delivery.attempts + 1
        urgent = item.content.urgent
        if not urgent and now - item.first_due >= self._give_up_after:
            return self._failed(item, f"given up after {attempts} tries. {reason}")
        if item.delivery.channel not in self._failing:
            self._failing.add(item.delivery.channel)
            logger.warning("channel %s fails, its deliveries are tried again. %s", item.delivery.channel, reason)
        instead = _instead(item)
        if instead is not None and not urgent and attempts >= FAILURES:
            return self._failed(item, f"failed over after {attempts} tries. {reason}")
        pause = next(islice(self._pauses(), attempts - 1, None))
        if urgent and now - item.first_due < URGENT_FOR:
            pause = min(pause, URGENT_SECONDS)
        pause = max(pause, at_least)
        waiting = replace(item.delivery, state="waiting", attempts=attempts, at=now, reason=reason)
        return Result(
            waiting,
            now + timedelta(seconds=pause),
            contact=item.recipient.name,
            instead=instead if urgent and attempts == 1 else None,
        )

    def _failed(self, item: Item, reason: str) -> Result:
        logger.error("delivery %s has failed: %s", item.delivery.id, reason)
        attempts = item.delivery.attempts + 1
        failed = replace(item.delivery, state="failed", attempts=attempts, at=self._clock.now(), reason=reason)
        return Result(failed, contact=item.recipient.name, instead=_instead(item))

    async def _finish(self) -> None:
        end = asyncio.get_running_loop().time() + self._grace_seconds
        sent_by = end - self._grace_seconds / 3
        if self._turning is not None:
            await _ended([self._turning], by=sent_by)
        await _ended(tuple(self._sending), by=sent_by)
        try:
            async with asyncio.timeout_at(end):
                await self._write_down()
        except TimeoutError:
            logger.warning("the outbox could not be written at the end: what was sent last will be sent again")
        self._on_their_way.clear()


def _instead(item: Item) -> Content | None:
    """The same to the next channel of the recipient; ``None``: she has no other."""
    if not item.recipient.instead:
        return None
    (channel, address), *rest = item.recipient.instead
    return to_one(item.content, replace(item.recipient, channel=channel, address=address, instead=tuple(rest)))


async def _ended(tasks: Sequence[asyncio.Task[Any]], *, by: float) -> None:
    """Wait for ``tasks`` until the moment ``by`` of the loop's clock; those that last longer are cancelled."""
    if tasks:
        await asyncio.wait(tasks, timeout=by - asyncio.get_running_loop().time())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
