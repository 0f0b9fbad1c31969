"""The dashboards and what each of their panels counts. Their words are in ``translations``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from classify.verdict import LABELS, SEVERITIES
from review.kibana.charts import Axes, Chart, Donut, Number, Table
from review.kibana.columns import AtLeast, Column, Days, Kinds, Metric, Values, posts
from review.kibana.views import View

WIDTH = 48
"""Columns of Kibana's grid."""
_NOTE = 4


@dataclass(frozen=True, slots=True)
class Panel:
    """``where`` (KQL) restricts all of it; ``size`` is width and height in the grid."""

    id: str
    chart: Chart
    columns: Mapping[str, Column]
    size: tuple[int, int]
    view: View = "statistics"
    where: str = ""
    colours: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """A panel in the grid, from the upper left corner on."""

    panel: Panel
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Dashboard:
    """``since`` is where the time shown begins; ``controls`` are fields to choose values of."""

    id: str
    panels: Sequence[Panel]
    since: str
    controls: Sequence[tuple[View, str]] = field(default=(("statistics", "source"), ("statistics", "official")))
    refresh: Literal[0, 60_000] = 0

    @property
    def placed(self) -> list[Placed]:
        """The panels in rows, under a note of the height `note`."""
        found, x, y, height = [], 0, _NOTE, 0
        for panel in self.panels:
            if x + panel.size[0] > WIDTH:
                x, y, height = 0, y + height, 0
            found.append(Placed(panel, x, y))
            x, height = x + panel.size[0], max(height, panel.size[1])
        return found

    @property
    def note(self) -> tuple[int, int]:
        """Width and height of the text at the top."""
        return WIDTH, _NOTE


_GRAVE = 'severity : ("high" or "critical")'
_FLAGGED = "flagged : true"
_ALERTED = "alerted : true"
_UNDECIDED = f'{_ALERTED} and decision : "none"'
_LABELS = Kinds("labels", "label", LABELS)
_SEVERITIES = Kinds("severity", "severity", SEVERITIES[1:])
_DECISIONS = Kinds("decision", "decision", ("confirmed", "false-alarm", "none"))
_TOLD = {"median": Metric("median", "told_seconds"), "most": Metric("percentile", "told_seconds", percentile=95)}
_DECIDED = {
    "median": Metric("median", "decided_seconds"),
    "most": Metric("percentile", "decided_seconds", percentile=95),
}
_DELAY = {"median": Metric("median", "delay_seconds"), "most": Metric("percentile", "delay_seconds", percentile=95)}
_TREND_DAYS = Days("day", "1d")
_TREND_LABELS = Kinds("label", "label", LABELS)
_TREND_FLAGGED = 'not severity : ("none" or "unable")'
_SUM = Metric("sum", "posts")


def _number(id: str, metric: Metric, *, where: str = "", wide: int = 8) -> Panel:
    return Panel(id, Number("number"), {"number": metric}, (wide, 6), where=where)


_SITUATION = Dashboard(
    "situation",
    (
        _number("posts", posts()),
        _number("flagged", posts(), where=_FLAGGED),
        _number("grave", posts(), where=_GRAVE),
        _number("alerts", Metric("sum", "alerts")),
        _number("undecided", posts(), where=_UNDECIDED),
        _number("untold", Metric("sum", "deliveries.waiting")),
        Panel(
            "grave-over-time",
            Axes("bar_stacked", "time", ("posts",), split="severity"),
            {"severity": _SEVERITIES, "time": Days(), "posts": posts()},
            (32, 12),
            colours="severity",
        ),
        Panel(
            "aimed-at",
            Donut("aim", "posts"),
            {"aim": Kinds("aimed_at", "aimed_at", ("person", "group")), "posts": posts()},
            (16, 12),
            where=_FLAGGED,
        ),
        Panel("labels", Axes("bar_horizontal", "label", ("posts",)), {"label": _LABELS, "posts": posts()}, (24, 12)),
        Panel(
            "sources",
            Axes("bar_horizontal", "source", ("posts",)),
            {"source": Values("source", by="posts"), "posts": posts()},
            (24, 12),
            where=_FLAGGED,
        ),
        Panel(
            "officials",
            Table("official", ("grave", "flagged", "undecided", "posts"), sort="grave"),
            {
                "official": Values("official", by="grave", size=50, other=False),
                "grave": posts(_GRAVE),
                "flagged": posts(_FLAGGED),
                "undecided": posts(_UNDECIDED),
                "posts": posts(),
            },
            (48, 12),
        ),
    ),
    since="now-24h",
    refresh=60_000,
)

_TRENDS = Dashboard(
    "trends",
    (
        Panel(
            "trend-labels",
            Axes("bar_stacked", "time", ("posts",), split="label"),
            {"label": _TREND_LABELS, "time": _TREND_DAYS, "posts": _SUM},
            (24, 14),
            view="trends",
            colours="label",
        ),
        Panel(
            "trend-severities",
            Axes("bar_stacked", "time", ("posts",), split="severity"),
            {"severity": _SEVERITIES, "time": _TREND_DAYS, "posts": _SUM},
            (24, 14),
            view="trends",
            colours="severity",
        ),
        Panel(
            "trend-sources",
            Axes("bar_stacked", "time", ("posts",), split="source"),
            {"source": Values("source", by="posts"), "time": _TREND_DAYS, "posts": _SUM},
            (24, 14),
            view="trends",
            where=_TREND_FLAGGED,
        ),
        Panel(
            "trend-municipalities",
            Axes("bar_horizontal", "municipality", ("posts",)),
            {"municipality": Values("municipality", by="posts", size=20, other=False), "posts": _SUM},
            (24, 14),
            view="trends",
            where=_TREND_FLAGGED,
        ),
        Panel(
            "all-labels",
            Axes("bar_stacked", "time", ("posts",), split="label"),
            {"label": _TREND_LABELS, "time": _TREND_DAYS, "posts": _SUM},
            (24, 14),
            view="all-trends",
            colours="label",
        ),
        Panel(
            "all-countries",
            Axes("line", "time", ("posts",), split="country"),
            {"country": Kinds("country", "country", ("SE", "FI")), "time": _TREND_DAYS, "posts": _SUM},
            (24, 14),
            view="all-trends",
            where=_TREND_FLAGGED,
        ),
        Panel(
            "trend-officials",
            Table("official", ("flagged", "grave"), sort="flagged"),
            {
                "official": Values("official", size=100, other=False),
                "flagged": AtLeast(_FLAGGED),
                "grave": AtLeast(_GRAVE),
            },
            (48, 12),
        ),
    ),
    since="now-90d/d",
    controls=(("trends", "source"), ("trends", "municipality")),
)

_HANDLING = Dashboard(
    "handling",
    (
        _number("told-median", _TOLD["median"], wide=12),
        _number("told-most", _TOLD["most"], wide=12),
        _number("decided-median", _DECIDED["median"], wide=12),
        _number("decided-most", _DECIDED["most"], wide=12),
        Panel(
            "told-over-time",
            Axes("line", "time", ("median", "most")),
            {"time": Days(), **_TOLD},
            (24, 12),
            colours="span",
        ),
        Panel(
            "decided-over-time",
            Axes("line", "time", ("median", "most")),
            {"time": Days(), **_DECIDED},
            (24, 12),
            colours="span",
        ),
        Panel(
            "deliveries",
            Axes("bar_stacked", "time", ("delivered", "waiting", "failed", "withdrawn")),
            {
                "time": Days(),
                **{
                    state: Metric("sum", f"deliveries.{state}")
                    for state in ("delivered", "waiting", "failed", "withdrawn")
                },
            },
            (32, 12),
            colours="state",
        ),
        Panel(
            "decisions",
            Donut("decision", "posts"),
            {"decision": _DECISIONS, "posts": posts()},
            (16, 12),
            where=_ALERTED,
            colours="decision",
        ),
        Panel(
            "handling-by-severity",
            Table("severity", ("posts", "undecided", "told", "slowest", "decided", "latest")),
            {
                "severity": _SEVERITIES,
                "posts": posts(),
                "undecided": posts(_UNDECIDED),
                "told": _TOLD["median"],
                "slowest": _TOLD["most"],
                "decided": _DECIDED["median"],
                "latest": _DECIDED["most"],
            },
            (48, 10),
            where=_ALERTED,
        ),
    ),
    since="now-30d/d",
)

_MODEL = Dashboard(
    "model",
    (
        Panel(
            "models",
            Axes("bar_stacked", "time", ("posts",), split="model"),
            {"model": Values("model", by="posts"), "time": Days(), "posts": posts()},
            (24, 12),
        ),
        Panel(
            "unable",
            Axes("bar_stacked", "time", ("posts",), split="reason"),
            {"reason": Values("unable", by="posts"), "time": Days(), "posts": posts()},
            (24, 12),
            where="unable : *",
        ),
        Panel(
            "flagged-share",
            Axes("bar_percentage_stacked", "time", ("posts",), split="flagged"),
            {"flagged": Kinds("flagged", "flagged", ("true", "false")), "time": Days(), "posts": posts()},
            (24, 12),
            where="not unable : *",
            colours="flagged",
        ),
        Panel(
            "languages",
            Axes("bar_percentage_stacked", "time", ("posts",), split="language"),
            {"language": Values("language", by="posts"), "time": Days(), "posts": posts()},
            (24, 12),
        ),
        Panel(
            "probabilities",
            Axes("line", "time", LABELS),
            {"time": Days(), **{label: Metric("average", f"probability.{label}") for label in LABELS}},
            (24, 14),
            where="not unable : *",
            colours="label",
        ),
        Panel(
            "confirmed",
            Axes("bar_horizontal_percentage_stacked", "label", ("posts",), split="decision"),
            {
                "label": _LABELS,
                "decision": Kinds("decision", "decision", ("confirmed", "false-alarm")),
                "posts": posts(),
            },
            (24, 14),
            where='not decision : "none"',
            colours="decision",
        ),
    ),
    since="now-30d/d",
    controls=(("statistics", "source"), ("statistics", "model")),
)

_COVERAGE = Dashboard(
    "coverage",
    (
        _number("officials-mentioned", Metric("unique_count", "official"), wide=16),
        _number("municipalities-mentioned", Metric("unique_count", "municipality"), wide=16),
        _number("sources-read", Metric("unique_count", "source"), wide=16),
        Panel(
            "posts-by-source",
            Axes("bar_stacked", "time", ("posts",), split="source"),
            {"source": Values("source", by="posts"), "time": Days(), "posts": posts()},
            (32, 12),
        ),
        Panel(
            "language-shares",
            Donut("language", "posts"),
            {"language": Values("language", by="posts"), "posts": posts()},
            (16, 12),
        ),
        Panel(
            "source-health",
            Table("source", ("posts", "latest", "median", "most"), sort="posts"),
            {
                "source": Values("source", by="posts", size=50, other=False),
                "posts": posts(),
                "latest": Metric("max", "collected_at", is_date=True),
                **_DELAY,
            },
            (24, 12),
        ),
        Panel(
            "delay-over-time",
            Axes("line", "time", ("median", "most")),
            {"time": Days(), **_DELAY},
            (24, 12),
            colours="span",
        ),
    ),
    since="now-7d/d",
    controls=(("statistics", "source"), ("statistics", "country")),
)

DASHBOARDS = (_SITUATION, _TRENDS, _HANDLING, _MODEL, _COVERAGE)
