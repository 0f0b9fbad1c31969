"""The statistics as they lie in Elasticsearch."""

from typing import Any

from review.indexes.elasticsearch.index import ElasticsearchIndex


def statistics(index: ElasticsearchIndex) -> dict[tuple[str, str], dict[str, Any]]:
    """Each document by its tenant's alias and its id."""
    pattern = index.names.statistics("*")
    index.client.indices.refresh(index=pattern)
    hits = index.client.search(index=pattern, size=1000)["hits"]["hits"]
    found = {(hit["_index"].rpartition("-")[0], hit["_id"]): hit["_source"] for hit in hits}
    assert len(found) == len(hits)
    return found
