"""Looks every minute whether all goes on that must, tells the operator what does not, and pings the watcher outside."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from flow.clock import Clock
from flow.errors import TurvaktError
from flow.step import Step
from turvakt.watch.pinger import Pinger
from turvakt.watch.probes import Probe
from turvakt.watch.trouble import Kind, Trouble
from turvakt.watch.troubles import Troubles

LOOK_SECONDS = 60.0

logger = logging.getLogger(__name__)


class Watcher:
    """The watch of one Turvakt: one process does it at a time.

    Args:
        probes: what is looked at.
        troubles: writes down what was found; by way of ``step``.
        also: what is to be done after each look, likewise.
        pinger: the watcher outside; ``None``: there is none.
    """

    def __init__(
        self,
        probes: Sequence[Probe],
        troubles: Troubles,
        *,
        pinger: Pinger | None,
        also: Callable[[datetime], None],
        step: Step,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._probes = probes
        self._troubles = troubles
        self._pinger = pinger
        self._also = also
        self._step = step
        self._clock = clock
        self._sleep = sleep
        self._failed = False  # whether the last look did

    async def run(self) -> None:
        """Watch until cancelled."""
        if self._pinger is not None:
            await self._pinger.started()
        while True:
            began = time.monotonic()
            try:
                await self.look()
                self._failed = False
            except Exception as error:  # noqa: BLE001  the watch must not end what it watches; what is broken ends it by itself
                logger.error("the watch failed: %s", type(error).__name__)
                self._failed = True
            await self._sleep(max(1.0, LOOK_SECONDS - (time.monotonic() - began)))

    async def look(self) -> list[Trouble]:
        """One look, with what follows from it; returns what was found."""
        now = self._clock.now()
        found, unknown, faulty = await asyncio.to_thread(look, self._probes, now)
        # First what need not wait for a database: where that is away, only the watcher outside can tell somebody.
        if self._pinger is not None:
            broken = [each for each in found if each.is_for_outside]
            await self._pinger.ping(broken, now, faulty=faulty or self._failed)
        await self._step(self._troubles.take, found, now, unknown=unknown)
        await self._step(self._also, now)
        return found


def look(probes: Sequence[Probe], now: datetime) -> tuple[list[Trouble], frozenset[Kind], bool]:
    """What the probes find, what could not be looked for as something gave no answer, and whether that is a probe's own fault."""
    found: list[Trouble] = []
    unknown: set[Kind] = set()
    faulty = False
    for probe in probes:
        try:
            found += probe.ask(now)
        except TurvaktError as error:
            unknown |= probe.kinds
            found.append(Trouble("store-away", probe.place, now, {"reason": error.reason}))
        except Exception as error:  # noqa: BLE001  a fault of one probe must not end the others
            logger.error("probe %s failed: %s", probe.place, type(error).__name__)
            unknown |= probe.kinds
            faulty = True
    return found, frozenset(unknown), faulty
