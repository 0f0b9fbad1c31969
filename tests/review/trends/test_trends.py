"""Trends over a real server, counted from what the real index has written."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

import pytest

from classify.verdict import LABELS, Verdict
from flow.clock import ManualClock
from flow.errors import Broken
from registry.holder import Part
from registry.official import Official
from registry.tenant import tenant_of
from review.index import is_flagged, without
from review.indexes.elasticsearch.client import connect
from review.indexes.elasticsearch.index import ElasticsearchIndex
from review.trends.suppression import together
from review.trends.trends import Kept, Trends
from tests.review.elastic.conftest import official, set_up
from tests.review.people import START, verdict
from tests.servers.fixtures import Place

LIMIT = 3
TOWNS = ("Ekvik", "Habo", "Håbo", "Lax", "Mo", "Ås")
QUIET = ("Ö", "Berg", "Dal", "Näs")
"""Towns whose officials nobody mentions."""
OFFICIALS = {f"{town.lower()}-{n}": official(f"{town.lower()}-{n}", town) for town in (*TOWNS, *QUIET) for n in (1, 2)}
MENTIONED = [id for id, one in OFFICIALS.items() if one.municipality in TOWNS]
KEPT = Kept(unflagged=timedelta(days=30), flagged=timedelta(days=365))
HOURS = 60.0
DAYS = HOURS * 24

Told = dict[tuple[str, ...], int]
"""Counts by alias without prefix, day, country, source, label, severity and municipality (or nothing)."""


@dataclass
class Site:
    """An index and the trends over it, and the registry of both."""

    index: ElasticsearchIndex
    clock: ManualClock
    officials: dict[str, Official] = field(default_factory=lambda: dict(OFFICIALS))
    kept: Kept = KEPT

    @property
    def trends(self) -> Trends:
        return Trends(
            self.index.client,
            prefix=self.index.names.prefix,
            officials=lambda: list(self.officials.values()),
            limit=LIMIT,
            kept=self.kept,
            clock=self.clock,
        )

    def told(self) -> Told:
        names = self.index.names
        pattern = f"{names.trends('*')},{names.all_trends}-*"
        self.index.client.indices.refresh(index=pattern)
        found: Told = {}
        for hit in self.index.client.search(index=pattern, size=10_000)["hits"]["hits"]:
            source = hit["_source"]
            alias = hit["_index"].rpartition("-")[0].removeprefix(names.prefix)
            key = (alias, *(source[name] for name in ("day", "country", "source", "label", "severity")))
            found[(*key, source.get("municipality", ""))] = source["posts"]
        return found


@pytest.fixture
def place(elasticsearch: Place) -> Iterator[Site]:
    with connect([elasticsearch.address]) as client:
        set_up(client, elasticsearch.prefix)
        officials = dict(OFFICIALS)
        index = ElasticsearchIndex(client, prefix=elasticsearch.prefix, officials=officials.get)
        yield Site(index, ManualClock(START), officials)


def expected(verdicts: Sequence[Verdict], officials: dict[str, Official]) -> Told:
    """What ought to be told, counted another way: post by post."""
    counts: Counter[tuple[str, ...]] = Counter()
    posts: dict[tuple[str, ...], set[str]] = {}
    for each in verdicts:
        judgement = each.judgement
        for town in {officials[id].municipality for id in each.officials if id in officials}:
            for label in judgement.flagged or ("none",):
                severity = "unable" if judgement.unable else judgement.severity
                key = (each.judged_at.date().isoformat(), "SE", each.post.source, label, severity)
                counts[*key, town] += 1
                posts.setdefault(key, set()).add(each.post.id)
    found: Told = {}
    for key in {each[:-1] for each in counts}:
        towns = {town: counts[*key, town] for town in TOWNS if counts[*key, town]}
        for town, many in towns.items():
            if many >= LIMIT:
                found[f"-trends-{tenant_of(official('x', town))}", *key, town] = many
        there = {each.municipality for each in officials.values()}
        everywhere = together(towns, tenants=there, limit=LIMIT, distinct=lambda _, key=key: len(posts[key]))
        if everywhere is not None:
            found["-all-trends", *key, ""] = everywhere
    return found


def some(many: int, *, seed: int = 1, days: int = 1) -> list[Verdict]:
    chance = Random(seed)
    return [
        verdict(
            str(number),
            officials=tuple(chance.sample(MENTIONED, chance.choice((1, 1, 1, 2)))),
            labels=tuple(label for label in LABELS[:2] if chance.random() < 0.4),
            severity=chance.choice(("none", "low")),
            source=chance.choice(("bluesky", "feed")),
            unable=chance.choice((None, None, None, "language")),
            judged=chance.randrange(int(days * DAYS)) - 6 * HOURS,
        )
        for number in range(many)
    ]


def test_days_are_counted_when_they_are_over(place: Site) -> None:
    verdicts = some(500, days=3)
    place.index.write_verdicts(verdicts)
    assert place.trends.catch_up() == []
    place.clock.advance(2 * 86_400)
    first = START.date()
    # Elasticsearch was away: what belongs to that day is yet to come.
    assert place.trends.catch_up(unread=START + timedelta(minutes=1)) == []
    assert place.trends.catch_up() == [first]
    assert place.told() == expected([each for each in verdicts if each.judged_at.date() == first], OFFICIALS)
    place.clock.advance(7 * 86_400)
    days = [first + timedelta(days=number) for number in range(1, 8)]
    assert place.trends.catch_up() == days
    told = place.told()
    assert told == expected(verdicts, OFFICIALS)
    rests = [many for key, many in told.items() if key[0] == "-all-trends"]
    assert sum(rests) > sum(many for key, many in told.items() if key[0] != "-all-trends")
    assert all(many >= LIMIT for many in told.values())


def test_counting_again_changes_nothing_and_takes_up_what_came_late(place: Site) -> None:
    verdicts = some(200)
    place.index.write_verdicts(verdicts[:120])
    place.clock.advance(3 * 86_400)
    place.trends.catch_up()
    place.index.write_verdicts(verdicts[120:])
    assert place.trends.catch_up() == []
    assert place.told() == expected(verdicts[:120], OFFICIALS)
    assert place.trends.catch_up(since=START.date())[0] == START.date()
    assert place.told() == expected(verdicts, OFFICIALS)


def test_a_day_of_which_nothing_is_told_is_not_counted_twice(place: Site) -> None:
    """Else each post that comes late might lift it over the limit, and tell of itself by that."""
    verdicts = [verdict(str(n), officials=("mo-1",)) for n in range(2 * LIMIT)]
    place.index.write_verdicts(verdicts[: LIMIT - 1])
    place.clock.advance(3 * 86_400)
    assert place.trends.catch_up()[0] == START.date()
    place.index.write_verdicts(verdicts)
    assert place.trends.catch_up() == []
    assert place.told() == {}
    place.clock.advance(86_400)
    assert len(place.trends.catch_up()) == 1


def test_again_leaves_no_day_out_and_tells_of_those_only_that_are_kept(place: Site) -> None:
    place.index.write_verdicts(some(50))
    place.clock.advance(5 * 86_400)
    days = place.trends.catch_up()
    place.clock.advance(5 * 86_400)
    last = days[-1]
    assert place.trends.catch_up(since=last + timedelta(days=3))[0] == last + timedelta(days=1)
    place.kept = Kept(unflagged=timedelta(days=3), flagged=timedelta(days=9))
    kept = (place.clock.now() - place.kept.flagged).date() + timedelta(days=1)
    assert place.trends.catch_up(since=START.date())[0] == kept


def test_who_is_erased_is_counted_out(place: Site) -> None:
    verdicts = some(200)
    place.index.write_verdicts(verdicts)
    place.clock.advance(3 * 86_400)
    place.trends.catch_up()
    before, gone = place.told(), "habo-1"
    assert place.trends.erase(gone) > 0
    left = {id: one for id, one in OFFICIALS.items() if id != gone}
    assert place.told() == expected(verdicts, left)
    assert place.told() != before
    assert place.trends.erase(gone) == 0
    place.index.erase(gone)
    del place.officials[gone]
    assert place.trends.catch_up(since=START.date())
    assert place.told() == expected(verdicts, left)
    assert place.trends.export(gone) == []
    assert place.trends.count(gone) == 0


def test_what_came_from_one_source_is_counted_out(place: Site) -> None:
    verdicts = some(200)
    place.index.write_verdicts(verdicts)
    place.clock.advance(3 * 86_400)
    place.trends.catch_up()
    before, gone, feed = place.told(), "habo-1", Part("source", "feed")
    assert (
        place.trends.erase(gone, Part("recipient", "Beredskap")) == place.trends.erase(gone, Part("source", "x")) == 0
    )
    assert place.trends.erase(gone, feed) > 0
    left = [without(each, gone) if each.post.source == "feed" else each for each in verdicts]
    counted = expected([each for each in left if each is not None], OFFICIALS)
    assert place.told() == counted != before
    assert place.trends.erase(gone, feed) == place.trends.count(gone, feed) == 0
    place.index.erase(gone, feed)
    assert place.trends.catch_up(since=START.date())
    assert place.told() == counted


@pytest.mark.parametrize("gone", [("mo-2",), ("mo-1", "mo-2")], ids=["registered", "not registered any more"])
def test_the_last_official_takes_the_trends_of_her_tenant_with_her(place: Site, gone: Sequence[str]) -> None:
    verdicts = [verdict(str(n), officials=("mo-1",)) for n in range(5)]
    place.index.write_verdicts(verdicts)
    place.clock.advance(3 * 86_400)
    place.trends.catch_up()
    place.clock.advance(500 * 86_400)
    for each in gone:
        del place.officials[each]
    assert {key[0] for key in place.told()} == {"-trends-mo", "-all-trends"}
    assert place.trends.erase("mo-1") == 1
    assert {key[0] for key in place.told()} == {"-all-trends"}


@pytest.mark.parametrize(("after", "which"), [(20, "all"), (40, "flagged"), (400, "none")])
def test_what_is_not_kept_any_more_cannot_be_counted_anew(place: Site, after: int, which: str) -> None:
    verdicts = some(200)
    place.index.write_verdicts(verdicts)
    place.clock.advance(3 * 86_400)
    place.trends.catch_up()
    before = place.told()
    place.clock.advance((after - 3) * 86_400)
    now = place.clock.now()
    place.index.expire(now - KEPT.unflagged, flagged=False)
    place.index.expire(now - KEPT.flagged, flagged=True)
    place.trends.erase("habo-1")
    left = expected(verdicts, {id: one for id, one in OFFICIALS.items() if id != "habo-1"})
    flagged = {key for key in before.keys() | left.keys() if key[4] != "none" or key[5] == "low"}
    changes = {"all": before.keys() | left.keys(), "flagged": flagged, "none": set()}[which]
    wanted = {key: many for key, many in before.items() if key not in changes}
    assert place.told() == wanted | {key: many for key, many in left.items() if key in changes}
    assert (place.told() == before) == (which == "none")


def test_the_first_days_to_be_counted_are_those_that_are_kept_whole(place: Site) -> None:
    verdicts = [
        verdict(str(n), officials=("mo-1",), judged=day * DAYS)
        for day in range(60)
        for n in (3 * day, 3 * day + 1, 3 * day + 2)
    ]
    assert not any(map(is_flagged, verdicts))
    place.index.write_verdicts(verdicts)
    place.clock.advance(60 * 86_400)
    counted = place.trends.catch_up()
    assert counted[0] == (place.clock.now() - KEPT.unflagged).date() + timedelta(days=1)
    assert {date.fromisoformat(key[1]) for key in place.told()} == set(counted)


def test_without_statistics_there_is_nothing_to_count(place: Site) -> None:
    place.clock.advance(10 * 86_400)
    assert place.trends.catch_up() == []
    assert place.trends.erase("mo-1") == 0
    assert place.told() == {}


def test_no_index_is_made_without_its_template(place: Site) -> None:
    place.index.write_verdicts([verdict(str(n), officials=("mo-1",)) for n in range(5)])
    place.clock.advance(3 * 86_400)
    place.index.client.indices.delete_index_template(name=f"{place.index.names.prefix}-trends")
    with pytest.raises(Broken, match="turvakt index apply"):
        place.trends.catch_up()
