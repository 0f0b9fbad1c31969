"""From a collector to the log: what is kept, what is not, and what happens to the rest."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from flow.clock import ManualClock
from flow.entry import DEAD_LETTERS, DeadLetter
from flow.errors import BadInput, Broken, Stale, Unavailable
from flow.log import Log
from flow.logs.memory import MemoryLog
from ingest.batch import MOST_UNKEPT
from ingest.collector import AuthorGone, Collected, Deletion, Item, Rejected
from ingest.intake import REJECTED, Intake, Taken
from ingest.objections import Account
from ingest.post import POSTS, Author, Mention, Post
from tests.flow.kafka_log import opened, prepared
from tests.servers.fixtures import Place
from tests.servers.kafka import create_topics

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

    def __init__(self, log: Log, *, defers: bool = True) -> None:
        self.log = log
        self.matcher = FindsAnna()
        self.stored: set[str] = set()
        self.index_is_away = self.index_refuses = False
        self.objectors: set[Account] = set()
        self.taken = Taken()
        self.intake = Intake(
            log=self.log,
            matcher=lambda: self.matcher,
            held=lambda ids: self._there() & set(ids),
            posts_of=lambda source, author: sorted(self._there()) if (source, author) == ("web", "u1") else [],
            clock=ManualClock(AT),
            observe=self._observe,
            objected=self.objectors.intersection,
            defers=defers,
        )

    def _there(self) -> set[str]:
        if self.index_refuses:
            raise Broken("it refuses us")
        if self.index_is_away:
            raise Unavailable("it is away")
        return self.stored

    def _observe(self, collector: str, taken: Taken) -> None:
        assert collector == "jsonl"
        self.taken += taken

    def take(self, *items: Item, cursor: str | None = None) -> None:
        self.intake.take("jsonl", Collected(items, cursor))

    def replay(self, *items: Item, topic: str) -> None:
        """Take the first dead letter of ``topic`` as ``items``."""
        self.intake.take("jsonl", Collected(items, None), letter=self.log.browse(topic)[0])

    def most(self) -> int:
        """Bytes of an entry; where there is no end to them, a number as good as any."""
        return self.log.largest or 1_000_000

    @property
    def posts(self) -> list[Post]:
        return [POSTS.decode(entry.value) for entry in self.log.browse("posts")]

    def dead(self, topic: str) -> list[DeadLetter]:
        return [DEAD_LETTERS.decode(entry.value) for entry in self.log.browse(topic)]


@pytest.fixture(params=["memory", "kafka"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    if request.param == "memory":
        yield Desk(MemoryLog(clock=ManualClock(AT)))
        return
    place: Place = request.getfixturevalue("kafka")
    topics = ("posts", "posts.dead", REJECTED)
    create_topics(place.address, *(place.prefix + topic for topic in topics))
    with (
        prepared(request.getfixturevalue("postgres")) as database,
        opened(place, database, ManualClock(AT), readers={"posts": ["classify"]}) as log,
    ):
        yield Desk(log)


def post(number: int, text: str) -> Post:
    return Post(id=f"web:{number}", source="web", text=text, created_at=AT, collected_at=AT)


def test_only_posts_that_mention_are_kept_with_their_mentions(desk: Desk) -> None:
    desk.take(post(1, "Hej Anna"), post(2, "SECRET of a stranger"), cursor="2")
    assert [(each.id, each.mentions) for each in desk.posts] == [("web:1", (Mention("anna", 4, 8, "form"),))]
    assert desk.log.cursor("jsonl") == "2"
    assert desk.taken == Taken(read=2, matched=1)
    assert all(b"SECRET" not in entry.value for topic in desk.log.topics() for entry in desk.log.browse(topic))


def test_what_an_author_writes_who_is_left_alone_is_not_kept_and_takes_away_what_was(desk: Desk) -> None:
    kalle = Author(id="u7", handle="kalle.example")
    desk.take(replace(post(1, "Hej Anna"), author=kalle), post(2, "Hej Anna"))
    desk.objectors.add(("web", "u7"))
    edited = replace(post(1, "Hej igen, Anna"), author=kalle, edited_at=AT)
    desk.take(edited, replace(post(3, "Hej Anna"), author=kalle), replace(post(4, "Hej Anna"), author=Author(id="u8")))
    assert [(each.id, each.deleted_at is not None) for each in desk.posts] == [
        ("web:1", False),
        ("web:2", False),
        ("web:1", True),
        ("web:4", False),
    ]


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


def test_what_is_larger_than_an_entry_may_be_is_a_dead_letter_and_the_rest_goes_on(desk: Desk) -> None:
    text = "Hej Anna" + desk.most() * "!"
    for _ in range(2):  # a feed tells of it each time it is read
        desk.take(post(1, text), post(2, "Hej Anna"), cursor="2")
    taken = ["web:1", "web:2"] if desk.log.largest is None else ["web:2"]
    assert [each.id for each in desk.posts] == taken
    assert desk.log.cursor("jsonl") == "2"
    letters = desk.dead(REJECTED)
    assert [(letter.key, letter.origin, letter.officials) for letter in letters] == [
        (key, "posts", ("anna",)) for key in ("web:1", "web:2") if key not in taken
    ]
    if letters:
        assert "larger" in letters[0].reason
        assert POSTS.decode(letters[0].value or b"").text == text
        with pytest.raises(BadInput, match="larger"):
            desk.replay(post(1, text), topic=REJECTED)
        assert len(desk.dead(REJECTED)) == 1
        desk.replay(post(1, "Hej Anna"), topic=REJECTED)
        assert (desk.dead(REJECTED), [each.id for each in desk.posts]) == ([], ["web:2", "web:1"])


@pytest.mark.parametrize("too_much", [0, 1])
def test_what_is_just_as_large_as_an_entry_may_be_is_taken(desk: Desk, too_much: int) -> None:
    desk.take(post(1, "Hej Anna"))
    (entry,) = desk.log.browse("posts")
    room = desk.most() - len(entry.key) - len(entry.value)
    desk.take(post(2, "Hej Anna" + (room + too_much) * "!"))
    fits = desk.log.largest is None or not too_much
    assert [each.id for each in desk.posts] == (["web:1", "web:2"] if fits else ["web:1"])


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


@pytest.mark.parametrize("together", [True, False])
def test_a_post_that_comes_back_after_its_deletion_is_new_and_later(desk: Desk, together: bool) -> None:
    items = post(1, "Hej Anna"), Deletion("web:1", AT), post(1, "Hej Anna")
    for each in [items] if together else [(item,) for item in items]:
        desk.take(*each)
    assert [each.deleted_at for each in desk.posts] == [None, AT, None]
    _, gone, back = desk.posts
    assert back.collected_at > gone.collected_at


@pytest.mark.parametrize("together", [True, False])
def test_a_deletion_that_is_told_twice_is_written_once(desk: Desk, together: bool) -> None:
    desk.stored = {"web:1"}
    items = post(1, "Hej Anna"), Deletion("web:1", AT), Deletion("web:1", AT)
    for each in [items] if together else [(item,) for item in items]:
        desk.take(*each)
    assert desk.taken == Taken(read=1, matched=1, deleted=1)


def test_an_account_that_is_gone_takes_its_posts_along(desk: Desk) -> None:
    desk.stored = {"web:1", "web:2"}
    desk.take(AuthorGone("web", "u1", AT), AuthorGone("web", "u2", AT))
    assert [(each.id, each.deleted_at) for each in desk.posts] == [("web:1", AT), ("web:2", AT)]


def test_an_account_that_is_gone_takes_along_what_is_not_indexed_yet(desk: Desk) -> None:
    def by(number: int, author: str) -> Post:
        return replace(post(number, "Hej Anna"), author=Author(id=author))

    with desk.log.write() as writer:
        writer.append("posts", "web:0", b'"u1" and nothing that can be read')
    desk.take(by(1, "u1"), by(2, "u1"), by(3, "u2"), replace(by(4, "u1"), source="forum"))
    desk.stored = {"web:1", "web:7"}
    desk.take(by(5, "u1"), replace(by(6, "u1"), text="Hej"), AuthorGone("web", "u1", AT), by(8, "u1"))
    entries = desk.log.browse("posts")[1:]
    gone = [each.id for each in (POSTS.decode(entry.value) for entry in entries) if each.deleted_at]
    assert sorted(gone) == ["web:1", "web:2", "web:5", "web:7"]
    assert desk.taken == Taken(read=7, matched=6, deleted=4)


def test_an_account_that_comes_back_can_go_again(desk: Desk) -> None:
    hers = replace(post(1, "Hej Anna"), author=Author(id="u1"))
    for _ in range(2):
        desk.take(AuthorGone("web", "u1", AT))
        desk.take(hers)
    desk.take(AuthorGone("web", "u1", AT))
    assert [each.deleted_at for each in desk.posts] == [None, AT, None, AT]


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


def test_the_cursor_is_kept_under_what_is_read(desk: Desk) -> None:
    desk.intake.take("jsonl", Collected((), "7", "jsonl 4711"))
    assert (desk.log.cursor("jsonl 4711"), desk.log.cursor("jsonl")) == ("7", None)


class TestDeadLetters:
    """Each is written once, none without end, and a deletion reaches what they keep."""

    def line(self, number: int, raw: bytes, id: str = "") -> Rejected:
        return Rejected("jsonl", "not valid JSON", f"line {number}", raw, AT, id)

    def test_the_same_line_read_again_gives_no_second_letter(self, desk: Desk) -> None:
        lines = [
            self.line(1, b"Anna"),
            self.line(2, b"Anna", "web:1"),
            self.line(3, b"SECRET"),
            self.line(4, b"SECRET"),
        ]
        desk.take(*lines)
        desk.take(*lines, *lines)
        assert [letter.value for letter in desk.dead(REJECTED)] == [b"Anna", b"Anna", None, None]
        assert desk.taken == Taken(read=12, rejected=12)

    def test_two_lines_under_one_id_are_two(self, desk: Desk) -> None:
        lines = [self.line(1, b"Anna 1", "web:1"), self.line(2, b"Anna 2", "web:1")]
        desk.take(*lines)
        desk.take(*lines)
        assert [letter.value for letter in desk.dead(REJECTED)] == [b"Anna 1", b"Anna 2"]

    def test_a_letter_that_cannot_be_read_is_no_obstacle(self, desk: Desk) -> None:
        with desk.log.write() as writer:
            writer.append(REJECTED, "web:1", b"{")
            writer.append("posts", "web:2", b"{")
        desk.take(self.line(1, b"Anna", "web:1"), post(2, "Hej Anna"))
        assert desk.taken == Taken(read=2, matched=1, rejected=1)

    def test_the_id_of_a_strangers_post_is_not_stored(self, desk: Desk) -> None:
        desk.take(self.line(1, b"somebody", "web:SECRET"))
        (entry,) = desk.log.browse(REJECTED)
        assert "SECRET" not in entry.key
        assert b"SECRET" not in entry.value

    @pytest.mark.parametrize("at_once", [1, 50, 300])
    def test_many_of_strangers_in_a_row_are_only_counted(
        self, desk: Desk, at_once: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        lines = [self.line(number, b"SECRET") for number in range(300)]
        for first in range(0, 300, at_once):
            desk.take(*lines[first : first + at_once])
        assert len(desk.log.browse(REJECTED, limit=1000)) == MOST_UNKEPT
        assert desk.taken == Taken(read=300, rejected=300)
        assert len([record for record in caplog.records if record.name == "ingest.intake"]) == 1
        desk.take(post(1, "Hej"), self.line(301, b"SECRET"), self.line(302, b"Anna"))
        assert len(desk.log.browse(REJECTED, limit=1000)) == MOST_UNKEPT + 2

    def test_what_is_kept_is_never_left_out(self, desk: Desk) -> None:
        desk.take(*(self.line(number, b"Anna %d" % number) for number in range(2 * MOST_UNKEPT)))
        assert len(desk.log.browse(REJECTED, limit=1000)) == 2 * MOST_UNKEPT

    def test_a_deletion_upstream_reaches_them(self, desk: Desk) -> None:
        desk.take(self.line(1, b"Anna", "web:1"))
        desk.take(Deletion("web:1", AT))
        assert desk.taken.deleted == 1
        assert [(each.id, each.deleted_at) for each in desk.posts] == [("web:1", AT)]
        desk.log.forget(["web:1"])  # as the index stage does when it comes to the deletion
        assert desk.dead(REJECTED) == []

    def test_a_refused_text_read_again_gives_no_second_letter(self, desk: Desk) -> None:
        for _ in range(3):
            desk.take(post(1, "Hej Anna"), post(1, "Anna B"), replace(post(1, "Anna B"), collected_at=AT))
        assert len(desk.dead("posts.dead")) == 1
        desk.take(post(1, "Anna C"))
        assert len(desk.dead("posts.dead")) == 2


class TestReplay:
    def test_a_refused_post_replaces_what_came_before(self, desk: Desk) -> None:
        desk.take(post(1, "Hej Anna"), post(1, "Anna B"))
        desk.replay(post(1, "Anna B"), topic="posts.dead")
        assert [(each.text, each.edited_at) for each in desk.posts] == [("Hej Anna", None), ("Anna B", AT)]
        assert desk.dead("posts.dead") == []

    def test_a_post_on_which_a_stage_failed_is_taken_although_it_stands_in_the_log(self, desk: Desk) -> None:
        desk.take(post(1, "Hej Anna"))
        letter = DeadLetter("posts", "classify", "reason", "place", "web:1", b"", (), AT)
        with desk.log.write() as writer:
            writer.append("posts.dead", "web:1", DEAD_LETTERS.encode(letter))
        desk.replay(post(1, "Hej Anna"), topic="posts.dead")
        assert [(each.text, each.edited_at) for each in desk.posts] == [("Hej Anna", None)] * 2

    def test_a_line_that_came_as_a_post_meanwhile_is_a_duplicate(self, desk: Desk) -> None:
        desk.take(Rejected("jsonl", "bad", "line 1", b"Anna", AT), post(1, "Hej Anna"))
        desk.replay(post(1, "Hej Anna"), topic=REJECTED)
        assert len(desk.posts) == 1
        assert desk.dead(REJECTED) == []

    def test_who_consents_no_longer_is_not_brought_back(self, desk: Desk) -> None:
        desk.take(post(1, "Hej Anna"), post(1, "Anna B"))
        desk.replay(replace(post(1, "B"), mentions=(Mention("anna", 0, 4, "form"),)), topic="posts.dead")
        assert [each.text for each in desk.posts] == ["Hej Anna"]

    def test_a_letter_that_was_taken_out_meanwhile_is_not_taken_twice(self, desk: Desk) -> None:
        desk.take(post(1, "Hej Anna"), post(1, "Anna B"))
        (letter,) = desk.log.browse("posts.dead")

        def another_replays() -> None:
            with desk.log.write() as writer:
                writer.discard("posts.dead", [letter.offset])

        desk.matcher = FindsAnna(meanwhile=another_replays)
        with pytest.raises(Stale):
            desk.replay(post(1, "Anna B"), topic="posts.dead")
        assert [each.text for each in desk.posts] == ["Hej Anna"]


class TestWithoutTheIndex:
    @pytest.fixture
    def desk(self, desk: Desk) -> Desk:
        desk.index_is_away = True
        return desk

    def test_posts_are_taken_and_deletions_wait(self, desk: Desk) -> None:
        desk.stored = {"web:7"}
        desk.take(Deletion("web:7", AT), post(1, "Hej Anna"), Deletion("web:8", AT), cursor="3")
        desk.take(post(2, "Anna igen"), cursor="4")
        assert [each.id for each in desk.posts] == ["web:1", "web:2"]
        assert desk.intake.undecided == 2
        assert desk.log.cursor("jsonl") is None, "after a new start the deletions are read again"
        desk.index_is_away = False
        desk.intake.settle()
        assert [(each.id, each.deleted_at is None) for each in desk.posts[2:]] == [("web:7", False)]
        assert desk.intake.undecided == 0
        assert desk.log.cursor("jsonl") == "4"
        assert desk.taken == Taken(read=2, matched=2, deleted=1)

    def test_what_is_in_the_log_is_deleted_at_once(self, desk: Desk) -> None:
        desk.take(post(1, "Hej Anna"), Deletion("web:1", AT), cursor="2")
        assert [each.deleted_at is None for each in desk.posts] == [True, False]
        assert desk.intake.undecided == 0
        assert desk.log.cursor("jsonl") == "2"

    def test_it_is_not_asked_again_before_it_is_settled(self, desk: Desk) -> None:
        desk.take(Deletion("web:7", AT))
        desk.index_is_away = False
        desk.stored = {"web:8"}
        desk.take(Deletion("web:8", AT))
        assert desk.intake.undecided == 2
        assert desk.posts == []

    def test_what_is_not_settled_waits_on(self, desk: Desk) -> None:
        desk.take(Deletion("web:7", AT), cursor="1")
        with pytest.raises(Unavailable):
            desk.intake.settle()
        assert desk.intake.undecided == 1
        assert desk.log.cursor("jsonl") is None

    @pytest.mark.parametrize("together", [True, False])
    def test_what_comes_back_is_not_deleted_by_the_deletion_before(self, desk: Desk, together: bool) -> None:
        desk.stored = {"web:7"}
        items = Deletion("web:7", AT), post(7, "Anna, nu är jag här igen")
        for some in [items] if together else [(item,) for item in items]:
            desk.take(*some, cursor="2")
        desk.index_is_away = False
        desk.intake.settle()
        assert [(each.id, each.deleted_at) for each in desk.posts] == [("web:7", None)]

    def test_an_edit_waits_only_if_it_mentions_nobody(self, desk: Desk) -> None:
        desk.stored = {"web:1", "web:2"}
        desk.take(replace(post(1, "Hej Anna"), edited_at=AT), replace(post(2, "Hej du"), edited_at=AT))
        assert [each.id for each in desk.posts] == ["web:1"]
        assert desk.intake.undecided == 1
        desk.index_is_away = False
        desk.intake.settle()
        assert [(each.id, each.deleted_at) for each in desk.posts[1:]] == [("web:2", AT)]

    def test_an_account_that_is_gone_waits(self, desk: Desk) -> None:
        desk.stored = {"web:7"}
        fresh = replace(post(1, "Hej Anna"), author=Author(id="u1"))
        desk.take(fresh, AuthorGone("web", "u1", AT), cursor="2")
        assert [(each.id, each.deleted_at) for each in desk.posts] == [("web:1", None), ("web:1", AT)]
        desk.index_is_away = False
        desk.intake.settle()
        assert [(each.id, each.deleted_at) for each in desk.posts[2:]] == [("web:7", AT)]

    def test_more_than_fits_holds_the_source_back_and_no_other(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("ingest.undecided.MOST", 2)
        desk.take(Deletion("web:7", AT), Deletion("web:8", AT), cursor="2")
        with pytest.raises(Unavailable, match="too many deletions wait"):
            desk.take(post(1, "Hej Anna"), Deletion("web:9", AT), cursor="4")
        assert desk.posts == []
        desk.intake.take("jsonl", Collected((post(2, "Hej Anna"),), "1", "another"))
        assert [each.id for each in desk.posts] == ["web:2"]
        assert desk.log.cursor("another") == "1"

    def test_who_does_not_defer_waits(self) -> None:
        desk = Desk(MemoryLog(clock=ManualClock(AT)), defers=False)
        desk.index_is_away = True
        desk.take(post(1, "Hej Anna"))
        with pytest.raises(Unavailable, match="it is away"):
            desk.take(post(2, "Hej Anna"), Deletion("web:7", AT))
        assert [each.id for each in desk.posts] == ["web:1"]

    def test_what_somebody_writes_who_came_back_is_not_deleted_by_her_going_before(self, desk: Desk) -> None:
        desk.stored = {"web:7"}
        desk.take(AuthorGone("web", "u1", AT))
        desk.take(replace(post(1, "Anna, nu är jag här igen"), author=Author(id="u1")))
        desk.index_is_away = False
        desk.intake.settle()
        assert [(each.id, each.deleted_at) for each in desk.posts] == [("web:1", None), ("web:7", AT)]

    def test_what_another_source_brings_is_not_deleted_by_the_deletion_before(self, desk: Desk) -> None:
        desk.stored = {"web:1"}
        desk.take(Deletion("web:1", AT))
        desk.intake.take("jsonl", Collected((post(1, "Anna, nu är jag här igen"),), None, "another"))
        desk.index_is_away = False
        desk.intake.settle()
        assert [(each.id, each.deleted_at) for each in desk.posts] == [("web:1", None)]

    def test_one_that_refuses_us_holds_nobody_back(self, desk: Desk) -> None:
        desk.stored = {"web:7"}
        desk.index_refuses = True
        desk.take(post(1, "Hej Anna"), Deletion("web:7", AT), cursor="2")
        assert [each.id for each in desk.posts] == ["web:1"]
        with pytest.raises(Unavailable, match="it refuses us"):
            desk.intake.settle()
        desk.index_is_away = desk.index_refuses = False
        desk.intake.settle()
        assert [each.id for each in desk.posts] == ["web:1", "web:7"]


def test_an_earlier_edit_that_is_read_again_changes_nothing(desk: Desk) -> None:
    edits = [replace(post(1, f"Hej Anna {number}"), edited_at=AT + timedelta(seconds=number)) for number in (1, 2)]
    desk.take(*edits)
    desk.take(edits[0])
    assert [each.text for each in desk.posts] == ["Hej Anna 1", "Hej Anna 2"]
    assert desk.taken == Taken(read=3, matched=2, duplicates=1)
