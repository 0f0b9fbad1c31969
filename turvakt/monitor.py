"""The embedded monitor: collectors, stages, deliveries, the console and housekeeping in one process."""

import asyncio
import gc
import logging
import signal
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from flow.runtimes.embedded import Embedded, Service
from ingest.collector import Collected, Collector
from ingest.stage import collect
from registry.withdrawal import resume
from turvakt.access import base_url
from turvakt.tally import Observed
from turvakt.wiring import Parts

if TYPE_CHECKING:
    from turvakt.console import Console

logger = logging.getLogger(__name__)

HOUSEKEEPING_SECONDS = 3600.0
LAST_DELIVERIES_SECONDS = 20.0
"""How long a run with an end waits for channels that do not answer."""


class Monitor:
    """Watches until it is stopped, or until its sources end. Whoever runs it holds `turvakt.folder.alone`.

    Args:
        once: stop when the sources have ended and all is handed on.
        console: serves the web pages; ``None``: it does not.
    """

    def __init__(
        self,
        parts: Parts,
        *,
        observed: Observed,
        collectors: Sequence[Collector],
        console: "Console | None" = None,
        once: bool = False,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._parts = parts
        self._observed = observed
        self._collectors = collectors
        self._console = console
        self._once = once
        self._base_url = console.base_url if console else base_url(parts.settings)
        self._sleep = sleep

    async def run(self) -> None:
        """Run; returns after SIGTERM or SIGINT, or when a run with an end is done.

        Raises:
            Broken: something cannot go on; everything has been stopped in order.
        """
        task = asyncio.ensure_future(self._run())
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            logger.info("stopped in order")
        finally:
            for each in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(each)

    async def _run(self) -> None:
        parts, flow = self._parts, self._parts.settings.flow
        self._finish_erasures()
        runtime = Embedded(
            log=parts.log,
            stages=parts.stages(wake=lambda: dispatcher.wake()),
            observer=self._observed,
            batch_size=flow.batch_size,
            most_waiting=flow.most_waiting,
        )
        dispatcher = parts.dispatcher(runtime.step, base_url=self._base_url)
        intake = parts.intake(self._observed.taken)

        async def take(collector: str, collected: Collected) -> None:
            await runtime.step(intake.take, collector, collected)

        async def read(collector: Collector) -> None:
            await collect(
                collector,
                cursor=lambda: runtime.step(parts.log.cursor, collector.reads),
                room=runtime.room,
                take=take,
                waiting=self._observed.waiting,
            )

        async def read_to_the_end() -> None:
            await asyncio.gather(*map(read, self._collectors))
            await runtime.drained()
            await dispatcher.drained(at_most=LAST_DELIVERIES_SECONDS)

        # What is loaded by now stays: the collector of garbage need not walk over it again and again.
        gc.freeze()
        services: dict[str, Service] = {
            "deliveries": dispatcher.run,
            "housekeeping": partial(self._keep_house, runtime),
        }
        if any(collector.name == "bluesky" for collector in self._collectors):
            services["bluesky accounts"] = parts.bluesky_accounts.run
        if self._console is not None:
            services["console"] = partial(self._console.serve, runtime.step)
        each = {f"collector {collector.reads}": partial(read, collector) for collector in self._collectors}
        sources: dict[str, Service] = {"collectors": read_to_the_end} if self._once else {**each}
        try:
            await runtime.run(sources=sources, services=services, once=self._once)
        finally:
            for channel in parts.channels.values():
                await channel.close()

    async def _keep_house(self, runtime: Embedded) -> None:
        """Complete interrupted erasures and enforce retention, now and every hour."""
        while True:
            await runtime.step(self._finish_erasures)
            removed = await runtime.step(self._parts.expire)
            if removed:
                logger.info("retention removed %d records", removed)
            await self._sleep(HOUSEKEEPING_SECONDS)

    def _finish_erasures(self) -> None:
        parts = self._parts
        for report in resume(store=parts.store, holders=parts.holders, scrub=parts.database.scrub, clock=parts.clock):
            logger.info("completed an erasure that had been interrupted: %d records", sum(report.removed.values()))
