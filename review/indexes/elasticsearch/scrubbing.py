"""Removed documents leave the files, and it is proven that they have.

Elasticsearch marks a removed or replaced document and drops it when its segment is merged, but keeps it, for copies of the
shard that lag behind, until their leases have moved on (every 30 seconds) and a flush has followed. Then each segment that
holds such documents is merged: when none of these segments is left, nothing that was removed before is in the files.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from elasticsearch import Elasticsearch

from flow.errors import Unavailable
from review.indexes.elasticsearch.client import PLACE, faults
from review.indexes.elasticsearch.names import Names

_SECONDS = 180.0  # leases move every 30
_PAUSE = 1.0
_LONG = 600.0  # seconds that a merge may take until we look again

Segment = tuple[str, str, str]
"""Index, shard, name. A copy that has moved to another node meanwhile has taken its segments along."""


def scrub(client: Elasticsearch, names: Names) -> None:
    """Drop from the files what has been removed from items and statistics. Takes half a minute, longer where much is merged.

    Raises:
        Unavailable: it could not be completed in time, as a copy of a shard is away or too much is written; try again.
    """
    indices = f"{names.items}-*,{names.statistics('*')}"
    deadline = time.monotonic() + _SECONDS

    def wait_until(ready: Callable[[], bool], *, otherwise: str) -> None:
        while not ready():
            if time.monotonic() > deadline:
                raise _later(otherwise, indices)
            time.sleep(_PAUSE)

    _all_there(client, indices)
    if not any(_segments(client, indices)):
        return
    goals: defaultdict[tuple[str, str], int] = defaultdict(lambda: -1)
    for shard, state in _shards(client, indices):
        goals[shard] = max(goals[shard], state["seq_no"]["max_seq_no"])
    wait_until(
        lambda: _let_go(client, indices, goals), otherwise="copies of removed documents are still kept for a replica"
    )
    merged = set(_segments(client, indices))

    def gone() -> bool:
        with faults(indices):
            client.options(request_timeout=_LONG).indices.forcemerge(index=indices, only_expunge_deletes=True)
            client.indices.flush(index=indices, force=True, wait_if_ongoing=True)
            client.indices.refresh(index=indices)
        return not merged & set(_segments(client, indices))

    wait_until(gone, otherwise="removed documents are still in the files")
    _all_there(client, indices)


def _all_there(client: Elasticsearch, indices: str) -> None:
    """A shard without a copy tells of no segments, though its files hold them and it may come back."""
    with faults(indices):
        health = client.cluster.health(index=indices)["status"]
    if health == "red":
        raise _later("a shard is away with all its copies", indices)


def _later(why: str, indices: str) -> Unavailable:
    return Unavailable(why, place=f"{PLACE} {indices}", remedy="It is tried again")


def _let_go(client: Elasticsearch, indices: str, goals: Mapping[tuple[str, str], int]) -> bool:
    """Whether nobody needs operations up to ``goals`` any more; a flush then makes that known to the files."""
    with faults(indices):
        client.indices.flush(index=indices, force=True, wait_if_ongoing=True)
    there = all(
        lease["retaining_seq_no"] > goals.get(shard, -1)
        for shard, state in _shards(client, indices)
        for lease in state["retention_leases"]["leases"]
    )
    if there:
        with faults(indices):
            client.indices.flush(index=indices, force=True, wait_if_ongoing=True)
            client.indices.refresh(index=indices)
    return there


def _shards(client: Elasticsearch, indices: str) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    """Each copy of each shard, with its state."""
    with faults(indices):
        stats = client.indices.stats(index=indices, metric="docs", level="shards")
    for name, index in stats["indices"].items():
        for number, copies in index["shards"].items():
            for copy in copies:
                if "seq_no" in copy:
                    yield (name, number), copy


def _segments(client: Elasticsearch, indices: str) -> Iterator[Segment]:
    """The segments with removed documents."""
    with faults(indices):
        found = client.indices.segments(index=indices)
    for name, index in found["indices"].items():
        for number, copies in index["shards"].items():
            for copy in copies:
                for segment, facts in copy["segments"].items():
                    if facts["deleted_docs"]:
                        yield name, number, segment
