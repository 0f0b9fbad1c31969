"""Facts out of the statistics: what a consent lets nobody count is not among them."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from elasticsearch import Elasticsearch

from review.fact import Fact
from review.indexes.elasticsearch.reading import pages

_AT_ONCE = 5000
_FIELDS = [
    *("id", "official", "source", "judged_at", "collected_at"),
    *("labels", "severity", "flagged", "unable", "decided_seconds"),
]


def facts(
    client: Elasticsearch, indices: str, officials: Mapping[str, str], *, since: datetime, until: datetime
) -> Iterator[Fact]:
    """See `review.index.Index.facts`; ``indices`` are those of the statistics."""
    judged = {"range": {"judged_at": {"gte": since.isoformat(), "lt": until.isoformat()}}}
    query = {"bool": {"filter": [judged, {"terms": {"official": sorted(officials)}}]}}
    for hits in pages(client, indices, query, size=_AT_ONCE, source_includes=_FIELDS):
        yield from (_fact(hit["_source"]) for hit in hits)


def _fact(found: Mapping[str, Any]) -> Fact:
    return Fact(
        post=found["id"],
        official=found["official"],
        source=found["source"],
        judged_at=datetime.fromisoformat(found["judged_at"]),
        collected_at=datetime.fromisoformat(found["collected_at"]),
        labels=tuple(found["labels"]),
        severity=found["severity"],
        flagged=found["flagged"],
        unable="unable" in found,
        decided_seconds=found.get("decided_seconds"),
    )
