"""A query as the conditions of an SQL statement over ``index_post p``."""

import json
from typing import Any

from classify.verdict import LABELS, SEVERITIES
from review.fulltext import expression, parse
from review.index import Age, Query, micros
from review.indexes.sqlite_schema import DECIDED


def conditions(query: Query) -> tuple[list[str], list[Any]]:
    """Conditions that must all hold (never an empty list), and the values that they bind in order."""
    where = ["1"]
    values: list[Any] = []

    def add(condition: str, *bound: Any) -> None:
        where.append(condition)
        values.extend(bound)

    if query.text is not None:
        terms = parse(query.text)
        if terms:
            add("p.rowid IN (SELECT rowid FROM index_text WHERE index_text MATCH ?)", expression(terms))
        else:
            add("0")
    if query.official is not None:
        add("p.rowid IN (SELECT post FROM index_mention WHERE official = ?)", query.official)
    if query.officials is not None:
        # As one value: there may be more of them than a statement binds.
        one_of = "official IN (SELECT value FROM json_each(?))"
        add(f"p.rowid IN (SELECT post FROM index_mention WHERE {one_of})", json.dumps(query.officials))  # noqa: S608
    if query.label is not None:
        # Literally the condition of the partial index, so that SQLite may use it.
        add("p.flagged = 1 AND p.labels & ?", 1 << LABELS.index(query.label))
    if query.severity not in (None, "none"):
        add("p.flagged = 1 AND p.severity >= ?", SEVERITIES.index(query.severity))
    if query.flagged is not None:
        add("p.flagged = 1" if query.flagged else "p.flagged = 0")
    # Without the sign SQLite may look for each official's post together with each alert: minutes for 100,000 of both.
    id = "p.id" if query.official is None and query.officials is None else "+p.id"
    if query.alerted is not None:
        alerted = f"{id} IN (SELECT post FROM index_alert)"  # noqa: S608
        add(alerted if query.alerted else f"NOT {alerted}")
    if query.source is not None:
        add("p.source = ?", query.source)
    if query.language is not None:
        add("p.language = ?", query.language)
    if query.since is not None:
        add("p.judged >= ?", micros(query.since))
    if query.until is not None:
        add("p.judged < ?", micros(query.until))
    if query.decision is not None:
        add(*_decided(id, query.decision, query.decided_by))
    if query.unable is not None:
        add("p.unable IS NOT NULL" if query.unable else "p.unable IS NULL")
    return where, values


def _decided(id: str, decision: str, tenants: tuple[str, ...] | None) -> tuple[str, *tuple[str, ...]]:
    """The condition, and what it binds."""
    if tenants is None:
        if decision == "none":
            return (f"{id} NOT IN (SELECT post FROM {DECIDED})",)  # noqa: S608
        return f"{id} IN (SELECT post FROM {DECIDED} WHERE outcome = ?)", decision  # noqa: S608
    own, theirs = "tenant IN (SELECT value FROM json_each(?))", json.dumps(tenants)
    if decision == "none":
        return f"{id} NOT IN (SELECT post FROM {DECIDED} WHERE tenant = '' OR {own})", theirs  # noqa: S608
    counts = (
        f"{id} IN (SELECT post FROM index_decision WHERE outcome = ? AND {own})"  # noqa: S608
        f" OR {id} IN (SELECT post FROM index_decision WHERE outcome = ? AND tenant = '')"
        f" AND {id} NOT IN (SELECT post FROM {DECIDED} WHERE {own})"
    )
    return f"({counts})", decision, theirs, decision, theirs


def of_age(age: Age) -> str:
    """The condition that a post is kept by ``age``, as `review.index.age_of` says."""
    return _OF_AGE[age]


_ALERTED = "p.id IN (SELECT post FROM index_alert)"
_DECIDED = f"p.id IN (SELECT post FROM {DECIDED})"  # noqa: S608
_FROM_MEDIUM = f"p.severity >= {SEVERITIES.index('medium')}"
_OF_AGE: dict[Age, str] = {
    "unflagged": f"p.flagged = 0 AND NOT {_ALERTED}",
    "low": f"p.flagged = 1 AND NOT {_FROM_MEDIUM} AND NOT {_ALERTED}",
    "flagged": f"p.flagged = 1 AND {_FROM_MEDIUM} AND NOT {_ALERTED}",
    "case": f"{_ALERTED} AND {_DECIDED}",
    "open-case": f"{_ALERTED} AND NOT {_DECIDED}",
}
