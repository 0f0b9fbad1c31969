"""Saved objects, as Kibana's import takes them: one JSON object a line, references by name, some values JSON in a string.

The versions are those of Kibana 8.19 or older where the form has not changed since: later ones bring them up to date
themselves. They are marked as managed: whoever wants to change one in Kibana makes a copy.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from registry.official import Language
from review.indexes.elasticsearch.names import Names
from review.kibana.charts import Axes, Donut, Number
from review.kibana.colours import COLOURS
from review.kibana.columns import Kinds, Layer, Metric
from review.kibana.dashboards import DASHBOARDS, Dashboard, Panel
from review.kibana.views import VIEWS, View, attributes
from review.kibana.wording import Wording

_CORE = "8.8.0"
_VERSIONS = {"index-pattern": "8.0.0", "lens": "8.9.0", "dashboard": "10.2.0"}

SavedObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the objects of one language.

    Args:
        root: what their ids begin with. Kibana wants ids to be unique over all spaces.
        names: of the indices that they read.
        limit: posts about an official from which their number is shown in a trend.
    """

    root: str
    wording: Wording
    names: Names
    limit: int

    def objects(self, dashboards: Sequence[Dashboard]) -> Iterator[SavedObject]:
        """Data views first, then each dashboard behind its panels."""
        for view in VIEWS:
            yield self._view(view)
        for dashboard in dashboards:
            for panel in dashboard.panels:
                yield self._panel(panel)
            yield self._dashboard(dashboard)

    def id(self, *parts: str) -> str:
        """The id of an object."""
        return "-".join((self.root, self.wording.language, *parts))

    def _view(self, view: View) -> SavedObject:
        made = attributes(
            view,
            names=self.names,
            title=self.wording.text(f"view.{view}"),
            labels=self.wording.field,
            name=self.wording.name,
        )
        return _saved("index-pattern", self.id("view", view), made, [])

    def _panel(self, panel: Panel) -> SavedObject:
        wording = self.wording
        labels = partial(wording.column, panel.id)
        layer = Layer(panel.columns, labels, wording.name, self.limit)
        counts = wording.text(f"panel.{panel.id}.counts", limit=self.limit)
        visualization = panel.chart.state(panel.id, self._colours(panel))
        if isinstance(panel.chart, Number):
            visualization["subtitle"] = counts  # its title is hidden, and with it the description
        state = {
            "visualization": visualization,
            "query": {"query": panel.where, "language": "kuery"},
            "filters": [],
            "datasourceStates": {"formBased": {"layers": {panel.id: layer.state()}}},
            "internalReferences": [],
            "adHocDataViews": {},
        }
        made = {
            "title": wording.text(f"panel.{panel.id}.title"),
            "description": counts,
            "visualizationType": panel.chart.type,
            "state": state,
        }
        view = _reference("index-pattern", f"indexpattern-datasource-layer-{panel.id}", self.id("view", panel.view))
        return _saved("lens", self.id("panel", panel.id), made, [view])

    def _colours(self, panel: Panel) -> dict[str, str]:
        """By what Lens colours: the names of known values, or the metrics."""
        colours = COLOURS.get(panel.colours, {})
        split = panel.columns.get(panel.chart.split) if isinstance(panel.chart, Axes | Donut) else None
        if isinstance(split, Kinds):
            return {self.wording.name(split.group, value): colours[value] for value in split.values if value in colours}
        return {id: colours[id] for id, column in panel.columns.items() if isinstance(column, Metric) and id in colours}

    def _dashboard(self, dashboard: Dashboard) -> SavedObject:
        text = self.wording.text
        width, height = dashboard.note
        note = {
            "type": "markdown",
            "title": "",
            "description": "",
            "id": "",
            "params": {
                "markdown": text(f"dashboard.{dashboard.id}.note", limit=self.limit),
                "fontSize": 12,
                "openLinksInNewTab": False,
            },
            "uiState": {},
            "data": {"aggs": [], "searchSource": {"query": {"query": "", "language": "kuery"}, "filter": []}},
        }
        panels: list[dict[str, Any]] = [
            {
                "type": "visualization",
                "panelIndex": "note",
                "gridData": {"x": 0, "y": 0, "w": width, "h": height, "i": "note"},
                "embeddableConfig": {"savedVis": note, "enhancements": {}, "hidePanelTitles": True},
            }
        ]
        references = []
        for placed in dashboard.placed:
            id, (wide, high) = placed.panel.id, placed.panel.size
            panels.append(
                {
                    "type": "lens",
                    "panelIndex": id,
                    "gridData": {"x": placed.x, "y": placed.y, "w": wide, "h": high, "i": id},
                    "embeddableConfig": {"enhancements": {}, "hidePanelTitles": isinstance(placed.panel.chart, Number)},
                    "panelRefName": f"panel_{id}",
                }
            )
            references.append(_reference("lens", f"{id}:panel_{id}", self.id("panel", id)))
        controls: dict[str, Any] = {}
        for order, (view, field) in enumerate(dashboard.controls):
            id = f"{view}-{field}"
            controls[id] = {
                "order": order,
                "width": "medium",
                "grow": True,
                "type": "optionsListControl",
                "explicitInput": {"id": id, "fieldName": field, "title": self.wording.field(field), "enhancements": {}},
            }
            name = f"controlGroup_{id}:optionsListDataView"
            references.append(_reference("index-pattern", name, self.id("view", view)))
        ignored = ("ignoreFilters", "ignoreQuery", "ignoreTimerange", "ignoreValidations")
        made = {
            "title": text(f"dashboard.{dashboard.id}.title"),
            "description": text(f"dashboard.{dashboard.id}.description"),
            "timeRestore": True,
            "timeFrom": dashboard.since,
            "timeTo": "now",
            "refreshInterval": {"pause": not dashboard.refresh, "value": dashboard.refresh or 60_000},
            "panelsJSON": _json(panels),
            "optionsJSON": _json(_OPTIONS),
            "controlGroupInput": {
                "controlStyle": "oneLine",
                "chainingSystem": "HIERARCHICAL",
                "showApplySelections": False,
                "panelsJSON": _json(controls),
                "ignoreParentSettingsJSON": _json(dict.fromkeys(ignored, False)),
            },
            "kibanaSavedObjectMeta": {
                "searchSourceJSON": _json({"query": {"query": "", "language": "kuery"}, "filter": []})
            },
        }
        return _saved("dashboard", self.id("dashboard", dashboard.id), made, references)


_OPTIONS = {
    "useMargins": True,
    "syncColors": False,
    "syncCursor": True,
    "syncTooltips": False,
    "hidePanelTitles": False,
}


def saved_objects(
    language: Language,
    *,
    root: str = "turvakt",
    prefix: str = "turvakt",
    limit: int = 5,
    dashboards: Sequence[Dashboard] = DASHBOARDS,
) -> list[SavedObject]:
    """All objects in one language.

    Args:
        root: what their ids begin with.
        prefix: what the names of the indices begin with.
        limit: see `Maker`.
    """
    return list(Maker(root, Wording(language), Names(prefix), limit).objects(dashboards))


def ndjson(objects: Sequence[SavedObject]) -> str:
    """The objects as a file for Kibana's import."""
    return "".join(f"{json.dumps(each, ensure_ascii=False, sort_keys=True)}\n" for each in objects)


def _saved(type: str, id: str, attributes: dict[str, Any], references: list[dict[str, str]]) -> SavedObject:
    return {
        "id": id,
        "type": type,
        "attributes": attributes,
        "references": references,
        "managed": True,
        "coreMigrationVersion": _CORE,
        "typeMigrationVersion": _VERSIONS[type],
    }


def _reference(type: str, name: str, id: str) -> dict[str, str]:
    return {"type": type, "name": name, "id": id}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
