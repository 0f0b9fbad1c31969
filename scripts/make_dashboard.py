"""Writes the dashboard for Grafana out of ``scripts/dashboard.toml``; a test says when it is old.

python scripts/make_dashboard.py > config/grafana/turvakt.json
"""

import json
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PANELS = Path(__file__).parent / "dashboard.toml"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24
SIZES = {"stat": (4, 4), "timeseries": (8, 7)}
"""Width and height."""

Panel = Mapping[str, Any]


def dashboard() -> dict[str, Any]:
    """As Grafana imports it."""
    choice = {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "current": {}}
    return {
        "uid": "turvakt",
        "title": "Turvakt",
        "description": "What Turvakt tells Prometheus: docs/metrics.md. What to do when something is wrong: docs/runbook.md.",
        "tags": ["turvakt"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [choice]},
        "annotations": {"list": []},
        "links": [],
        "panels": [
            {"id": number, **panel}
            for number, panel in enumerate(_placed(tomllib.loads(PANELS.read_text("utf-8"))["row"]), start=1)
        ],
    }


def _placed(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Row by row, from left to right."""
    y = 0
    for row in rows:
        yield {"type": "row", "title": row["title"], "collapsed": False, "panels": [], "gridPos": _at(0, y, COLUMNS, 1)}
        x, y, height = 0, y + 1, 0
        for panel in row["panel"]:
            width, height = SIZES[panel.get("kind", "timeseries")]
            if x + width > COLUMNS:
                x, y = 0, y + height
            yield {"gridPos": _at(x, y, width, height), **_drawn(panel)}
            x += width
        y += height


def _at(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": width, "h": height}


def _drawn(panel: Panel) -> dict[str, Any]:
    kind = panel.get("kind", "timeseries")
    of_kind = _number(panel) if kind == "stat" else _lines(panel)
    return {
        "type": kind,
        "title": panel["title"],
        "description": panel["about"],
        "datasource": SOURCE,
        **of_kind,
        "targets": [
            {
                "refId": chr(ord("A") + place),
                "datasource": SOURCE,
                "expr": expression,
                "legendFormat": legend,
                "instant": kind == "stat",
                "range": kind != "stat",
            }
            for place, (legend, expression) in enumerate(panel["queries"])
        ],
    }


def _number(panel: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    steps += [
        {"color": color, "value": panel[at]} for at, color in (("warn", "yellow"), ("alarm", "red")) if at in panel
    ]
    reduce = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    defaults = {"unit": panel.get("unit", "short"), "thresholds": {"mode": "absolute", "steps": steps}}
    return {
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": {"reduceOptions": reduce, "colorMode": "value", "graphMode": "none"},
    }


def _lines(panel: Panel) -> dict[str, Any]:
    stacked = panel.get("stacked", False)
    custom = {
        "drawStyle": "line",
        "lineWidth": 1,
        "fillOpacity": 30 if stacked else 0,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "showPoints": "never",
        "spanNulls": True,
    }
    return {
        "fieldConfig": {
            "defaults": {"unit": panel.get("unit", "short"), "min": 0, "custom": custom},
            "overrides": [],
        },
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
    }


if __name__ == "__main__":
    json.dump(dashboard(), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
