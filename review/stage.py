"""What the index stages do with their topics: verdicts, alerts, deliveries, decisions."""

from collections.abc import Callable, Collection, Sequence

from classify.verdict import Verdict
from review.index import Index


def apply_verdicts(index: Index, *, forget: Callable[[Collection[str]], object]) -> Callable[[Sequence[Verdict]], None]:
    """The ``apply`` of the stage that reads verdicts.

    A verdict whose post was deleted by its platform removes that post, by ``forget``, which the composition root lets
    loop over every holder. The others are indexed.
    """

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
        index.write_verdicts(kept)

    return apply


# The other three topics need no more than the index's own `write_alerts`, `write_deliveries` and `write_decisions`.
