"""How a Turvakt stands: what it holds, what waits, and what is wrong."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any

import msgspec

from flow.entry import dead
from flow.errors import TurvaktError
from ingest.intake import REJECTED
from turvakt.counted import counted
from turvakt.reading import STAGES
from turvakt.watch.operator import zone
from turvakt.watch.report import report
from turvakt.wiring import Parts
from web.readiness import Key, Reason

OVERDUE = timedelta(minutes=5)
"""A delivery that has been due for longer than this is a fault that somebody must see."""
FAILED = timedelta(days=3)
"""So long a failed delivery is told of: over a weekend."""


def status(parts: Parts, *, reasons: Iterable[str] | None = None) -> dict[str, Any]:
    """Plain JSON values only; no text, name or address is among them.

    Args:
        reasons: what `not_ready` has said; ``None``: it is asked.
    """
    return {
        "officials": {
            "registered": len(parts.officials.all()),
            "consenting": parts.consenting(),
            "consents_ending": len(parts.ending()),
            "erasures_pending": len(parts.store.pending()) + len(parts.store.unscrubbed()),
        },
        "index": msgspec.to_builtins(parts.index.counts()),
        "outbox": parts.outbox.counts(),
        "lag": parts.lags(),
        "dead": dead_letters(parts),
        "model": parts.classifier.model,
        "model_lacks": list(parts.classifier.lacks),
        "not_ready": [str(reason) for reason in (not_ready(parts) if reasons is None else reasons)],
        "watch": report(parts.database, parts.clock.now(), zone=zone(parts.settings.operator)),
    }


def dead_letters(parts: Parts) -> dict[str, int]:
    """How many dead letters there are per topic."""
    topics = [REJECTED, *(dead(topic) for topic in STAGES.values())]
    counts = {topic: parts.log.lag(topic, "nobody") for topic in dict.fromkeys(topics)}
    return {topic: count for topic, count in counts.items() if count}


def not_ready(parts: Parts) -> list[str]:
    """Why the monitor does not do its job in time, in words for an operator; empty if it does. What is away is a reason."""
    reasons: list[str] = []
    for part, ask, away in _ASKED:
        try:
            reasons += ask(parts)
        except TurvaktError as error:
            reasons.append(Reason(f"the {part} gives no answer: {error.reason}", away, detail=error.reason))
    return reasons


def _waiting(parts: Parts) -> Iterator[str]:
    most = parts.settings.flow.most_waiting
    for stage, lag in parts.lags().items():
        if lag > most:
            english = f"{counted(lag, 'entry waits', 'entries wait')} before stage {stage}"
            yield Reason(english, "ready.waiting", number=lag, stage=stage)


def _undelivered(parts: Parts) -> Iterator[str]:
    overdue = parts.outbox.overdue(OVERDUE)
    if overdue:
        late = counted(overdue, "delivery has", "deliveries have")
        minutes = OVERDUE.seconds // 60
        yield Reason(
            f"{late} been due for more than {minutes} minutes", "ready.overdue", number=overdue, minutes=minutes
        )
    failed = parts.outbox.failed(FAILED)
    if failed:
        english = f"{counted(failed, 'delivery', 'deliveries')} failed in the last {FAILED.days} days"
        yield Reason(english, "ready.failed", number=failed, days=FAILED.days)


_ASKED: tuple[tuple[str, Callable[[Parts], Iterator[str]], Key], ...] = (
    ("log", _waiting, "ready.away.log"),
    ("outbox", _undelivered, "ready.away.outbox"),
)
