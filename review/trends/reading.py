"""What is counted, read from the statistics: they hold no text, and the id of a post only as a digest."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from elasticsearch import Elasticsearch

from review.indexes.elasticsearch.client import faults
from review.indexes.elasticsearch.names import Names
from review.trends.cells import Mentioned

DAY = timedelta(days=1)
_AT_ONCE = 5000
_KEEP = "2m"
_FIELDS = ["id", "judged_at", "created_at", "source", "labels", "severity", "unable", "municipality", "country"]


class Reading:
    """Reads the statistics of all tenants. Each day is one of UTC, and a post belongs to the day on which it was judged.

    Every method raises:
        Unavailable: Elasticsearch is away or busy.
        Broken: it refuses us.
    """

    def __init__(self, client: Elasticsearch, names: Names) -> None:
        self._client = client
        self._indices = names.statistics("*")

    def mentioned(self, day: date, *, without: str | None = None) -> Iterator[Mentioned]:
        """The posts of one day, once for each official whom they mention, but for the official ``without``."""
        hers = [] if without is None else [{"term": {"official": without}}]
        query = {"bool": {"filter": [_on(day)], "must_not": hers}}
        with faults(self._indices):
            self._client.indices.refresh(index=self._indices)
            point = self._client.open_point_in_time(index=self._indices, keep_alive=_KEEP)["id"]
        try:
            after: dict[str, Any] = {}
            while True:
                with faults(self._indices):
                    found = self._client.search(
                        pit={"id": point, "keep_alive": _KEEP},
                        query=query,
                        source_includes=_FIELDS,
                        sort=["_shard_doc"],
                        size=_AT_ONCE,
                        track_total_hits=False,
                        allow_partial_search_results=False,
                        **after,
                    )["hits"]["hits"]
                if not found:
                    return
                yield from (_mentioned(day, hit) for hit in found)
                after = {"search_after": found[-1]["sort"]}
        finally:
            with faults(self._indices):
                self._client.close_point_in_time(id=point)

    def days(self, official: str) -> list[date]:
        """The days with posts that mention an official."""
        buckets = {"date_histogram": {"field": "judged_at", "calendar_interval": "1d", "min_doc_count": 1}}
        with faults(self._indices):
            self._client.indices.refresh(index=self._indices)
            answer = self._client.search(
                index=self._indices, size=0, query={"term": {"official": official}}, aggs={"days": buckets}
            )
        days = answer["aggregations"]["days"]["buckets"] if "aggregations" in answer else []
        return [datetime.fromtimestamp(bucket["key"] / 1000, UTC).date() for bucket in days]

    def first(self) -> date | None:
        """The first day of which there are statistics."""
        with faults(self._indices):
            self._client.indices.refresh(index=self._indices)
            answer = self._client.search(index=self._indices, size=0, aggs={"first": {"min": {"field": "judged_at"}}})
        first = answer["aggregations"]["first"]["value"] if "aggregations" in answer else None
        return None if first is None else datetime.fromtimestamp(first / 1000, UTC).date()


def _on(day: date) -> dict[str, Any]:
    return {"range": {"judged_at": {"gte": day.isoformat(), "lt": (day + DAY).isoformat()}}}


def _mentioned(day: date, hit: Mapping[str, Any]) -> Mentioned:
    found = hit["_source"]
    return Mentioned(
        tenant=hit["_index"].split("-statistics-", 1)[1].rpartition("-")[0],
        municipality=found["municipality"],
        country=found["country"],
        day=day,
        post=found["id"],
        # Two posts may have been written and judged in the same milliseconds: they then pass for one, and are told later.
        twin=f"{found['source']} {found['created_at']} {found['judged_at']}",
        source=found["source"],
        labels=found["labels"],
        severity=found["severity"],
        unable="unable" in found,
    )
