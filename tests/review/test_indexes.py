"""The index contract over every implementation; both agree on random writes; what only SQLite promises."""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow.databases.sqlite import Sqlite
from flow.errors import BadInput
from review import precedence
from review.index import Index, Query, every, micros
from review.indexes.memory import MemoryIndex
from review.indexes.sqlite import SqliteIndex
from tests.review.contract_index import IndexContract
from tests.review.people import alert, at, decision, delivery, verdict
from tests.review.writes import QUERIES, Write, make_unreadable, seen, write, writes


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

    def test_decisions_from_before_tenants_are_of_the_whole_installation(self, database: Sqlite) -> None:
        database.create("""CREATE TABLE index_decision (post TEXT PRIMARY KEY, at INTEGER NOT NULL, rank INTEGER NOT NULL,
            outcome TEXT NOT NULL, record BLOB NOT NULL) WITHOUT ROWID""")
        old = decision("jsonl:a")
        rank, record = precedence.of_decision(old)
        database.execute(
            "INSERT INTO index_decision VALUES (?, ?, ?, 'confirmed', ?)", (old.post, micros(old.at), rank, record)
        )
        index = SqliteIndex(database)
        index.write_verdicts([verdict("a")])
        index.write_decisions([decision("jsonl:a", tenant="ekvik")])
        item = index.get("jsonl:a")
        assert item is not None
        assert item.decisions == (old, decision("jsonl:a", tenant="ekvik"))

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

    @pytest.mark.parametrize("newer", ["post", "alert", "delivery", "decision"])
    def test_what_a_newer_program_wrote_is_left_out_and_goes_with_her_and_with_its_time(
        self, database: Sqlite, newer: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        index = SqliteIndex(database)
        posts = [verdict(each, f"om {each}", severity="high", labels=("threat",), judged=1) for each in "abc"]
        index.write_verdicts(posts)
        index.write_alerts([alert(each) for each in posts])
        index.write_deliveries([delivery(alert(each)) for each in posts])
        index.write_decisions([decision(each.post.id) for each in posts])
        make_unreadable(database, newer, "jsonl:b")
        page = index.search(Query(alerted=True, limit=2))
        assert [item.verdict.post.id for item in page.items] == ["jsonl:c"]
        assert (page.unread, page.next is not None) == (1, True)
        assert [item.verdict.post.id for item in every(index, Query())] == ["jsonl:c", "jsonl:a"]
        assert [len(each) for each in index.old("case", at(9))] == [2]
        assert {each for each in caplog.messages if "cannot be read" in each} == set(caplog.messages)
        for refused in (lambda: index.get("jsonl:b"), lambda: list(every(index, Query(), whole=True))):
            with pytest.raises(BadInput, match=r"cannot be read|wire version 99"):
                refused()
        index.write_verdicts([verdict("a", "annat", edited=2)])
        assert index.erase("anna") > 0
        assert (index.count("anna"), list(index.ids())) == (0, [])
        index.write_verdicts([verdict("d", "om zqxword")])
        make_unreadable(database, "post", "jsonl:d")
        assert index.expire(at(9)) == 1
        database.scrub()
        assert not _in_files(database, b"zqxword")

    def test_lists_and_counts_read_an_index(self, index: Index, database: Sqlite) -> None:
        del index
        plan = database.query("EXPLAIN QUERY PLAN SELECT 1 FROM index_post WHERE flagged = 1 AND severity >= 3 "
                              "ORDER BY judged DESC, created DESC, id DESC LIMIT 5")  # fmt: skip
        assert "index_post_flagged" in str(plan)


def _in_files(database: Sqlite, word: bytes) -> bool:
    return any(word in file.read_bytes() for file in database.path.parent.iterdir())


@settings(max_examples=30, deadline=None)
@given(st.lists(writes(), max_size=14), st.randoms(use_true_random=False), st.data())
def test_order_repetition_and_batches_do_not_matter(
    written: list[Write], order: random.Random, data: st.DataObject
) -> None:
    again = written + order.sample(written, k=len(written) // 2)
    order.shuffle(again)
    with tempfile.TemporaryDirectory() as folder:
        databases = [Sqlite(Path(folder) / f"{number}.db") for number in range(2)]
        straight, shuffled, memory = SqliteIndex(databases[0]), SqliteIndex(databases[1]), MemoryIndex()
        for kind, record in written:
            write(straight, kind, [record])
        for kind in ("alerts", "verdicts", "decisions", "deliveries"):
            write(shuffled, kind, [record for each, record in again if each == kind])
            write(memory, kind, [record for each, record in again[::-1] if each == kind])
        queries = [Query(), data.draw(QUERIES), data.draw(QUERIES)]
        assert seen(straight, queries) == seen(shuffled, queries) == seen(memory, queries)
        gone = data.draw(st.sampled_from(["erase", "forget", "expire"]))
        for index in (straight, shuffled, memory):
            if gone == "erase":
                index.erase("anna")
            elif gone == "forget":
                index.forget(["jsonl:a"])
            else:
                index.expire(at(2), flagged=True)
        assert seen(straight, queries) == seen(shuffled, queries) == seen(memory, queries)
        for database in databases:
            database.close()
