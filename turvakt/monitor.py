"""The embedded monitor: collectors, stages, deliveries, the console and housekeeping in one process."""

import asyncio
import gc
import logging
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from flow.runtimes.embedded import Embedded, Service
from flow.step import Step
from ingest.collector import Collected, Collector
from ingest.stage import collect
from registry.withdrawal import resume
from turvakt.access import base_url
from turvakt.shadow import Shadow
from turvakt.tally import Observed
from turvakt.wiring import Parts

if TYPE_CHECKING:
    from turvakt.console import Console

logger = logging.getLogger(__name__)

HOUSEKEEPING_SECONDS = 3600.0
LAST_DELIVERIES_SECONDS = 20.0
"""How long a run with an end waits for channels that take nothing."""
BUSY_SECONDS = 1.0
"""How long one try waits for another process that writes: tries are repeated, and none may hold up the end."""
END_SECONDS = 4.0
"""The one deadline for all that is done at the end: whoever stops the monitor need not wait longer than five seconds."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: by which signal, or by itself (``None``); and how many deliveries are due but were not made."""

    signal: signal.Signals | None
    undelivered: int


class Monitor:
    """Watches until it is stopped, or until its sources end. Whoever runs it holds `turvakt.folder.alone`.

    Args:
        once: stop when the sources have ended and all is handed on.
        console: serves the web pages; ``None``: it does not.
        shadow: lets a candidate judge, too; it must be among the listeners of ``observed``.
    """

    def __init__(
        self,
        parts: Parts,
        *,
        observed: Observed,
        collectors: Sequence[Collector],
        console: "Console | None" = None,
        shadow: Shadow | None = None,
        once: bool = False,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._parts = parts
        self._observed = observed
        self._collectors = collectors
        self._console = console
        self._shadow = shadow
        self._once = once
        self._base_url = console.base_url if console else base_url(parts.settings)
        self._sleep = sleep

    async def run(self) -> Ended:
        """Run; returns after SIGTERM or SIGINT, or when a run with an end is done.

        Raises:
            Broken: something cannot go on; everything has been stopped in order.
        """
        loop, this = asyncio.get_running_loop(), asyncio.current_task()
        running = asyncio.ensure_future(self._run())
        stopped: list[signal.Signals] = []
        deadlines: list[asyncio.TimerHandle] = []

        def stop(by: signal.Signals) -> None:
            stopped.append(by)
            running.cancel()
            deadlines.append(loop.call_later(END_SECONDS, self._break_off, this))

        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, stop, each)
        try:
            await running
        except asyncio.CancelledError:
            if not stopped:
                raise
            logger.info("stopped in order")
        finally:
            for deadline in deadlines:
                deadline.cancel()
            for each in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(each)
        return Ended(stopped[0] if stopped else None, self._parts.outbox.overdue(timedelta(0)))

    def _break_off(self, spared: "asyncio.Task[Any] | None") -> None:
        """What has not ended by now has had its time."""
        logger.warning("not everything ended within %g seconds: the rest is broken off", END_SECONDS)
        self._parts.database.interrupt()
        for task in asyncio.all_tasks():
            if task is not spared:
                task.cancel()

    async def _run(self) -> None:
        parts, flow = self._parts, self._parts.settings.flow
        runtime = Embedded(
            log=parts.queue,
            stages=parts.stages(wake=lambda: dispatcher.wake()),
            observer=self._observed,
            batch_size=flow.batch_size,
            most_waiting=flow.most_waiting,
        )
        dispatcher = parts.dispatcher(runtime.at("deliveries"), base_url=self._base_url)
        intake = parts.intake(self._observed.taken)
        in_intake, in_house = runtime.at("intake"), runtime.at("housekeeping")

        async def take(collector: str, collected: Collected) -> None:
            await in_intake(intake.take, collector, collected)

        async def read(collector: Collector) -> None:
            await collect(
                collector,
                cursor=lambda: in_intake(parts.log.cursor, collector.reads),
                room=runtime.room,
                take=take,
                waiting=self._observed.waiting,
                once=self._once,
            )

        async def read_to_the_end() -> None:
            await asyncio.gather(*map(read, self._collectors))
            await runtime.drained()
            await dispatcher.drained(at_most=LAST_DELIVERIES_SECONDS)
            if self._shadow is not None:
                await self._shadow.drained()

        # What is loaded by now stays: the collector of garbage need not walk over it again and again.
        gc.freeze()
        services: dict[str, Service] = {
            "deliveries": dispatcher.run,
            "housekeeping": partial(self._keep_house, in_house),
        }
        if any(collector.name == "bluesky" for collector in self._collectors):
            services["bluesky accounts"] = parts.bluesky_accounts.run
        if self._console is not None:
            services["console"] = partial(self._console.serve, runtime.at("console"))
        if self._shadow is not None:
            services["shadow"] = self._shadow.run
        sources: dict[str, Service] = {"collectors": read_to_the_end}
        if not self._once:
            sources = {f"collector {number}": partial(read, each) for number, each in enumerate(self._collectors)}
        try:
            await in_house(self._prepare)
            await runtime.run(sources=sources, services=services, once=self._once)
        finally:
            await runtime.close()
            for channel in parts.channels.values():
                await channel.close()

    def _prepare(self) -> None:
        """Before anything is read or sent: leave nothing behind of who was erased."""
        self._parts.file.be_patient(BUSY_SECONDS)
        self._finish_erasures()
        swept = self._parts.sweep()
        if swept:
            logger.info("removed %d messages from the folder of the outbox that no delivery belongs to", swept)

    async def _keep_house(self, step: Step) -> None:
        """Complete interrupted erasures and enforce retention, now and every hour."""
        while True:
            await step(self._finish_erasures)
            removed = await step(self._parts.expire)
            if removed:
                logger.info("retention removed %d records", removed)
            await self._sleep(HOUSEKEEPING_SECONDS)

    def _finish_erasures(self) -> None:
        parts = self._parts
        for report in resume(store=parts.store, holders=parts.holders, scrub=parts.scrub, clock=parts.clock):
            logger.info("completed an erasure that had been interrupted: %d records", sum(report.removed.values()))
