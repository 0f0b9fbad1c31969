"""A part of an index: the posts about some officials, as those may see them who answer for these alone."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import get_args

from alerts.alert import State
from classify.verdict import LABELS, SEVERITIES, Verdict
from review.decision import counting_for
from review.fulltext import Place
from review.index import (
    MOST,
    Counts,
    Item,
    Kind,
    Page,
    Query,
    Reading,
    every,
    place_of,
    read_place,
    write_place,
)


class Scoped:
    """Implements `review.index.Reading` over ``index``: it finds only posts that mention any of ``officials``.

    Of a post that mentions others, too, neither their mentions nor their alerts and deliveries are shown. Decisions are those
    of ``tenants``; where there are none, that of the whole installation. `counts` and `activity` read each item.
    """

    def __init__(self, index: Reading, officials: Collection[str], tenants: Collection[str]) -> None:
        self._index = index
        self._officials = frozenset(officials)
        self._tenants = frozenset(tenants)

    def search(self, query: Query) -> Page:
        if query.alerted is None and query.decision is None:
            page = self._index.search(self._within(query))
            return Page(tuple(self._trimmed(item) for item in page.items), page.next, page.unread)
        limit = max(1, min(query.limit, MOST))
        found = list(islice(self._every(query), limit + 1))
        more = len(found) > limit
        return Page(tuple(found[:limit]), write_place(place_of(found[limit - 1].verdict)) if more else None)

    def newer(self, query: Query, than: str, *, most: int = 100) -> int:
        if query.alerted is None and query.decision is None:
            return self._index.newer(self._within(query), than, most=most)
        place = read_place(than)
        before = takewhile(lambda item: place_of(item.verdict) > place, self._every(query))
        return sum(1 for _ in islice(before, most))

    def get(self, post: str) -> Item | None:
        item = self._index.get(post)
        return self._trimmed(item) if item is not None and item.verdict.officials & self._officials else None

    def counts(self) -> Counts:
        items = list(self._every(Query()))
        labels = Counter(label for item in items for label in item.verdict.judgement.flagged)
        kinds = Counter(map(_kind, items))
        states = Counter(delivery.state for item in items for delivery in item.deliveries)
        return Counts(
            verdicts=len(items),
            unable=kinds["unable"],
            labels={label: labels[label] for label in LABELS},
            severities={severity: kinds[severity] for severity in SEVERITIES},
            alerts=sum(len(item.alerts) for item in items),
            deliveries={state: states[state] for state in get_args(State)},
            decisions=sum(item.decision is not None for item in items),
        )

    def highlight(self, text: str, verdicts: Sequence[Verdict]) -> list[tuple[Place, ...]]:
        return self._index.highlight(text, verdicts)

    def activity(self, since: datetime, *, hours: int = 24) -> list[dict[Kind, int]]:
        buckets: list[Counter[Kind]] = [Counter() for _ in range(hours)]
        for item in self._every(Query(since=since, until=since + timedelta(hours=hours))):
            buckets[(item.verdict.judged_at - since) // timedelta(hours=1)][_kind(item)] += 1
        return [dict(bucket) for bucket in buckets]

    def post_of(self, alert: str) -> str | None:
        post = self._index.post_of(alert)
        item = self.get(post) if post is not None else None
        return post if item is not None and any(each.id == alert for each in item.alerts) else None

    def _every(self, query: Query) -> Iterator[Item]:
        """All that ``query`` asks for. That others raised alerts about a post or decided on it must not show: only ours count."""
        ours = self._tenants if query.decided_by is None else self._tenants & set(query.decided_by)
        asked = replace(query, alerted=query.alerted or None, decided_by=tuple(sorted(ours)))
        found = (self._trimmed(item) for item in every(self._index, self._within(asked)))
        return (
            item
            for item in found
            if query.alerted in (None, bool(item.alerts))
            and (query.decision is None or query.decision in _outcomes(item, ours))
        )

    def _within(self, query: Query) -> Query:
        officials = self._officials if query.officials is None else self._officials & set(query.officials)
        if query.official not in (None, *self._officials):
            officials = frozenset()
        return replace(query, officials=tuple(sorted(officials)))

    def _trimmed(self, item: Item) -> Item:
        post = item.verdict.post
        ours = tuple(mention for mention in post.mentions if mention.official in self._officials)
        return replace(
            item,
            verdict=replace(item.verdict, post=replace(post, mentions=ours)),
            alerts=tuple(alert for alert in item.alerts if alert.official in self._officials),
            deliveries=tuple(each for each in item.deliveries if each.official in self._officials),
            decisions=counting_for(item.decisions, self._tenants),
        )


def _outcomes(item: Item, tenants: Collection[str]) -> set[str]:
    found: set[str] = {decision.outcome for decision in counting_for(item.decisions, tenants)}
    return found or {"none"}


def _kind(item: Item) -> Kind:
    judgement = item.verdict.judgement
    return judgement.severity if judgement.unable is None else "unable"
