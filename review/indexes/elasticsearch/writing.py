"""Records written into the items, and the statistics that follow from them.

What is known of a post is read, joined with what is new, and written only if it is still as it was read; else all that
is repeated. `known.join` does not mind order or repetition, so nothing is lost or doubled, however many write at once.
"""

import time
from collections.abc import Mapping, Sequence
from functools import reduce

from flow.errors import Unavailable
from review.indexes.elasticsearch.client import PLACE
from review.indexes.elasticsearch.counting import Counting
from review.indexes.elasticsearch.documents import Holding
from review.indexes.elasticsearch.generations import Generations
from review.indexes.elasticsearch.known import Known, join
from review.indexes.elasticsearch.store import Change, Store, Stored

_ROUNDS = 100


class Writing:
    """Writes into the newest of ``generations`` what no older one holds."""

    def __init__(self, store: Store, *, generations: Generations, counting: Counting) -> None:
        self._store = store
        self._generations = generations
        self._counting = counting

    def keep(self, news: Mapping[str, Known]) -> None:
        """Join what is new with what is there, by post, and bring the statistics to the same state."""
        waiting = dict(news)
        done: dict[str, Holding] = {}
        counting = self._counting.for_a_batch()
        for _ in range(_ROUNDS):
            if not waiting:
                break
            indices = self._generations.current()
            found = self._store.read(waiting, indices)
            changes: list[Change] = []
            for post, new in waiting.items():
                done[post], wanted = _joined(post, new, found.get(post, []), into=indices[-1], counting=counting)
                changes.extend(wanted)
            again = self._store.write(changes) | {post for post, there in found.items() if len(there) > 1}
            created = {change.post for change in changes if change.before is None}
            if created and (len(indices) > 1 or self._generations.current() != indices):
                # While the generations change, another writer may have put the post into another one: whoever comes second
                # in writing sees, in looking again, what the other one wrote.
                again |= created
            waiting = {post: waiting[post] for post in again}
        else:
            raise Unavailable("others keep writing about the same posts", place=f"{PLACE} {self._generations.alias}")
        counting.write(done)


def _joined(
    post: str, new: Known, there: Sequence[Stored], *, into: str, counting: Counting
) -> tuple[Holding, list[Change]]:
    """What the post's document holds in the end, and what that takes now."""
    known = reduce(join, (stored.holding.known for stored in there[1:]), there[0].holding.known if there else Known())
    known = join(known, new)
    statistics = counting.places(known).union(*(stored.holding.statistics for stored in there))
    first = there[0].holding if there else None
    if first is not None and known is first.known and statistics == first.statistics:
        # Nothing is new. What lies in a later generation, too, is held here: it may go.
        return first, [Change(post, stored.index, stored, None) for stored in there[1:]]
    before = max((stored.holding.revision for stored in there), default=0)
    # By two: the number between is that of a removal of the statistics which comes too late (`Counting.remove`).
    holding = Holding(known, statistics, max(before + 2, time.time_ns() // 1000))
    return holding, [Change(post, there[0].index if there else into, there[0] if there else None, holding)]
