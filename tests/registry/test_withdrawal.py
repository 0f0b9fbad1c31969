"""Withdrawal and erasure: interrupted anywhere they are completed, and no byte of the person is left in the files."""

import random
import sqlite3
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from flow.clock import ManualClock
from flow.databases.sqlite import Sqlite
from flow.entry import DEAD_LETTERS, DeadLetter
from flow.errors import BadInput, Broken, Stale, Unavailable
from flow.log import Log
from flow.logs.sqlite import SqliteLog
from ingest.holding import LogHolder
from ingest.post import POSTS, Mention, Post
from registry.holder import Holder, Part
from registry.holding import RegistryHolder
from registry.official import Consent, Contact
from registry.stores.partial import SqlPartial
from registry.stores.sql import SqlStore
from registry.withdrawal import Erasure, Report, export
from tests.databases import open_file

from .people import NOW, official

MARKED = official(
    "marker-id",
    given_names=("MARKER-GIVEN",),
    family_names=("MARKER-FAMILY",),
    forms=("MARKER-FORM",),
    handles={"bluesky": ("MARKER-HANDLE",)},
    contacts=(Contact("MARKER-CONTACT", "outbox", "MARKER-ADDRESS", "sv"),),
)
OTHER = official("other-id", family_names=("OTHER-FAMILY",))


class Twin:
    """A holder of official ids in memory, which fails or is killed on demand."""

    def __init__(self, name: str, *held: str) -> None:
        self.name = name
        self.held = list(held)
        self.before: Callable[[], None] = lambda: None

    def erase(self, official: str, part: Part | None = None) -> int:
        self.before()
        if part is not None:
            return 0
        before = len(self.held)
        self.held = [each for each in self.held if each != official]
        return before - len(self.held)

    def forget(self, posts: Collection[str]) -> int:
        return 0

    def expire(self, before: datetime) -> int:
        return 0

    def export(self, official: str) -> list[dict[str, Any]]:
        return [{"held": official} for each in self.held if each == official]

    def count(self, official: str, part: Part | None = None) -> int:
        return self.held.count(official) if part is None else 0


class Killed(BaseException):
    """Nothing catches it, like a signal."""


def kill() -> None:
    raise Killed


@dataclass
class World:
    path: Path
    clock: ManualClock
    database: Sqlite
    log: Log
    store: SqlStore
    index: Twin

    @property
    def holders(self) -> list[Holder]:
        return [LogHolder(self.log, records={"posts": POSTS}), self.index, RegistryHolder(self.store)]

    def erasure(self, scrub: Callable[[], None] | None = None) -> Erasure:
        return Erasure(
            store=self.store,
            partial=SqlPartial(self.database, self.store),
            holders=self.holders,
            scrub=scrub or self.database.scrub,
            clock=self.clock,
        )

    def withdraw(self, official_id: str, *, scrub: Callable[[], None] | None = None) -> Report:
        return self.erasure(scrub).withdraw(official_id)

    def resume(self) -> list[Report]:
        return self.erasure().resume()

    def restart(self) -> None:
        self.database.close()
        self.index.before = lambda: None
        self.database = open_file(self.path)
        self.log = SqliteLog(self.database, clock=self.clock)
        self.store = SqlStore(self.database, self.log)

    def put(self, id: str, *officials: str, text: str = "") -> None:
        mentions = tuple(Mention(each, 0, 0, "handle") for each in officials)
        post = Post(id=id, source="jsonl", text=text, created_at=NOW, collected_at=NOW, mentions=mentions)
        with self.log.write() as writer:
            writer.append("posts", id, POSTS.encode(post))

    def left(self, *needles: bytes) -> dict[str, int]:
        """How often any of ``needles`` stands in each file, whatever the case of its letters."""
        files = {file.name: file.read_bytes().lower() for file in self.path.parent.iterdir()}
        assert {"turvakt.db", "turvakt.db-wal"} <= files.keys()
        found = {name: sum(content.count(needle.lower()) for needle in needles) for name, content in files.items()}
        return {name: count for name, count in found.items() if count}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    clock = ManualClock(NOW)
    database = open_file(tmp_path / "data" / "turvakt.db", busy_seconds=0.05)
    log = SqliteLog(database, clock=clock)
    store = SqlStore(database, log)
    store.put_all([MARKED, OTHER])
    world = World(database.path, clock, database, log, store, Twin("index", "marker-id", "other-id", "marker-id"))
    world.put("1", "marker-id", text="MARKER-TEXT")
    world.put("2", "marker-id", "other-id", text="about both")
    world.put("3", "other-id", text="about OTHER")
    letter = DeadLetter("posts", "classify", "reason", "place", "4", b"MARKER-RAW", ("marker-id",), NOW)
    with log.write() as writer:
        writer.append("posts.dead", "4", DEAD_LETTERS.encode(letter))
    yield world
    world.database.close()


def assert_erased(world: World) -> None:
    assert world.store.pending() == []
    assert world.store.unscrubbed() == []
    # The dead letter's value stands in base64: TUFSS0VSLVJBVw==.
    assert world.left(b"MARKER", b"TUFSS0VS") == {}
    assert world.left(b"OTHER-FAMILY", b"about both") != {}
    assert world.store.officials() == [OTHER]
    assert world.index.held == ["other-id"]
    posts = [POSTS.decode(entry.value) for entry in world.log.browse("posts")]
    assert [(post.id, post.officials) for post in posts] == [(each, frozenset({"other-id"})) for each in ("2", "3")]


def test_no_byte_of_her_is_left(world: World) -> None:
    assert world.left(b"MARKER-TEXT") != {}
    world.database.scrub()
    assert world.left(b"MARKER-TEXT", b"MARKER-FAMILY", b"TUFSS0VS") != {}
    report = world.withdraw("marker-id")
    assert report == Report("marker-id", NOW, {"log": 3, "index": 2, "registry": 1})
    assert_erased(world)


def test_no_byte_is_left_of_entries_that_were_moved_about(world: World) -> None:
    # SQLite leaves copies in pages that it rearranges; many writes and removals of many sizes provoke it.
    draw = random.Random(0)
    for batch in range(30):
        with world.database.transaction():
            for number in range(50):
                mine = draw.random() < 0.3
                text = ("MARKER" if mine else "plain") * draw.choice([2, 20, 90, 400])
                world.put(f"{batch}.{number}", "marker-id" if mine else "other-id", text=text)
        world.log.forget([f"{batch}.{draw.randrange(50)}" for _ in range(5)])
    world.withdraw("marker-id")
    assert world.left(b"MARKER") == {}


def test_consent_ends_before_anything_is_erased(world: World) -> None:
    epoch, revision = world.log.epoch(), world.store.revision()
    world.index.before = kill
    with pytest.raises(Killed):
        world.withdraw("marker-id")
    assert world.store.revision() > revision
    assert not world.store.get("marker-id").consents_to("bluesky", NOW)
    with pytest.raises(Stale), world.log.write(epoch=epoch):
        pass


@pytest.mark.parametrize("by", ["resume", "withdraw"])
def test_an_erasure_killed_in_a_holder_is_completed(world: World, by: str) -> None:
    world.index.before = kill
    with pytest.raises(Killed):
        world.withdraw("marker-id")
    world.restart()
    world.clock.advance(60)
    assert world.store.pending() == ["marker-id"]
    reports = world.resume() if by == "resume" else [world.withdraw("marker-id")]
    assert reports == [Report("marker-id", NOW, {"log": 3, "index": 2, "registry": 1})]
    assert_erased(world)


def test_an_erasure_killed_before_the_files_are_scrubbed_is_completed(world: World) -> None:
    with pytest.raises(Killed):
        world.withdraw("marker-id", scrub=kill)
    world.restart()
    assert world.store.pending() == []
    assert len(world.store.unscrubbed()) == 1
    assert world.resume() == []
    assert_erased(world)


def test_a_holder_that_is_away_leaves_it_pending(world: World) -> None:
    def away() -> None:
        raise Unavailable("no answer", place="index")

    world.index.before = away
    with pytest.raises(Unavailable, match="no answer"):
        world.withdraw("marker-id")
    with pytest.raises(Unavailable, match="no answer"):
        world.resume()
    world.index.before = lambda: None
    assert len(world.resume()) == 1
    assert_erased(world)


def test_one_that_has_to_wait_holds_up_no_other(world: World) -> None:
    world.index.before = kill
    for each in ("marker-id", "other-id"):
        with pytest.raises(Killed):
            world.withdraw(each)
    tries: list[None] = []

    def away() -> None:
        tries.append(None)
        if len(tries) == 1:
            raise Unavailable("no answer", place="index")

    world.index.before = away
    with pytest.raises(Unavailable, match="erasure: 1 of 2 erasures wait: index: no answer"):
        world.resume()
    assert len(world.store.pending()) == 1
    assert len(world.resume()) == 1


def test_what_comes_back_meanwhile_is_noticed(world: World) -> None:
    registry = RegistryHolder(world.store)
    world.index.before = lambda: world.put("late", "marker-id")
    with pytest.raises(Unavailable, match="log: 1 records are still held"):
        world.withdraw("marker-id")
    assert world.store.pending() == ["marker-id"]
    assert registry.count("marker-id") == 0
    world.index.before = lambda: None
    (report,) = world.resume()
    assert report.removed == {"log": 4, "index": 2, "registry": 1}
    assert_erased(world)


def test_a_reader_in_another_process_delays_the_scrubbing(world: World) -> None:
    other = sqlite3.connect(world.path, isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM log").fetchall()
    with pytest.raises(Unavailable, match="read by another process"):
        world.withdraw("marker-id")
    assert world.left(b"MARKER-TEXT") != {}
    other.close()
    world.resume()
    assert_erased(world)


def test_two_erasures_share_one_scrubbing(world: World) -> None:
    world.index.before = kill
    for each in ("marker-id", "other-id"):
        with pytest.raises(Killed):
            world.withdraw(each)
        world.clock.advance(60)
    world.index.before = lambda: None
    scrubs: list[int] = []
    reports = world.erasure(lambda: scrubs.append(1)).resume()
    assert [report.official for report in reports] == ["marker-id", "other-id"]
    assert scrubs == [1]
    assert world.resume() == []


def test_done_again_it_reports_the_same(world: World) -> None:
    report = world.withdraw("marker-id")
    world.clock.advance(60)
    assert world.withdraw("marker-id") == report


def test_who_comes_back_can_withdraw_again(world: World) -> None:
    world.withdraw("marker-id")
    world.clock.advance(60)
    world.store.add(official("marker-id", family_names=("MARKER",), consents=(Consent(("*",), world.clock.now()),)))
    world.clock.advance(60)
    assert world.withdraw("marker-id") == Report("marker-id", world.clock.now(), {"registry": 1})
    assert_erased(world)


def test_an_unknown_official_is_refused(world: World) -> None:
    with pytest.raises(BadInput, match="Did you mean 'marker-id'"):
        world.withdraw("marker-ix")


def test_a_withdrawal_that_vanishes_is_noticed(world: World) -> None:
    def lose() -> None:
        world.database.execute("DELETE FROM registry_withdrawal")

    world.index.before = lose
    with pytest.raises(Broken, match="vanished"):
        world.withdraw("marker-id")


def test_she_gets_what_every_holder_has(world: World) -> None:
    exported = export("marker-id", holders=world.holders)
    assert exported.keys() == {"log", "index", "registry"}
    assert exported["index"] == [{"held": "marker-id"}, {"held": "marker-id"}]
    assert list(exported["registry"][0]["family_names"]) == ["MARKER-FAMILY"]
    assert len(exported["log"]) == 3
    assert "other-id" not in repr(exported)


def test_the_registry_holds_no_posts_and_nothing_of_it_ages(world: World) -> None:
    holder = RegistryHolder(world.store)
    assert holder.count("marker-id") == 2
    assert holder.forget(["1"]) == 0
    assert holder.expire(NOW) == 0
    assert [each["kind"] for each in holder.export("marker-id")] == ["official", "consent-entry"]
