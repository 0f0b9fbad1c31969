"""Draws how the dashboards for Kibana are laid out, from their definitions: ``docs/kibana.svg``. No data are shown.

.venv/bin/python scripts/draw_dashboards.py
"""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from textwrap import wrap

from review.kibana.charts import Axes, Chart, Donut, Number
from review.kibana.dashboards import DASHBOARDS, WIDTH, Dashboard, Placed
from review.kibana.wording import Wording

FILE = Path(__file__).parent.parent / "docs" / "kibana.svg"
_COLUMN, _ROW, _GAP, _HEAD = 8, 6, 24, 30
_ACROSS = 2


def draw() -> str:
    """The picture as SVG."""
    wording = Wording("en")
    parts: list[str] = []
    heights = [0] * _ACROSS
    width = WIDTH * _COLUMN + _GAP
    for dashboard in DASHBOARDS:
        column = heights.index(min(heights))
        x, y = _GAP + column * width, _GAP + heights[column]
        parts.append(f'<g transform="translate({x} {y})">')
        parts.extend(_dashboard(dashboard, wording))
        parts.append("</g>")
        heights[column] += _HEAD + _height(dashboard) * _ROW + _GAP
    size = f"0 0 {_ACROSS * width + _GAP} {max(heights) + _GAP}"
    style = (
        "text{font-family:sans-serif;font-size:9px;fill:#1a1a1a}.head{font-size:14px;font-weight:bold}"
        ".box{fill:#fff;stroke:#8a8a8a}.note{fill:#f0f0f0;stroke:#8a8a8a}.sign{fill:none;stroke:#0072b2;stroke-width:3}"
    )
    title = "Layout of the dashboards for Kibana, without data"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" role="img" aria-label="{title}">',
            f"<title>{title}</title>",
            f"<style>{style}</style>",
            '<rect width="100%" height="100%" fill="#fff"/>',
            *parts,
            "</svg>\n",
        ]
    )


def _height(dashboard: Dashboard) -> int:
    return max(placed.y + placed.panel.size[1] for placed in dashboard.placed)


def _dashboard(dashboard: Dashboard, wording: Wording) -> Iterator[str]:
    yield f'<text class="head" y="14">{escape(wording.text(f"dashboard.{dashboard.id}.title"))}</text>'
    yield f'<g transform="translate(0 {_HEAD - 8})">'
    wide, high = dashboard.note
    yield _box(0, 0, wide, high, "note")
    yield from _lines(0, 0, "A note: what is counted, and how to read it", wide)
    for placed in dashboard.placed:
        yield from _panel(placed, wording)
    yield "</g>"


def _panel(placed: Placed, wording: Wording) -> Iterator[str]:
    (wide, high), x, y = placed.panel.size, placed.x, placed.y
    yield _box(x, y, wide, high, "box")
    yield from _lines(x, y, wording.text(f"panel.{placed.panel.id}.title"), wide)
    middle = (x + wide / 2) * _COLUMN, (y + high / 2) * _ROW + 8
    yield f'<path class="sign" transform="translate({middle[0]:g} {middle[1]:g})" d="{_sign(placed.panel.chart)}"/>'


def _box(x: int, y: int, wide: int, high: int, kind: str) -> str:
    size = f'width="{wide * _COLUMN - 4}" height="{high * _ROW - 4}"'
    return f'<rect class="{kind}" x="{x * _COLUMN}" y="{y * _ROW}" {size} rx="3"/>'


def _lines(x: int, y: int, text: str, wide: int) -> Iterator[str]:
    for number, line in enumerate(wrap(text, max(8, wide * _COLUMN // 5))[:2]):
        yield f'<text x="{x * _COLUMN + 5}" y="{y * _ROW + 12 + 10 * number}">{escape(line)}</text>'


def _sign(chart: Chart) -> str:
    """A sign for the kind of chart."""
    match chart:
        case Number():
            return "M-10 -3H10"
        case Donut():
            return "M0 -12A12 12 0 1 1 -0.1 -12M0 -12V0"
        case Axes(shape="line"):
            return "M-24 8L-8 -4L6 2L24 -10"
        case Axes(shape=shape) if "horizontal" in shape:
            return "M-24 -8H20M-24 0H8M-24 8H-6"
        case Axes():
            return "M-20 10V-2M-8 10V-10M4 10V0M16 10V-6"
    return "M-24 -8H24M-24 0H24M-24 8H24M-10 -8V8"


if __name__ == "__main__":
    FILE.write_text(draw(), "utf-8")
