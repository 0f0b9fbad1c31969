"""Retention: what comes into the index, what leaves it and when, and the sample."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify.verdict import Verdict
from flow.clock import ManualClock
from flow.databases.sqlite import Sqlite
from registry.official import Consent, Official
from registry.retention import KINDS, Kind, Retention
from review.index import Index, is_flagged
from review.indexes.memory import MemoryIndex
from review.indexes.sqlite import SqliteIndex
from review.retention import PostRetention
from review.sampling import Sample
from review.stage import apply_verdicts
from tests.registry.people import official
from tests.review.people import START, alert, at, decision, verdict

DAY = 24 * 60.0
DAYS: dict[Kind, float] = {"unflagged": 0, "sample": 30, "low": 30, "flagged": 365, "case": 365, "open-case": 730}


def person(id: str, tenant: str = "ekvik", *, sample: bool = False) -> Official:
    consent = Consent(("*",), START - timedelta(days=1), sample=sample)
    return replace(official(id), tenant=tenant, consents=(consent,))


class Place:
    """An index and its retention."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.clock = ManualClock(START)
        self.days = dict(DAYS)
        self.tenants: dict[str, dict[str, float]] = {}
        self.officials = {each.id: each for each in (person("anna"), person("bo"), person("eva", "oevik"))}
        self.share = 0.0
        self.evidence: set[str] = set()
        self.released: list[str] = []

    @property
    def retention(self) -> PostRetention:
        def held(posts: Collection[str]) -> set[str]:
            return self.evidence & set(posts)

        return PostRetention(
            index=self.index,
            retention=lambda: Retention(self.days, self.tenants),
            officials=self.officials.get,
            sample=Sample(key=lambda: b"secret", share=self.share, officials=self.officials.get),
            held=held,
            release=self.released.extend,
            clock=self.clock,
        )

    def write(self, *verdicts: Verdict) -> None:
        apply_verdicts(self.index, stored=self.retention.stored, forget=self.index.forget)(verdicts)

    def held(self) -> list[str]:
        return sorted(post.removeprefix("jsonl:") for post in self.index.ids())

    def after(self, days: float) -> dict[str, dict[str, int]]:
        """What goes when so many days have passed since the start."""
        self.clock.advance((START + timedelta(days=days) - self.clock.now()).total_seconds())
        return {tenant: dict(kinds) for tenant, kinds in self.retention.enforce().posts.items()}


@pytest.fixture(params=["memory", "sqlite"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    if request.param == "memory":
        yield Place(MemoryIndex())
        return
    database = Sqlite(request.getfixturevalue("tmp_path") / "t.db")
    yield Place(SqliteIndex(database))
    database.close()


LOW = verdict("low", severity="low", labels=("hate",))
GRAVE = verdict("grave", severity="high", labels=("threat",))


def test_what_is_not_flagged_never_comes_into_the_index(place: Place) -> None:
    place.write(verdict("plain"), verdict("unable", unable="language"), LOW, GRAVE)
    assert place.held() == ["grave", "low"]
    place.days["unflagged"] = 7
    place.write(verdict("plain"), verdict("unable", unable="language"))
    assert place.held() == ["grave", "low", "plain", "unable"]
    assert place.after(7.1) == {"ekvik": {"unflagged": 2}}


def test_what_could_not_be_judged_is_within_the_sample(place: Place) -> None:
    place.officials["anna"] = person("anna", sample=True)
    place.share = 1.0
    place.write(verdict("unable", unable="language"))
    assert place.held() == ["unable"]
    assert place.after(30.1) == {"ekvik": {"sample": 1}}


def test_a_post_that_is_no_longer_flagged_takes_the_place_of_what_was_known_of_it(place: Place) -> None:
    for how in ("in one batch", "later"):
        before = verdict(how, "elakt", severity="low", labels=("hate",))
        after = verdict(how, "rättat", edited=1, judged=1)
        if how == "later":
            place.write(before)
            place.write(after)
        else:
            place.write(before, after)
        item = place.index.get(f"jsonl:{how}")
        assert item is not None
        assert item.verdict == after
    assert place.after(1) == {"ekvik": {"unflagged": 2}}
    assert place.held() == []


def test_each_kind_has_its_days(place: Place) -> None:
    place.days["unflagged"] = 10
    opened, closed = replace_id(GRAVE, "open"), replace_id(GRAVE, "closed")
    place.write(verdict("plain"), LOW, GRAVE, opened, closed)
    place.index.write_alerts([alert(opened), alert(closed)])
    place.index.write_decisions([decision("jsonl:closed", minutes=400 * DAY)])
    kept = {10: [], 10.1: ["plain"], 30.1: ["low"], 365.1: ["grave"], 730.1: ["open"], 764.9: [], 765.1: ["closed"]}
    for days, gone in kept.items():
        before = place.held()
        kinds = place.after(days).get("ekvik", {})
        assert sorted(set(before) - set(place.held())) == gone
        assert sum(kinds.values()) == len(gone)
    assert place.held() == []


def replace_id(like: Verdict, name: str) -> Verdict:
    return replace(like, post=replace(like.post, id=f"jsonl:{name}"))


def test_a_tenant_may_have_its_own_days(place: Place) -> None:
    place.tenants = {"oevik": {"low": 10, "unflagged": 5}}
    hers = verdict("hers", severity="low", labels=("hate",), officials=("eva",))
    both = verdict("both", severity="low", labels=("hate",), officials=("eva", "anna"))
    place.write(LOW, hers, both, verdict("plain", officials=("eva",)), verdict("not", officials=("anna",)))
    assert place.held() == ["both", "hers", "low", "plain"]
    assert place.after(5.1) == {"oevik": {"unflagged": 1}}
    assert place.after(10.1) == {"oevik": {"low": 1}}
    assert place.held() == ["both", "low"]
    assert place.after(30.1) == {"oevik": {"low": 1}, "ekvik": {"low": 2}}


def test_a_case_is_open_until_each_tenant_that_was_alerted_has_decided(place: Place) -> None:
    both = verdict("both", severity="high", labels=("threat",), officials=("eva", "anna"))
    place.write(both, replace_id(both, "one"))
    place.index.write_alerts([alert(both, official="anna"), alert(both, official="eva")])
    place.index.write_alerts([alert(replace_id(both, "one"), official="anna")])
    place.index.write_decisions([decision(f"jsonl:{each}", tenant="ekvik") for each in ("both", "one")])
    assert place.after(365.1) == {each: {"case": 1} for each in ("ekvik", "oevik")}
    assert place.held() == ["both"]
    place.after(730.1)
    assert place.held() == []


def test_who_is_not_registered_any_more_has_the_days_of_the_settings(place: Place) -> None:
    place.write(verdict("gone", severity="low", labels=("hate",), officials=("cecilia",)))
    removed = place.retention.enforce()
    assert (removed.posts, removed.records) == ({}, 0)
    place.clock.advance(31 * 86_400)
    assert place.retention.enforce().records == 1
    assert place.held() == []


def test_what_is_held_as_evidence_stays(place: Place) -> None:
    place.write(LOW, replace_id(LOW, "second"))
    place.evidence = {"jsonl:low"}
    place.clock.advance(31 * 86_400)
    removed = place.retention.enforce()
    assert (removed.held, removed.posts) == (1, {"ekvik": {"low": 1}})
    assert place.held() == ["low"]
    assert place.released == ["jsonl:second"]
    place.evidence = set()
    assert place.after(32) == {"ekvik": {"low": 1}}


def test_a_sample_of_what_was_not_flagged_is_kept_where_all_agree(place: Place) -> None:
    place.share = 0.1
    place.officials["anna"] = person("anna", sample=True)
    posts = [verdict(f"{number}") for number in range(2000)]
    place.write(*posts)
    drawn = place.held()
    assert 140 < len(drawn) < 260  # 200, and 4.5 standard deviations of 13.4
    place.write(*posts)
    assert place.held() == drawn  # the same again
    place.write(*(verdict(f"both-{number}", officials=("anna", "bo")) for number in range(2000)))
    assert place.held() == drawn
    assert place.after(29.9) == {}
    assert place.after(30.1) == {"ekvik": {"sample": len(drawn)}}


def test_who_takes_the_sample_back_is_no_longer_in_it(place: Place) -> None:
    place.share = 1.0
    place.officials["anna"] = person("anna", sample=True)
    place.write(verdict("plain"))
    place.officials["anna"] = person("anna")
    assert place.after(1) == {"ekvik": {"unflagged": 1}}


def test_another_secret_draws_others() -> None:
    officials = {"anna": person("anna", sample=True)}
    posts = [verdict(f"{number}").post for number in range(500)]

    def drawn(key: bytes) -> list[str]:
        sample = Sample(key=lambda: key, share=0.2, officials=officials.get)
        return [post.id for post in posts if sample.takes(post, START)]

    assert drawn(b"a") == drawn(b"a") != drawn(b"b")


def test_a_share_of_nothing_asks_for_no_secret() -> None:
    def key() -> bytes:
        raise AssertionError("nobody needs it")

    officials = {"anna": person("anna", sample=True)}
    assert not Sample(key=key, share=0.0, officials=officials.get).takes(verdict("1").post, START)


@given(
    st.dictionaries(st.sampled_from(KINDS), st.integers(0, 1000), min_size=6),
    st.dictionaries(st.sampled_from("abc"), st.dictionaries(st.sampled_from(KINDS), st.integers(0, 1000))),
    st.sampled_from(KINDS),
    st.sets(st.sampled_from("abcd")),
)
def test_no_post_is_kept_longer_than_the_longest_or_shorter_than_the_shortest(
    days: dict[Kind, float], tenants: dict[str, dict[str, float]], kind: Kind, about: set[str]
) -> None:
    retention = Retention(days, tenants)
    assert retention.shortest(kind) <= retention.of(kind, about) <= retention.longest()
    assert retention.of(kind, ()) == days[kind]


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=20), st.integers(1, 5))
def test_batches_do_not_matter(posts: list[tuple[int, bool]], size: int) -> None:
    """However verdicts are cut into batches, the index ends the same."""
    made = [
        verdict(f"{post}", severity="low" if grave else "none", labels=("hate",) if grave else (), edited=n, judged=n)
        for n, (post, grave) in enumerate(posts)
    ]
    ends = []
    for step in (size, 20):
        place = Place(MemoryIndex())
        for begin in range(0, len(made), step):
            place.write(*made[begin : begin + step])
        items = (place.index.get(post) for post in place.index.ids())
        ends.append({item.verdict.post.id: item.verdict for item in items if item is not None})
    newest = {each.post.id: each for each in made}
    ever = Counter(each.post.id for each in made if is_flagged(each))
    assert ends[0].keys() == ends[1].keys() == ever.keys()
    assert all(ends[0][post] == newest[post] for post in ends[0])


def test_nothing_is_old_at_once(place: Place) -> None:
    place.write(LOW, GRAVE)
    assert place.retention.enforce().records == 0
    assert at(0) == place.clock.now()
