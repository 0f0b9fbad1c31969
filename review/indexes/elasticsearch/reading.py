"""Documents read page by page, and counted, and what stands in a field of them: half an answer is none, since what is not seen
would be neither copied nor erased."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from elasticsearch import Elasticsearch

from flow.errors import Unavailable
from review.indexes.elasticsearch.client import PLACE, faults

Hits = list[Mapping[str, Any]]

_TERMS = 10_000  # values that are read at a time
_KEEP = "5m"  # how long a search may stand open between two pages


def pages(
    client: Elasticsearch,
    index: str,
    query: Mapping[str, Any],
    *,
    size: int,
    preference: str | None = None,
    repeated: Callable[[Callable[[], Hits]], Hits] = lambda page: page(),
    **body: Any,
) -> Iterator[Hits]:
    """The documents that are found now, at most ``size`` at a time, whatever is written meanwhile.

    Args:
        preference: which copies of which shards are asked.
        repeated: calls what fetches a page, and may do so again where it fails.
        body: further arguments of each search.
    """
    with faults(index):
        point = client.open_point_in_time(index=index, keep_alive=_KEEP, preference=preference)["id"]
    after: list[Any] | None = None

    def page() -> Hits:
        with faults(index):
            found = client.search(
                pit={"id": point, "keep_alive": _KEEP},
                query=query,
                sort=["_shard_doc"],
                size=size,
                track_total_hits=False,
                allow_partial_search_results=False,
                search_after=after,
                **body,
            )
        return list(found["hits"]["hits"])

    try:
        while hits := repeated(page):
            yield hits
            after = hits[-1]["sort"]
    finally:
        with suppress(Unavailable), faults(index):  # it also ends by itself
            client.close_point_in_time(id=point)


def terms(client: Elasticsearch, index: str, field: str) -> Iterator[str]:
    """Every value of a keyword field in their own order, perhaps with some whose documents have been removed."""
    with faults(index):
        client.indices.refresh(index=index)
    after = None
    while True:
        with faults(index):
            found = client.terms_enum(index=index, field=field, size=_TERMS, search_after=after, timeout="20s")
            if not found["complete"] or found["_shards"]["failed"]:
                raise Unavailable("half an answer", place=f"{PLACE} {index}", remedy="It is tried again")
        yield from found["terms"]
        if len(found["terms"]) < _TERMS:
            return
        after = found["terms"][-1]


def count(client: Elasticsearch, index: str, query: Mapping[str, Any] | None = None) -> int:
    """How many documents there are at this moment."""
    with faults(index):
        client.indices.refresh(index=index)
        found = client.search(
            index=index, query=query, size=0, track_total_hits=True, allow_partial_search_results=False
        )
    return int(found["hits"]["total"]["value"])
