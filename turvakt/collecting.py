"""The collectors at work: what they read goes through the intake into the log."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from flow.runtimes.services import Service
from flow.step import Step
from ingest.collector import Collected, Collector
from ingest.stage import collect
from turvakt.tally import Observed
from turvakt.wiring import Parts

SETTLE_SECONDS = 2.0
"""How often to look whether the index can decide about deletions."""


class Collecting:
    """Lets ``collectors`` read.

    Args:
        step: runs what the intake does.
        deletions: runs what becomes of deletions that had to wait for the index.
        room: waits until the stages can take more.
        once: each ends where its source ends.
    """

    def __init__(
        self,
        parts: Parts,
        collectors: Sequence[Collector],
        *,
        step: Step,
        deletions: Step,
        room: Callable[[], Awaitable[None]],
        observed: Observed,
        once: bool = False,
    ) -> None:
        self._parts = parts
        self._collectors = collectors
        self._step = step
        self._deletions = deletions
        self._room = room
        self._observed = observed
        self._once = once
        self._intake = parts.intake(observed.taken, defers=True)

    @property
    def sources(self) -> dict[str, Service]:
        """The collectors, each a service of its own."""
        return {f"collector {number}": partial(self.read, each) for number, each in enumerate(self._collectors)}

    @property
    def services(self) -> dict[str, Service]:
        """What collectors need besides."""
        services: dict[str, Service] = {"deletions": self._settle}
        if any(collector.name == "bluesky" for collector in self._collectors):
            services["bluesky accounts"] = self._parts.bluesky_accounts.run
        return services

    async def read(self, collector: Collector) -> None:
        """Until its source ends."""
        await collect(
            collector,
            cursor=lambda: self._step(self._parts.log.cursor, collector.reads),
            room=self._room,
            take=self._take,
            waiting=self._observed.waiting,
            once=self._once,
        )
        await self._deletions(self._intake.settle)

    async def _settle(self) -> None:
        while True:
            await asyncio.sleep(SETTLE_SECONDS)
            if self._intake.undecided:
                await self._deletions(self._intake.settle)

    async def _take(self, collector: str, collected: Collected) -> None:
        await self._step(self._intake.take, collector, collected)
