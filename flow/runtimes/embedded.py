"""All stages in one process, over one log.

Everything synchronous (stages, and the steps of services that write) runs in one worker thread, one step after another:
no step waits for another one's lock, and order needs no thought. asyncio carries what waits: collectors, channels, web.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from flow.entry import Entry
from flow.log import Queue
from flow.runtimes.services import Service, first, run
from flow.runtimes.stepping import advance
from flow.runtimes.worker import Worker
from flow.stage import Observer, Outcome, Stage
from flow.step import Step


class Embedded:
    """Runs ``stages`` over ``log`` until it is stopped.

    Args:
        batch_size: entries that a stage takes at once, at most.
        idle_seconds: how often to look for entries that another process has written.
        most_waiting: entries that may wait before a stage; beyond it `room` holds the sources back.
        fullness: how many count as waiting, given how many do before each stage, by name; those before the fullest, if not given.
        sleep: pauses before a step is repeated.
    """

    def __init__(
        self,
        *,
        log: Queue,
        stages: Sequence[Stage[Any]],
        observer: Observer,
        batch_size: int = 500,
        idle_seconds: float = 0.2,
        most_waiting: int = 5000,
        fullness: Callable[[Mapping[str, int]], int] = lambda lags: max(lags.values()),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._log = log
        self._stages = stages
        self._observer = observer
        self._batch_size = batch_size
        self._idle_seconds = idle_seconds
        self._most_waiting = most_waiting
        self._fullness = fullness
        self._worker = Worker(observer=observer, sleep=sleep)
        self._known: dict[bytes, Any] = {}
        self._awake = asyncio.Event()

    async def run(self, *, sources: Mapping[str, Service], services: Mapping[str, Service], once: bool = False) -> None:
        """Run the stages, the sources and the services until cancelled or, with ``once``, until all is done.

        All is done when every source has ended and every stage has read its topic to the end; services are then cancelled.

        Raises:
            Broken: a stage, source or service cannot go on. The others have been stopped in order.
        """
        try:
            async with asyncio.TaskGroup() as group:
                pump = group.create_task(self._pump(), name="stages")
                serving = [group.create_task(run(service), name=name) for name, service in services.items()]
                reading = [group.create_task(run(source), name=name) for name, source in sources.items()]
                if once:
                    await asyncio.gather(*reading)
                    await self.drained()
                    for task in (pump, *serving):
                        task.cancel()
        except BaseExceptionGroup as errors:
            raise first(errors) from errors
        finally:
            await self.close()

    async def close(self) -> None:
        """Wait for the step in hand; its transaction is whole either way. Only needed where `run` was not called."""
        await self._worker.close()

    def at(self, place: str) -> Step:
        """Runs functions in the worker thread; see `flow.runtimes.worker.Worker.at`."""
        return self._worker.at(place, then=self._awake.set)

    def wake(self) -> None:
        """There may be entries to read."""
        self._awake.set()

    async def room(self) -> None:
        """Wait until no stage has more than ``most_waiting`` entries before it."""
        while await self._worker.run(self._fullest, place="stages") > self._most_waiting:
            await asyncio.sleep(0.05)

    async def drained(self) -> None:
        """Wait until every stage has read its topic to the end."""
        while await self._worker.run(self._lag, place="stages"):
            await asyncio.sleep(0.01)

    async def _pump(self) -> None:
        while True:
            self._awake.clear()
            worked = await self._worker.run(self._round, place="stages")
            if worked:
                continue
            # Not wait_for: before Python 3.12 it swallows a cancellation that comes together with the event.
            with suppress(TimeoutError):
                async with asyncio.timeout(self._idle_seconds):
                    await self._awake.wait()

    def _round(self) -> int:
        """Let each stage take one batch; returns how many entries moved."""
        self._known.clear()  # records do not outlive the round: what is erased must not linger in memory
        return sum(self._advance(stage, self._batch_size) for stage in self._stages)

    def _fullest(self) -> int:
        return self._fullness({stage.name: self._log.lag(stage.source, stage.name) for stage in self._stages})

    def _lag(self) -> int:
        return sum(self._log.lag(stage.source, stage.name) for stage in self._stages)

    def _advance(self, stage: Stage[Any], limit: int) -> int:
        batch = self._log.read(stage.source, stage.name, limit)
        if not batch.entries:
            return 0
        hand_over = partial(self._hand_over, stage, batch.epoch)
        return advance(stage, batch.entries, hand_over=hand_over, observer=self._observer, known=self._known)

    def _hand_over(self, stage: Stage[Any], epoch: int, entries: Sequence[Entry], outcome: Outcome) -> None:
        with self._log.write(epoch=epoch) as writer:
            stage.hand_over(outcome, writer)
            writer.commit(stage.name, stage.source, entries[outcome.read - 1].offset + 1)
