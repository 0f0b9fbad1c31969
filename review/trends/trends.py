"""The trends in Elasticsearch: each day is counted once, when it is over, and anew only after an erasure."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from elasticsearch import Elasticsearch

from flow.clock import Clock
from registry.holder import Part
from registry.official import Official
from registry.tenant import tenant_of
from review.indexes.elasticsearch.generations import Generations
from review.indexes.elasticsearch.names import Names
from review.indexes.elasticsearch.uncounting import uncount
from review.trends.cells import Mentioned, count
from review.trends.reading import DAY, Reading, Without
from review.trends.suppression import together, told
from review.trends.writing import Row, Writing

SETTLED = timedelta(days=1)
"""How long after its end a day is counted: what is judged must have reached the index."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How long the index keeps posts: days before cannot be counted any more.

    ``unflagged`` is ``None`` where these never come into the index, or only a sample: they are not counted.
    """

    unflagged: timedelta | None
    flagged: timedelta


class Trends:
    """Counts for each tenant (``<prefix>-trends-<tenant>``) and for all together (``<prefix>-all-trends``).

    Implements `registry.holder.Holder`, though a trend names nobody: it stands **before the index** among the holders, as it
    asks the statistics on which days an official who is to be erased was mentioned.

    Args:
        officials: everybody in the registry.
        limit: posts from which a count is told.

    Every method raises:
        Unavailable: Elasticsearch is away, busy or full.
        Broken: it refuses us, or has no templates ('turvakt index apply').
    """

    name = "trends"

    def __init__(
        self,
        client: Elasticsearch,
        *,
        prefix: str,
        officials: Callable[[], Collection[Official]],
        limit: int,
        kept: Kept,
        clock: Clock,
    ) -> None:
        self._client = client
        self._names = Names(prefix)
        self._reading = Reading(client, self._names)
        self._writing = Writing(client, self._names)
        self._officials = officials
        self._limit = limit
        self._kept = kept
        self._clock = clock

    def catch_up(self, *, since: date | None = None, unread: datetime | None = None) -> list[date]:
        """Count the days that are over and not counted yet; returns them. What a consent lets nobody count goes first.

        Args:
            since: count also those again that are counted already, from this one on, as far as their posts are still kept.
            unread: when the oldest verdict came that has yet to reach the index: days that it may belong to are not over.
        """
        uncount(self._client, self._names, self._officials())
        now = self._clock.now()
        before = (min(now, unread or now) - SETTLED).date()
        last = self._writing.last()
        first = last + DAY if last is not None else self._reading.first()
        if first is None:
            return []
        first = max(first, self._first(flagged=False))
        if since is not None:
            first = max(min(first, since), self._first(flagged=True))
        days = [first + DAY * number for number in range((before - first).days)]
        for day in days:
            self._count(day)
            if last is None or day > last:
                self._writing.counted(day)
        return days

    def erase(self, official: str, part: Part | None = None) -> int:
        """Count the days with posts about ``official`` anew, without her; the trends of a tenant without others go.

        Only posts that are still kept can be counted: older counts stay as they are.
        """
        if part is not None and part.kind == "recipient":
            return 0
        last = self._writing.last()
        without = Without(official, None if part is None else part.name)
        days = self._reading.days(without) if last is not None else []
        changed = sum(self._count(day, without=without) for day in days if last is not None and day <= last)
        if part is not None:
            return changed
        everybody = self._officials()
        # A restored snapshot may hold what is about somebody who is not registered any more.
        hers = {tenant_of(each) for each in everybody if each.id == official} | self._reading.tenants(without)
        for alone in hers - {tenant_of(each) for each in everybody if each.id != official}:
            alias = Generations(self._client, self._names.trends(alone))
            for name in alias.all():
                changed += alias.count(name)
                alias.delete([name])
        return changed

    def forget(self, posts: Collection[str]) -> int:
        """Nothing: a count says nothing of a post that its author has deleted."""
        return 0

    def expire(self, before: datetime) -> int:
        """Nothing: counts may be kept."""
        return 0

    def export(self, official: str) -> list[dict[str, Any]]:
        """Nothing: a count names nobody."""
        return []

    def count(self, official: str, part: Part | None = None) -> int:
        """Nothing: a count names nobody."""
        return 0

    def _count(self, day: date, *, without: Without | None = None) -> int:
        """Count one day, as far as its posts are still kept; returns how many counts that has changed."""
        if day < self._first(flagged=True):
            return 0
        all_kept = self._kept.unflagged is not None and day >= self._first(flagged=False)
        rows = {row for row in self._rows(day, without=without) if all_kept or row.cell.flagged}
        return self._writing.replace(day, rows, only_flagged=not all_kept)

    def _rows(self, day: date, *, without: Without | None) -> Iterator[Row]:
        municipalities: dict[str, str] = {}

        def mentioned() -> Iterator[Mentioned]:  # one by one: a day may have many
            for each in self._reading.mentioned(day, without=without):
                municipalities[each.tenant] = each.municipality
                yield each

        tenants = self._tenants(day, without=without)
        for cell, counted in count(mentioned()).items():
            for one, posts in told(counted.tenants, limit=self._limit).items():
                yield Row(self._names.trends(one), cell, posts, municipalities[one])
            everywhere = together(
                counted.tenants,
                tenants=tenants.get(cell.country, ()),
                limit=self._limit,
                distinct=counted.distinct,
            )
            if everywhere is not None:
                yield Row(self._names.all_trends, cell, everywhere)

    def _tenants(self, day: date, *, without: Without | None) -> Mapping[str, Collection[str]]:
        """The tenants of each country that could have had posts on that day."""
        end = datetime.combine(day + DAY, time(), UTC)
        gone = without.official if without is not None and without.source is None else None
        there = sorted(
            (official.country, tenant_of(official))
            for official in self._officials()
            if official.id != gone and any(consent.statistics and consent.since < end for consent in official.consents)
        )
        return {country: {name for _, name in names} for country, names in groupby(there, key=lambda each: each[0])}

    def _first(self, *, flagged: bool) -> date:
        """The first day of which all posts are still there."""
        kept = self._kept.flagged
        if not flagged and self._kept.unflagged is not None:
            kept = min(kept, self._kept.unflagged)
        return (self._clock.now() - kept).date() + DAY
