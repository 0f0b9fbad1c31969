"""The index stage of verdicts: deletions remove, in the order in which they came."""

from collections.abc import Collection

from review.index import Query
from review.indexes.memory import MemoryIndex
from review.stage import apply_verdicts
from tests.review.people import verdict


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
