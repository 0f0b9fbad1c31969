"""The embedded monitor: collectors, stages, deliveries, the console and housekeeping in one process."""

import asyncio
import gc
import logging
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from flow.runtimes.embedded import Embedded
from flow.runtimes.services import Service, first, run
from ingest.collector import Collector
from turvakt.access import base_url
from turvakt.answering import reminding
from turvakt.collecting import Collecting
from turvakt.counted import counted
from turvakt.digesting import keep_digesting
from turvakt.housekeeping import finish_erasures, keep_erasing, keep_house
from turvakt.reading import fullness
from turvakt.shadow import Shadow
from turvakt.stopping import until_stopped
from turvakt.tally import Observed
from turvakt.telling import keep_telling
from turvakt.watch.pulse import Pulse, keep_beating
from turvakt.watch.setup import trying, watcher
from turvakt.wiring import Parts

if TYPE_CHECKING:
    from turvakt.console import Console

logger = logging.getLogger(__name__)

LAST_DELIVERIES_SECONDS = 20.0
"""How long a run with an end waits for channels that take nothing."""
BUSY_SECONDS = 1.0
"""How long one try waits for another process that writes: tries are repeated, and none may hold up the end."""


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
        beside: services that run beside it, by name, from the beginning: what was left over may take long.
        pulse: knows how its parts are, as it is among the listeners of ``observed``; ``None``: nothing is watched.
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
        beside: Mapping[str, Service] = {},
        pulse: Pulse | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._parts = parts
        parts.delivery_told = observed.delivery
        self._observed = observed
        self._collectors = collectors
        self._console = console
        self._shadow = shadow
        self._once = once
        self._beside = beside
        self._pulse = pulse
        self._base_url = console.base_url if console else base_url(parts.settings)
        self._sleep = sleep
        self.begun = False
        """Whether what was left over is done, and it watches."""

    async def run(self) -> Ended:
        """Run; returns after SIGTERM or SIGINT, or when a run with an end is done.

        Raises:
            Broken: something cannot go on; everything has been stopped in order.
        """
        stopped = await until_stopped(self._run(), break_off=self._parts.file.interrupt)
        if self._pulse is not None:
            self._pulse.end(self._parts.database)
        return Ended(stopped, self._parts.outbox.overdue(timedelta(0)))

    async def _run(self) -> None:
        parts, flow = self._parts, self._parts.settings.flow
        runtime = Embedded(
            log=parts.queue,
            stages=parts.stages(wake=lambda: dispatcher.wake()),
            observer=self._observed,
            batch_size=flow.batch_size,
            most_waiting=flow.most_waiting,
            fullness=fullness,
        )
        dispatcher = parts.dispatcher(runtime.at("deliveries"), base_url=self._base_url)
        escalator = parts.escalator(runtime.at("incidents"), wake=dispatcher.wake)
        postman = parts.postman(runtime.at("letters"), base_url=self._base_url)
        collecting = Collecting(
            parts,
            self._collectors,
            step=runtime.at("intake"),
            deletions=runtime.at("deletions"),
            room=runtime.room,
            observed=self._observed,
            once=self._once,
        )
        in_house = runtime.at("housekeeping")

        async def read_to_the_end() -> None:
            await asyncio.gather(*map(collecting.read, self._collectors))
            await runtime.drained()
            await escalator.finish()
            await dispatcher.drained(at_most=LAST_DELIVERIES_SECONDS)
            if self._shadow is not None:
                await self._shadow.drained()

        # What is loaded by now stays until the end: the collector of garbage need not walk over it again and again.
        gc.freeze()
        services: dict[str, Service] = {
            "deliveries": dispatcher.run,
            "incidents": escalator.run,
            "letters": postman.run,
            "reminders": reminding(parts, runtime.at("reminders"), wake=dispatcher.wake).run,
            "housekeeping": partial(keep_house, parts, step=in_house, sleep=self._sleep),
            "erasures": partial(keep_erasing, parts, step=in_house, sleep=self._sleep),
            "telling": partial(keep_telling, parts, step=in_house),
            "digests": partial(keep_digesting, parts, step=in_house),
            **collecting.services,
        }
        if self._pulse is not None:
            watching = runtime.at("watch")
            services["beats"] = partial(keep_beating, self._pulse, lambda: parts.database, step=watching)
            services["watch"] = watcher(parts, step=watching).run
            services["channels"] = trying(parts, step=watching).run
        if self._console is not None:
            services["console"] = partial(self._console.serve, runtime.at("console"))
        if self._shadow is not None:
            services["shadow"] = self._shadow.run
        sources: dict[str, Service] = {"collectors": read_to_the_end}
        if not self._once:
            sources = collecting.sources
        try:
            async with asyncio.TaskGroup() as group:
                beside = [group.create_task(run(service), name=name) for name, service in self._beside.items()]
                await in_house(self._prepare)
                self.begun = True
                await runtime.run(sources=sources, services=services, once=self._once)
                for task in beside:
                    task.cancel()
        except BaseExceptionGroup as errors:
            raise first(errors) from errors
        finally:
            gc.unfreeze()
            await runtime.close()
            for channel in parts.channels.values():
                await channel.close()

    def _prepare(self) -> None:
        """Before anything is read or sent: leave nothing behind of who was erased, as far as can be."""
        self._parts.file.be_patient(BUSY_SECONDS)
        finish_erasures(self._parts)
        swept = self._parts.sweep()
        if swept:
            messages = counted(swept, "message", "messages")
            logger.info("swept %s without a delivery out of the folder of the outbox", messages)
