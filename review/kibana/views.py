"""Data views: which indices a panel reads, and how their fields are called and written.

The names of indices end in a wildcard: a reader finds behind it what her role lets her see, and nothing else.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

from alerts.alert import State
from classify.verdict import LABELS, SEVERITIES
from review.indexes.elasticsearch.names import Names
from review.kibana.columns import Name

View = Literal["statistics", "trends", "all-trends"]
VIEWS: tuple[View, ...] = ("statistics", "trends", "all-trends")

TIME: Mapping[View, str] = {"statistics": "judged_at", "trends": "day", "all-trends": "day"}

FIELDS: Mapping[View, tuple[str, ...]] = {
    "statistics": (
        "id",
        "judged_at",
        "collected_at",
        "created_at",
        "delay_seconds",
        "told_seconds",
        "decided_seconds",
        "source",
        "language",
        "severity",
        "severity_rank",
        "model",
        "labels",
        *(f"probability.{label}" for label in LABELS),
        "unable",
        "aimed_at",
        "flagged",
        "alerted",
        "alerts",
        *(f"deliveries.{state}" for state in get_args(State)),
        "decision",
        "official",
        "municipality",
        "country",
        "party",
        "role",
    ),
    "trends": ("day", "country", "municipality", "source", "label", "severity", "posts"),
    "all-trends": ("day", "country", "source", "label", "severity", "posts"),
}

NAMED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "source": ("source", ("bluesky", "mastodon", "feed", "jsonl", "manual")),
    "severity": ("severity", (*SEVERITIES, "unable")),
    "labels": ("label", LABELS),
    "label": ("label", (*LABELS, "none")),
    "language": ("language", ("sv", "fi", "other")),
    "unable": ("unable", ("language", "no-text", "too-short")),
    "aimed_at": ("aimed_at", ("person", "group")),
    "decision": ("decision", ("confirmed", "false-alarm", "none")),
    "country": ("country", ("SE", "FI")),
}
"""Fields whose values have names: group and values."""


def indices(view: View, names: Names) -> str:
    """What a data view reads."""
    return {"statistics": names.statistics("*"), "trends": names.trends("*"), "all-trends": f"{names.all_trends}*"}[
        view
    ]


def attributes(view: View, *, names: Names, title: str, labels: Callable[[str], str], name: Name) -> dict[str, Any]:
    """The attributes of the saved object.

    Args:
        title: what people call it.
        labels: the name of a field.
    """
    formats: dict[str, Any] = {}
    for field in FIELDS[view]:
        if field.endswith("_seconds"):
            formats[field] = _DURATION
        elif field.startswith("probability."):
            formats[field] = {"id": "percent", "params": {"pattern": "0.0%"}}
        elif field in NAMED:
            formats[field] = _lookup(field, name)
    custom = {field: {"customLabel": labels(field)} for field in FIELDS[view]}
    return {
        "title": indices(view, names),
        "name": title,
        "timeFieldName": TIME[view],
        "fields": "[]",
        "fieldAttrs": _json(custom),
        "fieldFormatMap": _json(formats),
        "runtimeFieldMap": "{}",
        "sourceFilters": "[]",
        "typeMeta": "{}",
        "allowNoIndex": True,
    }


_DURATION = {
    "id": "duration",
    "params": {
        "inputFormat": "seconds",
        "outputFormat": "humanizePrecise",
        "outputPrecision": 1,
        "useShortSuffix": True,
        "includeSpaceWithSuffix": True,
    },
}


def _lookup(field: str, name: Name) -> dict[str, Any]:
    group, values = NAMED[field]
    entries = [{"key": value, "value": name(group, value)} for value in values]
    return {"id": "static_lookup", "params": {"lookupEntries": entries, "unknownKeyValue": None}}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
