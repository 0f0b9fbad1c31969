"""A query as Elasticsearch's conditions on the documents of the items.

A word is found as it stands, inflected, and where a compound ends with it; a phrase and a beginning as they stand.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from classify.verdict import SEVERITIES
from review.decision import Outcome
from review.fulltext import Term, parse
from review.index import Age, Query, micros
from review.indexes.elasticsearch.documents import LANGUAGES, composed, decided

Condition = Mapping[str, Any]

NEWEST_FIRST = [{"judged": "desc"}, {"created": "desc"}, {"post": "desc"}]
OLDEST_FIRST = [{"judged": "asc"}, {"created": "asc"}, {"post": "asc"}]

JUDGED: Condition = {"exists": {"field": "judged"}}
NOTHING: Condition = {"match_none": {}}


def conditions(query: Query) -> list[Condition]:
    """Conditions that must all hold; never an empty list."""
    found: list[Condition] = [JUDGED]
    if query.text is not None:
        found.extend([_contains(term) for term in parse(query.text)] or [NOTHING])
    if query.official is not None:
        found.append(_is("mentions", query.official))
    if query.officials is not None:
        found.append({"terms": {"mentions": list(query.officials)}})
    if query.label is not None:
        found.append(_is("labels", query.label))
    if query.severity not in (None, "none"):
        found.append({"range": {"severity": {"gte": SEVERITIES.index(query.severity)}}})
    if query.flagged is not None:
        found.append(_is("flagged", query.flagged))
    if query.alerted is not None:
        found.append(_has("alerts", there=query.alerted))
    if query.source is not None:
        found.append(_is("source", query.source))
    if query.language is not None:
        found.append(_is("language", query.language))
    if query.since is not None:
        found.append({"range": {"judged": {"gte": micros(query.since)}}})
    if query.until is not None:
        found.append({"range": {"judged": {"lt": micros(query.until)}}})
    if query.decision is not None:
        found.append(_decided(query.decision, query.decided_by))
    if query.unable is not None:
        found.append(_has("unable", there=query.unable))
    return found


def of_age(age: Age) -> list[Condition]:
    """The conditions that a post is kept by ``age``, as `review.index.age_of` says."""
    if age in ("case", "open-case"):
        return [JUDGED, _has("alerts", there=True), _has("decision", there=age == "case")]
    kept: list[Condition] = [JUDGED, _has("alerts", there=False), _is("flagged", age != "unflagged")]
    if age != "unflagged":
        kept.append({"range": {"severity": {"gte" if age == "flagged" else "lt": SEVERITIES.index("medium")}}})
    return kept


def _decided(outcome: Outcome | Literal["none"], tenants: tuple[str, ...] | None) -> Condition:
    if tenants is None:
        return _has("decision", there=False) if outcome == "none" else _is("decision", outcome)
    own = _any_of(tenants, *get_args(Outcome))
    if outcome == "none":
        return {"bool": {"must_not": [own, _any_of(("",), *get_args(Outcome))]}}
    of_all = {"bool": {"filter": _any_of(("",), outcome), "must_not": own}}
    return {"bool": {"should": [_any_of(tenants, outcome), of_all]}}


def _any_of(tenants: Iterable[str], *outcomes: Outcome) -> Condition:
    return {"terms": {"decision": [decided(tenant, each) for tenant in tenants for each in outcomes]}}


def _is(field: str, value: str | bool) -> Condition:
    return {"term": {field: value}}


def _has(field: str, *, there: bool) -> Condition:
    exists = {"exists": {"field": field}}
    return exists if there else {"bool": {"must_not": exists}}


def _contains(term: Term) -> Condition:
    text = " ".join(term.words)
    if len(term.words) > 1:
        if not term.prefix:
            return {"match_phrase": {"text": text}}
        return {"match_phrase_prefix": {"text": {"query": text, "max_expansions": _EXPANSIONS}}}
    if term.prefix:
        return {"prefix": {"text": {"value": text}}}
    found: list[Condition] = [{"match": {"text": text}}]
    for language in LANGUAGES:
        fields = (f"text_{language}", f"text_{language}.ends")
        found.extend({"match": {field: composed(text)}} for field in fields)
    return {"bool": {"should": found}}


_EXPANSIONS = 10_000
"""Words that may follow a phrase and a beginning longer than those that the index holds ready."""
