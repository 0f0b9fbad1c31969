"""What goes wrong with Elasticsearch, on a server of the test's own: wait, dead letter, or stop and tell."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import count

import pytest

from flow.errors import BadInput, Broken, Unavailable
from registry.holder import Part
from review.index import Query
from review.indexes.elasticsearch.client import connect
from review.indexes.elasticsearch.index import ElasticsearchIndex
from review.indexes.elasticsearch.reindexing import Reindexing
from review.indexes.memory import MemoryIndex
from tests.review.elastic.conftest import OFFICIALS, set_up
from tests.review.elastic.statistics import statistics
from tests.review.elastic.test_generations import patient
from tests.review.people import alert, at, verdict
from tests.servers.elasticsearch import Elasticsearch
from tests.servers.fixtures import StartServer

_NUMBER = count()


@pytest.fixture(scope="module")
def server() -> Iterator[Elasticsearch]:
    with ExitStack() as stack:
        yield StartServer(stack)(Elasticsearch())


@contextmanager
def index_over(server: Elasticsearch, prefix: str) -> Iterator[ElasticsearchIndex]:
    with connect([server.address]) as client:
        yield ElasticsearchIndex(client, prefix=prefix, officials=OFFICIALS.get, refresh=True)


@pytest.fixture
def index(server: Elasticsearch) -> Iterator[ElasticsearchIndex]:
    prefix = f"t{next(_NUMBER)}"
    with index_over(server, prefix) as index:
        set_up(index.client, prefix)
        yield index


def test_waits_while_the_disk_is_full(index: ElasticsearchIndex) -> None:
    """Elasticsearch then closes its indices for writing, and opens them when there is room again."""
    block = {"index.blocks.read_only_allow_delete": True}
    index.client.indices.put_settings(index=index.names.items, settings=block)
    with pytest.raises(Unavailable):
        index.write_verdicts([verdict("a")])
    index.client.indices.put_settings(index=index.names.items, settings=dict.fromkeys(block))
    index.write_verdicts([verdict("a")])
    assert index.counts().verdicts == 1


def test_waits_while_statistics_cannot_be_written_and_loses_none(index: ElasticsearchIndex) -> None:
    index.write_verdicts([verdict("a")])
    pattern = index.names.statistics("*")
    index.client.indices.put_settings(index=pattern, settings={"index.blocks.read_only": True})
    edited = verdict("a", severity="high", edited=1)
    with pytest.raises(Unavailable):
        index.write_verdicts([edited])
    index.client.indices.put_settings(index=pattern, settings={"index.blocks.read_only": None})
    index.write_verdicts([edited])
    (found,) = statistics(index).values()
    assert found["severity"] == "high"


def test_waits_while_statistics_cannot_be_removed_and_leaves_none(index: ElasticsearchIndex) -> None:
    index.write_verdicts([verdict("a")])
    pattern = index.names.statistics("*")
    index.client.indices.put_settings(index=pattern, settings={"index.blocks.read_only": True})
    with pytest.raises(Unavailable):
        index.forget(["jsonl:a"])
    index.client.indices.put_settings(index=pattern, settings={"index.blocks.read_only": None})
    assert index.forget(["jsonl:a"]) == 1
    assert statistics(index) == {}


def test_waits_while_it_has_no_memory(index: ElasticsearchIndex) -> None:
    index.write_verdicts([verdict("a")])
    limit = {"indices.breaker.request.limit": "1kb"}
    index.client.cluster.put_settings(transient=limit)
    try:
        with pytest.raises(Unavailable, match="429"):
            index.counts()
    finally:
        index.client.cluster.put_settings(transient=dict.fromkeys(limit))
    assert index.counts().verdicts == 1


def test_waits_while_it_hangs(server: Elasticsearch, index: ElasticsearchIndex) -> None:
    hasty = ElasticsearchIndex(
        index.client.options(request_timeout=0.5, max_retries=0), prefix=index.names.prefix, officials=OFFICIALS.get
    )
    server.pause()
    try:
        with pytest.raises(Unavailable, match="in time"):
            hasty.write_verdicts([verdict("a")])
    finally:
        server.resume()
    index.write_verdicts([verdict("a")])
    assert index.counts().verdicts == 1


def test_what_can_never_be_written_is_bad_input_and_the_others_are_written(index: ElasticsearchIndex) -> None:
    """Told without the text: Elasticsearch's own message would quote it."""
    secret = "zqxsecret" * 5000
    bad = verdict("bad", author=secret)
    with pytest.raises(BadInput) as raised:
        index.write_verdicts([verdict("good"), bad])
    assert "zqxsecret" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert index.held(["jsonl:good", "jsonl:bad"]) == {"jsonl:good"}


def test_a_mapping_of_another_version_stops_and_tells(index: ElasticsearchIndex) -> None:
    client, items = index.client, index.names.items
    (old,) = index.generations.current()
    client.indices.delete(index=old)
    mappings = {"dynamic": "strict", "properties": {"post": {"type": "keyword"}}}
    body = {"index_patterns": [f"{items}-*"], "priority": 900, "template": {"mappings": mappings}}
    client.indices.put_index_template(name=f"{index.names.prefix}-other", **body)
    index.generations.begin()
    with pytest.raises(Broken, match="turvakt reindex"):
        index.write_verdicts([verdict("a")])


def test_where_somebody_has_removed_the_templates_nothing_is_guessed(index: ElasticsearchIndex) -> None:
    index.client.indices.delete_index_template(name=f"{index.names.prefix}-statistics")
    with pytest.raises(Broken, match="turvakt index apply"):
        index.write_verdicts([verdict("a")])
    set_up(index.client, index.names.prefix)
    Reindexing(index.client, names=index.names, officials=OFFICIALS.get).run()
    index.write_verdicts([verdict("a")])
    assert len(statistics(index)) == 1


def test_without_indices_it_stops_and_tells(server: Elasticsearch) -> None:
    with index_over(server, "nothing") as index:
        for use in (lambda: index.write_verdicts([verdict("a")]), index.counts, lambda: index.get("a")):
            with pytest.raises(Broken, match="turvakt index apply"):
                use()


def test_no_index_is_made_by_a_writer_that_comes_too_late(index: ElasticsearchIndex) -> None:
    """It still knows the index that a reindexing has removed."""
    (old,) = index.generations.current()
    new = index.generations.roll()
    index.client.indices.delete(index=old)
    found = index._store.bulk([[b'{"index": {"_index": "%s", "_id": "1"}}' % old.encode(), b"{}"]])
    assert found[0]["status"] == 404
    assert index.generations.current() == (new,)


def test_nobody_answers() -> None:
    with connect(["http://127.0.0.1:9"]) as client:
        index = ElasticsearchIndex(client, prefix="t", officials=OFFICIALS.get)
        with pytest.raises(Unavailable, match="cannot be reached"):
            index.write_verdicts([verdict("a")])
        with pytest.raises(Unavailable):
            index.erase("anna")


@pytest.mark.parametrize("urls", [["nonsense"], [], ["http://"]])
def test_an_address_that_is_none(urls: list[str]) -> None:
    with pytest.raises(Broken, match=r"elasticsearch\.urls"):
        connect(urls)


def test_killed_in_the_midst_of_bulk_writes_nothing_is_lost_or_doubled(
    server: Elasticsearch, index: ElasticsearchIndex
) -> None:
    """Each writer repeats its batch until it is acknowledged."""
    prefix, writers, batches = index.names.prefix, 3, 8
    acknowledged = threading.Semaphore(0)

    def batch(writer: int, number: int) -> list[object]:
        first = number * 50
        return [verdict(f"{writer}-{first + each}", f"bron {each}", judged=each) for each in range(50)]

    def write(writer: int) -> None:
        with index_over(server, prefix) as own:
            for number in range(batches):
                verdicts = batch(writer, number)
                patient(lambda verdicts=verdicts: own.write_verdicts(verdicts), until=300)  # type: ignore[misc]
                acknowledged.release()
                patient(lambda verdicts=verdicts: own.write_alerts([alert(each) for each in verdicts[::10]]), until=300)  # type: ignore[misc]

    with ThreadPoolExecutor(writers) as pool:
        writing = [pool.submit(write, writer) for writer in range(writers)]
        for _ in range(8):
            assert acknowledged.acquire(timeout=300)
        server.kill()
        server.start()
        for each in writing:
            each.result()
    memory = MemoryIndex()
    for writer in range(writers):
        for number in range(batches):
            memory.write_verdicts(batch(writer, number))  # type: ignore[arg-type]
            memory.write_alerts([alert(each) for each in batch(writer, number)[::10]])  # type: ignore[arg-type]
    patient(index._searching.refresh)
    assert index.counts() == memory.counts()
    assert index.counts().verdicts == writers * batches * 50
    assert list(index.ids()) == list(memory.ids())
    assert index.client.count(index=index.names.statistics("*"))["count"] == writers * batches * 50


def test_no_word_of_a_removed_text_is_left_in_the_files(server: Elasticsearch, index: ElasticsearchIndex) -> None:
    """A few documents of thousands, which no ordinary merge would drop, and while others keep being replaced."""
    for start in range(0, 4000, 1000):
        numbers = range(start, start + 1000)
        index.write_verdicts(
            [verdict(f"{each}", f"vanlig text nummer{each}", officials=("bo",), collected=9) for each in numbers]
        )
    removed = [
        verdict("erase", "kvaxlorp", officials=("anna",), collected=9),
        verdict("source", "fjolzquek", officials=("anna",), collected=9, source="feed"),
        verdict("expire", "mjuzbrint", officials=("bo",), collected=1),
        verdict("forget", "wydgefop", officials=("bo",), collected=9),
        verdict("edit", "hnqicrusk", officials=("bo",), collected=9),
    ]
    index.write_verdicts(removed)
    index.write_alerts([alert(removed[0])])
    # What the post answers goes with the erasure, too.
    shared = verdict("shared", "tillsammans", officials=("anna", "bo"), collected=9)
    index.write_verdicts([replace(shared, post=replace(shared.post, reply_to=("bzolpefyt",)))])
    index.client.indices.flush(index=index.names.items)
    # With nothing in common: compression would write the later one as a reference to the earlier one.
    words = {*(each.post.text for each in removed), "bzolpefyt"}
    assert _in_files(server, words) == words
    assert index.erase("anna", Part("source", "feed")) == 1
    assert index.erase("anna") == 3
    assert index.expire(at(5)) == 1
    assert index.forget(["jsonl:forget"]) == 1
    index.write_verdicts([verdict("edit", "annat", officials=("bo",), edited=3, collected=9)])
    done = threading.Event()

    def keep_writing() -> None:
        turn = 0
        while not done.is_set():
            turn += 1
            index.write_verdicts([verdict(str(each), "ny", officials=("bo",), edited=turn) for each in range(20)])

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(keep_writing)
        try:
            index.scrub()
            assert _in_files(server, words) == set()
        finally:
            done.set()
        writing.result()
    assert len(index.search(Query(text="vanlig", limit=500)).items) == 500


def _in_files(server: Elasticsearch, words: set[str]) -> set[str]:
    files = [path.read_bytes() for path in (server.folder / "data").rglob("*") if path.is_file()]
    return {word for word in words if any(word.encode() in file for file in files)}
