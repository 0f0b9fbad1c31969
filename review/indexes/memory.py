"""The index in memory: for tests and trials."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar, get_args

import msgspec

from alerts.alert import DELIVERIES, Alert, Delivery, State
from classify.verdict import LABELS, SEVERITIES, VERDICTS, Judgement, Verdict, at_least
from registry.holder import Part
from review import precedence
from review.decision import DECISIONS, Decision, counting_for, decided_for, in_force
from review.fact import Fact
from review.fulltext import Place, Term, highlighted, matches, parse
from review.index import (
    MOST,
    Age,
    Counts,
    Item,
    Kind,
    Page,
    Query,
    Raised,
    about,
    age_of,
    is_flagged,
    place_of,
    raised,
    read_place,
    without,
    write_place,
)

Key = TypeVar("Key")
Record = TypeVar("Record")
About = TypeVar("About", Raised, Delivery)


class MemoryIndex:
    """Implements `review.index.Index` in dicts; every call is atomic."""

    name = "index"

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._verdicts: dict[str, Verdict] = {}
        self._alerts: dict[str, Raised] = {}
        self._deliveries: dict[str, Delivery] = {}
        self._decisions: dict[tuple[str, str], Decision] = {}  # by post and tenant

    def write_verdicts(self, verdicts: Sequence[Verdict]) -> None:
        self._keep(self._verdicts, ((verdict.post.id, verdict) for verdict in verdicts), precedence.of_verdict)

    def write_alerts(self, alerts: Sequence[Alert]) -> None:
        self._write_raised(map(raised, alerts))

    def _write_raised(self, alerts: Iterable[Raised]) -> None:
        self._keep(self._alerts, ((alert.id, alert) for alert in alerts), precedence.of_alert)

    def write_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        self._keep(self._deliveries, ((each.id, each) for each in deliveries), precedence.of_delivery)

    def write_decisions(self, decisions: Sequence[Decision]) -> None:
        self._keep(self._decisions, (((each.post, each.tenant), each) for each in decisions), precedence.of_decision)

    def write_items(self, items: Sequence[Item]) -> None:
        self.write_verdicts([item.verdict for item in items])
        self._write_raised(alert for item in items for alert in item.alerts)
        self.write_deliveries([delivery for item in items for delivery in item.deliveries])
        self.write_decisions([decision for item in items for decision in item.decisions])

    def _keep(
        self, there: dict[Key, Record], records: Iterable[tuple[Key, Record]], rank: Callable[[Record], Any]
    ) -> None:
        with self._lock:
            for key, record in records:
                if key not in there or rank(record) > rank(there[key]):
                    there[key] = record

    def search(self, query: Query) -> Page:
        after = read_place(query.after) if query.after is not None else None
        found = [item for item in self._find(query) if after is None or place_of(item.verdict) < after]
        limit = max(1, min(query.limit, MOST))
        more = len(found) > limit
        return Page(tuple(found[:limit]), write_place(place_of(found[limit - 1].verdict)) if more else None)

    def newer(self, query: Query, than: str, *, most: int = 100) -> int:
        place = read_place(than)
        return min(most, sum(place_of(item.verdict) > place for item in self._find(query)))

    def _find(self, query: Query) -> list[Item]:
        terms = parse(query.text) if query.text is not None else None
        with self._lock:
            items = [self._item(verdict) for verdict in self._verdicts.values()]
        found = [item for item in items if _asked_for(item, query, terms)]
        return sorted(found, key=lambda item: place_of(item.verdict), reverse=True)

    def _item(self, verdict: Verdict) -> Item:
        post = verdict.post.id
        alerts = sorted((each for each in self._alerts.values() if each.post == post), key=_in_order)
        deliveries = sorted((each for each in self._deliveries.values() if each.post == post), key=_in_order)
        return Item(verdict, tuple(alerts), tuple(deliveries), self._decided(post))

    def _decided(self, post: str) -> tuple[Decision, ...]:
        return tuple(sorted((each for each in self._decisions.values() if each.post == post), key=_tenant))

    def get(self, post: str) -> Item | None:
        with self._lock:
            verdict = self._verdicts.get(post)
            return self._item(verdict) if verdict is not None else None

    def counts(self) -> Counts:
        with self._lock:
            judgements = [verdict.judgement for verdict in self._verdicts.values()]
            labels = Counter(label for judgement in judgements for label in judgement.flagged)
            kinds = Counter(map(_kind, judgements))
            states = Counter(delivery.state for delivery in self._deliveries.values())
            return Counts(
                verdicts=len(judgements),
                unable=kinds["unable"],
                labels={label: labels[label] for label in LABELS},
                severities={severity: kinds[severity] for severity in SEVERITIES},
                alerts=len(self._alerts),
                deliveries={state: states[state] for state in get_args(State)},
                decisions=len({decision.post for decision in in_force(self._decisions.values())}),
            )

    def highlight(self, text: str, verdicts: Sequence[Verdict]) -> list[tuple[Place, ...]]:
        terms = parse(text)
        return [highlighted(verdict.post.text, terms) for verdict in verdicts]

    def activity(self, since: datetime, *, hours: int = 24) -> list[dict[Kind, int]]:
        buckets: list[Counter[Kind]] = [Counter() for _ in range(hours)]
        with self._lock:
            for verdict in self._verdicts.values():
                hour = (verdict.judged_at - since) // timedelta(hours=1)
                if 0 <= hour < hours:
                    buckets[hour][_kind(verdict.judgement)] += 1
        return [dict(bucket) for bucket in buckets]

    def held(self, posts: Collection[str]) -> set[str]:
        with self._lock:
            return set(posts) & (self._verdicts.keys() | {each.post for each in self._others()})

    def _others(self) -> list[Raised | Delivery | Decision]:
        return [*self._alerts.values(), *self._deliveries.values(), *self._decisions.values()]

    def posts_of(self, source: str, author: str) -> list[str]:
        with self._lock:
            posts = [verdict.post for verdict in self._verdicts.values()]
        return sorted(post.id for post in posts if post.source == source and post.author.id == author)

    def post_of(self, alert: str) -> str | None:
        with self._lock:
            there = self._alerts.get(alert)
            return there.post if there is not None else None

    def facts(self, officials: Mapping[str, str], *, since: datetime, until: datetime) -> Iterator[Fact]:
        for item in self._find(Query(officials=tuple(officials), since=since, until=until)):
            yield from _facts(item, officials)

    def officials(self) -> set[str]:
        with self._lock:
            mentioned = {official for verdict in self._verdicts.values() for official in verdict.officials}
            told = {each.official for each in self._alerts.values()}
            return mentioned | told | {each.official for each in self._deliveries.values()}

    def ids(self) -> Iterator[str]:
        for post in sorted(self._verdicts):
            if post in self._verdicts:
                yield post

    def erase(self, official: str, part: Part | None = None) -> int:
        with self._lock:
            left = {
                verdict.post.id: without(verdict, official)
                for verdict in self._verdicts.values()
                if _mentions(verdict, official) and _is_of(part, verdict.post.id)
            }
            changed = {post: verdict for post, verdict in left.items() if verdict is not None}
            self._verdicts.update(changed)
            gone = self.forget(left.keys() - changed.keys())
            gone += _drop(self._alerts, lambda alert: alert.official == official and _is_of(part, alert.post))
            gone += _drop(self._deliveries, lambda each: each.official == official and _is_of(part, each.post))
            return len(changed) + gone

    def forget(self, posts: Collection[str]) -> int:
        with self._lock:
            gone = _drop(self._verdicts, lambda verdict: verdict.post.id in posts)
            gone += _drop(self._alerts, lambda alert: alert.post in posts)
            gone += _drop(self._deliveries, lambda delivery: delivery.post in posts)
            return gone + _drop(self._decisions, lambda decision: decision.post in posts)

    def expire(self, before: datetime, *, flagged: bool | None = None) -> int:
        with self._lock:
            old = {
                verdict.post.id
                for verdict in self._verdicts.values()
                if verdict.post.collected_at < before and flagged in (None, is_flagged(verdict))
            }
            if flagged is not False:
                old |= {each.post for each in self._others() if each.at < before and each.post not in self._verdicts}
            return self.forget(old)

    def old(self, age: Age, before: datetime) -> Iterator[Sequence[Item]]:
        with self._lock:
            items = [self._item(each) for each in self._verdicts.values() if each.post.collected_at < before]
        yield [item for item in items if age_of(item) == age]

    def export(self, official: str) -> list[dict[str, Any]]:
        return self._held(official, None)

    def _held(self, official: str, part: Part | None) -> list[dict[str, Any]]:
        def hers(records: Iterable[About]) -> list[About]:
            return [each for each in records if each.official == official and _is_of(part, each.post)]

        with self._lock:
            mentioning = [each for each in self._verdicts.values() if _mentions(each, official)]
            verdicts = [each for each in mentioning if _is_of(part, each.post.id)]
            alerts, deliveries = hers(self._alerts.values()), hers(self._deliveries.values())
            decisions = [decision for each in verdicts for decision in self._decided(each.post.id)]
        return [
            *(json.loads(VERDICTS.encode(about(each, official))) for each in verdicts),
            *({"kind": "alert", **msgspec.to_builtins(each)} for each in alerts),
            *(json.loads(DELIVERIES.encode(each)) for each in deliveries),
            *(json.loads(DECISIONS.encode(each)) for each in decisions),
        ]

    def count(self, official: str, part: Part | None = None) -> int:
        return len(self._held(official, part))


def _asked_for(item: Item, query: Query, terms: Sequence[Term] | None) -> bool:
    post, judgement = item.verdict.post, item.verdict.judgement
    decisions = in_force(item.decisions) if query.decided_by is None else counting_for(item.decisions, query.decided_by)
    outcomes: set[str] = {decision.outcome for decision in decisions} or {"none"}
    return all(
        (
            terms is None or (bool(terms) and matches(post.text, terms)),
            query.official is None or _mentions(item.verdict, query.official),
            query.officials is None or not post.officials.isdisjoint(query.officials),
            query.label is None or query.label in judgement.flagged,
            query.severity is None or at_least(judgement.severity, query.severity),
            query.flagged in (None, is_flagged(item.verdict)),
            query.alerted in (None, bool(item.alerts)),
            query.source in (None, post.source),
            query.language in (None, judgement.language),
            query.since is None or query.since <= item.verdict.judged_at,
            query.until is None or item.verdict.judged_at < query.until,
            query.decision is None or query.decision in outcomes,
            query.unable in (None, judgement.unable is not None),
        )
    )


def _facts(item: Item, officials: Mapping[str, str]) -> Iterator[Fact]:
    verdict = item.verdict
    post, judgement = verdict.post, verdict.judgement
    for official in verdict.officials & officials.keys():
        decision = decided_for(item.decisions, officials[official])
        yield Fact(
            post=post.id,
            official=official,
            source=post.source,
            judged_at=verdict.judged_at,
            collected_at=post.collected_at,
            labels=judgement.flagged,
            severity=judgement.severity,
            flagged=is_flagged(verdict),
            unable=judgement.unable is not None,
            decided_seconds=(decision.at - verdict.judged_at).total_seconds() if decision else None,
        )


def _kind(judgement: Judgement) -> Kind:
    return judgement.severity if judgement.unable is None else "unable"


def _mentions(verdict: Verdict, official: str) -> bool:
    return any(mention.official == official for mention in verdict.post.mentions)


def _is_of(part: Part | None, post: str) -> bool:
    return part is None or part.covers(post)


def _in_order(record: Raised | Delivery) -> tuple[datetime, str]:
    return record.at, record.id


def _tenant(decision: Decision) -> str:
    return decision.tenant


def _drop(there: dict[Key, Record], condition: Callable[[Record], bool]) -> int:
    gone = [key for key, record in there.items() if condition(record)]
    for key in gone:
        del there[key]
    return len(gone)
