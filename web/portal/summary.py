"""What came about an official, and what was done about it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from review.index import Item, Query, Reading, every

DAYS = 30
_MOST = 2000


@dataclass(frozen=True, slots=True)
class Done:
    """What was done about one post: how many messages have reached recipients, and how many not."""

    reached: int
    waiting: int
    failed: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The last `DAYS` days: how many posts were flagged, raised an alert, and were looked at by a human."""

    flagged: int
    alerted: int
    decided: int


def summary(posts: Reading, official: str, *, at: datetime) -> Summary:
    """Counts only; it shows no text."""
    asked = Query(official=official, flagged=True, since=at - timedelta(days=DAYS))
    items = list(islice(every(posts, asked), _MOST))
    return Summary(
        len(items), sum(bool(each.alerts) for each in items), sum(each.decision is not None for each in items)
    )


def alerts(posts: Reading, official: str, *, limit: int, after: str | None) -> tuple[Sequence[Item], str | None]:
    """The newest posts that an alert about her was raised for, and where the next page begins.

    Raises:
        BadInput: ``after`` comes from no page.
    """
    page = posts.search(Query(official=official, alerted=True, limit=limit, after=after))
    return page.items, page.next


def done(item: Item) -> Done:
    """What became of the alerts about a post."""
    states = Counter(each.state for each in item.deliveries)
    return Done(states["delivered"], states["waiting"], states["failed"])
