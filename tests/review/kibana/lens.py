"""What Lens asks of Elasticsearch for a saved object, and the table that it makes of the answer.

Written from Kibana 8.19: ``toEsAggsFn`` of the operations of its form-based data source. It reads saved objects alone, as
Kibana would, and knows nothing of how they were made.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.review.kibana.kql import Kql

Row = dict[str, Any]
"""A value for each column, by its id: a name of a bucket, or a number (``None``: nothing is shown)."""

_SIMPLE = {"sum": "sum", "average": "avg", "max": "max", "unique_count": "cardinality"}


class Lens:
    """A saved visualisation with its data view."""

    def __init__(self, saved: Mapping[str, Any], views: Mapping[str, Mapping[str, Any]]) -> None:
        self.state = saved["attributes"]["state"]
        ((layer_id, self.layer),) = self.state["datasourceStates"]["formBased"]["layers"].items()
        (reference,) = saved["references"]
        assert reference["name"] == f"indexpattern-datasource-layer-{layer_id}"
        self.view = views[reference["id"]]["attributes"]
        self.columns = {id: self.layer["columns"][id] for id in self.layer["columnOrder"]}
        self.buckets = [id for id, column in self.columns.items() if column["isBucketed"]]
        self.numbers = [id for id, column in self.columns.items() if "sourceField" in column and id not in self.buckets]

    @property
    def index(self) -> str:
        return str(self.view["title"])

    def request(self, since: datetime, until: datetime) -> dict[str, Any]:
        """The body of the search over that time."""
        times = {"gte": since.isoformat(), "lte": until.isoformat(), "format": "strict_date_optional_time"}
        query = Kql(self.state["query"]["query"]).query()
        query["bool"]["filter"].append({"range": {self.view["timeFieldName"]: times}})
        aggs = {id: self._number(id) for id in self.numbers}
        for id in reversed(self.buckets):
            column = self.columns[id]
            # What values are ordered by is computed beside what they are split by next, too.
            by = column["params"]["orderBy"].get("columnId") if column["operationType"] == "terms" else None
            ordering = {by: self._number(by)} if by else {}
            aggs = {id: self._bucket(column, since, until) | {"aggs": aggs | ordering}}
        return {"size": 0, "query": query, "aggs": aggs, "track_total_hits": True}

    def _bucket(self, column: Mapping[str, Any], since: datetime, until: datetime) -> dict[str, Any]:
        params = column["params"]
        match column["operationType"]:
            case "date_histogram":
                auto = "1h" if until - since <= timedelta(days=2) else "1d"
                histogram = {
                    "field": column["sourceField"],
                    "calendar_interval": auto if params["interval"] == "auto" else params["interval"],
                    "time_zone": "Europe/Stockholm",
                    "min_doc_count": 0 if params["includeEmptyRows"] else 1,
                }
                return {"date_histogram": histogram}
            case "filters":
                filters = {each["label"]: Kql(each["input"]["query"]).query() for each in params["filters"]}
                assert len(filters) == len(params["filters"])
                return {"filters": {"filters": filters}}
            case "terms":
                by = params["orderBy"]
                order = self._path(by["columnId"]) if by["type"] == "column" else "_key"
                direction = {order: params["orderDirection"]}
                return {"terms": {"field": column["sourceField"], "size": params["size"], "order": direction}}
        raise ValueError(column["operationType"])

    def _path(self, id: str) -> str:
        """What Elasticsearch sorts by."""
        column = self.columns[id]
        assert column["operationType"] in ("unique_count", "sum")
        return f"{id}>{id}" if column.get("filter") else id

    def _number(self, id: str) -> dict[str, Any]:
        column = self.columns[id]
        field, operation = {"field": column["sourceField"]}, column["operationType"]
        if operation in _SIMPLE:
            agg: dict[str, Any] = {_SIMPLE[operation]: field}
        elif operation in ("median", "percentile"):
            agg = {"percentiles": field | {"percents": [_percent(column)]}}
        else:
            raise ValueError(operation)
        if column.get("filter"):
            return {"filter": Kql(column["filter"]["query"]).query(), "aggs": {id: agg}}
        return agg

    def rows(self, answer: Mapping[str, Any]) -> list[Row]:
        """The table."""
        return list(self._rows(answer["aggregations"], self.buckets, {}))

    def _rows(self, found: Mapping[str, Any], buckets: Sequence[str], row: Row) -> Iterator[Row]:
        if not buckets:
            numbers = row | {id: self._value(id, found[id]) for id in self.numbers}
            yield self._shown(numbers)
            return
        first, *rest = buckets
        inner = found[first]["buckets"]
        if isinstance(inner, dict):  # in the order of the saved filters
            pairs = [(each["label"], inner[each["label"]]) for each in self.columns[first]["params"]["filters"]]
        else:
            pairs = [(each["key"], each) for each in inner]
        for key, bucket in pairs:
            yield from self._rows(bucket, rest, row | {first: key})

    def _value(self, id: str, found: Mapping[str, Any]) -> Any:
        column = self.columns[id]
        inner = found[id] if column.get("filter") else found
        if column["operationType"] in ("median", "percentile"):
            return inner["values"][str(float(_percent(column)))]
        return inner["value"]

    def _shown(self, row: Row) -> Row:
        """With formulas computed, and without what they are computed from."""
        hidden = set()
        for id, column in self.columns.items():
            if column["operationType"] == "formula":
                (whole,) = column["references"]
                math = self.columns[whole]
                assert math["operationType"] == "math"
                hidden |= {whole, *math["references"]}
                try:
                    row[id] = _compute(math["params"]["tinymathAst"], row)
                except ZeroDivisionError:
                    row[id] = None  # mathColumn is called with onError=null
        return {id: value for id, value in row.items() if id not in hidden}


def _percent(column: Mapping[str, Any]) -> int:
    return int(column["params"]["percentile"]) if column["operationType"] == "percentile" else 50


def _compute(node: Any, row: Row) -> Any:
    if isinstance(node, int | float):
        return node
    if isinstance(node, str):
        return row[node]
    arguments = [_compute(each, row) for each in node["args"]]
    match node["name"]:
        case "divide":
            return arguments[0] / arguments[1]
        case "gte":
            return arguments[0] >= arguments[1]
        case "ifelse":
            return arguments[1] if arguments[0] else arguments[2]
    raise ValueError(node["name"])
