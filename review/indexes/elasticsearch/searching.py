"""What is read from the items by search: it sees what was written up to the last refresh, a second ago or less."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, get_args

from elasticsearch import Elasticsearch

from alerts.alert import State
from classify.verdict import LABELS, SEVERITIES
from flow.errors import BadInput, Unavailable
from review.index import (
    MOST,
    Counts,
    Item,
    Kind,
    Page,
    Place,
    Query,
    micros,
    read_place,
    readable,
    write_place,
)
from review.indexes.elasticsearch.client import PLACE, faults
from review.indexes.elasticsearch.documents import DELIVERY_COUNTS, holding_of
from review.indexes.elasticsearch.querying import JUDGED, NEWEST_FIRST, OLDEST_FIRST, Condition, conditions
from review.indexes.elasticsearch.store import AT_ONCE, Stored, stored


class Searching:
    """Searches the indices behind ``alias``."""

    def __init__(self, client: Elasticsearch, *, alias: str) -> None:
        self._client = client
        self._alias = alias

    def _ask(self, *where: Condition, **body: Any) -> Mapping[str, Any]:
        with faults(self._alias):
            # Half an answer is none: what is not seen would not be erased.
            answer: Mapping[str, Any] = self._client.search(
                index=self._alias,
                query={"bool": {"filter": list(where)}},
                allow_partial_search_results=False,
                **{"track_total_hits": False, **body},
            ).body
        return answer

    def refresh(self) -> None:
        """Let what follows see everything that has been written."""
        with faults(self._alias):
            self._client.indices.refresh(index=self._alias)

    def page(self, query: Query) -> Page:
        """See `review.index.Index.search`."""
        limit = max(1, min(query.limit, MOST))
        after = {} if query.after is None else {"search_after": _in_bounds(read_place(query.after))}
        answer = self._ask(*conditions(query), sort=NEWEST_FIRST, size=limit + 1, **after)
        hits = answer["hits"]["hits"]
        items, unread = readable(hits[:limit], _item)
        if len(hits) <= limit:
            return Page(tuple(items), None, unread)
        judged, created, post = hits[limit - 1]["sort"]
        return Page(tuple(items), write_place((judged, created, post)), unread)

    def newer(self, query: Query, than: str, *, most: int) -> int:
        """See `review.index.Index.newer`."""
        after = _in_bounds(read_place(than))
        answer = self._ask(*conditions(query), sort=OLDEST_FIRST, search_after=after, size=most, source=False)
        return len(answer["hits"]["hits"])

    def counts(self) -> Counts:
        """See `review.index.Index.counts`."""
        sums = {
            name: {"sum": {"field": field}} for name, field in (("alerts", "alert_count"), *DELIVERY_COUNTS.items())
        }
        kinds = {**_KINDS, "labels": {"terms": {"field": "labels", "size": len(LABELS)}}}
        decisions = {"filter": {"exists": {"field": "decision"}}}
        judged = {"filter": JUDGED, "aggs": kinds}
        found = self._ask(size=0, aggs={**sums, "decisions": decisions, "judged": judged})["aggregations"]
        labels = {bucket["key"]: bucket["doc_count"] for bucket in found["judged"]["labels"]["buckets"]}
        by_kind = _kinds(found["judged"])
        return Counts(
            verdicts=found["judged"]["doc_count"],
            unable=by_kind.get("unable", 0),
            labels={label: labels.get(label, 0) for label in LABELS},
            severities={severity: by_kind.get(severity, 0) for severity in SEVERITIES},
            alerts=round(found["alerts"]["value"]),
            deliveries={state: round(found[state]["value"]) for state in get_args(State)},
            decisions=found["decisions"]["doc_count"],
        )

    def activity(self, since: datetime, *, hours: int) -> list[dict[Kind, int]]:
        """See `review.index.Index.activity`."""
        ends = [micros(since + timedelta(hours=hour)) for hour in range(hours + 1)]
        ranges = [{"from": start, "to": end} for start, end in pairwise(ends)]
        within = {"range": {"judged": {"gte": ends[0], "lt": ends[-1]}}}
        by_hour = {"range": {"field": "judged", "ranges": ranges}, "aggs": _KINDS}
        found = self._ask(within, size=0, aggs={"hours": by_hour})["aggregations"]
        return [_kinds(bucket) for bucket in found["hours"]["buckets"]]

    def posts(self, *where: Condition) -> Iterator[str]:
        """The ids of the posts for which all of ``where`` holds, in their order."""
        for hits in self._pages(*where, source=False):
            yield from (hit["sort"][0] for hit in hits)

    def stored(self, *where: Condition) -> Iterator[list[Stored]]:
        """The documents for which all of ``where`` holds, some at a time, in the order of their posts.

        Raises:
            Unavailable: a newer program has written one: what is to go waits for a program that can read it.
        """
        for hits in self._pages(*where, seq_no_primary_term=True):
            try:
                found = [stored(hit) for hit in hits]
            except BadInput as error:
                raise Unavailable(
                    f"a document cannot be read: {error.reason}", place=PLACE, remedy=error.remedy
                ) from None
            yield found

    def items(self, *where: Condition) -> Iterator[list[Item]]:
        """The items for which all of ``where`` holds, some at a time, in the order of their posts; what cannot be read is left
        out."""
        for hits in self._pages(JUDGED, *where):
            yield readable(hits, _item)[0]

    def _pages(self, *where: Condition, **body: Any) -> Iterator[Sequence[Mapping[str, Any]]]:
        after: dict[str, Any] = {}
        while hits := self._ask(*where, sort=[{"post": "asc"}], size=AT_ONCE, **after, **body)["hits"]["hits"]:
            yield hits
            after = {"search_after": hits[-1]["sort"]}


_KINDS = {
    "unable": {"filter": {"exists": {"field": "unable"}}},
    "able": {
        "filter": {"bool": {"must_not": {"exists": {"field": "unable"}}}},
        "aggs": {"severities": {"terms": {"field": "severity", "size": len(SEVERITIES)}}},
    },
}


def _kinds(found: Mapping[str, Any]) -> dict[Kind, int]:
    """How many posts of each kind, those with none left out."""
    kinds: dict[Kind, int] = {
        SEVERITIES[bucket["key"]]: bucket["doc_count"] for bucket in found["able"]["severities"]["buckets"]
    }
    if found["unable"]["doc_count"]:
        kinds["unable"] = found["unable"]["doc_count"]
    return kinds


def _item(hit: Mapping[str, Any]) -> Item:
    item = holding_of(hit["_source"]).known.item()
    if item is None:
        raise ValueError("only what was judged is asked for")
    return item


def _in_bounds(place: Place) -> list[int | str]:
    """A place that comes from outside may name moments beyond what Elasticsearch counts with."""
    judged, created, post = place
    return [max(-_MOST_MICROS, min(judged, _MOST_MICROS)), max(-_MOST_MICROS, min(created, _MOST_MICROS)), post]


_MOST_MICROS = (1 << 63) - 1
