"""Sees to it that what nobody answers goes on to the next step, and that what has grown is told."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from alerts.incidents.incidents import Incidents
from flow.clock import Clock
from flow.errors import BadInput
from flow.step import Step

logger = logging.getLogger(__name__)
UNREADABLE_AGAIN = timedelta(minutes=1)
"""What cannot be read is tried again so much later: a newer program has written it, or this one is replaced by one."""
WHO_IS_GONE = timedelta(minutes=1)
"""How often it is looked whether somebody who has an incident is gone."""


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
        self._aside: dict[str, datetime] = {}
        self._unreadable: set[str] = set()
        self._looked_at: datetime | None = None

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
        if self._looked_at is None or abs(now - self._looked_at) >= WHO_IS_GONE:
            self._looked_at = now
            self._incidents.take_back()
        self._aside = {each: at for each, at in self._aside.items() if abs(now - at) < UNREADABLE_AGAIN}
        return sum(self._advance(each, now) for each in self._incidents.due(now, besides=self._aside))

    def _advance(self, incident: str, now: datetime) -> int:
        try:
            told = self._incidents.advance(incident)
        except BadInput as error:
            # However many cannot be read, they must not keep the others from going on. The watch tells the operator.
            self._aside[incident] = now
            if incident not in self._unreadable:
                self._unreadable.add(incident)
                logger.error("incident %s cannot be read and is set aside: %s", incident, error)
            return 0
        self._unreadable.discard(incident)
        return told
