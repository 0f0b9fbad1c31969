"""Takes out of the statistics what a consent that was changed later does not let anybody count."""

from collections.abc import Iterable
from typing import Any

from elasticsearch import Elasticsearch

from registry.official import EVERYTHING, Consent, Official
from review.indexes.elasticsearch.client import faults
from review.indexes.elasticsearch.names import Names

_AT_ONCE = 10_000
_LONG = 600.0  # seconds that a removal by query may take


def uncount(client: Elasticsearch, names: Names, officials: Iterable[Official]) -> int:
    """Remove the statistics of posts about ``officials`` that `Official.counts` does not allow; returns how many.

    What somebody writes meanwhile is removed by the next call.

    Raises:
        Unavailable: Elasticsearch is away or busy.
        Broken: it refuses us.
    """
    refusing = [each for each in officials if not all(consent.statistics for consent in each.consents)]
    wholly = [each.id for each in refusing if not any(consent.statistics for consent in each.consents)]
    conditions = [
        {"terms": {"official": wholly[start : start + _AT_ONCE]}} for start in range(0, len(wholly), _AT_ONCE)
    ]
    conditions += [_uncounted(each) for each in refusing if any(consent.statistics for consent in each.consents)]
    if not conditions:
        return 0
    indices = names.statistics("*")
    with faults(indices):
        client.indices.refresh(index=indices)
        patient = client.options(request_timeout=_LONG)
        answers = [patient.delete_by_query(index=indices, query=each, conflicts="proceed") for each in conditions]
    return sum(int(answer["deleted"]) for answer in answers)


def _uncounted(official: Official) -> dict[str, Any]:
    counted = [_counted(consent) for consent in official.consents if consent.statistics]
    return {"bool": {"filter": [{"term": {"official": official.id}}], "must_not": counted}}


def _counted(consent: Consent) -> dict[str, Any]:
    """The posts that this consent lets count. The date in a document is rounded down to a millisecond."""
    covered = {"gte": consent.since.isoformat(timespec="milliseconds")}
    if consent.until is not None:
        covered["lt"] = consent.until.isoformat(timespec="microseconds")
    sources = [] if EVERYTHING in consent.scope else [{"terms": {"source": list(consent.scope)}}]
    return {"bool": {"filter": [{"range": {"collected_at": covered}}, *sources]}}
