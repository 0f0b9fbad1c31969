"""What is removed: all about an official, single posts, what is old. And what is told of an official before."""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
from elasticsearch import Elasticsearch

from alerts.alert import DELIVERIES
from classify.verdict import VERDICTS
from flow.errors import BadInput, Unavailable
from registry.holder import Part
from review.decision import DECISIONS
from review.index import Age, Item, about, micros
from review.indexes.elasticsearch.client import PLACE, faults
from review.indexes.elasticsearch.counting import Counting
from review.indexes.elasticsearch.documents import Holding
from review.indexes.elasticsearch.generations import Generations
from review.indexes.elasticsearch.known import Known, by_tenant
from review.indexes.elasticsearch.names import Names
from review.indexes.elasticsearch.querying import JUDGED, Condition, of_age
from review.indexes.elasticsearch.reading import count
from review.indexes.elasticsearch.searching import Searching
from review.indexes.elasticsearch.store import Change, Store

FULL = {"max_primary_shard_size": "40gb"}
"""When a generation is followed by a new one: shards up to 50 GB are what Elasticsearch is made for."""

_ROUNDS = 100
_LONG = 600.0  # seconds that a removal by query may take
_MILLISECOND = timedelta(milliseconds=1)  # what the dates of statistics are rounded down to


class Erasing:
    """Removes from items and statistics; each removal is repeated until a search finds nothing more of it."""

    def __init__(
        self,
        client: Elasticsearch,
        store: Store,
        *,
        names: Names,
        generations: Generations,
        counting: Counting,
        searching: Searching,
    ) -> None:
        self._client = client
        self._store = store
        self._statistics = names.statistics("*")
        self._generations = generations
        self._counting = counting
        self._searching = searching

    def erase(self, official: str, part: Part | None = None, before: datetime | None = None) -> int:
        """See `registry.holder.Holder.erase`.

        Args:
            before: only what was collected before that moment.

        Raises:
            Unavailable: a reindexing copies what is to be erased: wait until it has ended.
        """
        if part is not None and part.kind == "recipient":
            return 0  # the index names none
        self._no_copies()

        def without(holding: Holding) -> Holding:
            left = frozenset(place for place in holding.statistics if place.partition("/")[2] != official)
            return Holding(holding.known.without(official), left, holding.revision + 1)

        removed = self._change(without, *_about(official, part, before))
        self._remove_statistics(_statistics(official, part, before))
        self._no_copies()
        return removed

    def _no_copies(self) -> None:
        if self._generations.copies():
            remedy = "Wait until it ends ('turvakt index show'); if none runs, clear up by 'turvakt reindex --abandon'"
            raise Unavailable("a reindexing is at work", place=f"{PLACE} {self._generations.alias}", remedy=remedy)

    def forget(self, posts: Collection[str]) -> int:
        """See `registry.holder.Holder.forget`."""
        waiting, removed = set(posts), 0
        for _ in range(_ROUNDS):
            if not waiting:
                return removed
            found = self._store.read(waiting, self._generations.current())
            there = [stored for each in found.values() for stored in each]
            removed += self._write([Change(each.post, each.index, each, None) for each in there])
            waiting = set(found)
        raise self._busy()

    def expire(self, before: datetime, *, flagged: bool | None) -> int:
        """See `review.index.Index.expire`. Generations that are empty then go, and a full one is followed by a new one."""
        kind: list[Condition] = [] if flagged is None else [{"term": {"flagged": flagged}}]
        removed = self._change(_nothing, *_judged(before), *kind)
        if flagged is not False:
            removed += self._change(_nothing, *_unjudged(before))
        # Those that a writer put there after their item had gone.
        self._remove_statistics({"bool": {"filter": [_counted(before), *kind]}})
        self._tend_generations()
        return removed

    def _change(self, change: Callable[[Holding], Holding], *where: Condition) -> int:
        """Make of all documents that are found what ``change`` makes of them; returns how many records it removed or changed."""
        changed = 0
        for _ in range(_ROUNDS):
            self._searching.refresh()
            found = False
            for stored in self._searching.stored(*where):
                found = True
                after = [change(each.holding) for each in stored]
                changed += self._write(
                    [
                        Change(each.post, each.index, each, holding if holding.known.size else None)
                        for each, holding in zip(stored, after, strict=True)
                    ]
                )
            if not found:
                return changed
        raise self._busy()

    def _write(self, changes: Sequence[Change]) -> int:
        """Returns how many records were removed or changed by what was not lost against other writers."""
        # Statistics first: where that fails, the item is still there to be found by the next try. Whoever is faster than the
        # removal of the item has written its statistics anew, in a greater version.
        gone = {each.post: each.before.holding for each in changes if each.holding is None and each.before is not None}
        self._counting.remove(gone)
        lost = self._store.write(changes)
        return sum(_difference(change) for change in changes if change.post not in lost)

    def _remove_statistics(self, query: Condition) -> None:
        for _ in range(_ROUNDS):
            with faults(self._statistics):
                self._client.indices.refresh(index=self._statistics)
                answer = self._client.options(request_timeout=_LONG).delete_by_query(
                    index=self._statistics, query=query, conflicts="proceed"
                )
            if answer["failures"] or answer["timed_out"]:
                remedy = "It is tried again"
                raise Unavailable("not all could be removed", place=f"{PLACE} {self._statistics}", remedy=remedy)
            if not answer["total"]:
                return
        raise self._busy()

    def _tend_generations(self) -> None:
        if self._generations.copies():
            return  # a reindexing makes one of them all
        *old, _ = self._generations.current()
        try:
            for name in old:
                if not self._generations.count(name):
                    # A writer may be about to put something there, as it has not seen the newer generation yet.
                    self._generations.block([name])
                    if not self._generations.count(name):
                        self._generations.delete([name])
        finally:
            if not self._generations.copies():  # else a reindexing may have closed them, too
                self._generations.unblock(self._generations.current())
        if self._generations.rolling() is not None or self._generations.due(FULL):
            with suppress(BadInput):  # somebody else has begun one at the same time
                self._generations.roll()

    def old(self, age: Age, before: datetime) -> Iterator[Sequence[Item]]:
        """See `review.index.Index.old`."""
        self._searching.refresh()
        yield from self._searching.items(*of_age(age), {"range": {"collected": {"lt": micros(before)}}})

    def export(self, official: str) -> list[dict[str, Any]]:
        """See `registry.holder.Holder.export`; other officials are left out."""
        known = self._about(official, None)
        judged = [each for each in known if official in each.mentioned]
        alerts = [alert for each in known for alert in each.alerts.values() if alert.official == official]
        sent = [delivery for each in known for delivery in each.deliveries.values() if delivery.official == official]
        return [
            *(
                json.loads(VERDICTS.encode(about(each.verdict, official)))
                for each in judged
                if each.verdict is not None
            ),
            *({"kind": "alert", **msgspec.to_builtins(alert)} for alert in sorted(alerts, key=lambda each: each.id)),
            *(json.loads(DELIVERIES.encode(each)) for each in sorted(sent, key=lambda each: each.id)),
            *(json.loads(DECISIONS.encode(decision)) for each in judged for decision in by_tenant(each.decisions)),
        ]

    def count(self, official: str, part: Part | None = None, before: datetime | None = None) -> int:
        """See `registry.holder.Holder.count`; a copy that is left in the statistics counts, too."""
        if part is not None and part.kind == "recipient":
            return 0
        left = count(self._client, self._statistics, _statistics(official, part, before))
        return sum(_records_of(official, known) for known in self._about(official, part, before)) or left

    def _about(self, official: str, part: Part | None, before: datetime | None = None) -> list[Known]:
        self._searching.refresh()
        found = self._searching.stored(*_about(official, part, before))
        return [stored.holding.known for some in found for stored in some]

    def _busy(self) -> Unavailable:
        return Unavailable("others keep writing what is removed", place=f"{PLACE} {self._generations.alias}")


def _about(official: str, part: Part | None, before: datetime | None) -> list[Condition]:
    conditions: list[Condition] = [{"term": {"about": official}}]
    if part is not None:
        conditions.append({"prefix": {"post": f"{part.name}:"}})
    if before is not None:
        conditions.append({"bool": {"should": [{"bool": {"filter": each(before)}} for each in (_judged, _unjudged)]}})
    return conditions


def _statistics(official: str, part: Part | None, before: datetime | None) -> Condition:
    from_source = [] if part is None else [{"term": {"source": part.name}}]
    old = [] if before is None else [_counted(before)]
    return {"bool": {"filter": [{"term": {"official": official}}, *from_source, *old]}}


def _judged(before: datetime) -> list[Condition]:
    """Posts that were collected before that moment."""
    return [JUDGED, {"range": {"collected": {"lt": micros(before)}}}]


def _unjudged(before: datetime) -> list[Condition]:
    """Records about posts that are not there, of before that moment."""
    return [{"bool": {"must_not": JUDGED}}, {"range": {"oldest": {"lt": micros(before)}}}]


def _counted(before: datetime) -> Condition:
    """The statistics of posts that were collected before that moment."""
    return {"range": {"collected_at": {"lt": (before - _MILLISECOND).isoformat(timespec="milliseconds")}}}


def _records_of(official: str, known: Known) -> int:
    judged = official in known.mentioned
    alerts = sum(each.official == official for each in known.alerts.values())
    deliveries = sum(each.official == official for each in known.deliveries.values())
    return judged * (1 + len(known.decisions)) + alerts + deliveries


def _nothing(holding: Holding) -> Holding:
    return replace(holding, known=Known())


def _difference(change: Change) -> int:
    before = change.before.holding.known if change.before is not None else Known()
    after = change.holding.known if change.holding is not None else Known()
    return before.size - after.size + (after.verdict is not None and after.verdict is not before.verdict)
