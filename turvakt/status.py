"""How a Turvakt stands: what it holds, what waits, and what is wrong."""

from datetime import timedelta
from typing import Any

import msgspec

from flow.entry import dead
from ingest.intake import REJECTED
from turvakt.wiring import Parts

OVERDUE = timedelta(minutes=5)
"""A delivery that has been due for longer than this is a fault that somebody must see."""
FAILED = timedelta(days=3)
"""So long a failed delivery is told of: over a weekend."""


def status(parts: Parts) -> dict[str, Any]:
    """Plain JSON values only; no text, name or address is among them."""
    return {
        "officials": {
            "registered": len(parts.officials.all()),
            "consenting": parts.consenting(),
            "erasures_pending": len(parts.store.pending()) + len(parts.store.unscrubbed()),
        },
        "index": msgspec.to_builtins(parts.index.counts()),
        "outbox": parts.outbox.counts(),
        "lag": parts.lags(),
        "dead": dead_letters(parts),
        "model": parts.classifier.model,
        "model_lacks": list(parts.classifier.lacks),
        "not_ready": not_ready(parts),
    }


def dead_letters(parts: Parts) -> dict[str, int]:
    """How many dead letters there are per topic."""
    topics = [REJECTED, *(dead(topic) for topic in parts.readers.values())]
    counts = {topic: parts.log.lag(topic, "nobody") for topic in dict.fromkeys(topics)}
    return {topic: count for topic, count in counts.items() if count}


def not_ready(parts: Parts) -> list[str]:
    """Why the monitor does not do its job in time, in words for an operator; empty if it does."""
    most = parts.settings.flow.most_waiting
    reasons = [f"{lag} entries wait before stage {stage}" for stage, lag in parts.lags().items() if lag > most]
    overdue = parts.outbox.overdue(OVERDUE)
    if overdue:
        reasons.append(f"{overdue} deliveries have been due for more than {OVERDUE.seconds // 60} minutes")
    failed = parts.outbox.failed(FAILED)
    if failed:
        reasons.append(f"{failed} deliveries failed in the last {FAILED.days} days")
    return reasons
