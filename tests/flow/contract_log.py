"""What every log promises (`LogContract`), and what those promise besides that are also read here (`QueueContract`).

Run over each implementation by test_logs.py and test_kafka_log.py. Offsets are compared by their order: numbers are an
implementation's own.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from flow.clock import ManualClock
from flow.entry import Entry
from flow.errors import Stale
from flow.log import Log, Queue, take_out

START = datetime(2026, 9, 14, 6, tzinfo=UTC)


class LogContract:
    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock(START)

    @pytest.fixture
    def log(self, clock: ManualClock) -> Log:
        raise NotImplementedError

    def test_tells_entries_apart_by_offset_and_keeps_value_and_time(self, log: Log) -> None:
        fill(log, "posts", "a", "a")
        first, second = log.browse("posts")
        assert first.offset < second.offset
        assert (first.key, first.value, first.at, first.topic) == ("a", b"a", START, "posts")

    def test_a_failed_write_leaves_nothing(self, log: Log) -> None:
        with pytest.raises(RuntimeError), log.write() as writer:
            writer.append("posts", "a", b"a")
            writer.save_cursor("feed", "x")
            raise RuntimeError
        assert log.browse("posts") == []
        assert log.cursor("feed") is None

    def test_lag_of_a_group_that_has_read_nothing(self, log: Log) -> None:
        fill(log, "posts", "a", "b", "c")
        assert log.lag("posts", "new") == 3
        assert log.lag("nothing", "g") == 0

    def test_cursors_are_kept_apart(self, log: Log) -> None:
        with log.write() as writer:
            writer.save_cursor("feed", "1")
            writer.save_cursor("feed", "2")
            writer.save_cursor("bluesky", "9")
        assert (log.cursor("feed"), log.cursor("bluesky"), log.cursor("jsonl")) == ("2", "9", None)
        assert log.cursors() == {"feed": "2", "bluesky": "9"}

    @pytest.mark.parametrize("topic", ["posts", "verdicts"])
    def test_latest_is_the_newest_of_each_key(self, log: Log, topic: str) -> None:
        write(log, topic, ("a", b"old"), ("b", b"only"), ("a", b"new"))
        found = log.latest(topic, ["a", "b", "c"])
        assert {key: entry.value for key, entry in found.items()} == {"a": b"new", "b": b"only"}
        assert log.latest(topic, []) == {}

    @pytest.mark.parametrize("topic", ["posts", "posts.dead", "verdicts"])
    def test_browse_needs_no_group_and_gives_pages(self, log: Log, topic: str) -> None:
        names = [str(number) for number in range(25)]
        fill(log, topic, *names)
        assert log.topics() == [topic]
        pages, after = [], -1
        while page := log.browse(topic, after=after, limit=10):
            pages.append(page)
            after = page[-1].offset
        assert [len(page) for page in pages] == [10, 10, 5]
        offsets = [entry.offset for page in pages for entry in page]
        assert offsets == sorted(set(offsets))
        assert sorted(entry.key for page in pages for entry in page) == sorted(names)

    def test_discard_removes_single_entries(self, log: Log) -> None:
        fill(log, "posts.dead", "a", "b", "c")
        first, _, third = log.browse("posts.dead")
        with log.write() as writer:
            writer.discard("posts.dead", [first.offset, third.offset])
        assert keys(log.browse("posts.dead")) == ["b"]

    @pytest.mark.parametrize("topic", ["posts", "posts.dead", "verdicts"])
    def test_rewrite_changes_removes_and_makes_older_batches_stale(self, log: Log, topic: str) -> None:
        fill(log, topic, "keep", "change", "remove")
        before, epoch = offsets(log.browse(topic)), log.epoch()
        changes = {"keep": b"keep", "change": b"changed", "remove": None}
        assert log.rewrite(topic, lambda entry: changes[entry.key]) == 2
        left = log.browse(topic)
        assert {entry.key: entry.value for entry in left} == {"keep": b"keep", "change": b"changed"}
        assert offsets(left) == {key: before[key] for key in ("keep", "change")}
        with pytest.raises(Stale), log.write(epoch=epoch) as writer:
            writer.append("alerts", "remove", b"remove")
        assert log.browse("alerts") == []

    def test_rewrite_looks_only_at_entries_with_the_needle(self, log: Log) -> None:
        fill(log, "posts", "anna", "bo")
        epoch = log.epoch()
        assert log.rewrite("posts", lambda entry: None, needle=b"nn") == 1
        assert keys(log.browse("posts")) == ["bo"]
        assert log.epoch() == epoch + 1
        assert log.rewrite("posts", lambda entry: None, needle=b"nn") == 0
        assert log.epoch() == epoch + 1

    def test_an_offset_is_never_used_twice(self, log: Log) -> None:
        fill(log, "posts", "a", "b")
        gone = offsets(log.browse("posts"))["b"]
        log.forget(["b"])
        fill(log, "posts", "c")
        assert keys(log.browse("posts")) == ["a", "c"]
        assert offsets(log.browse("posts"))["c"] > gone

    def test_forget_removes_a_key_everywhere(self, log: Log) -> None:
        fill(log, "posts", "a", "b")
        fill(log, "verdicts", "a")
        epoch = log.epoch()
        assert log.forget(["a"]) == 2
        assert log.topics() == ["posts"]
        with pytest.raises(Stale), log.write(epoch=epoch):
            pass

    @pytest.mark.parametrize("topic", ["posts", "verdicts"])
    def test_forget_leaves_what_it_is_told_to_leave(self, log: Log, topic: str) -> None:
        write(log, topic, ("a", b"old"), ("b", b"other"), ("a", b"new"))
        epoch = log.epoch()
        assert log.forget(["a"], but=lambda entry: entry.value == b"new") == 1
        assert sorted(entry.value for entry in log.browse(topic)) == [b"new", b"other"]
        assert log.epoch() == epoch + 1
        assert log.forget(["a"], but=lambda entry: True) == log.forget([]) == 0
        assert log.epoch() == epoch + 1

    def test_entries_of_a_key_come_from_posts_and_dead_letters_alike(self, log: Log) -> None:
        write(log, "posts.dead", ("a", b"1"), ("b", b"2"))
        write(log, "posts", ("b", b"3"), ("a", b"4"), ("c", b"5"), ("a", b"6"))
        found = [(entry.topic, entry.value) for entry in log.entries_of(["a", "c"])]
        assert found == [("posts", b"4"), ("posts", b"5"), ("posts", b"6"), ("posts.dead", b"1")]
        assert log.entries_of([]) == []

    @pytest.mark.parametrize("topic", ["posts", "posts.dead", "verdicts"])
    def test_finds_what_contains_some_bytes(self, log: Log, topic: str) -> None:
        write(log, topic, ("a", b"anna"), ("a", b"bo"), ("a", b"hanna"))
        assert [entry.value for entry in log.containing(topic, b"nn")] == [b"anna", b"hanna"]
        assert log.containing("nothing", b"nn") == []

    def test_an_entry_can_be_taken_out_once_and_as_it_was_read(self, log: Log) -> None:
        fill(log, "posts.dead", "a", "b", "c")
        _, second, third = log.browse("posts.dead")
        with log.write() as writer:
            take_out(log, writer, second)
        log.rewrite("posts.dead", lambda entry: b"less", needle=b"c")
        for gone in (second, third):
            with pytest.raises(Stale), log.write() as writer:
                take_out(log, writer, gone)
        assert keys(log.browse("posts.dead")) == ["a", "c"]

    def test_bump_makes_batches_stale(self, log: Log) -> None:
        epoch = log.epoch()
        log.bump()
        with pytest.raises(Stale), log.write(epoch=epoch):
            pass
        with log.write(epoch=log.epoch()) as writer:
            writer.append("posts", "a", b"a")
        assert keys(log.browse("posts")) == ["a"]


class QueueContract(LogContract):
    @pytest.fixture
    def log(self, clock: ManualClock) -> Queue:
        raise NotImplementedError

    def test_reads_in_order_from_the_groups_own_offset(self, log: Queue) -> None:
        fill(log, "posts", "a", "b", "c")
        assert unread(log, "posts", "g") == ["a", "b", "c"]
        with log.write() as writer:
            writer.commit("g", "posts", 2)
        assert unread(log, "posts", "g") == ["c"]
        assert unread(log, "posts", "other") == ["a", "b", "c"]

    def test_limits_a_batch(self, log: Queue) -> None:
        fill(log, "posts", "a", "b", "c")
        assert keys(log.read("posts", "g", 2).entries) == ["a", "b"]

    def test_a_failed_write_moves_no_offset(self, log: Queue) -> None:
        fill(log, "posts", "a")
        with pytest.raises(RuntimeError), log.write() as writer:
            writer.commit("g", "posts", 1)
            raise RuntimeError
        assert unread(log, "posts", "g") == ["a"]

    def test_lag(self, log: Queue) -> None:
        fill(log, "posts", "a", "b", "c")
        with log.write() as writer:
            writer.commit("g", "posts", 1)
        assert log.lag("posts", "g") == 2

    def test_a_batch_remembers_the_epoch_it_was_read_in(self, log: Queue) -> None:
        fill(log, "posts", "a")
        batch = log.read("posts", "g", 10)
        log.forget(["a"])
        with pytest.raises(Stale), log.write(epoch=batch.epoch):
            pass

    def test_expire_takes_only_what_is_old_and_read_by_all(self, log: Queue, clock: ManualClock) -> None:
        fill(log, "posts", "old-read", "old-unread")
        fill(log, "posts.dead", "dead")
        fill(log, "unread", "a")
        clock.advance(60)
        fill(log, "posts", "new")
        with log.write() as writer:
            writer.commit("fast", "posts", 3)
            writer.commit("slow", "posts", 1)
        epoch = log.epoch()
        assert log.expire(clock.now()) == 2
        assert keys(log.browse("posts")) == ["old-unread", "new"]
        assert log.topics() == ["posts", "unread"]
        assert log.epoch() == epoch


def fill(log: Log, topic: str, *names: str) -> None:
    """Entries whose key and value are a name."""
    write(log, topic, *((name, name.encode()) for name in names))


def write(log: Log, topic: str, *entries: tuple[str, bytes]) -> None:
    with log.write() as writer:
        for key, value in entries:
            writer.append(topic, key, value)


def keys(entries: Sequence[Entry]) -> list[str]:
    return [entry.key for entry in entries]


def offsets(entries: Sequence[Entry]) -> dict[str, int]:
    return {entry.key: entry.offset for entry in entries}


def unread(log: Queue, topic: str, group: str) -> list[str]:
    return keys(log.read(topic, group, 100).entries)
