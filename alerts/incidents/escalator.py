"""Sees to it that what nobody answers goes on to the next step, and that what has grown is told."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from alerts.incidents.incidents import Incidents
from flow.clock import Clock
from flow.errors import BadInput
from flow.step import Step

logger = logging.getLogger(__name__)


class Escalator:
    """Looks again and again which incidents something is to be done about. One process does it for all.

    Args:
        wake: is called when there is something to deliver.
        step: where the incidents are read and written.
        idle_seconds: how often to look.
    """

    def __init__(
        self,
        *,
        incidents: Incidents,
        wake: Callable[[], None],
        step: Step,
        clock: Clock,
        idle_seconds: float = 1.0,
    ) -> None:
        self._incidents = incidents
        self._wake = wake
        self._step = step
        self._clock = clock
        self._idle_seconds = idle_seconds

    async def run(self) -> None:
        """Work until cancelled. What was not done by then is done at the next start.

        Raises:
            Broken: the incidents cannot be read or written.
        """
        while True:
            if await self._step(self.turn, self._clock.now()):
                self._wake()
            await asyncio.sleep(self._idle_seconds)

    async def finish(self) -> None:
        """Tell at once of growth that waits: in a run that ends nobody comes back to it."""
        if await self._step(self._incidents.tell_growth):
            self._wake()

    def turn(self, now: datetime) -> int:
        """Do what is due; returns how many deliveries are new."""
        return sum(map(self._advance, self._incidents.due(now)))

    def _advance(self, incident: str) -> int:
        try:
            return self._incidents.advance(incident)
        except BadInput as error:
            # One that cannot be read must not keep the others from going on.
            logger.error("incident %s cannot be read and is passed over: %s", incident, error)
            return 0
