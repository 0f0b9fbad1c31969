"""The index stages: each reads one topic into the index."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any

from alerts.alert import ALERTS, DELIVERIES
from alerts.stage import DELIVERIES_TOPIC
from alerts.stage import TOPIC as ALERTS_TOPIC
from classify.stage import TOPIC as VERDICTS_TOPIC
from classify.verdict import VERDICTS, Verdict
from flow.clock import Clock
from flow.errors import BadInput
from flow.stage import Stage
from review.decision import DECISIONS
from review.index import Index

DECISIONS_TOPIC = "decisions"


def index_stages(
    *,
    index: Index,
    stored: Callable[[Sequence[Verdict]], Sequence[Verdict]] = list,
    overtaken: Callable[[Sequence[Verdict]], object] = len,
    forget: Callable[[Collection[str]], object],
    clock: Clock,
    stop_after: int = 100,
) -> list[Stage[Any]]:
    """The four stages ``index-verdicts``, ``index-alerts``, ``index-deliveries`` and ``index-decisions``.

    Args:
        stored: those of some verdicts that come into the index (`review.retention.PostRetention.stored`).
        overtaken: tells of those whose posts were deleted, if nobody was told of them before (`alerts.overtaken.Overtaken`).
        forget: removes posts that their platform deleted from every holder.
    """
    return [
        Stage(
            "index-verdicts",
            source=VERDICTS_TOPIC,
            codec=VERDICTS,
            clock=clock,
            apply=apply_verdicts(index, stored=stored, overtaken=overtaken, forget=forget),
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
    overtaken: Callable[[Sequence[Verdict]], object] = len,
    forget: Callable[[Collection[str]], object],
) -> Callable[[Sequence[Verdict]], None]:
    """Indexes verdicts; one whose post was deleted by its platform removes that post by ``forget``, see `index_stages`."""

    def apply(verdicts: Sequence[Verdict]) -> None:
        kept: list[Verdict] = []
        gone: dict[str, list[Verdict]] = {}
        for verdict in verdicts:
            if verdict.post.deleted_at is None:
                kept.append(verdict)
                continue
            here = [other for other in kept if other.post.id == verdict.post.id]
            gone.setdefault(verdict.post.id, []).extend(here)
            kept = [other for other in kept if other.post.id != verdict.post.id]
        if gone:
            overtaken([*_of_posts(index, sorted(gone)), *chain.from_iterable(gone.values())])
            # Before the writing: what stands behind a deletion in the batch is a new post under an old id.
            forget(sorted(gone))
        index.write_verdicts(stored(kept))

    return apply


def _of_posts(index: Index, posts: Sequence[str]) -> Iterator[Verdict]:
    """The verdicts on these posts that the index has; without those that a newer program wrote, which go all the same."""
    for post in posts:
        with suppress(BadInput):
            item = index.get(post)
            if item is not None:
                yield item.verdict
