"""The index stages, and deletions in the order in which they came."""

from collections.abc import Collection, Sequence

import pytest

from alerts.alert import ALERTS, DELIVERIES
from classify.verdict import VERDICTS, Verdict
from flow.clock import ManualClock
from flow.errors import BadInput
from flow.logs.memory import MemoryLog
from review.decision import DECISIONS
from review.index import Item, Query
from review.indexes.memory import MemoryIndex
from review.stage import apply_verdicts, index_stages
from tests.review.people import alert, at, decision, delivery, verdict


def test_writes_verdicts_and_forgets_deleted_posts() -> None:
    index = MemoryIndex()
    gone: list[str] = []

    def forget(posts: Collection[str]) -> None:
        gone.extend(posts)
        index.forget(posts)

    apply = apply_verdicts(index, forget=forget)
    apply([verdict("a"), verdict("b"), verdict("c")])
    assert gone == []
    apply(
        [
            verdict("a", deleted=2),
            verdict("c", edited=1),
            verdict("c", deleted=2),
            verdict("b", deleted=2),
            verdict("b", "ny"),
        ]
    )
    assert gone == ["jsonl:a", "jsonl:b", "jsonl:c"]
    assert [item.verdict.post.text for item in index.search(Query()).items] == ["ny"]


def test_what_a_newer_program_wrote_goes_with_its_deletion_too(monkeypatch: pytest.MonkeyPatch) -> None:
    index, gone = MemoryIndex(), list[str]()

    def get(post: str) -> Item | None:
        raise BadInput("wire version 99", place="index")

    monkeypatch.setattr(index, "get", get)
    told = list[Sequence[Verdict]]()
    apply_verdicts(index, overtaken=told.append, forget=gone.extend)([verdict("a"), verdict("a", deleted=2)])
    assert gone == ["jsonl:a"]
    assert told == [[verdict("a")]]


def test_each_stage_reads_its_topic_into_the_index() -> None:
    index, clock = MemoryIndex(), ManualClock(at(0))
    log = MemoryLog(clock=clock)
    first = verdict("a")
    with log.write() as writer:
        writer.append("verdicts", "jsonl:a", VERDICTS.encode(first))
        writer.append("alerts", "jsonl:a", ALERTS.encode(alert(first)))
        writer.append("deliveries", "jsonl:a", DELIVERIES.encode(delivery(alert(first))))
        writer.append("decisions", "jsonl:a", DECISIONS.encode(decision("jsonl:a")))
    for stage in index_stages(index=index, forget=index.forget, clock=clock):
        batch = log.read(stage.source, stage.name, 10)
        with log.write(epoch=batch.epoch) as writer:
            stage.hand_over(stage.step(batch.entries), writer)
    item = index.get("jsonl:a")
    assert item is not None
    assert (item.verdict, len(item.alerts), len(item.deliveries)) == (first, 1, 1)
    assert item.decision == decision("jsonl:a")
