"""What came about an official, and what was done about it."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
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
    """The last `DAYS` days: how many posts were flagged, raised an alert, and were dealt with by a human: a decision was made,
    or the incident taken or closed.
    """

    flagged: int
    alerted: int
    handled: int


def summary(
    posts: Reading, official: str, *, at: datetime, handled: Callable[[Collection[str]], Collection[str]]
) -> Summary:
    """Counts only; it shows no text.

    Args:
        handled: those of alerts, given by id, whose incident somebody has taken or closed since they came into it.
    """
    asked = Query(official=official, flagged=True, since=at - timedelta(days=DAYS))
    items = list(islice(every(posts, asked), _MOST))
    alerts = {each.id: item.verdict.post.id for item in items for each in item.alerts if each.official == official}
    dealt_with = {each.verdict.post.id for each in items if each.decision is not None}
    dealt_with |= {alerts[alert] for alert in handled(alerts)}
    return Summary(len(items), sum(bool(each.alerts) for each in items), len(dealt_with))


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
