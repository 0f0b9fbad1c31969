"""Generations: a post lies in one of them alone, and none is lost when they are made anew under those who write."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from elasticsearch import Elasticsearch

from flow.errors import BadInput, Unavailable
from review.index import Index, Query
from review.indexes.elasticsearch.documents import Holding
from review.indexes.elasticsearch.generations import Generations
from review.indexes.elasticsearch.index import ElasticsearchIndex
from review.indexes.elasticsearch.known import Known
from review.indexes.elasticsearch.reindexing import Reindexing, abandon
from review.indexes.elasticsearch.store import Change, Store
from review.indexes.elasticsearch.writing import Writing, _joined
from review.indexes.memory import MemoryIndex
from tests.review.elastic.conftest import OFFICIALS, MakeIndex
from tests.review.elastic.statistics import statistics
from tests.review.elastic.test_agreement import agree
from tests.review.people import alert, at, decision, delivery, verdict


def where(index: ElasticsearchIndex, post: str) -> list[str]:
    """The numbers of the generations that hold the post."""
    found = index._store.read([post], index.generations.current()).get(post, [])
    return [stored.index.rpartition("-")[2] for stored in found]


def test_older_generations_are_still_written_to(index: ElasticsearchIndex) -> None:
    old, new = verdict("old"), verdict("new")
    index.write_verdicts([old])
    index.generations.roll()
    index.write_verdicts([new])
    index.write_alerts([alert(old), alert(new)])
    index.write_decisions([decision("jsonl:old"), decision("jsonl:early")])
    assert (where(index, "jsonl:old"), where(index, "jsonl:new")) == (["000001"], ["000002"])
    assert where(index, "jsonl:early") == ["000002"]
    assert {item.verdict.post.id for item in index.search(Query(alerted=True)).items} == {"jsonl:old", "jsonl:new"}
    assert index.forget(["jsonl:old", "jsonl:new", "jsonl:early"]) == 6


def test_begins_a_new_generation_when_it_is_due(index: ElasticsearchIndex) -> None:
    index.write_verdicts([verdict("a"), verdict("b")])
    assert not index.generations.due({"max_docs": 3, "max_age": "30d"})
    assert index.generations.due({"max_docs": 2})


def test_an_old_generation_goes_when_it_is_empty(index: ElasticsearchIndex) -> None:
    index.write_verdicts([verdict("old", collected=1)])
    index.generations.roll()
    index.write_verdicts([verdict("new", collected=5)])
    index.expire(at(1))
    assert len(index.generations.current()) == 2
    index.expire(at(5))
    (left,) = index.generations.current()
    assert left.endswith("-000002")
    assert not index.client.indices.exists(index=left.replace("-000002", "-000001"))


def test_an_old_generation_that_was_left_closed_is_opened_by_the_next_cleaning(index: ElasticsearchIndex) -> None:
    index.write_verdicts([verdict("old", collected=9)])
    index.generations.roll()
    index.generations.block(index.generations.current()[:1])
    index.expire(at(1))
    index.write_verdicts([verdict("old", collected=9, edited=1)])
    assert where(index, "jsonl:old") == ["000001"]


def test_an_old_generation_is_not_left_closed_where_the_cleaning_fails(
    index: ElasticsearchIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.generations.roll()

    def refuse(self: Generations, names: Sequence[str]) -> None:
        raise Unavailable("busy")

    with monkeypatch.context() as patched:
        patched.setattr(Generations, "delete", refuse)
        with pytest.raises(Unavailable, match="busy"):
            index.expire(at(1))
    assert [each.state for each in index.generations.standing()] == ["takes changes", "takes new documents"]


def test_two_who_begin_a_new_generation_at_once_are_no_fault(
    index: ElasticsearchIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(self: Generations, conditions: object) -> bool:
        self.create()
        return True

    monkeypatch.setattr(Generations, "due", late)
    monkeypatch.setattr(
        "review.indexes.elasticsearch.generations.next_generation", lambda alias, before: f"{alias}-000002"
    )
    assert index.expire(at(1)) == 0
    assert index.generations.current() == (f"{index.names.items}-000001",)


def test_a_roll_over_that_was_interrupted_holds_up_no_erasure_and_is_completed_by_the_next_cleaning(
    index: ElasticsearchIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = Generations.create

    def unheard(self: Generations, settings: Mapping[str, object] | None = None, *, rolling: bool = False) -> str:
        create(self, settings, rolling=rolling)
        raise Unavailable("no answer")

    index.write_verdicts([verdict("a")])
    with monkeypatch.context() as patched:
        patched.setattr(Generations, "due", lambda self, conditions: True)
        patched.setattr(Generations, "create", unheard)
        with pytest.raises(Unavailable, match="no answer"):
            index.expire(at(-1))
    states = [each.state for each in index.generations.standing()]
    assert states == ["takes new documents", "not in use yet: the next cleaning goes on with it"]
    assert index.erase("anna") == 1
    index.write_verdicts([verdict("b")])
    index.expire(at(-1))
    assert [each.state for each in index.generations.standing()] == ["takes changes", "takes new documents"]
    assert (where(index, "jsonl:b"), index.generations.outside()) == (["000001"], ())
    assert index.generations.roll() == f"{index.names.items}-000003"  # nothing is left of the one before


class _Interrupted(Store):
    """Lets something happen after a document was looked for and before it is written."""

    between: Callable[[], None] | None = None

    def write(self, changes: Sequence[Change]) -> set[str]:
        between, self.between = self.between, None
        if between is not None:
            between()
        return super().write(changes)


@pytest.fixture
def interrupted(index: ElasticsearchIndex) -> Callable[[Callable[[], None]], ElasticsearchIndex]:
    """The index with something that happens in the midst of its next write."""

    def make(between: Callable[[], None]) -> ElasticsearchIndex:
        store = _Interrupted(index.client, refresh=True)
        store.between = between
        index._writing = Writing(store, generations=index.generations, counting=index._writing._counting)
        return index

    return make


def test_two_who_put_the_same_post_into_two_generations_end_with_one(
    make_index: MakeIndex, interrupted: Callable[[Callable[[], None]], ElasticsearchIndex]
) -> None:
    """The first one has looked before the roll-over and writes after the second one has."""
    post = verdict("a")
    other = make_index()

    def between() -> None:
        other.generations.roll()
        other.write_alerts([alert(post)])
        assert where(other, post.post.id) == ["000002"]

    index = interrupted(between)
    index.write_verdicts([post])
    assert where(index, post.post.id) == ["000001"]
    item = index.get(post.post.id)
    assert item is not None
    assert [each.rule for each in item.alerts] == ["grave"]
    assert index.counts().alerts == index.counts().verdicts == 1


def test_also_if_the_second_one_had_looked_before_the_first_one_wrote(
    make_index: MakeIndex, interrupted: Callable[[Callable[[], None]], ElasticsearchIndex]
) -> None:
    post = verdict("a")
    other = make_index()
    old = other.generations.current()
    other.generations.roll()

    def between() -> None:
        late = Store(other.client, refresh=True)
        counting = other._writing._counting
        made = _joined(post.post.id, Known(post), [], into=old[0], counting=counting)[1]
        assert late.write(made) == set()

    index = interrupted(between)
    index.write_alerts([alert(post)])
    assert where(index, post.post.id) == ["000001"]
    assert index.counts().alerts == index.counts().verdicts == 1


def test_a_removal_that_comes_too_late_leaves_the_statistics_of_the_winner(
    make_index: MakeIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the clock does not help to tell which of them is newer."""
    monkeypatch.setattr("time.time_ns", lambda: 0)
    index, other = make_index(), make_index()
    index.write_verdicts([verdict("a", collected=1)])
    counting = index._erasing._counting
    remove = counting.remove

    def late(gone: Mapping[str, Holding]) -> None:
        other.write_verdicts([verdict("a", collected=1, severity="high", edited=1)])
        remove(gone)

    monkeypatch.setattr(counting, "remove", late)
    assert index.expire(at(5), flagged=False) == 0
    (found,) = statistics(index).values()
    assert found["severity"] == "high"


def patient(write: Callable[[], None], *, until: float = 60.0) -> None:
    """Writes as a stage does: again while something is unavailable."""
    deadline = threading.Event()
    timer = threading.Timer(until, deadline.set)
    timer.start()
    try:
        while not deadline.is_set():
            try:
                return write()
            except Unavailable:
                deadline.wait(0.02)
        raise AssertionError("it never became available")
    finally:
        timer.cancel()


def test_reindexing_loses_nothing_that_is_written_meanwhile(make_index: MakeIndex) -> None:
    index, memory = make_index(), MemoryIndex()
    for each in (index, memory):
        _fill(each, range(300))
    index.generations.roll()
    for each in (index, memory):
        _fill(each, range(300, 400))
    done = threading.Event()
    rounds = []

    def keep_writing(number: int) -> None:
        own, turn = make_index(), 0
        while not done.is_set() or turn < 3:
            for kind, record in _more(number, turn):
                patient(lambda kind=kind, record=record: getattr(own, f"write_{kind}")([record]))  # type: ignore[misc]
            turn += 1
        rounds.append((number, turn))

    with ThreadPoolExecutor(3) as pool:
        writing = [pool.submit(keep_writing, number) for number in range(3)]
        try:
            Reindexing(index.client, names=index.names, officials=OFFICIALS.get).run()
            Reindexing(index.client, names=index.names, officials=OFFICIALS.get).run()
        finally:
            done.set()
        for each in writing:
            each.result()
    for number, turns in rounds:
        for turn in range(turns):
            for kind, record in _more(number, turn):
                getattr(memory, f"write_{kind}")([record])
    assert index.generations.current() == (f"{index.names.items}-000004",)
    settings = index.client.indices.get_settings(index=f"{index.names.prefix}-*", name="index.refresh_interval")
    assert {each["settings"]["index"]["refresh_interval"] for each in settings.values()} == {"1s"}
    agree(index, memory, [Query(limit=500), Query(text="bron", limit=500)])


def _fill(index: Index, numbers: range) -> None:
    verdicts = [
        verdict(str(number), f"bron {number}", officials=("anna", "bo")[: number % 2 + 1]) for number in numbers
    ]
    index.write_verdicts(verdicts)
    index.write_alerts([alert(each) for each in verdicts[::10]])


def _more(number: int, turn: int) -> list[tuple[str, object]]:
    """What one of the writers does in its next turn: new posts, edits, news about old ones, and some that go away."""
    new = verdict(f"w{number}-{turn}", "ny text", severity="low")
    edited = verdict(str(turn * 3 + number), "ändrad", officials=("bo",), edited=turn + 1)
    raised = alert(verdict(str(turn)), official="anna", raised=turn)
    return [
        ("verdicts", new),
        ("verdicts", edited),
        ("deliveries", delivery(raised, minutes=turn)),
        ("decisions", decision(f"jsonl:{turn}", minutes=turn)),
    ]


def test_what_is_removed_while_a_reindexing_copies_does_not_come_back(make_index: MakeIndex) -> None:
    index, other = make_index(), make_index()
    _fill(index, range(200))
    gone = threading.Event()

    def forget(copied: int) -> None:
        if not gone.is_set():
            gone.set()
            other.forget([f"jsonl:{number}" for number in range(0, 200, 2)])
            other.write_verdicts([verdict("new"), verdict("0", "åter")])

    assert Reindexing(index.client, names=index.names, officials=OFFICIALS.get, told=forget).run() == 102
    memory = MemoryIndex()
    _fill(memory, range(200))
    memory.forget([f"jsonl:{number}" for number in range(0, 200, 2)])
    memory.write_verdicts([verdict("new"), verdict("0", "åter")])
    agree(index, memory, [Query(limit=500)])


def test_a_reindexing_waits_while_elasticsearch_is_busy(index: ElasticsearchIndex) -> None:
    _fill(index, range(20))
    pauses: list[float] = []

    def close(on: bool) -> None:
        block = {"index.blocks.read_only_allow_delete": on or None}
        for name in index.generations.outside():
            index.client.indices.put_settings(index=name, settings=block)

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        close(False)

    work = Reindexing(
        index.client,
        names=index.names,
        officials=OFFICIALS.get,
        told=lambda copied: close(not pauses),
        pause=pause,
    )
    assert work.run() == 20
    assert len(pauses) == 1


def test_a_reindexing_that_fails_leaves_all_as_it_was(index: ElasticsearchIndex) -> None:
    _fill(index, range(20))

    def fail(copied: int) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        Reindexing(index.client, names=index.names, officials=OFFICIALS.get, told=fail).run()
    assert index.generations.outside() == ()
    _fill(index, range(20, 40))
    assert index.counts().verdicts == 40


def test_a_reindexing_that_was_killed_is_cleared_up_by_a_person(
    index: ElasticsearchIndex, client: Elasticsearch
) -> None:
    _fill(index, range(20))
    left = index.generations.create()
    index.generations.block(index.generations.current())
    with pytest.raises(Unavailable, match="reindexing"):
        _fill(index, range(20, 40))
    with pytest.raises(Unavailable, match="reindexing"):
        index.erase("anna")
    with pytest.raises(BadInput, match="--abandon"):
        Reindexing(client, names=index.names, officials=OFFICIALS.get).run()
    assert abandon(client, index.names) == [left]
    _fill(index, range(20, 40))
    assert index.counts().verdicts == 40
    assert index.erase("anna") == 40 + 4


def test_many_at_once_make_the_first_index_of_a_tenant(make_index: MakeIndex) -> None:
    indexes = [make_index() for _ in range(8)]
    with ThreadPoolExecutor(len(indexes)) as pool:
        for number, index in enumerate(indexes):
            pool.submit(index.write_verdicts, [verdict(str(number), officials=("anna", "bo"))])
    assert indexes[0].counts().verdicts == len(indexes)
    names = indexes[0].client.indices.get(index=indexes[0].names.statistics("*"))
    assert sorted(name.partition("-statistics-")[2] for name in names) == ["haabo-000001", "habo-000001"]
    assert len(statistics(indexes[0])) == 2 * len(indexes)
