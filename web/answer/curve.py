"""How many posts there were in each while, as bars of a picture and as rows of a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WIDTH, HEIGHT = 360, 90
_BARS_MOST = 60


@dataclass(frozen=True, slots=True)
class Bar:
    """One while: when it begins, how many posts, and where the bar stands in the picture."""

    at: datetime
    posts: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Curve:
    """The bars; each stands for so many minutes."""

    bars: tuple[Bar, ...]
    minutes: int
    most: int
    width: int = WIDTH
    height: int = HEIGHT


def curve(counts: Sequence[tuple[datetime, int]]) -> Curve:
    """The picture of how many posts there were in each minute in which there were any; at least one, the earliest first."""
    first, last = counts[0][0], counts[-1][0]
    span = int((last - first) / timedelta(minutes=1)) + 1
    minutes = -(-span // _BARS_MOST)
    sums = [0] * (-(-span // minutes))
    for at, posts in counts:
        sums[int((at - first) / timedelta(minutes=minutes))] += posts
    most, step = max(sums), WIDTH / len(sums)
    bars = tuple(
        Bar(
            first + timedelta(minutes=minutes * number),
            posts,
            round(number * step, 2),
            round(HEIGHT - HEIGHT * posts / most, 2),
            round(max(step - 1, 1), 2),
            round(HEIGHT * posts / most, 2),
        )
        for number, posts in enumerate(sums)
    )
    return Curve(bars, minutes, most)
