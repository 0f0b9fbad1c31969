"""What a panel counts and by what, and how Lens writes it: a column of a layer is an aggregation of Elasticsearch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Name = Callable[[str, str], str]
"""The name of a value in a group, in the language of the panel: ``name("label", "hate")``."""

Operation = Literal["unique_count", "sum", "average", "median", "percentile", "max"]


@dataclass(frozen=True, slots=True)
class Days:
    """By time; Kibana chooses the width of ``auto`` by the time that is shown."""

    field: str = "judged_at"
    interval: str = "auto"


@dataclass(frozen=True, slots=True)
class Values:
    """By the values of a field, the greatest first by the column ``by`` (empty: in alphabetical order)."""

    field: str
    by: str = ""
    size: int = 10
    other: bool = True


@dataclass(frozen=True, slots=True)
class Kinds:
    """By known values of a field, in this order and under their names, also where nothing has them."""

    field: str
    group: str
    values: Sequence[str]


@dataclass(frozen=True, slots=True)
class Metric:
    """A number. ``where`` (KQL) restricts what it is of."""

    operation: Operation
    field: str
    where: str = ""
    percentile: int = 0
    is_date: bool = False


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The posts, where they are at least the limit of the layer; below it nothing is shown."""

    where: str = ""


Column = Days | Values | Kinds | Metric | AtLeast


def posts(where: str = "") -> Metric:
    """How many posts, where one about several officials of a tenant counts once."""
    return Metric("unique_count", "id", where=where)


@dataclass(frozen=True, slots=True)
class Layer:
    """The columns of a panel in the order in which Elasticsearch nests them.

    Args:
        labels: what a column is called.
        limit: for `AtLeast`, in posts.
    """

    columns: Mapping[str, Column]
    labels: Callable[[str], str] = field(repr=False)
    name: Name = field(repr=False)
    limit: int

    def state(self) -> dict[str, Any]:
        """The layer as it stands in ``datasourceStates.formBased.layers``."""
        written: dict[str, Any] = {}
        for id, column in self.columns.items():
            written |= self._column(id, column)
        return {"columns": written, "columnOrder": list(written), "incompleteColumns": {}, "sampling": 1}

    def _column(self, id: str, column: Column) -> dict[str, Any]:
        label = {"label": self.labels(id), "customLabel": True}
        match column:
            case Days():
                return {id: label | _days(column)}
            case Values():
                return {id: label | _values(column)}
            case Kinds():
                return {id: label | _kinds(column, self.name)}
            case Metric():
                return {id: label | _metric(column)}
            case AtLeast():
                return _at_least(id, column, label, limit=self.limit)


def _days(column: Days) -> dict[str, Any]:
    return {
        "dataType": "date",
        "operationType": "date_histogram",
        "sourceField": column.field,
        "isBucketed": True,
        "scale": "interval",
        "params": {"interval": column.interval, "includeEmptyRows": True, "dropPartials": False},
    }


def _values(column: Values) -> dict[str, Any]:
    by = {"type": "column", "columnId": column.by} if column.by else {"type": "alphabetical", "fallback": False}
    return {
        "dataType": "string",
        "operationType": "terms",
        "sourceField": column.field,
        "isBucketed": True,
        "scale": "ordinal",
        "params": {
            "size": column.size,
            "orderBy": by,
            "orderDirection": "desc" if column.by else "asc",
            "otherBucket": column.other,
            "missingBucket": False,
            "parentFormat": {"id": "terms"},
            "include": [],
            "exclude": [],
            "includeIsRegex": False,
            "excludeIsRegex": False,
        },
    }


def _kinds(column: Kinds, name: Name) -> dict[str, Any]:
    filters = [
        {"input": _kql(f'{column.field} : "{value}"'), "label": name(column.group, value)} for value in column.values
    ]
    return {
        "dataType": "string",
        "operationType": "filters",
        "isBucketed": True,
        "scale": "ordinal",
        "params": {"filters": filters},
    }


def _metric(column: Metric) -> dict[str, Any]:
    params: dict[str, Any] = {}
    if column.operation in ("unique_count", "sum"):
        params = {"emptyAsNull": False}
    if column.operation == "percentile":
        params = {"percentile": column.percentile}
    return {
        "dataType": "date" if column.is_date else "number",
        "operationType": column.operation,
        "sourceField": column.field,
        "isBucketed": False,
        "scale": "ratio",
        "params": params,
        **({"filter": _kql(column.where)} if column.where else {}),
    }


def _at_least(id: str, column: AtLeast, label: Mapping[str, Any], *, limit: int) -> dict[str, Any]:
    """As Lens takes a formula apart. Where a count is too small the formula divides by zero, of which Lens shows nothing."""
    call = "unique_count(id)"
    formula = f"{call} / ifelse({call} >= {limit}, 1, 0)"
    first, second, whole = (f"{id}X{number}" for number in range(3))
    part = {**label, **_metric(posts(column.where))}
    condition = {"type": "function", "name": "gte", "args": [second, limit]}
    choice = {"type": "function", "name": "ifelse", "args": [condition, 1, 0]}
    divided = {
        "type": "function",
        "name": "divide",
        "args": [first, choice],
        "location": {"min": 0, "max": len(formula)},
        "text": formula,
    }
    number = {"dataType": "number", "isBucketed": False, "scale": "ratio"}
    return {
        id: {
            **label,
            **number,
            "operationType": "formula",
            "params": {"formula": formula, "isFormulaBroken": False},
            "references": [whole],
            **({"filter": _kql(column.where)} if column.where else {}),
        },
        first: part,
        second: part,
        whole: {
            **label,
            **number,
            "operationType": "math",
            "params": {"tinymathAst": divided},
            "references": [first, second],
        },
    }


def _kql(query: str) -> dict[str, str]:
    return {"query": query, "language": "kuery"}
