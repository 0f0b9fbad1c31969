"""The index stages: each reads one topic into the index."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from alerts.alert import ALERTS, DELIVERIES
from alerts.stage import DELIVERIES_TOPIC
from alerts.stage import TOPIC as ALERTS_TOPIC
from classify.stage import TOPIC as VERDICTS_TOPIC
from classify.verdict import VERDICTS, Verdict
from flow.clock import Clock
from flow.stage import Stage
from review.decision import DECISIONS
from review.index import Index

DECISIONS_TOPIC = "decisions"


def index_stages(
    *,
    index: Index,
    stored: Callable[[Sequence[Verdict]], Sequence[Verdict]] = list,
    forget: Callable[[Collection[str]], object],
    clock: Clock,
    stop_after: int = 100,
) -> list[Stage[Any]]:
    """The four stages ``index-verdicts``, ``index-alerts``, ``index-deliveries`` and ``index-decisions``.

    Args:
        stored: those of some verdicts that come into the index (`review.retention.PostRetention.stored`).
        forget: removes posts that their platform deleted from every holder.
    """
    return [
        Stage(
            "index-verdicts",
            source=VERDICTS_TOPIC,
            codec=VERDICTS,
            clock=clock,
            apply=apply_verdicts(index, stored=stored, forget=forget),
            stop_after=stop_after,
        ),
        Stage(
            "index-alerts",
            source=ALERTS_TOPIC,
            codec=ALERTS,
            clock=clock,
            apply=index.write_alerts,
            stop_after=stop_after,
        ),
        Stage(
            "index-deliveries",
            source=DELIVERIES_TOPIC,
            codec=DELIVERIES,
            clock=clock,
            apply=index.write_deliveries,
            stop_after=stop_after,
        ),
        Stage(
            "index-decisions",
            source=DECISIONS_TOPIC,
            codec=DECISIONS,
            clock=clock,
            apply=index.write_decisions,
            stop_after=stop_after,
        ),
    ]


def apply_verdicts(
    index: Index,
    *,
    stored: Callable[[Sequence[Verdict]], Sequence[Verdict]] = list,
    forget: Callable[[Collection[str]], object],
) -> Callable[[Sequence[Verdict]], None]:
    """Indexes verdicts; one whose post was deleted by its platform removes that post by ``forget``."""

    def apply(verdicts: Sequence[Verdict]) -> None:
        kept: list[Verdict] = []
        gone: set[str] = set()
        for verdict in verdicts:
            if verdict.post.deleted_at is None:
                kept.append(verdict)
                continue
            gone.add(verdict.post.id)
            kept = [other for other in kept if other.post.id != verdict.post.id]
        if gone:
            # Before the writing: what stands behind a deletion in the batch is a new post under an old id.
            forget(sorted(gone))
        index.write_verdicts(stored(kept))

    return apply
