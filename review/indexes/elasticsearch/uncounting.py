"""Takes out of the statistics what a consent that was changed later does not let anybody count."""

from typing import Any

from elasticsearch import Elasticsearch

from registry.official import EVERYTHING, Consent, Official
from review.indexes.elasticsearch.client import faults
from review.indexes.elasticsearch.names import Names

_LONG = 600.0  # seconds that a removal by query may take


def uncount(client: Elasticsearch, names: Names, official: Official) -> int:
    """Remove the statistics of posts about ``official`` that `Official.counts` does not allow; returns how many.

    What somebody writes meanwhile is removed by the next call.

    Raises:
        Unavailable: Elasticsearch is away or busy.
        Broken: it refuses us.
    """
    if all(consent.statistics for consent in official.consents):
        return 0
    counted = [_counted(consent) for consent in official.consents if consent.statistics]
    query = {"bool": {"filter": [{"term": {"official": official.id}}], "must_not": counted}}
    indices = names.statistics("*")
    with faults(indices):
        client.indices.refresh(index=indices)
        answer = client.options(request_timeout=_LONG).delete_by_query(index=indices, query=query, conflicts="proceed")
    return int(answer["deleted"])


def _counted(consent: Consent) -> dict[str, Any]:
    """The posts that this consent lets count. The date in a document is rounded down to a millisecond."""
    covered = {"gte": consent.since.isoformat(timespec="milliseconds")}
    if consent.until is not None:
        covered["lt"] = consent.until.isoformat(timespec="microseconds")
    sources = [] if EVERYTHING in consent.scope else [{"terms": {"source": list(consent.scope)}}]
    return {"bool": {"filter": [{"range": {"collected_at": covered}}, *sources]}}
