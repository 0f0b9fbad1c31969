"""The index contract over every implementation; both agree on random writes; what only SQLite promises."""

import random
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classify.verdict import SEVERITIES
from flow.databases.sqlite import Sqlite
from review.index import Index, Query
from review.indexes.memory import MemoryIndex
from review.indexes.sqlite import SqliteIndex
from tests.review.contract_index import IndexContract
from tests.review.people import alert, at, decision, delivery, verdict


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Sqlite]:
    database = Sqlite(tmp_path / "turvakt.db")
    yield database
    database.close()


class TestMemoryIndex(IndexContract):
    @pytest.fixture
    def index(self) -> Index:
        return MemoryIndex()


class TestSqliteIndex(IndexContract):
    @pytest.fixture
    def index(self, database: Sqlite) -> Index:
        return SqliteIndex(database)

    def test_is_there_after_reopening(self, index: Index, database: Sqlite) -> None:
        index.write_verdicts([verdict("a", "om bron")])
        database.close()
        again = Sqlite(database.path)
        assert [item.verdict.post.id for item in SqliteIndex(again).search(Query(text="bron")).items] == ["jsonl:a"]
        again.close()

    def test_shares_a_transaction(self, index: Index, database: Sqlite) -> None:
        def half() -> None:
            with database.transaction():
                index.write_verdicts([verdict("a", "om bron")])
                assert index.get("jsonl:a") is not None
                raise RuntimeError

        with pytest.raises(RuntimeError):
            half()
        assert index.get("jsonl:a") is None
        assert index.search(Query(text="bron")).items == ()

    def test_takes_more_than_one_statement_may_bind(self, index: Index) -> None:
        many = [verdict(str(number), judged=number) for number in range(1201)]
        index.write_verdicts(many)
        index.write_verdicts(many)
        assert index.counts().verdicts == len(list(index.ids())) == 1201
        assert len(index.held([each.post.id for each in many])) == 1201
        assert len(index.search(Query(limit=5000)).items) == 500

    @pytest.mark.parametrize("way", ["erase", "expire", "forget", "edit"])
    def test_no_word_of_a_removed_text_is_left_in_the_files(self, index: Index, database: Sqlite, way: str) -> None:
        for number in range(40):
            index.write_verdicts([verdict(f"{number}", f"vanlig text nummer{number}", officials=("bo",), collected=9)])
        index.write_verdicts([verdict("secret", "zqxword hemlig", severity="low", labels=("hate",))])
        index.write_alerts([alert(verdict("secret", "zqxword hemlig"))])
        index.write_verdicts([verdict("another", "vanlig", officials=("bo",), collected=9)])
        database.scrub()
        assert _in_files(database, b"zqxword")
        if way == "erase":
            index.erase("anna")
        elif way == "forget":
            index.forget(["jsonl:secret"])
        elif way == "edit":
            index.write_verdicts([verdict("secret", "annat", edited=3, collected=9)])
        index.expire(at(5))
        database.scrub()
        assert not _in_files(database, b"zqxword")
        assert not _in_files(database, b"hemlig")

    def test_lists_and_counts_read_an_index(self, index: Index, database: Sqlite) -> None:
        del index
        plan = database.query("EXPLAIN QUERY PLAN SELECT 1 FROM index_post WHERE flagged = 1 AND severity >= 3 "
                              "ORDER BY judged DESC, created DESC, id DESC LIMIT 5")  # fmt: skip
        assert "index_post_flagged" in str(plan)


def _in_files(database: Sqlite, word: bytes) -> bool:
    return any(word in file.read_bytes() for file in database.path.parent.iterdir())


_POSTS = ("a", "b", "c")
_MINUTES = st.integers(0, 3)
_WORDS = st.lists(st.sampled_from(["bron", "Åke", "tåget", "sillan", "!", "😀"]), max_size=4).map(" ".join)


@st.composite
def _writes(draw: st.DrawFn) -> tuple[str, Any]:
    name = draw(st.sampled_from(_POSTS))
    of = verdict(
        name,
        draw(_WORDS),
        officials=draw(st.sampled_from([("anna",), ("bo",), ("anna", "bo")])),
        severity=draw(st.sampled_from(SEVERITIES)),
        labels=draw(st.sampled_from([(), ("threat",), ("hate", "sexual")])),
        judged=draw(_MINUTES),
        edited=draw(st.none() | _MINUTES),
        unable=draw(st.sampled_from([None, "language"])),
    )
    official = draw(st.sampled_from(["anna", "bo"]))
    raised = alert(of, official=official, raised=draw(_MINUTES), id=f"{official}-{name}")
    match draw(st.sampled_from(["verdicts", "alerts", "deliveries", "decisions"])):
        case "verdicts":
            return "verdicts", of
        case "alerts":
            return "alerts", raised
        case "deliveries":
            state = draw(st.sampled_from(["waiting", "delivered", "failed"]))
            return "deliveries", delivery(raised, state=state, minutes=draw(_MINUTES), attempts=draw(_MINUTES))
        case _:
            outcome = draw(st.sampled_from(["confirmed", "false-alarm"]))
            return "decisions", decision(of.post.id, outcome, minutes=draw(_MINUTES), by=draw(st.sampled_from("xy")))


@settings(max_examples=30, deadline=None)
@given(st.lists(_writes(), max_size=14), st.randoms(use_true_random=False), st.data())
def test_order_repetition_and_batches_do_not_matter(
    writes: list[tuple[str, Any]], order: random.Random, data: st.DataObject
) -> None:
    again = writes + order.sample(writes, k=len(writes) // 2)
    order.shuffle(again)
    with tempfile.TemporaryDirectory() as folder:
        databases = [Sqlite(Path(folder) / f"{number}.db") for number in range(2)]
        straight, shuffled, memory = SqliteIndex(databases[0]), SqliteIndex(databases[1]), MemoryIndex()
        for kind, record in writes:
            getattr(straight, f"write_{kind}")([record])
        for kind in ("alerts", "verdicts", "decisions", "deliveries"):
            getattr(shuffled, f"write_{kind}")([record for each, record in again if each == kind])
            getattr(memory, f"write_{kind}")([record for each, record in again[::-1] if each == kind])
        queries = [Query(), data.draw(_QUERIES), data.draw(_QUERIES)]
        assert _seen(straight, queries) == _seen(shuffled, queries) == _seen(memory, queries)
        gone = data.draw(st.sampled_from(["erase", "forget", "expire"]))
        for index in (straight, shuffled, memory):
            if gone == "erase":
                index.erase("anna")
            elif gone == "forget":
                index.forget(["jsonl:a"])
            else:
                index.expire(at(2), flagged=True)
        assert _seen(straight, queries) == _seen(shuffled, queries) == _seen(memory, queries)
        for database in databases:
            database.close()


_QUERIES = st.builds(
    Query,
    text=st.none() | _WORDS | st.sampled_from(["tå*", '"bron Åke"', '"åke tå"*', '"sillan']),
    official=st.sampled_from([None, "anna", "bo"]),
    label=st.sampled_from([None, "threat", "sexual"]),
    severity=st.sampled_from([None, *SEVERITIES]),
    flagged=st.sampled_from([None, True, False]),
    alerted=st.sampled_from([None, True, False]),
    decision=st.sampled_from([None, "confirmed", "false-alarm", "none"]),
    since=st.none() | _MINUTES.map(at),
    until=st.none() | _MINUTES.map(at),
    unable=st.sampled_from([None, True, False]),
)


def _seen(index: Index, queries: list[Query]) -> list[Any]:
    exported = [sorted(map(repr, index.export(official))) for official in ("anna", "bo")]
    counted = [index.count("anna"), index.count("bo"), asdict(index.counts())]
    return [*(index.search(query) for query in queries), *exported, counted, index.activity(at(0)), list(index.ids())]
