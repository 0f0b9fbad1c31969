"""What is counted, read from the statistics: they hold no text, and the id of a post only as a digest."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from elasticsearch import Elasticsearch

from review.indexes.elasticsearch.client import faults
from review.indexes.elasticsearch.names import Names
from review.indexes.elasticsearch.reading import pages
from review.trends.cells import Mentioned

DAY = timedelta(days=1)
_AT_ONCE = 5000
_FIELDS = ["id", "judged_at", "created_at", "source", "labels", "severity", "unable", "municipality", "country"]


@dataclass(frozen=True, slots=True)
class Without:
    """Whom not to count: an official, or only the posts about her from one source."""

    official: str
    source: str | None = None

    @property
    def condition(self) -> dict[str, Any]:
        """What finds her."""
        source = [] if self.source is None else [{"term": {"source": self.source}}]
        return {"bool": {"filter": [{"term": {"official": self.official}}, *source]}}


class Reading:
    """Reads the statistics of all tenants. Each day is one of UTC, and a post belongs to the day on which it was judged.

    Every method raises:
        Unavailable: Elasticsearch is away or busy.
        Broken: it refuses us.
    """

    def __init__(self, client: Elasticsearch, names: Names) -> None:
        self._client = client
        self._names = names
        self._indices = names.statistics("*")

    def mentioned(self, day: date, *, without: Without | None = None) -> Iterator[Mentioned]:
        """The posts of one day, once for each official whom they mention, but for ``without``."""
        hers = [] if without is None else [without.condition]
        query = {"bool": {"filter": [_on(day)], "must_not": hers}}
        with faults(self._indices):
            self._client.indices.refresh(index=self._indices)
        for hits in pages(self._client, self._indices, query, size=_AT_ONCE, source_includes=_FIELDS):
            yield from (self._mentioned(day, hit) for hit in hits)

    def days(self, about: Without) -> list[date]:
        """The days with such posts about an official."""
        by_day = {"date_histogram": {"field": "judged_at", "calendar_interval": "1d", "min_doc_count": 1}}
        found = self._found(about.condition, by_day)
        return [_day(bucket["key"]) for bucket in found.get("buckets", ())]

    def tenants(self, about: Without) -> set[str]:
        """The tenants in whose statistics there are such posts about an official."""
        found = self._found(about.condition, {"terms": {"field": "_index", "size": _AT_ONCE}})
        return {self._tenant(bucket["key"]) for bucket in found.get("buckets", ())}

    def first(self) -> date | None:
        """The first day of which there are statistics."""
        first = self._found({"match_all": {}}, {"min": {"field": "judged_at"}}).get("value")
        return None if first is None else _day(first)

    def _found(self, query: Mapping[str, Any], aggregation: Mapping[str, Any]) -> Mapping[str, Any]:
        """What an aggregation finds; nothing where there are no statistics."""
        with faults(self._indices):
            self._client.indices.refresh(index=self._indices)
            answer = self._client.search(
                index=self._indices,
                size=0,
                query=query,
                aggs={"found": aggregation},
                allow_partial_search_results=False,
            )
        found: Mapping[str, Any] = answer["aggregations"]["found"] if "aggregations" in answer else {}
        return found

    def _tenant(self, index: str) -> str:
        return index.removeprefix(self._names.statistics("")).rpartition("-")[0]

    def _mentioned(self, day: date, hit: Mapping[str, Any]) -> Mentioned:
        found = hit["_source"]
        return Mentioned(
            tenant=self._tenant(hit["_index"]),
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


def _day(milliseconds: float) -> date:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).date()


def _on(day: date) -> dict[str, Any]:
    return {"range": {"judged_at": {"gte": day.isoformat(), "lt": (day + DAY).isoformat()}}}
