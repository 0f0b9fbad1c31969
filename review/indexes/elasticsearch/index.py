"""The index in Elasticsearch."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from elasticsearch import Elasticsearch

from alerts.alert import Alert, Delivery
from classify.verdict import Verdict
from registry.holder import Part
from review.decision import Decision
from review.fact import Fact
from review.fulltext import Place
from review.index import Age, Counts, Item, Kind, Page, Query, raised
from review.indexes.elasticsearch.counting import Counting
from review.indexes.elasticsearch.erasing import Erasing
from review.indexes.elasticsearch.facts import facts
from review.indexes.elasticsearch.generations import Generations
from review.indexes.elasticsearch.highlighting import highlight
from review.indexes.elasticsearch.known import Known, join, of_item
from review.indexes.elasticsearch.names import Names
from review.indexes.elasticsearch.querying import JUDGED
from review.indexes.elasticsearch.reading import terms
from review.indexes.elasticsearch.scrubbing import scrub
from review.indexes.elasticsearch.searching import Searching
from review.indexes.elasticsearch.statistics import Officials
from review.indexes.elasticsearch.store import Store
from review.indexes.elasticsearch.writing import Writing


class ElasticsearchIndex:
    """Implements `review.index.Index` in the indices behind ``<prefix>-items`` and ``<prefix>-statistics-<tenant>``.

    `search`, `newer`, `counts`, `activity`, `post_of` and `ids` see what was written a second ago (the refresh interval);
    `get`, `held`, `posts_of` and all that removes, exports or counts for an official see everything. Call `scrub` after
    `erase`.

    Args:
        officials: from the registry, for the statistics.
        refresh: whether all searches are to see a write when it returns. Slow: for tests.

    Every method raises:
        Unavailable: Elasticsearch is away, busy, full, or closed for writing by a reindexing.
        Broken: there are no indices ('turvakt index apply'), or it refuses us.
    """

    name = "index"

    def __init__(self, client: Elasticsearch, *, prefix: str, officials: Officials, refresh: bool = False) -> None:
        self.client = client
        self.names = Names(prefix)
        self.generations = Generations(client, self.names.items)
        self._store = Store(client, refresh=refresh)
        self._searching = Searching(client, alias=self.names.items)
        counting = Counting(client, self._store, names=self.names, officials=officials)
        self._writing = Writing(self._store, generations=self.generations, counting=counting)
        self._erasing = Erasing(
            client,
            self._store,
            names=self.names,
            generations=self.generations,
            counting=counting,
            searching=self._searching,
        )

    def write_verdicts(self, verdicts: Sequence[Verdict]) -> None:
        self._keep((verdict.post.id, Known(verdict)) for verdict in verdicts)

    def write_alerts(self, alerts: Sequence[Alert]) -> None:
        self._keep((alert.post, Known(alerts={alert.id: alert})) for alert in map(raised, alerts))

    def write_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        self._keep((delivery.post, Known(deliveries={delivery.id: delivery})) for delivery in deliveries)

    def write_decisions(self, decisions: Sequence[Decision]) -> None:
        self._keep((decision.post, Known(decisions={decision.tenant: decision})) for decision in decisions)

    def write_items(self, items: Sequence[Item]) -> None:
        self._keep((item.verdict.post.id, of_item(item)) for item in items)

    def _keep(self, records: Iterator[tuple[str, Known]]) -> None:
        news: dict[str, Known] = {}
        for post, known in records:
            news[post] = join(news.get(post, Known()), known)
        self._writing.keep(news)

    def search(self, query: Query) -> Page:
        return self._searching.page(query)

    def newer(self, query: Query, than: str, *, most: int = 100) -> int:
        return self._searching.newer(query, than, most=most)

    def get(self, post: str) -> Item | None:
        known = Known()
        for stored in self._store.read([post], self.generations.current()).get(post, ()):
            known = join(known, stored.holding.known)
        return known.item()

    def counts(self) -> Counts:
        return self._searching.counts()

    def highlight(self, text: str, verdicts: Sequence[Verdict]) -> list[tuple[Place, ...]]:
        return highlight(self.client, self.generations, text, verdicts)

    def activity(self, since: datetime, *, hours: int = 24) -> list[dict[Kind, int]]:
        return self._searching.activity(since, hours=hours)

    def held(self, posts: Collection[str]) -> set[str]:
        return self._store.there(posts, self.generations.current())

    def facts(self, officials: Mapping[str, str], *, since: datetime, until: datetime) -> Iterator[Fact]:
        return facts(self.client, self.names.statistics("*"), officials, since=since, until=until)

    def posts_of(self, source: str, author: str) -> list[str]:
        # It is asked when an account is deleted: what has just been written must not be missed.
        self._searching.refresh()
        return list(self._searching.posts(JUDGED, {"term": {"author": author}}, {"term": {"source": source}}))

    def post_of(self, alert: str) -> str | None:
        return next(self._searching.posts({"term": {"alerts": alert}}), None)

    def officials(self) -> set[str]:
        places = ((self.names.items, "about"), (self.names.statistics("*"), "official"))
        return {official for index, field in places for official in terms(self.client, index, field)}

    def ids(self) -> Iterator[str]:
        return self._searching.posts(JUDGED)

    def erase(self, official: str, part: Part | None = None, *, before: datetime | None = None) -> int:
        return self._erasing.erase(official, part, before)

    def forget(self, posts: Collection[str]) -> int:
        return self._erasing.forget(posts)

    def expire(self, before: datetime, *, flagged: bool | None = None) -> int:
        return self._erasing.expire(before, flagged=flagged)

    def old(self, age: Age, before: datetime) -> Iterator[Sequence[Item]]:
        return self._erasing.old(age, before)

    def export(self, official: str) -> list[dict[str, Any]]:
        return self._erasing.export(official)

    def count(self, official: str, part: Part | None = None, *, before: datetime | None = None) -> int:
        return self._erasing.count(official, part, before)

    def scrub(self) -> None:
        """See `scrubbing.scrub`."""
        scrub(self.client, self.names)

    def close(self) -> None:
        """Close the connections."""
        self.client.close()
