"""From a collector to the log: what is kept, what is not, and what happens to the rest."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from flow.clock import ManualClock
from flow.entry import DEAD_LETTERS, DeadLetter
from flow.errors import Stale
from flow.log import Log
from flow.logs.memory import MemoryLog
from ingest.collector import AuthorGone, Collected, Deletion, Item, Rejected
from ingest.intake import REJECTED, Intake, Taken
from ingest.post import POSTS, Mention, Post

AT = datetime(2026, 9, 14, 6, tzinfo=UTC)


class FindsAnna:
    """A strict twin of the matcher: the word Anna, and nothing else, mentions the official ``anna``."""

    def __init__(self, *, meanwhile: Callable[[], None] = lambda: None) -> None:
        self._meanwhile = meanwhile

    def match(self, posts: Sequence[Post], *, at: datetime) -> list[tuple[Mention, ...]]:
        assert at == AT
        self._meanwhile()
        found = [re.search(r"\bAnna\b", post.text) for post in posts]
        return [(Mention("anna", *hit.span(), "form"),) if hit else () for hit in found]


class Desk:
    """An intake, and what it is connected to."""

    def __init__(self) -> None:
        self.log: Log = MemoryLog(clock=ManualClock(AT))
        self.matcher = FindsAnna()
        self.stored: set[str] = set()
        self.taken = Taken()
        self.intake = Intake(
            log=self.log,
            matcher=lambda: self.matcher,
            held=lambda ids: self.stored & set(ids),
            posts_of=lambda source, author: sorted(self.stored) if (source, author) == ("web", "u1") else [],
            clock=ManualClock(AT),
            observe=self._observe,
        )

    def _observe(self, collector: str, taken: Taken) -> None:
        assert collector == "jsonl"
        self.taken += taken

    def take(self, *items: Item, cursor: str | None = None) -> None:
        self.intake.take("jsonl", Collected(items, cursor))

    @property
    def posts(self) -> list[Post]:
        return [POSTS.decode(entry.value) for entry in self.log.browse("posts")]

    def dead(self, topic: str) -> list[DeadLetter]:
        return [DEAD_LETTERS.decode(entry.value) for entry in self.log.browse(topic)]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def post(number: int, text: str) -> Post:
    return Post(id=f"web:{number}", source="web", text=text, created_at=AT, collected_at=AT)


def test_only_posts_that_mention_are_kept_with_their_mentions(desk: Desk) -> None:
    desk.take(post(1, "Hej Anna"), post(2, "SECRET of a stranger"), cursor="2")
    assert [(each.id, each.mentions) for each in desk.posts] == [("web:1", (Mention("anna", 4, 8, "form"),))]
    assert desk.log.cursor("jsonl") == "2"
    assert desk.taken == Taken(read=2, matched=1)
    assert all(b"SECRET" not in entry.value for topic in desk.log.topics() for entry in desk.log.browse(topic))


def test_the_same_post_again_is_a_duplicate(desk: Desk) -> None:
    desk.take(post(1, "Hej Anna"), post(1, "Hej Anna"))
    desk.take(post(1, "Hej Anna"))
    assert len(desk.posts) == 1
    assert desk.taken == Taken(read=3, matched=1, duplicates=2)


@pytest.mark.parametrize("together", [True, False])
def test_the_same_id_with_another_text_is_a_dead_letter(desk: Desk, together: bool) -> None:
    first, second = post(1, "Hej Anna"), post(1, "Anna, något annat")
    if together:
        desk.take(first, second)
    else:
        desk.take(first)
        desk.take(second)
    assert [each.text for each in desk.posts] == ["Hej Anna"]
    (letter,) = desk.dead("posts.dead")
    assert "another text" in letter.reason
    assert letter.officials == ("anna",)
    assert POSTS.decode(letter.value or b"").text == "Anna, något annat"


def test_an_edit_replaces(desk: Desk) -> None:
    desk.take(post(1, "Hej Anna"), replace(post(1, "Hej igen Anna"), edited_at=AT))
    assert [each.text for each in desk.posts] == ["Hej Anna", "Hej igen Anna"]
    desk.take(replace(post(1, "Hej igen Anna"), edited_at=AT))
    assert desk.taken == Taken(read=3, matched=2, duplicates=1)


def test_an_edit_that_takes_the_mention_out_removes_the_post(desk: Desk) -> None:
    desk.take(post(1, "Hej Anna"), replace(post(1, "SECRET"), edited_at=AT), replace(post(2, "SECRET"), edited_at=AT))
    assert [(each.id, each.text, each.deleted_at) for each in desk.posts] == [
        ("web:1", "Hej Anna", None),
        ("web:1", "", AT),
    ]


def test_a_deletion_follows_its_post_and_is_not_stored_for_strangers(desk: Desk) -> None:
    desk.take(post(1, "Hej Anna"), Deletion("web:1", AT), Deletion("web:9", AT))
    assert [(each.id, each.deleted_at) for each in desk.posts] == [("web:1", None), ("web:1", AT)]
    assert desk.taken == Taken(read=1, matched=1, deleted=1)


def test_a_post_that_only_the_index_still_holds_is_deleted_too(desk: Desk) -> None:
    desk.stored = {"web:7"}
    desk.take(Deletion("web:7", AT))
    assert [(each.id, each.deleted_at) for each in desk.posts] == [("web:7", AT)]


def test_a_post_that_comes_back_after_its_deletion_is_new(desk: Desk) -> None:
    desk.take(post(1, "Hej Anna"), Deletion("web:1", AT), post(1, "Hej Anna"))
    assert [each.deleted_at for each in desk.posts] == [None, AT, None]


def test_an_account_that_is_gone_takes_its_posts_along(desk: Desk) -> None:
    desk.stored = {"web:1", "web:2"}
    desk.take(AuthorGone("web", "u1", AT), AuthorGone("web", "u2", AT))
    assert [(each.id, each.deleted_at) for each in desk.posts] == [("web:1", AT), ("web:2", AT)]


def test_a_rejected_line_is_kept_only_if_it_names_an_official(desk: Desk) -> None:
    mine = Rejected("jsonl", "not valid JSON", "a.jsonl line 1", b'{"text": "Anna', AT)
    other = Rejected("jsonl", "not valid JSON", "a.jsonl line 2", b'{"text": "SECRET \xff', AT)
    desk.take(mine, other, cursor="2")
    first, second = desk.dead(REJECTED)
    assert (first.value, first.officials, first.origin) == (mine.raw, ("anna",), "collector:jsonl")
    assert (second.value, second.officials, second.place) == (None, (), "a.jsonl line 2")
    assert desk.taken == Taken(read=2, rejected=2)


def test_items_keep_their_order_among_rejected_ones(desk: Desk) -> None:
    desk.take(
        Rejected("jsonl", "bad", "line 1", b"{", AT),
        post(1, "Hej Anna"),
        Rejected("jsonl", "bad", "line 3", b"Anna", AT),
    )
    assert [letter.officials for letter in desk.dead(REJECTED)] == [(), ("anna",)]
    assert desk.posts[0].mentions == (Mention("anna", 4, 8, "form"),)


def test_a_withdrawal_while_matching_makes_the_batch_stale(desk: Desk) -> None:
    desk.matcher = FindsAnna(meanwhile=desk.log.bump)
    with pytest.raises(Stale):
        desk.take(post(1, "Hej Anna"), cursor="1")
    assert desk.posts == []
    assert desk.log.cursor("jsonl") is None


def test_created_long_ago_is_no_reason_to_refuse(desk: Desk) -> None:
    desk.take(replace(post(1, "Hej Anna"), created_at=AT - timedelta(days=4000)))
    assert len(desk.posts) == 1
