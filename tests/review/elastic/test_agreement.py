"""Whatever order, repetition and batches records come in, and however many write: all ends as in memory, once."""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from registry.tenant import tenant_of
from review.index import Index, Query
from review.indexes.elasticsearch.index import ElasticsearchIndex
from review.indexes.elasticsearch.known import of_item
from review.indexes.elasticsearch.statistics import statistics as statistics_of
from review.indexes.elasticsearch.statistics import statistics_id
from review.indexes.elasticsearch.store import chunks
from review.indexes.memory import MemoryIndex
from tests.review.elastic.conftest import OFFICIALS, MakeIndex
from tests.review.elastic.statistics import statistics
from tests.review.people import at
from tests.review.writes import QUERIES, Write, seen, write, writes

KINDS = ("alerts", "verdicts", "decisions", "deliveries")


def expected_statistics(index: Index, prefix: str) -> dict[tuple[str, str], dict[str, Any]]:
    """The statistics that follow from what ``index`` holds."""
    found = {}
    for item in index.search(Query(limit=500)).items:
        known = of_item(item)
        for id in known.mentioned & OFFICIALS.keys():
            official = OFFICIALS[id]
            place = f"{prefix}-statistics-{tenant_of(official)}", statistics_id(item.verdict.post.id, id)
            found[place] = statistics_of(known, official) | {"labels": list(item.verdict.judgement.flagged)}
    return found


def empty(index: ElasticsearchIndex) -> None:
    index.expire(at(10**6))
    assert index.held([f"jsonl:{name}" for name in "abc"]) == set()
    assert statistics(index) == {}


def agree(index: ElasticsearchIndex, memory: MemoryIndex, queries: Sequence[Query]) -> None:
    assert seen(index, queries) == seen(memory, queries)
    assert statistics(index) == expected_statistics(memory, index.names.prefix)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(writes(), max_size=14), st.randoms(use_true_random=False), st.data())
def test_order_repetition_and_batches_do_not_matter(
    index: ElasticsearchIndex, written: list[Write], order: random.Random, data: st.DataObject
) -> None:
    empty(index)
    again = written + order.sample(written, k=len(written) // 2)
    order.shuffle(again)
    memory = MemoryIndex()
    for kind, record in written:
        write(memory, kind, [record])
    size = data.draw(st.integers(1, 5))
    for some in chunks(again, size):
        for kind in order.sample(KINDS, k=len(KINDS)):
            write(index, kind, [record for each, record in some if each == kind])
    queries = [Query(), data.draw(QUERIES), data.draw(QUERIES)]
    agree(index, memory, queries)
    gone = data.draw(st.sampled_from(["erase", "forget", "expire"]))
    counts = []
    for each in (index, memory):
        if gone == "erase":
            counts.append(each.erase("anna"))
        elif gone == "forget":
            counts.append(each.forget(["jsonl:a"]))
        else:
            counts.append(each.expire(at(2), flagged=True))
    assert counts[0] == counts[1]
    agree(index, memory, queries)


# Not shrunk: the order of threads cannot be repeated.
@settings(
    max_examples=3, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(writes(), min_size=20, max_size=60), st.randoms(use_true_random=False))
def test_several_write_about_the_same_posts_while_generations_roll_over(
    make_index: MakeIndex, written: list[Write], order: random.Random
) -> None:
    indexes = [make_index() for _ in range(4)]
    empty(indexes[0])
    memory = MemoryIndex()
    for kind, record in written:
        write(memory, kind, [record])
    shares = [order.sample(written, k=len(written) * 2 // 3) for _ in indexes]
    shares[0].extend(written)

    def carry_out(number: int) -> None:
        for kind, record in shares[number]:
            write(indexes[number], kind, [record])

    with ThreadPoolExecutor(len(indexes)) as pool:
        writing = [pool.submit(carry_out, number) for number in range(len(indexes))]
        indexes[0].generations.roll()
        for each in writing:
            each.result()
    agree(indexes[0], memory, [Query()])
