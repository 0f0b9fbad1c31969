"""The posts about some officials: the index contract where these are all, and nothing of others where they are not."""

from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.decision import in_force
from review.index import Index, Item, Query, every, place_of, write_place
from review.indexes.memory import MemoryIndex
from review.scoped import Scoped
from tests.review.contract_index import IndexContract, found
from tests.review.people import alert, at, decision, delivery, verdict
from tests.review.writes import QUERIES, Write, write, writes


class _Whole(Scoped):
    """The part about all officials; what is no reading goes to the index behind it."""

    def __init__(self, index: Index) -> None:
        super().__init__(index, {"anna", "bo"}, {"haabo", "habo"})

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)


class TestScoped(IndexContract):
    @pytest.fixture
    def index(self) -> Index:
        whole: Any = _Whole(MemoryIndex())
        return cast(Index, whole)

    def test_post_of_an_alert(self, index: Index) -> None:
        """Nobody knows whom an alert is about until its post is there."""
        raised = alert(verdict("a"))
        index.write_alerts([raised])
        assert index.post_of(raised.id) is None
        index.write_verdicts([verdict("a")])
        assert index.post_of(raised.id) == "jsonl:a"


@pytest.fixture
def index() -> MemoryIndex:
    index = MemoryIndex()
    both = verdict("both", officials=("anna", "bo"), severity="high", labels=("threat",), judged=1)
    others = verdict("others", officials=("bo",), severity="low", judged=2)
    index.write_verdicts([both, others])
    for each in (both, others):
        index.write_alerts([alert(each, official="bo")])
        index.write_deliveries([delivery(alert(each, official="bo"), state="delivered")])
    index.write_decisions([decision("jsonl:both"), decision("jsonl:others")])
    return index


def test_nothing_is_told_of_others(index: MemoryIndex) -> None:
    hers: Any = Scoped(index, {"anna"}, ())
    assert found(hers) == found(hers, officials=("anna", "bo")) == found(hers, official="anna") == ["both"]
    assert found(hers, official="bo") == found(hers, officials=("bo",)) == []
    assert found(hers, alerted=True) == []
    assert found(hers, alerted=False) == ["both"]
    assert hers.get("jsonl:others") is None
    item = hers.get("jsonl:both")
    assert item.verdict.officials == {"anna"}
    assert item.alerts == item.deliveries == ()
    assert item.decision == decision("jsonl:both")
    assert hers.search(Query()).items == (item,)
    for post in ("both", "others"):
        assert hers.post_of(f"grave-bo-jsonl:{post}") is None
    counts = hers.counts()
    assert (counts.verdicts, counts.alerts, counts.decisions, counts.deliveries["delivered"]) == (1, 0, 1, 0)
    assert hers.activity(at(0), hours=1) == [{"high": 1}]
    assert hers.newer(Query(), write_place((0, 0, ""))) == 1
    assert hers.newer(Query(alerted=True), write_place((0, 0, ""))) == 0


def test_who_answers_for_nobody_sees_nothing(index: MemoryIndex) -> None:
    nobody = Scoped(index, (), ())
    assert nobody.search(Query()).items == ()
    assert nobody.get("jsonl:both") is None
    assert nobody.counts().verdicts == 0


def test_others_decisions_are_not_shown(index: MemoryIndex) -> None:
    own = decision("jsonl:both", minutes=6, tenant="ekvik")
    foreign = decision("jsonl:both", "false-alarm", minutes=9, by="Tove", tenant="habo")
    index.write_decisions([foreign, own])
    hers, his, third = (Scoped(index, {"anna", "bo"}, {tenant}) for tenant in ("ekvik", "habo", "lund"))
    decided = [item.decision for each in (hers, his, third) if (item := each.get("jsonl:both")) is not None]
    assert decided == [own, foreign, decision("jsonl:both")]
    assert [each.verdict.post.id for each in hers.search(Query(decision="false-alarm")).items] == []
    assert [each.verdict.post.id for each in his.search(Query(decision="false-alarm")).items] == ["jsonl:both"]


def _without_others(item: Item, officials: tuple[str, ...]) -> Item:
    post = item.verdict.post
    mentions = tuple(each for each in post.mentions if each.official in officials)
    return Item(
        replace(item.verdict, post=replace(post, mentions=mentions)),
        tuple(each for each in item.alerts if each.official in officials),
        tuple(each for each in item.deliveries if each.official in officials),
        in_force(item.decisions),
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(writes(), max_size=12), QUERIES, st.integers(1, 3), st.sampled_from([(), ("anna",), ("anna", "bo")]))
def test_it_is_the_index_that_never_knew_others(
    written: list[Write], query: Query, limit: int, officials: tuple[str, ...]
) -> None:
    index, expected = MemoryIndex(), MemoryIndex()
    for kind, record in written:
        write(index, kind, [record])
    ours = [item for item in every(index, Query()) if item.verdict.officials & set(officials)]
    expected.write_items([_without_others(item, officials) for item in ours])
    scoped, query = Scoped(index, officials, ()), replace(query, limit=limit)
    assert scoped.search(query) == expected.search(query)
    assert list(every(scoped, query)) == list(every(expected, query))
    for item in every(expected, Query()):
        than = write_place(place_of(item.verdict))
        assert scoped.newer(query, than, most=limit) == expected.newer(query, than, most=limit)
        assert scoped.get(item.verdict.post.id) == item
    assert scoped.counts() == expected.counts()
    assert scoped.activity(at(0), hours=1) == expected.activity(at(0), hours=1)
