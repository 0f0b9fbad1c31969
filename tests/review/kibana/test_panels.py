"""Each panel asks Elasticsearch what it says it counts: its own query, over what the real index wrote, gives the numbers
that the records have."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import product
from math import ceil, floor
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from flow.clock import ManualClock
from registry.official import Language
from review.indexes.elasticsearch.client import connect
from review.indexes.elasticsearch.index import ElasticsearchIndex
from review.kibana.columns import AtLeast, Column, Days, Kinds, Metric, Values
from review.kibana.dashboards import DASHBOARDS, Panel
from review.kibana.objects import saved_objects
from review.kibana.wording import Wording
from review.trends.trends import Kept, Trends
from tests.review.elastic.conftest import set_up
from tests.review.kibana.facts import OFFICIALS, Fact, Records, records
from tests.review.kibana.kql import Kql
from tests.review.kibana.lens import Lens, Row
from tests.review.people import START
from tests.servers.fixtures import Place

DAYS = 4
END = START + timedelta(days=DAYS)
LIMIT = 3
PANELS = [panel for dashboard in DASHBOARDS for panel in dashboard.panels]
ZONE = ZoneInfo("Europe/Stockholm")


@dataclass(frozen=True)
class Turvakt:
    """An index and trends with records in them, and what is true of these, by data view."""

    index: ElasticsearchIndex
    records: Records
    facts: Mapping[str, Sequence[Fact]]

    def asked(self, panel: Panel, language: Language = "en", *, since: datetime = START) -> list[Row]:
        """What Kibana would show."""
        objects = saved_objects(language, prefix=self.index.names.prefix, limit=LIMIT)
        views = {each["id"]: each for each in objects if each["type"] == "index-pattern"}
        (saved,) = (each for each in objects if each["id"].endswith(f"-panel-{panel.id}"))
        lens = Lens(saved, views)
        return lens.rows(self.index.client.search(index=lens.index, body=lens.request(since, END)).body)


@pytest.fixture(scope="module")
def turvakt(elasticsearch_of_module: Place) -> Iterator[Turvakt]:
    with connect([elasticsearch_of_module.address]) as client:
        prefix = elasticsearch_of_module.prefix
        set_up(client, prefix)
        index = ElasticsearchIndex(client, prefix=prefix, officials=OFFICIALS.get)
        made = records(500, days=DAYS)
        made.write(index)
        trends = Trends(
            client,
            prefix=prefix,
            officials=lambda: list(OFFICIALS.values()),
            limit=LIMIT,
            kept=Kept(timedelta(days=30), timedelta(days=365)),
            clock=ManualClock(END + timedelta(days=3)),
        )
        assert len(trends.catch_up()) > DAYS
        client.indices.refresh(index=f"{prefix}*")
        facts: dict[str, Sequence[Fact]] = {"statistics": list(made.facts())}
        for view, pattern in (("trends", index.names.trends("*")), ("all-trends", index.names.all_trends)):
            hits = client.search(index=pattern, size=10_000)["hits"]["hits"]
            facts[view] = [
                hit["_source"] | {"day": datetime.fromisoformat(f"{hit['_source']['day']}T00:00Z")} for hit in hits
            ]
            assert len(facts[view]) > 50
        yield Turvakt(index, made, facts)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.id)
def test_a_panel_shows_what_the_records_have(turvakt: Turvakt, panel: Panel) -> None:
    facts = [fact for fact in turvakt.facts[panel.view] if _within(panel, fact) and Kql(panel.where).holds(fact)]
    shown = turvakt.asked(panel)
    expected = _expected(panel, facts)
    buckets = [id for id, column in panel.columns.items() if isinstance(column, Days | Values | Kinds)]
    by_key = {tuple(row[id] for id in buckets): row for row in shown}
    assert len(by_key) == len(shown)
    for key, numbers in expected.items():
        for id, number in numbers.items():
            number.check(by_key[key][id])
    # What is shown besides is empty: hours in which nothing was, kinds that nothing has.
    for key in by_key.keys() - expected.keys():
        assert {by_key[key][id] for id in panel.columns if id not in buckets} <= {0, None}
    assert any(number.tells for numbers in expected.values() for number in numbers.values())


@dataclass(frozen=True)
class Number:
    """A number as the records have it: for a percentile, the two values that it lies between."""

    low: float | None
    high: float | None

    @property
    def tells(self) -> bool:
        return bool(self.low or self.high)

    def check(self, shown: Any) -> None:
        if self.low is None or self.high is None:
            assert shown is None
        else:
            assert self.low - 0.002 <= shown <= self.high + 0.002


def _within(panel: Panel, fact: Fact) -> bool:
    return START <= fact["judged_at" if panel.view == "statistics" else "day"] <= END


def _expected(panel: Panel, facts: Sequence[Fact]) -> dict[tuple[Any, ...], dict[str, Number]]:
    groups: defaultdict[tuple[Any, ...], list[Fact]] = defaultdict(list)
    buckets = [column for column in panel.columns.values() if isinstance(column, Days | Values | Kinds)]
    for fact in facts:
        for key in product(*(_keys(column, fact) for column in buckets)):
            groups[key].append(fact)
    if not buckets:
        groups[()] = list(facts)
    metrics = {id: column for id, column in panel.columns.items() if isinstance(column, Metric | AtLeast)}
    return {key: {id: _number(column, some) for id, column in metrics.items()} for key, some in groups.items()}


def _keys(column: Column, fact: Fact) -> list[Any]:
    match column:
        case Days(field=field):
            day = fact[field].astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
            return [int(day.timestamp() * 1000)]
        case Kinds(field=field, group=group, values=values):
            return [Wording("en").name(group, value) for value in values if Kql(f'{field} : "{value}"').holds(fact)]
        case Values(field=field):
            there = fact.get(field)
            return list(there) if isinstance(there, tuple) else [] if there is None else [there]
    raise TypeError(column)


def _number(column: Metric | AtLeast, facts: Sequence[Fact]) -> Number:
    facts = [fact for fact in facts if Kql(column.where).holds(fact)]
    if isinstance(column, AtLeast):
        many = len({fact["id"] for fact in facts})
        return Number(many, many) if many >= LIMIT else Number(None, None)
    values = [fact[column.field] for fact in facts if fact.get(column.field) is not None]
    if column.is_date:
        values = [value.timestamp() * 1000 for value in values]
    match column.operation:
        case "unique_count":
            return _exactly(len(set(values)))
        case "sum":
            return _exactly(sum(values))
    if not values:
        return Number(None, None)
    match column.operation:
        case "average":
            return _exactly(sum(values) / len(values))
        case "max":
            return Number(max(values) - 1, max(values))  # milliseconds
    place = (column.percentile or 50) / 100 * len(values)
    values.sort()
    return Number(values[max(0, floor(place - 1))], values[min(len(values) - 1, ceil(place))])


def _exactly(number: float) -> Number:
    return Number(number, number)


def test_what_a_person_would_count(turvakt: Turvakt) -> None:
    """Some of the numbers, counted from the records without any of the definitions."""
    made = turvakt.records
    towns = {each.post.id: {OFFICIALS[id].municipality for id in each.officials} for each in made.verdicts}

    def posts(some: Iterator[str]) -> int:
        return sum(len(towns[post]) for post in set(some))

    alerted = {(each.post, OFFICIALS[each.official].municipality) for each in made.deliveries}
    decided = {each.post for each in made.decisions}
    wanted = {
        "posts": posts(each.post.id for each in made.verdicts),
        "grave": posts(each.post.id for each in made.verdicts if each.judgement.severity in ("high", "critical")),
        "alerts": len(made.alerts),
        "undecided": sum(post not in decided for post, _ in alerted),
        "untold": sum(each.state == "waiting" for each in made.deliveries),
        "officials-mentioned": 8,
        "municipalities-mentioned": 4,
        "sources-read": 3,
    }
    shown = {panel.id: turvakt.asked(panel) for panel in PANELS if panel.id in wanted}
    assert {id: rows[0]["number"] for id, rows in shown.items()} == wanted


def test_a_number_of_posts_about_an_official_is_shown_from_the_limit_on(turvakt: Turvakt) -> None:
    (panel,) = (panel for panel in PANELS if panel.id == "trend-officials")
    since = END - timedelta(hours=5)
    facts = [fact for fact in turvakt.facts["statistics"] if fact["judged_at"] >= since and fact["flagged"]]
    of: defaultdict[str, set[Any]] = defaultdict(set)
    for fact in facts:
        of[fact["official"]].add(fact["id"])
    shown = {row["official"]: row["flagged"] for row in turvakt.asked(panel, since=since)}
    assert shown.items() >= {id: len(ids) if len(ids) >= LIMIT else None for id, ids in of.items()}.items()
    assert None in shown.values()
    assert any(shown.values())


@pytest.mark.parametrize("language", ["sv", "fi"])
def test_in_every_language_the_numbers_are_the_same(turvakt: Turvakt, language: Language) -> None:
    for panel in PANELS:
        read = partial(_values_of, panel)
        assert list(map(read, turvakt.asked(panel, language))) == list(map(read, turvakt.asked(panel))), panel.id


def _values_of(panel: Panel, row: Row) -> list[Any]:
    return [value for id, value in row.items() if not isinstance(panel.columns[id], Kinds)]


def test_nothing_is_left_in_a_bucket_of_others(turvakt: Turvakt) -> None:
    """Lens asks for the others in a second search, which is not asked here."""
    for panel in PANELS:
        for column in panel.columns.values():
            if isinstance(column, Values):
                values = {value for fact in turvakt.facts[panel.view] for value in _keys(column, fact)}
                assert len(values) <= column.size, panel.id
