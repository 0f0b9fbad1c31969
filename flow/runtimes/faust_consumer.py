"""The life of one consumer: a `faust.App` from its start to its end, and the stage that it brings entries to."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from faust import Stream
from faust.types import EventT, Message

from flow.entry import Entry
from flow.errors import Broken, Unavailable
from flow.kafka import Connection
from flow.logs.kafka import KafkaLog, Progress
from flow.logs.kafka.records import Partition, entry_at
from flow.runtimes.faust_app import make_app
from flow.runtimes.membership import Membership
from flow.runtimes.stepping import advance
from flow.runtimes.watchdog import Watchdog
from flow.runtimes.worker import Worker
from flow.stage import Observer, Outcome, Stage

logger = logging.getLogger(__name__)

LOOK_SECONDS = 3.0
GATHER_SECONDS = 0.05
"""How long entries may be gathered until they are taken together."""
STOP_SECONDS = 10.0
"""How long an app may take to end: without a broker it never does."""


class _Ending(Exception):
    """What is in hand is left to whoever comes next."""


class Consumer:
    """Made for one `live`.

    Args:
        client: what the broker calls it; no other one may be called so.
    """

    def __init__(
        self,
        *,
        log: KafkaLog,
        connection: Connection,
        stage: Stage[Any],
        observer: Observer,
        batch_size: int,
        client: str,
        member: str | None,
        patience: float,
    ) -> None:
        self._log = log
        self._stage = stage
        self._observer = observer
        self._batch_size = batch_size
        self._membership = Membership(connection, group=log.cluster.full(stage.name), client=client, member=member)
        self._worker = Worker(observer=observer, sleep=self._pause)
        loop = asyncio.get_running_loop()
        self._ending = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._taken: set[int] = set()
        """Of which partitions it has taken entries since the last look."""
        self._failed: asyncio.Future[None] = loop.create_future()
        self._watchdog = Watchdog(patience=patience, now=loop.time())
        self.worked = False
        """Whether it has brought anything to the stage."""
        self.app = make_app(
            self._consume,
            topic=log.cluster.full(stage.source),
            group=log.cluster.full(stage.name),
            connection=connection,
            client=client,
            member=member,
            records=4 * batch_size,
        )

    async def live(self) -> str:
        """Run until cancelled, or until it can go on no more; returns why.

        Raises:
            Broken: the stage cannot go on, Kafka refuses us, or the app could not be stopped.
        """
        try:
            # Also tells a missing topic, or a refusal, in words that help.
            await self._kafka_answers()
            following = asyncio.create_task(self._follow())
            try:
                await asyncio.wait((following, self._failed), return_when=asyncio.FIRST_COMPLETED)
                # Without the brokers it could not be stopped.
                await self._kafka_answers()
            finally:
                following.cancel()
                stopped = await self._stop()
        finally:
            await self._membership.close()
            await self._worker.close()
        if self._failed.done():
            self._failed.result()
        if not stopped:
            remedy = "Nothing is lost. Start the worker again"
            raise Broken("the Kafka consumer cannot be stopped", place=f"stage {self._stage.name}", remedy=remedy)
        return await following

    async def _kafka_answers(self) -> None:
        await self._worker.run(partial(self._log.lag, self._stage.source, self._stage.name), place="kafka")

    async def _follow(self) -> str:
        """Start the app, and look after it until there is a reason to make it anew."""
        loop = asyncio.get_running_loop()
        starting = asyncio.create_task(self.app.start())
        try:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                if starting.done() and (error := starting.exception()):
                    return f"could not start ({type(error).__name__})"
                if self.app.crashed:
                    return f"has crashed ({type(self.app.crash_reason).__name__})"
                standing = await self._standing()
                if standing is None:
                    continue  # what stood still stands still
                progress, mine = standing
                taken, self._taken = self._taken, set()
                if self._watchdog.silent(progress, mine, taken=taken, idle=self._idle.is_set(), now=loop.time()):
                    return "has fallen silent"
        finally:
            starting.cancel()

    async def _standing(self) -> tuple[Mapping[int, Progress], set[int] | None] | None:
        """How far the group has come, and which partitions the brokers have given to us; ``None``: they do not answer."""
        try:
            progress = await asyncio.to_thread(self._log.progress, self._stage.source, self._stage.name)
            return progress, await self._membership.given()
        except Unavailable:
            return None

    async def _stop(self) -> bool:
        """End in order: the try in hand is finished, and what is done is committed. Returns whether it came to that."""
        self._ending.set()
        await self._idle.wait()
        self.app.ending = True
        stopping = asyncio.create_task(self.app.stop())
        await asyncio.wait({stopping}, timeout=STOP_SECONDS)
        stopped = stopping.done() and stopping.exception() is None
        if not stopped:
            logger.warning("stage %s: its Kafka consumer does not stop", self._stage.name)
        return stopped

    async def _consume(self, stream: Stream[Any]) -> None:
        """The agent. Nothing may be raised here: Faust would keep what is in hand for as long as the process lives.

        The loop is never left, either: what came then would be acknowledged although nobody has taken it.
        """
        stream.enable_acks = False
        async for events in stream.noack_take(self._batch_size, within=GATHER_SECONDS):
            if self._ending.is_set() or self._failed.done():
                await asyncio.Event().wait()  # until it is cancelled
            self._idle.clear()
            self._taken.update(event.message.partition for event in events)
            try:
                await self._take(stream, events)
                self.worked = True
            except _Ending:
                pass
            except Exception as error:  # noqa: BLE001  told by `live`
                self._failed.set_exception(error)
            finally:
                self._idle.set()

    async def _take(self, stream: Stream[Any], events: Sequence[EventT[Any]]) -> None:
        """Let the stage take ``events``; each is acknowledged as soon as what came of it, and of all before it, is safe.

        Markers wait their turn as well: Faust commits behind one that is acknowledged alone, although the entry right before
        it is not, and in a group that has never committed behind any (`Consumer._new_offset` in 0.15.3).
        """
        held = list(events)
        entries = [self._entry(event.message) for event in held]
        while entries:
            done = await self._worker.run(partial(self._advance, entries), place=self._stage.name)
            for event in held[:done]:
                await stream.ack(event)
            del held[:done], entries[:done]

    def _entry(self, message: Message) -> Entry | None:
        """``None``: a marker, no entry."""
        if message.value is None:
            return None
        partition = Partition(self._stage.source, message.partition)
        return entry_at(partition, message.offset, message.key, message.value, round(1000 * message.timestamp))

    def _advance(self, entries: Sequence[Entry | None]) -> int:
        """Returns how many of ``entries``, from the first one on, are done with; markers are when all before them is."""
        if self._ending.is_set():
            raise _Ending
        # The epoch is read first: an erasure between the two makes what derives from them stale, never wrongly fresh.
        epoch = self._log.epoch()
        standing = self._log.standing([entry for entry in entries if entry])
        if not standing:
            return len(entries)
        hand_over = partial(self._hand_over, epoch)
        done = advance(self._stage, standing, hand_over=hand_over, observer=self._observer)
        if done == len(standing):
            return len(entries)
        following = standing[done].offset
        return next(number for number, entry in enumerate(entries) if entry and entry.offset == following)

    def _hand_over(self, epoch: int, entries: Sequence[Entry], outcome: Outcome) -> None:
        with self._log.write(epoch=epoch) as writer:
            self._stage.hand_over(outcome, writer)

    async def _pause(self, seconds: float) -> None:
        """Before a try is repeated; the end cuts it short."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ending.wait()
