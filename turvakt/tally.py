"""Counts what happens, for the display, the summary of a run and the metrics."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from alerts.alert import Alert, Delivery
from classify.verdict import Verdict
from flow.errors import Unavailable
from flow.stage import Observer, Outcome
from ingest.intake import Taken


class Listener(Protocol):
    """Is told what is safe. It must not raise."""

    def taken(self, collector: str, taken: Taken) -> None: ...

    def verdict(self, verdict: Verdict) -> None: ...

    def alert(self, alert: Alert) -> None: ...

    def delivery(self, delivery: Delivery) -> None: ...

    def stage(self, name: str, *, handled: int, dead: int, seconds: float) -> None: ...

    def waiting(self, place: str, error: Unavailable) -> None: ...


class Observed:
    """Sorts what the runtime reports by record and tells each listener (implements `flow.stage.Observer`).

    Args:
        also: is told what the runtime reports as it is.
    """

    def __init__(self, *listeners: Listener, also: Observer | None = None) -> None:
        self._listeners = listeners
        self._also = also

    def taken(self, collector: str, taken: Taken) -> None:
        for listener in self._listeners:
            listener.taken(collector, taken)

    def committed(self, stage: str, outcome: Outcome, seconds: float) -> None:
        for listener in self._listeners:
            listener.stage(stage, handled=len(outcome.records), dead=len(outcome.dead), seconds=seconds)
            # Several stages read a topic; the index reads every one, so what it has taken is told. Of deliveries tells whoever
            # makes them, also while the index is away.
            if stage.startswith("index-"):
                for record in outcome.records:
                    self._tell(listener, record)
        if self._also is not None:
            self._also.committed(stage, outcome, seconds)

    def delivery(self, delivery: Delivery) -> None:
        for listener in self._listeners:
            listener.delivery(delivery)

    def waiting(self, place: str, error: Unavailable) -> None:
        for listener in self._listeners:
            listener.waiting(place, error)
        if self._also is not None:
            self._also.waiting(place, error)

    @staticmethod
    def _tell(listener: Listener, record: object) -> None:
        match record:
            case Verdict():
                listener.verdict(record)
            case Alert():
                listener.alert(record)
            case _:
                pass


@dataclass(slots=True)
class Tally:
    """The counts since the start of this process."""

    taken_by: dict[str, Taken] = field(default_factory=dict)
    verdicts: int = 0
    removed: int = 0
    unable: Counter[str] = field(default_factory=Counter)
    severities: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    alerts: int = 0
    deliveries: Counter[str] = field(default_factory=Counter)
    written: int = 0
    """Deliveries that the channel ``outbox`` has made."""
    handled: Counter[str] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)
    waits: Counter[str] = field(default_factory=Counter)

    @property
    def all_taken(self) -> Taken:
        """The sum over all collectors."""
        return sum(self.taken_by.values(), Taken())

    def taken(self, collector: str, taken: Taken) -> None:
        self.taken_by[collector] = self.taken_by.get(collector, Taken()) + taken

    def verdict(self, verdict: Verdict) -> None:
        if verdict.post.deleted_at is not None:
            self.removed += 1
            return
        self.verdicts += 1
        self.severities[verdict.judgement.severity] += 1
        self.labels.update(verdict.judgement.flagged)
        if verdict.judgement.unable:
            self.unable[verdict.judgement.unable] += 1

    def alert(self, alert: Alert) -> None:
        self.alerts += 1

    def delivery(self, delivery: Delivery) -> None:
        self.deliveries[delivery.state] += 1
        self.written += delivery.state == "delivered" and delivery.channel == "outbox"

    def stage(self, name: str, *, handled: int, dead: int, seconds: float) -> None:
        self.handled[name] += handled
        self.dead[name] += dead

    def waiting(self, place: str, error: Unavailable) -> None:
        self.waits[place] += 1
