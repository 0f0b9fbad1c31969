"""All documents made anew, in new indices with the present mapping, while stages keep writing; then the aliases move on.

1. New indices, behind no alias, are filled from the records of the items; the statistics follow from the same records.
2. What was written meanwhile is copied once more.
3. The old indices are closed for writing. Writers wait and try again; what reads goes on.
4. The rest is copied, what is gone is removed, and in one step the aliases move and the old indices go.

Closing waits for the writes under way, and whoever still knows the old indices is refused by them: no write is lost. Until
the aliases move, nothing has changed for anybody, and whatever fails leaves it so. Trends stay as they are: the posts that
they were counted from are gone.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import reduce
from itertools import islice
from typing import Any, TypeVar, TypeVarTuple, Unpack

import msgspec
from elastic_transport import TransportError
from elasticsearch import ApiError, Elasticsearch

from flow.backoff import backoff
from flow.errors import Broken, Unavailable
from review.indexes.elasticsearch.applying import aliases
from review.indexes.elasticsearch.client import PLACE, faults
from review.indexes.elasticsearch.counting import Counting
from review.indexes.elasticsearch.documents import Holding, document
from review.indexes.elasticsearch.generations import Generations
from review.indexes.elasticsearch.known import Known, join
from review.indexes.elasticsearch.names import Names, document_id
from review.indexes.elasticsearch.reading import pages
from review.indexes.elasticsearch.statistics import Officials
from review.indexes.elasticsearch.store import AT_ONCE, Store, Stored, check, operation, stored

Marks = Mapping[tuple[str, int], int]
"""How far each shard of each index has been copied: the sequence number up to which all its copies have everything."""

REFRESH = "1s"
"""As config/elasticsearch/settings.json has it."""

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")

_TRIES = 30  # about four minutes


class Reindexing:
    """Makes the indices of ``names`` anew.

    Args:
        officials: from the registry, for the statistics.
        told: is told how many documents were copied so far.
        pause: waits so many seconds.
    """

    def __init__(
        self,
        client: Elasticsearch,
        *,
        names: Names,
        officials: Officials,
        told: Callable[[int], None] = lambda many: None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._names = names
        self._items = Generations(client, names.items)
        self._store = Store(client)
        self._counting = Counting(client, self._store, names=names, officials=officials)
        self._told = told
        self._pause = pause
        self._copied = 0

    def run(self) -> int:
        """Returns how many documents there are now.

        Raises:
            BadInput: another reindexing is at work, or has been broken off; see `abandon`.
            Unavailable: Elasticsearch was away. Nothing has changed, but that new indices may be left over; begin again.
            Broken: Elasticsearch went away in the last step: look whether it was done.
        """
        with ExitStack() as undo:
            target = self._make(self._items)
            statistics: dict[str, str] = {}
            undo.callback(lambda: self._items.delete([target, *statistics.values()]))
            # While the target is there, no other generation can begin.
            sources = self._items.current()
            marks = self._copy(sources, target, statistics, since={})
            self._make_for_the_others(statistics)
            marks = self._copy(sources, target, statistics, since=marks)
            undo.callback(self._items.unblock, sources)
            self._items.block(sources)
            self._copy(sources, target, statistics, since=marks)
            self._remove_gone(sources, target, statistics)
            self._show([target, *statistics.values()])
            documents = self._items.count(target)
            moves = self._moves(sources, target, statistics)
            # From here on it may take effect, even unheard: then nothing may be undone, and the old indices must stay closed.
            self._move(moves, refused=undo.pop_all())
        return documents

    def _copy(self, sources: Sequence[str], target: str, statistics: dict[str, str], *, since: Marks) -> Marks:
        """Copy what was written after ``since``; returns how far that goes."""
        marks = self._marks(sources)
        with faults(self._names.items):
            self._client.indices.refresh(index=list(sources))
        for (index, shard), mark in marks.items():
            if mark == since.get((index, shard)):
                continue
            newer = {"range": {"_seq_no": {"gt": since.get((index, shard), -1)}}}
            for page in self._pages(index, shard, newer):
                whole = page if len(sources) == 1 else self._again(self._joined, page, sources)
                self._again(self._write, whole, target, statistics)
                self._copied += len(page)
                self._told(self._copied)
        return marks

    def _marks(self, sources: Sequence[str]) -> Marks:
        with faults(self._names.items):
            found = self._client.indices.stats(index=list(sources), metric="docs", level="shards")["indices"]
        return {
            (name, int(number)): copy["seq_no"]["global_checkpoint"]
            for name, index in found.items()
            for number, copies in index["shards"].items()
            for copy in copies
            if copy["routing"]["primary"]
        }

    def _joined(self, page: Sequence[Stored], sources: Sequence[str]) -> list[Stored]:
        """For the moment that two generations may hold the same post: what both know of it."""
        found = self._store.read([each.post for each in page], sources)
        return [replace(there[0], holding=_together([each.holding for each in there])) for there in found.values()]

    def _write(self, page: Sequence[Stored], target: str, statistics: dict[str, str]) -> None:
        holdings = {}
        counting = self._counting.for_a_batch()
        for each in page:
            places = counting.places(each.holding.known)
            holdings[each.post] = replace(each.holding, statistics=places | each.holding.statistics)
        for place in {place for holding in holdings.values() for place in holding.statistics}:
            self._index_of(place, statistics)
        operations = [
            (
                operation("index", _head(target, post)),
                msgspec.json.encode(document(post, holding)),
            )
            for post, holding in holdings.items()
        ]
        check(self._store.bulk(operations))
        counting.write(holdings, into=statistics)

    def _index_of(self, place: str, statistics: dict[str, str]) -> None:
        tenant = place.partition("/")[0]
        if tenant not in statistics:
            generations = Generations(self._client, self._names.statistics(tenant))
            generations.begin()  # where it is missing, writers would wait for it until the aliases move
            statistics[tenant] = self._make(generations)

    def _make_for_the_others(self, statistics: dict[str, str]) -> None:
        """New indices also for tenants without posts: theirs have the old mapping, too."""
        begin = self._names.statistics("")
        for alias in aliases(self._client, self._names):
            if alias.startswith(begin):
                self._index_of(alias.removeprefix(begin), statistics)

    def _make(self, generations: Generations) -> str:
        """A new index that nobody searches yet, and that is spared refreshes therefore."""
        return generations.create({"index.refresh_interval": "-1"})

    def _show(self, indices: Sequence[str]) -> None:
        with faults(self._names.items):
            self._client.indices.put_settings(index=list(indices), settings={"index.refresh_interval": REFRESH})
            self._client.indices.refresh(index=list(indices))

    def _remove_gone(self, sources: Sequence[str], target: str, statistics: Mapping[str, str]) -> None:
        """Remove what was copied and has been removed since."""
        if self._items.count(target) == sum(self._items.count(source) for source in sources):
            return
        everything: Mapping[str, Any] = {"match_all": {}}
        for shard in {shard for index, shard in self._marks([target])}:
            for page in self._pages(target, shard, everything):
                there = self._again(self._store.there, [each.post for each in page], sources)
                self._again(self._remove, [each for each in page if each.post not in there], target, statistics)

    def _remove(self, gone: Sequence[Stored], target: str, statistics: Mapping[str, str]) -> None:
        check(self._store.bulk([(operation("delete", _head(target, each.post)),) for each in gone]))
        self._counting.remove({each.post: each.holding for each in gone}, into=statistics)

    def _moves(self, sources: Sequence[str], target: str, statistics: Mapping[str, str]) -> list[dict[str, Any]]:
        """What moves the aliases and removes the old indices."""
        moves = {self._names.items: (sources, target)}
        for tenant, index in statistics.items():
            alias = self._names.statistics(tenant)
            moves[alias] = Generations(self._client, alias).all(), index
        actions: list[dict[str, Any]] = []
        for alias, (old, new) in moves.items():
            actions.append({"add": {"index": new, "alias": alias, "is_write_index": True}})
            actions.extend({"remove_index": {"index": name}} for name in old)
        return actions

    def _move(self, actions: Sequence[Mapping[str, Any]], *, refused: ExitStack) -> None:
        try:
            # Once: where the answer to the first try is lost, the second one would find nothing left to be moved.
            self._client.options(max_retries=0).indices.update_aliases(actions=actions)
        except (ApiError, TransportError) as error:
            if isinstance(error, ApiError) and 400 <= error.status_code < 500:
                with refused, faults(self._names.items):
                    raise
            raise Broken(
                "no answer while the aliases moved",
                place=f"{PLACE} {self._names.items}",
                remedy="See 'turvakt index show'; if the new index is not in use, clear up by 'turvakt reindex --abandon'",
            ) from None

    def _pages(self, index: str, shard: int, query: Mapping[str, Any]) -> Iterator[list[Stored]]:
        """The documents of one shard as they are now, some at a time."""
        found = pages(
            self._client,
            index,
            query,
            size=AT_ONCE,
            preference=f"_shards:{shard}",
            repeated=self._again,
            seq_no_primary_term=True,
        )
        return ([stored(hit) for hit in hits] for hits in found)

    def _again(self, work: Callable[[Unpack[Arguments]], Result], *args: *Arguments) -> Result:
        """Do a step that may be repeated; where Elasticsearch is busy, again for some minutes."""
        for seconds in islice(backoff(most=10.0), _TRIES):
            try:
                return work(*args)
            except Unavailable:
                self._pause(seconds)
        return work(*args)


def abandon(client: Elasticsearch, names: Names) -> list[str]:
    """Clear up after a reindexing that was broken off; returns the indices that were removed. Only while none is at work."""
    items = Generations(client, names.items)
    items.unblock(items.current())
    left = [name for alias in aliases(client, names) for name in Generations(client, alias).outside()]
    items.delete(left)
    return left


def _together(holdings: Sequence[Holding]) -> Holding:
    if len(holdings) == 1:
        return holdings[0]
    known = reduce(join, (holding.known for holding in holdings), Known())
    statistics = frozenset[str]().union(*(holding.statistics for holding in holdings))
    return Holding(known, statistics, max(holding.revision for holding in holdings) + 1)


def _head(index: str, post: str) -> dict[str, Any]:
    return {"_index": index, "_id": document_id(post)}
