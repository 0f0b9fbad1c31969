"""Carries deliveries from the outbox to people: at least once, each with an idempotency key."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from alerts.alert import RINGS, Delivery, Recipient
from alerts.channel import Channel
from alerts.content import Content, recipients_of, to_one
from alerts.delivery.outbox import Item, Outbox, Result
from alerts.delivery.replacing import MOVED, REPLACED
from alerts.delivery.sending import SEND_SECONDS, Sender, growing
from alerts.messages.message import Message
from flow.clock import Clock
from flow.errors import BadInput
from flow.step import Step

logger = logging.getLogger(__name__)
WITHDRAWN, ANSWERED = "withdrawn", "answered"
"""Why a message is not sent: consent has ended, or she is no contact any more; nobody is rung up to hear that somebody has
answered."""
NAMED_WITHIN = timedelta(minutes=2)
"""So long after a message was due a plan may come that names its recipient."""
_REPLACED_AT_ONCE = 500
_DROPPED = {
    WITHDRAWN: "no consent covers it any more, or the contact is none any more",
    ANSWERED: "somebody has answered, and nobody is rung up for that",
    MOVED: "the contact has another address, to which it goes",
    REPLACED: "a newer message says it, too",
}


class NotNamed(Exception):
    """No plan names the recipient: not any more, or not yet in this process, as each looks at the files of plans by itself."""


class Dispatcher:
    """Sends what is due, several messages at a time per channel, so that a dead channel delays no other one.

    A delivery is tried again, as `alerts.delivery.sending.Sender` says, until it is made, given up, or the consent ends. It is
    written down as made only after the channel has taken it on: a crash in between sends it again, with the same key.

    Args:
        channels: by name. What waits for a channel that is not there is tried again like any other.
        render: makes the message; the third argument is the id of the delivery.
        commit: writes results down (`alerts.stage.recording`); called by way of ``step``; returns the ids of
            deliveries that were erased meanwhile.
        allowed: what consent allows to tell the recipient of it now, addressed to her alone at her address of now, or ``None``;
            asked before each try, by way of ``step``. What may be told from a later moment on (`Recipient.not_before`) waits for
            that, and a message for which it raises `BadInput` for a program that can read it all; one for which it raises
            `NotNamed` for a while, and then it is dropped.
        step: where ``commit``, ``allowed`` and the outbox run.
        at_once: messages on their way per channel.
        idle_seconds: how often to look for what has become due.
        grace_seconds: how long the end may take when it is stopped: messages on their way have two thirds of it, and
            writing down what came of them has the rest.
        give_up_after, send_seconds, pauses: as for `alerts.delivery.sending.Sender`.
    """

    def __init__(
        self,
        *,
        outbox: Outbox,
        channels: Mapping[str, Channel],
        render: Callable[[Content, Recipient, str], Message],
        commit: Callable[[Sequence[Result]], Collection[str]],
        allowed: Callable[[Content, Recipient], Content | None],
        step: Step,
        clock: Clock,
        at_once: int = 16,
        give_up_after: timedelta = timedelta(hours=24),
        send_seconds: float = SEND_SECONDS,
        idle_seconds: float = 0.5,
        grace_seconds: float = 3.0,
        pauses: Callable[[], Iterator[float]] = growing,
    ) -> None:
        self._outbox = outbox
        self._channels = channels
        self._commit = commit
        self._allowed = allowed
        self._step = step
        self._clock = clock
        self._at_once = at_once
        self._idle_seconds = idle_seconds
        self._grace_seconds = grace_seconds
        self._sender = Sender(
            channels=channels,
            render=render,
            clock=clock,
            give_up_after=give_up_after,
            send_seconds=send_seconds,
            pauses=pauses,
        )
        self._awake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._on_their_way: dict[str, str] = {}  # id of the delivery -> channel; until its result is written down
        self._sending: set[asyncio.Task[None]] = set()
        self._turning: asyncio.Task[bool] | None = None
        self._results: list[Result] = []
        self._drained: list[asyncio.Future[None]] = []
        self._ended = 0  # deliveries that have ended and are written down

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
        items, dropped = await self._step(self._pick)
        for delivery in (*(item.delivery for item in items), *(result.delivery for result in dropped)):
            self._on_their_way[delivery.id] = delivery.channel
        for result in dropped:
            self._done(result)
        for item in items:
            task = asyncio.create_task(self._send(item))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return not self._on_their_way

    def _pick(self) -> tuple[list[Item], list[Result]]:
        """What is to be sent now, and what must not be sent any more."""
        due: list[Item] = []
        for channel in self._outbox.channels():
            busy = {identity for identity, name in self._on_their_way.items() if name == channel}
            due += self._outbox.due(self._at_once - len(busy), channel=channel, besides=busy)
        items: list[Item] = []
        # What is replaced just now, by another process, goes out all the same, as what is on its way does.
        besides = {*self._on_their_way, *(item.delivery.id for item in due)}
        dropped = [self._dropped(*each, REPLACED) for each in self._outbox.replaced(_REPLACED_AT_ONCE, besides=besides)]
        for item in due:
            try:
                content = self._allowed(item.content, item.recipient)
            except BadInput as error:
                # What it is about cannot be read here: one message must not keep the others from going out.
                self._outbox.set_aside(item, str(error))
                continue
            except NotNamed:
                now = self._clock.now()
                if now - item.first_due < NAMED_WITHIN:
                    self._outbox.put_off(item, now + NAMED_WITHIN / 10)
                else:
                    dropped.append(self._dropped(item.delivery, item.recipient.name, WITHDRAWN))
                continue
            if content is None:
                dropped.append(self._dropped(item.delivery, item.recipient.name, WITHDRAWN))
                continue
            recipient = recipients_of(content)[0]
            if content.asks_nothing and item.delivery.channel == RINGS:
                dropped.append(self._dropped(item.delivery, item.recipient.name, ANSWERED))
            elif (moved := _moved(item, recipient)) is not None:
                dropped.append(self._dropped(item.delivery, item.recipient.name, MOVED, instead=moved))
            elif recipient.not_before is not None and recipient.not_before > self._clock.now():
                self._outbox.postpone(item, recipient.not_before)
            else:
                items.append(replace(item, content=content, recipient=recipient))
        return items, dropped

    def _dropped(self, delivery: Delivery, contact: str, reason: str, *, instead: Content | None = None) -> Result:
        logger.info("delivery %s is dropped: %s", delivery.id, _DROPPED[reason])
        ended = replace(delivery, state="withdrawn", at=self._clock.now(), reason=reason)
        return Result(ended, contact=contact, instead=instead)

    async def _write_down(self) -> None:
        results, self._results = self._results, []
        if not results:
            return
        erased = await self._step(self._commit, results)
        self._ended += sum(result.delivery.state != "waiting" for result in results)
        for result in results:
            name = self._on_their_way.pop(result.delivery.id, "")
            if result.delivery.id in erased and name in self._channels:
                await self._channels[name].retract(result.delivery.id)

    async def _send(self, item: Item) -> None:
        self._done(await self._sender.send(item))

    def _done(self, result: Result) -> None:
        self._results.append(result)
        self._awake.set()

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


def _moved(item: Item, recipient: Recipient) -> Content | None:
    """The same to the address and by the name of ``recipient``, if one of them is another."""
    to = replace(item.recipient, name=recipient.name, channel=recipient.channel, address=recipient.address)
    return None if to == item.recipient else to_one(item.content, replace(to, instead=recipient.instead))


async def _ended(tasks: Sequence[asyncio.Task[Any]], *, by: float) -> None:
    """Wait for ``tasks`` until the moment ``by`` of the loop's clock; those that last longer are cancelled."""
    if tasks:
        await asyncio.wait(tasks, timeout=by - asyncio.get_running_loop().time())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
