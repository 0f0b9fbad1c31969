"""Looks every minute whether all goes on that must, tells the operator what does not, and pings the watcher outside."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from flow.clock import Clock
from flow.errors import TurvaktError
from flow.step import Step
from turvakt.watch.pinger import Pinger
from turvakt.watch.probes import Probe
from turvakt.watch.trouble import Kind, Trouble
from turvakt.watch.troubles import Troubles

LOOK_SECONDS = 60.0
PROBE_SECONDS = 30.0

logger = logging.getLogger(__name__)


class Watcher:
    """The watch of one Turvakt: one process does it at a time.

    Args:
        probes: what is looked at.
        troubles: writes down what was found; by way of ``step``.
        also: what is to be done after each look, likewise.
        pinger: the watcher outside; ``None``: there is none.
        seconds: how long a probe may take.
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
        seconds: float = PROBE_SECONDS,
    ) -> None:
        self._probes = probes
        self._troubles = troubles
        self._pinger = pinger
        self._also = also
        self._step = step
        self._clock = clock
        self._sleep = sleep
        self._seconds = seconds
        self._failed = False  # whether the last look did
        self._threads = ThreadPoolExecutor(len(probes) or 1, thread_name_prefix="watch")
        self._hanging: dict[Probe, Future[Seen]] = {}

    async def run(self) -> None:
        """Watch until cancelled."""
        if self._pinger is not None:
            await self._pinger.started()
        while True:
            began = time.monotonic()
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001  the watch must not end what it watches; what is broken ends it by itself
                logger.error("the watch failed: %s", type(error).__name__)
                self._failed = True
            await self._sleep(max(1.0, LOOK_SECONDS - (time.monotonic() - began)))

    async def look(self) -> list[Trouble]:
        """One look, with what follows from it; returns what was found."""
        now = self._clock.now()
        seen = [await self._asked(probe, now) for probe in self._probes]
        found = [trouble for each in seen for trouble in each.found]
        unknown = frozenset(kind for each in seen for kind in each.unknown)
        # First what need not wait for a database: where that is away, only the watcher outside can tell somebody.
        if self._pinger is not None:
            broken = [each for each in found if each.is_for_outside]
            await self._pinger.ping(broken, now, faulty=self._failed or any(each.faulty for each in seen))
        self._failed = await self._step(self._troubles.take, found, now, unknown=unknown)
        await self._step(self._also, now)
        return found

    async def _asked(self, probe: Probe, now: datetime) -> "Seen":
        """What a probe sees. One that hangs, as a network disk makes it, keeps its thread, and holds up nothing else."""
        asked = self._hanging.pop(probe, None)
        if asked is None or asked.done():
            asked = self._threads.submit(ask, probe, now)
            await asyncio.wait((asyncio.wrap_future(asked),), timeout=self._seconds)
        if asked.done():
            return asked.result()
        self._hanging[probe] = asked
        return Seen((Trouble("store-away", probe.place, now, {"reason": "no answer in time"}),), probe.kinds)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a probe has found.

    Attributes:
        unknown: what could not be looked for, as something gave no answer.
        faulty: that is the probe's own fault.
    """

    found: tuple[Trouble, ...] = ()
    unknown: frozenset[Kind] = frozenset()
    faulty: bool = False


def ask(probe: Probe, now: datetime) -> Seen:
    """What a probe sees; a fault of one must not end the others."""
    try:
        return Seen(tuple(probe.ask(now)))
    except TurvaktError as error:
        return Seen((Trouble("store-away", probe.place, now, {"reason": error.reason}),), probe.kinds)
    except Exception as error:  # noqa: BLE001  see above
        logger.error("probe %s failed: %s", probe.place, type(error).__name__)
        return Seen(unknown=probe.kinds, faulty=True)
