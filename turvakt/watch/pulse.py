"""What one process knows of its parts, and how it writes that down every few seconds."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_hex
from threading import Lock

from alerts.alert import Alert, Delivery
from alerts.channel import Channel
from classify.verdict import Verdict
from flow.clock import Clock
from flow.database import Database
from flow.errors import TurvaktError, Unavailable
from flow.step import Step
from ingest.collector import Collector
from ingest.intake import Taken
from turvakt.watch.beats import REFUSED, Beat, Beats
from turvakt.watch.channels import beats_of
from turvakt.watch.processes import Processes
from turvakt.watch.usual import hour

BEAT_SECONDS = 15.0
LASTS = timedelta(minutes=1)
"""Who waits for a server tries again every ten seconds at most: a failure that nobody repeats for so long is over."""


@dataclass(slots=True)
class _Failing:
    since: datetime
    last: datetime
    reason: str


@dataclass(slots=True)
class Pulse:
    """The parts of one process (implements `turvakt.tally.Listener`); may be told from any thread.

    Args:
        worker: what the process is: ``run``, a stage or a service.
        stages: those that run here.
        collectors: those that read here.
        channels: those that messages go out by here.
    """

    worker: str
    clock: Clock
    stages: Collection[str] = ()
    collectors: Collection[Collector] = ()
    channels: Collection[Channel] = ()
    _id: str = field(default_factory=lambda: token_hex(8))
    _worked: dict[str, datetime] = field(default_factory=dict)
    _failing: dict[str, _Failing] = field(default_factory=dict)
    _counts: dict[tuple[str, int], int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @property
    def places(self) -> list[str]:
        """Of all that beats here."""
        sources = dict.fromkeys(f"collector:{each.name}" for each in self.collectors)
        return [f"worker:{self.worker}", *(f"stage:{stage}" for stage in self.stages), *sources]

    def write(self, database: Database) -> None:
        """Write down how its parts are."""
        counts = self.counts()
        try:
            Beats(database).write(self.beats(), counts, now=self.clock.now())
        except BaseException:
            self.put_back(counts)
            raise
        processes = Processes(database)
        ahead = processes.ahead(self.clock)
        processes.lives(self._id, f"worker:{self.worker}", self.clock.now(), ahead=ahead)

    def begin(self, database: Database) -> None:
        """Say that the process begins: if it fails before it does anything, it counts as missing, and not as stopped."""
        Processes(database).begins(self._id, f"worker:{self.worker}", self.clock.now())

    def end(self, database: Database) -> None:
        """Say that the process has ended in order. What cannot be written down is not said: then it counts as missing."""
        with suppress(TurvaktError):
            Processes(database).ends(self._id, self.clock.now())

    def taken(self, collector: str, taken: Taken) -> None:
        now = self.clock.now()
        with self._lock:
            key = (collector, hour(now))
            self._counts[key] = self._counts.get(key, 0) + taken.read
            if taken.read:
                self._worked[f"collector:{collector}"] = now

    def stage(self, name: str, *, handled: int, dead: int, seconds: float) -> None:
        with self._lock:
            self._worked[f"stage:{name}"] = self.clock.now()
            self._failing.pop(f"stage:{name}", None)

    def waiting(self, place: str, error: Unavailable) -> None:
        if not place.startswith("collector "):  # these say themselves what is in their way
            self._fails(f"stage:{place}" if place in self.stages else f"worker:{self.worker}", error.reason)

    def verdict(self, verdict: Verdict) -> None: ...

    def alert(self, alert: Alert) -> None: ...

    def delivery(self, delivery: Delivery) -> None: ...

    def beats(self) -> list[Beat]:
        """How its parts are now."""
        now = self.clock.now()
        faults = {f"collector:{each.name}": each.fault for each in self.collectors}
        faults |= {f"collector:{each.name}": each.fault for each in self.collectors if each.fault}
        for place, fault in faults.items():
            if fault is None:
                self._failing.pop(place, None)
            else:
                self._fails(place, f"{REFUSED if fault.refused else ''}{fault.reason}")
        with self._lock:
            # What is later than now was noted before the clock was put back.
            failing = (
                (place, each) for place, each in self._failing.items() if timedelta(0) <= now - each.last < LASTS
            )
            self._failing = dict(failing)
            self._worked = {place: min(at, now) for place, at in self._worked.items()}
            parts = [self._beat(place, now) for place in self.places]
        return parts + beats_of(self.channels)

    def counts(self) -> dict[tuple[str, int], int]:
        """The posts that were read since this was asked last, by source and hour."""
        with self._lock:
            counts, self._counts = self._counts, {}
        return counts

    def put_back(self, counts: dict[tuple[str, int], int]) -> None:
        """They could not be written down."""
        with self._lock:
            for key, posts in counts.items():
                self._counts[key] = self._counts.get(key, 0) + posts

    def _beat(self, place: str, now: datetime) -> Beat:
        failing = self._failing.get(place)
        worked = self._worked.get(place)
        return Beat(place, now, worked, failing.since, failing.reason) if failing else Beat(place, now, worked)

    def _fails(self, place: str, reason: str) -> None:
        now = self.clock.now()
        with self._lock:
            before = self._failing.get(place)
            self._failing[place] = _Failing(before.since if before else now, now, reason)


async def keep_beating(
    pulse: Pulse,
    database: Callable[[], Database],
    *,
    step: Step,
    works: Callable[[], bool] = lambda: True,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Write down every few seconds how the parts are, until cancelled.

    Args:
        step: where the process does its work: one that hangs there beats no more.
        works: whether it does its work now; one that starts, or stands by for another one, does not beat.
    """

    def beat() -> None:
        pulse.write(database())

    while True:
        if works():
            await step(beat)
            await sleep(BEAT_SECONDS)
        else:
            await sleep(1.0)
