"""How Lens draws a panel: the state of its visualisations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from review.kibana.colours import PLAIN, mapping

Shape = Literal["bar_stacked", "bar_percentage_stacked", "bar_horizontal", "bar_horizontal_percentage_stacked", "line"]


@dataclass(frozen=True, slots=True)
class Number:
    """One large number."""

    metric: str
    type = "lnsMetric"

    def state(self, layer: str, colours: Mapping[str, str]) -> dict[str, Any]:
        return {"layerId": layer, "layerType": "data", "metricAccessor": self.metric, "showBar": False}


@dataclass(frozen=True, slots=True)
class Axes:
    """Bars or lines over ``x``; ``split`` makes one of each of its values, else each metric is one."""

    shape: Shape
    x: str
    metrics: Sequence[str]
    split: str = ""
    type = "lnsXY"

    def state(self, layer: str, colours: Mapping[str, str]) -> dict[str, Any]:
        """``colours``: by value of ``split``; without it, by metric."""
        everywhere = {"x": True, "yLeft": True, "yRight": True}
        data: dict[str, Any] = {
            "layerId": layer,
            "layerType": "data",
            "seriesType": self.shape,
            "xAccessor": self.x,
            "accessors": list(self.metrics),
            "position": "top",
            "showGridlines": False,
        }
        if self.split:
            data |= {"splitAccessor": self.split, "colorMapping": mapping(colours)}
        else:
            data["yConfig"] = [{"forAccessor": each, "color": colours.get(each, PLAIN)} for each in self.metrics]
        return {
            "layers": [data],
            "preferredSeriesType": self.shape,
            "legend": {"isVisible": bool(self.split) or len(self.metrics) > 1, "position": "bottom"},
            "valueLabels": "hide",
            "fittingFunction": "None",
            "axisTitlesVisibilitySettings": {"x": False, "yLeft": False, "yRight": False},
            "tickLabelsVisibilitySettings": everywhere,
            "gridlinesVisibilitySettings": everywhere,
            "labelsOrientation": {"x": 0, "yLeft": 0, "yRight": 0},
        }


@dataclass(frozen=True, slots=True)
class Donut:
    """Shares of a whole."""

    split: str
    metric: str
    type = "lnsPie"

    def state(self, layer: str, colours: Mapping[str, str]) -> dict[str, Any]:
        part = {
            "layerId": layer,
            "layerType": "data",
            "primaryGroups": [self.split],
            "metrics": [self.metric],
            "numberDisplay": "value",
            "categoryDisplay": "default",
            "legendDisplay": "show",
            "nestedLegend": False,
            "colorMapping": mapping(colours),
        }
        return {"shape": "donut", "layers": [part]}


@dataclass(frozen=True, slots=True)
class Table:
    """One row for each value of ``rows``."""

    rows: str
    metrics: Sequence[str]
    sort: str = ""
    type = "lnsDatatable"

    def state(self, layer: str, colours: Mapping[str, str]) -> dict[str, Any]:
        columns = [
            {"columnId": self.rows, "isTransposed": False, "isMetric": False},
            *({"columnId": each, "isTransposed": False, "isMetric": True} for each in self.metrics),
        ]
        state: dict[str, Any] = {"layerId": layer, "layerType": "data", "columns": columns}
        if self.sort:
            state["sorting"] = {"columnId": self.sort, "direction": "desc"}
        return state | {"paging": {"size": 10, "enabled": True}}


Chart = Number | Axes | Donut | Table
