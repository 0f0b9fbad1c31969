"""What was said of each day's posts, as numbers alone: drift is told where the posts themselves are not kept."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from pathlib import Path
from threading import Lock

import msgspec

from alerts.alert import Alert, Delivery
from classify.verdict import Verdict
from flow.clock import Clock
from flow.errors import TurvaktError, Unavailable
from ingest.intake import Taken
from review.drift import Period
from turvakt.folder import read_counts, write

logger = logging.getLogger(__name__)

FILE = "drift.json"
KEPT_DAYS = 35
SAVED_EVERY_SECONDS = 60.0


@dataclass(slots=True)
class Day:
    """The verdicts of a day (UTC): how many of each model, and per measure of `review.drift.Period` how many in each class."""

    day: date
    models: dict[str, int] = field(default_factory=dict)
    measures: dict[str, dict[str, int]] = field(default_factory=dict)


def read_days(folder: Path) -> list[Day]:
    """What the data folder keeps, the oldest day first; nothing, if nothing was counted.

    Raises:
        Broken: the file cannot be read.
    """
    return read_counts(folder / FILE, Day)


def added(days: Iterable[Day]) -> tuple[Period, Counter[str]]:
    """Several days as one, and how many verdicts each model gave."""
    period, models = Period(), Counter[str]()
    for each in days:
        models.update(each.models)
        for measure, classes in each.measures.items():
            period.measures[measure].update(classes)
    return period, models


class Days:
    """Counts each verdict that is out (implements `turvakt.tally.Listener`) and keeps the counts of `KEPT_DAYS`."""

    def __init__(
        self, folder: Path, clock: Clock, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()  # verdicts are told in the stages' thread
        self._saving = Lock()  # who is cancelled saves while it may still be saved in another thread
        self._new: dict[date, tuple[Period, Counter[str]]] = {}  # what the file does not hold yet
        self._told: set[str] = set()

    def verdict(self, verdict: Verdict) -> None:
        if verdict.post.deleted_at is None:
            with self._lock:
                period, models = self._new.setdefault(verdict.judged_at.astimezone(UTC).date(), (Period(), Counter()))
                period.add(verdict)
                models[verdict.judgement.model] += 1

    def taken(self, collector: str, taken: Taken) -> None:
        """Only verdicts matter here."""

    def alert(self, alert: Alert) -> None:
        """Only verdicts matter here."""

    def delivery(self, delivery: Delivery) -> None:
        """Only verdicts matter here."""

    def stage(self, name: str, *, handled: int, dead: int, seconds: float) -> None:
        """Only verdicts matter here."""

    def waiting(self, place: str, error: Unavailable) -> None:
        """Only verdicts matter here."""

    async def run(self) -> None:
        """Keep the counts, until cancelled."""
        try:
            while True:
                await self._sleep(SAVED_EVERY_SECONDS)
                await asyncio.to_thread(self.save)
        finally:
            self.save()

    def save(self) -> None:
        """Add to the file what has come since; while the file cannot be read, that waits. Nothing else waits for it.

        What cannot be kept is told once and, if it cannot be written, lost.
        """
        with self._saving:
            if not self._new:
                return
            try:
                old = {each.day: each for each in read_days(self._folder)}
            except TurvaktError as error:
                self._tell(error)
                return
            with self._lock:
                new, self._new = self._new, {}
            for day, (period, models) in new.items():
                before, counted = added([old[day]] if day in old else [])
                for measure, classes in period.measures.items():
                    before.measures[measure].update(classes)
                old[day] = Day(
                    day, dict(counted + models), {name: dict(each) for name, each in before.measures.items()}
                )
            oldest = self._clock.now().date() - timedelta(days=KEPT_DAYS)
            kept = [old[day] for day in sorted(old) if day > oldest]
            try:
                write(self._folder / FILE, msgspec.json.encode(kept).decode())
            except TurvaktError as error:
                self._tell(error)

    def _tell(self, error: TurvaktError) -> None:
        if str(error) not in self._told:
            self._told.add(str(error))
            logger.warning("the counts for 'turvakt drift': %s", error)
