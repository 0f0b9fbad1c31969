"""The log as a holder: after an erasure nothing of the official is left, and everything of the others is."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.alert import ALERTS
from flow.clock import ManualClock
from flow.codec import Codec
from flow.databases.sqlite import Sqlite
from flow.entry import DEAD_LETTERS, DeadLetter, dead
from flow.errors import Stale
from flow.log import Log, Queue
from flow.logs.memory import MemoryLog
from flow.logs.sqlite import SqliteLog
from ingest.holding import LogHolder
from ingest.post import POSTS, Mention, Post
from registry.holder import Part
from tests.alerts.people import alert, recipient, verdict
from tests.flow.kafka_log import opened, prepared
from tests.servers.fixtures import Place
from tests.servers.kafka import create_topics

AT = datetime(2026, 9, 14, 6, tzinfo=UTC)
RECORDS: dict[str, Codec[Any]] = {"posts": POSTS, "later": POSTS}
FOLLOWERS = {"decisions": ("by",)}
IDS = ("anna", "anna-b", "bo")
IN_KAFKA = ("posts", "later", "decisions", "unheard-of")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(AT)


@pytest.fixture
def queue(clock: ManualClock) -> Queue:
    return MemoryLog(clock=clock)


@pytest.fixture(params=["memory", "sqlite", "kafka"])
def log(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> Iterator[Log]:
    with ExitStack() as stack:
        match request.param:
            case "memory":
                yield MemoryLog(clock=clock)
            case "sqlite":
                yield SqliteLog(stack.enter_context(closing(Sqlite(tmp_path / "turvakt.db"))), clock=clock)
            case "kafka":
                place: Place = request.getfixturevalue("kafka")
                topics = [*IN_KAFKA, *map(dead, IN_KAFKA), "collected.dead"]
                create_topics(place.address, *(place.prefix + topic for topic in topics), partitions=1)
                database = stack.enter_context(prepared(request.getfixturevalue("postgres")))
                readers = dict.fromkeys(IN_KAFKA, ("stage",))
                yield stack.enter_context(opened(place, database, clock, readers=readers))


@pytest.fixture
def holder(log: Log) -> LogHolder:
    return LogHolder(log, records=RECORDS, followers=FOLLOWERS)


def post(id: str, *officials: str, text: str = "hej") -> Post:
    mentions = tuple(Mention(official, 0, 0, "handle") for official in officials)
    return Post(id=id, source="jsonl", text=text, created_at=AT, collected_at=AT, mentions=mentions)


def put(log: Log, topic: str, key: str, value: bytes) -> None:
    with log.write() as writer:
        writer.append(topic, key, value)


def put_posts(log: Log, *posts: Post, topic: str = "posts") -> None:
    for each in posts:
        put(log, topic, each.id, POSTS.encode(each))


def put_letter(log: Log, origin: str, value: bytes | None, *officials: str, key: str = "", topic: str = "") -> None:
    letter = DeadLetter(origin, "stage", "reason", "place", key, value, officials, AT)
    put(log, topic or dead(origin), key, DEAD_LETTERS.encode(letter))


def decision(log: Log, key: str) -> None:
    put(log, "decisions", key, json.dumps({"post": key, "outcome": "confirmed", "by": "Reviewer"}).encode())


def posts(log: Log, topic: str = "posts") -> dict[str, list[str]]:
    found = [POSTS.decode(entry.value) for entry in log.browse(topic)]
    return {each.id: [mention.official for mention in each.mentions] for each in found}


def test_a_post_about_two_stays_without_her(log: Log, holder: LogHolder) -> None:
    put_posts(log, post("a", "anna"), post("ab", "anna", "bo", "anna"), post("b", "bo"), post("like", "anna-b"))
    assert holder.count("anna") == 2
    assert holder.erase("anna") == 2
    assert posts(log) == {"ab": ["bo"], "b": ["bo"], "like": ["anna-b"]}
    assert holder.count("anna") == 0
    assert holder.erase("anna") == 0


def test_what_is_left_of_others_is_not_touched(log: Log, holder: LogHolder) -> None:
    # Written by a later version: an unknown field, and another order.
    plain = json.loads(POSTS.encode(post("b", "bo")))
    value = json.dumps({"new": 1} | plain | {"text": "the word anna"}).encode()
    put(log, "posts", "b", value)
    assert holder.erase("anna") == 0
    assert log.browse("posts")[0].value == value


def test_an_erasure_makes_batches_in_hand_stale(log: Log, holder: LogHolder) -> None:
    put_posts(log, post("a", "anna"))
    epoch = log.epoch()
    holder.erase("anna")
    with pytest.raises(Stale), log.write(epoch=epoch):
        pass


def test_decisions_go_with_the_last_official_of_their_post(log: Log, holder: LogHolder) -> None:
    put_posts(log, post("a", "anna"), post("ab", "anna", "bo"), post("edited", "anna"), post("edited", "bo"))
    put_posts(log, post("late", "anna"), topic="later")
    for key in ("a", "ab", "b", "late", "edited"):
        decision(log, key)
    put_letter(log, "decisions", b"{", key="a")
    put_letter(log, "decisions", b"{", key="b")
    assert holder.count("anna") == 9
    holder.erase("anna")
    assert [entry.key for entry in log.browse("decisions")] == ["ab", "b", "edited"]
    assert [entry.key for entry in log.browse("decisions.dead")] == ["b"]
    assert holder.count("anna") == 0


def test_what_cannot_be_read_goes_if_it_names_her(log: Log, holder: LogHolder) -> None:
    for topic in ("posts", "unheard-of", "posts.dead"):
        put(log, topic, "1", b'{"official":"anna"')
        put(log, topic, "2", b'{"official":"anna-b"')
        put(log, topic, "3", b'{"official":"x-anna"')
    assert holder.count("anna") == 3
    assert holder.export("anna")[0]["record"] == {"unreadable": 18}
    assert holder.erase("anna") == 3
    assert {entry.key for topic in log.topics() for entry in log.browse(topic)} == {"2", "3"}
    assert holder.count("anna") == 0


def test_dead_letters_lose_her_too(log: Log, holder: LogHolder) -> None:
    put_letter(log, "posts", POSTS.encode(post("a", "anna")), key="a")  # of a stage: names nobody
    put_letter(log, "posts", POSTS.encode(post("ab", "anna", "bo")), "anna", "bo", key="ab")
    put_letter(log, "posts", POSTS.encode(post("b", "bo")), "bo", key="b")
    put_letter(log, "posts", b'broken, about "anna"', key="broken")
    put_letter(log, "posts", b"broken, about nobody", key="whole")
    put_letter(log, "collector:jsonl", b"anna wrote", "bo", topic="collected.dead")
    put_letter(log, "collector:jsonl", b"raw one", "anna", topic="collected.dead")
    put_letter(log, "collector:jsonl", b"raw two", "anna", "bo", topic="collected.dead")
    put_letter(log, "collector:jsonl", None, topic="collected.dead")
    assert holder.count("anna") == 5
    holder.erase("anna")
    assert holder.count("anna") == 0
    letters = [DEAD_LETTERS.decode(entry.value) for entry in log.browse("posts.dead")]
    assert [(letter.key, letter.officials) for letter in letters] == [("ab", ("bo",)), ("b", ("bo",)), ("whole", ())]
    assert letters[0].value == POSTS.encode(post("ab", "bo"))
    letters = [DEAD_LETTERS.decode(entry.value) for entry in log.browse("collected.dead")]
    assert [(letter.value, letter.officials) for letter in letters] == [
        (b"anna wrote", ("bo",)),
        (b"raw two", ("bo",)),
        (None, ()),
    ]


def test_she_sees_what_is_about_her_and_nothing_of_others(log: Log, holder: LogHolder) -> None:
    put_posts(log, post("ab", "anna", "bo", text="TEXT"), post("b", "bo"))
    decision(log, "ab")
    decision(log, "b")
    put(log, "decisions", "ab", b"[]")
    put_letter(log, "posts", POSTS.encode(post("dead", "bo", "anna")), "anna", "bo")
    put_letter(log, "posts", POSTS.encode(post("other", "bo")), "bo")
    put_letter(log, "decisions", b"{", key="ab")
    put_letter(log, "collector:jsonl", b"raw", "anna", "bo", topic="collected.dead")
    put_letter(log, "collector:jsonl", None, "anna", topic="collected.dead")
    exported = holder.export("anna")
    assert holder.count("anna") == len(exported) == 7
    assert exported[0]["at"] == "2026-09-14T06:00:00+00:00"
    shown = json.dumps(exported)
    assert "bo" not in shown.replace("unreadable", "").replace("about", "")
    assert "Reviewer" not in shown
    by_topic: dict[str, list[Any]] = {}
    for each in exported:
        by_topic.setdefault(each["topic"], []).append(each["record"])
    assert by_topic["posts"][0]["text"] == "TEXT"
    assert by_topic["decisions"] == [{"post": "ab", "outcome": "confirmed"}, {"unreadable": 2}]
    assert [each.get("raw") for each in by_topic["collected.dead"]] == ["raw", ""]
    assert by_topic["posts.dead"][0]["record"]["id"] == "dead"
    assert by_topic["decisions.dead"] == [{"reason": "reason", "place": "place"}]


def test_forgets_posts(log: Log, holder: LogHolder) -> None:
    put_posts(log, post("a", "anna"), post("b", "bo"))
    decision(log, "a")
    assert holder.forget(["a"]) == 2
    assert log.topics() == ["posts"]
    assert posts(log) == {"b": ["bo"]}


def test_expires_entries(queue: Queue, clock: ManualClock) -> None:
    put_posts(queue, post("a", "anna"))
    with queue.write() as writer:
        writer.commit("stage", "posts", 1)
    clock.advance(60)
    holder = LogHolder(queue, records=RECORDS)
    assert holder.expire(AT) == 0
    assert holder.expire(AT + timedelta(seconds=30)) == 1
    assert queue.topics() == []


def test_erases_what_came_from_one_source(log: Log, holder: LogHolder) -> None:
    put_posts(log, post("feed:1", "anna"), post("feed:2", "anna", "bo"), post("feed-2:1", "anna"), post("feed:3", "bo"))
    put(log, "posts", "feed:4", b'{"mentions": "anna", torn')
    put(log, "posts", "feed-2:4", b'{"mentions": "anna", torn')
    decision(log, "feed:1")
    decision(log, "feed-2:1")
    put_letter(log, "collector:feed", b"raw", "anna", key="feed:5", topic="collected.dead")
    put_letter(log, "collector:feed", b"raw", "anna", "bo", key="", topic="collected.dead")
    put_letter(log, "posts", POSTS.encode(post("feed-2:6", "anna")), key="feed-2:6")
    feed = Part("source", "feed")
    assert holder.count("anna", feed) == 6
    assert holder.erase("anna", feed) == 6
    assert holder.count("anna", feed) == holder.erase("anna", feed) == 0
    held = [(entry.topic, entry.key) for topic in log.topics() for entry in log.browse(topic)]
    assert sorted(held) == [
        ("collected.dead", ""),
        ("decisions", "feed-2:1"),
        ("posts", "feed-2:1"),
        ("posts", "feed-2:4"),
        ("posts", "feed:2"),
        ("posts", "feed:3"),
        ("posts.dead", "feed-2:6"),
    ]
    assert holder.count("bo") == 3
    (letter,) = [DEAD_LETTERS.decode(entry.value) for entry in log.browse("collected.dead")]
    assert letter.officials == ("bo",)


def test_erases_a_recipient_from_alerts_alone(log: Log) -> None:
    holder = LogHolder(log, records={"later": ALERTS, "posts": POSTS})
    desk, other = recipient(), replace(recipient(), name="Kansliet")
    hers, both = verdict(mentions=("anna",)), verdict("bluesky:2", mentions=("anna", "bo"))
    put_posts(log, post("bluesky:1", "anna"))
    for raised in (alert(hers, desk), alert(both, desk, other, about="anna"), alert(both, desk, about="bo")):
        put(log, "later", raised.verdict.post.id, ALERTS.encode(raised))
    put_letter(log, "later", ALERTS.encode(alert(hers, other, desk)), key="bluesky:1")
    put_letter(log, "collector:feed", b"raw Kansliet", "anna", key="feed:5", topic="collected.dead")
    part = Part("recipient", desk.name)
    assert holder.count("anna", part) == holder.erase("anna", part) == 3
    assert holder.count("anna", part) == holder.erase("anna", part) == 0
    left = [ALERTS.decode(entry.value) for entry in log.browse("later")]
    names = [(each.official, [to.name for to in each.recipients]) for each in left]
    assert sorted(names) == [("anna", []), ("anna", ["Kansliet"]), ("bo", [desk.name])]
    (letter,) = [DEAD_LETTERS.decode(entry.value) for entry in log.browse("later.dead")]
    assert letter.value is not None
    assert [to.name for to in ALERTS.decode(letter.value).recipients] == ["Kansliet"]
    assert len(log.browse("collected.dead")) == len(log.browse("posts")) == 1


def test_what_came_back_after_a_deletion_stays(log: Log, holder: LogHolder) -> None:
    late = AT + timedelta(seconds=2)
    deletion = replace(post("a"), text="", collected_at=AT + timedelta(seconds=1), deleted_at=AT)
    back = replace(post("a", "anna", text="again"), collected_at=late)
    put_posts(log, post("a", "anna"), deletion, back, post("b", "bo"))
    put_posts(log, post("a", "anna"), deletion, back, topic="later")
    put(log, "posts", "a", b"{")
    decision(log, "a")
    put_letter(log, "collector:jsonl", b"raw", "anna", key="a", topic="collected.dead")
    assert holder.forget(["a"]) == 7
    assert posts(log) == {"a": ["anna"], "b": ["bo"]}
    assert [POSTS.decode(entry.value).text for entry in log.browse("later")] == ["again"]
    assert log.topics() == ["later", "posts"]
    assert holder.forget(["a"]) == 2, "without a deletion in the log all of it goes"


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    stored=st.lists(
        st.tuples(
            st.sampled_from(["p1", "p2", "p3"]),
            st.sampled_from(["posts", "later"]),
            st.sets(st.sampled_from(IDS), min_size=1),
        ),
        max_size=8,
    ),
    official=st.sampled_from(IDS),
)
def test_erasing_one_leaves_every_mention_of_the_others(stored: list[tuple[str, str, set[str]]], official: str) -> None:
    log = MemoryLog(clock=ManualClock(AT))
    holder = LogHolder(log, records=RECORDS)
    for id, topic, officials in stored:
        put_posts(log, post(id, *sorted(officials)), topic=topic)
    before = {other: holder.count(other) for other in IDS}
    assert holder.erase(official) == before[official]
    assert {other: holder.count(other) for other in IDS} == before | {official: 0}
    remaining = sorted((topic, id, tuple(found)) for topic in RECORDS for id, found in _all(log, topic))
    expected = [(topic, id, tuple(sorted(officials - {official}))) for id, topic, officials in stored]
    assert remaining == sorted(each for each in expected if each[2])


def _all(log: Log, topic: str) -> list[tuple[str, list[str]]]:
    found = [POSTS.decode(entry.value) for entry in log.browse(topic)]
    return [(each.id, [mention.official for mention in each.mentions]) for each in found]
