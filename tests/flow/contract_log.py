"""What every log promises; run over each implementation by test_logs.py."""

from datetime import UTC, datetime

import pytest

from flow.clock import ManualClock
from flow.errors import Stale
from flow.log import Log, take_out

START = datetime(2026, 9, 14, 6, tzinfo=UTC)


class LogContract:
    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock(START)

    @pytest.fixture
    def log(self, clock: ManualClock) -> Log:
        raise NotImplementedError

    def test_reads_in_order_from_the_groups_own_offset(self, log: Log) -> None:
        fill(log, "posts", "a", "b", "c")
        assert keys(log, "posts", "g") == ["a", "b", "c"]
        with log.write() as writer:
            writer.commit("g", "posts", 2)
        assert keys(log, "posts", "g") == ["c"]
        assert keys(log, "posts", "other") == ["a", "b", "c"]

    def test_limits_a_batch(self, log: Log) -> None:
        fill(log, "posts", "a", "b", "c")
        assert [entry.key for entry in log.read("posts", "g", 2).entries] == ["a", "b"]

    def test_tells_entry_apart_by_offset_and_keeps_value_and_time(self, log: Log) -> None:
        fill(log, "posts", "a", "a")
        first, second = log.read("posts", "g", 10).entries
        assert (first.offset, second.offset) == (0, 1)
        assert (first.value, first.at, first.topic) == (b"a", START, "posts")

    def test_a_failed_write_leaves_nothing(self, log: Log) -> None:
        with pytest.raises(RuntimeError), log.write() as writer:
            writer.append("posts", "a", b"a")
            writer.commit("g", "posts", 1)
            writer.save_cursor("feed", "x")
            raise RuntimeError
        assert keys(log, "posts", "g") == []
        assert log.cursor("feed") is None

    def test_lag(self, log: Log) -> None:
        fill(log, "posts", "a", "b", "c")
        with log.write() as writer:
            writer.commit("g", "posts", 1)
        assert log.lag("posts", "g") == 2
        assert log.lag("posts", "new") == 3
        assert log.lag("nothing", "g") == 0

    def test_cursors_are_kept_apart(self, log: Log) -> None:
        with log.write() as writer:
            writer.save_cursor("feed", "1")
            writer.save_cursor("feed", "2")
            writer.save_cursor("bluesky", "9")
        assert (log.cursor("feed"), log.cursor("bluesky"), log.cursor("jsonl")) == ("2", "9", None)

    def test_latest_is_the_newest_of_each_key(self, log: Log) -> None:
        fill(log, "posts", "a", "b", "a")
        found = log.latest("posts", ["a", "b", "c"])
        assert {key: entry.offset for key, entry in found.items()} == {"a": 2, "b": 1}

    def test_browse_needs_no_group(self, log: Log) -> None:
        fill(log, "posts.dead", "a", "b", "c")
        assert [entry.key for entry in log.browse("posts.dead", after=0, limit=1)] == ["b"]
        assert log.topics() == ["posts.dead"]

    def test_discard_removes_single_entries(self, log: Log) -> None:
        fill(log, "posts.dead", "a", "b", "c")
        with log.write() as writer:
            writer.discard("posts.dead", [0, 2])
        assert [entry.key for entry in log.browse("posts.dead")] == ["b"]

    def test_rewrite_changes_removes_and_makes_older_batches_stale(self, log: Log) -> None:
        fill(log, "posts", "keep", "change", "remove")
        batch = log.read("posts", "g", 10)
        changes = {"keep": b"keep", "change": b"changed", "remove": None}
        assert log.rewrite("posts", lambda entry: changes[entry.key]) == 2
        assert [entry.value for entry in log.browse("posts")] == [b"keep", b"changed"]
        with pytest.raises(Stale), log.write(epoch=batch.epoch) as writer:
            writer.append("verdicts", "remove", b"remove")
        assert log.browse("verdicts") == []

    def test_rewrite_looks_only_at_entries_with_the_needle(self, log: Log) -> None:
        fill(log, "posts", "anna", "bo")
        epoch = log.epoch()
        assert log.rewrite("posts", lambda entry: None, needle=b"nn") == 1
        assert [entry.key for entry in log.browse("posts")] == ["bo"]
        assert log.epoch() == epoch + 1
        assert log.rewrite("posts", lambda entry: None, needle=b"nn") == 0
        assert log.epoch() == epoch + 1

    def test_an_offset_is_never_used_twice(self, log: Log) -> None:
        fill(log, "posts", "a", "b")
        log.forget(["b"])
        fill(log, "posts", "c")
        assert [(entry.key, entry.offset) for entry in log.browse("posts")] == [("a", 0), ("c", 2)]

    def test_forget_removes_a_key_everywhere(self, log: Log) -> None:
        fill(log, "posts", "a", "b")
        fill(log, "verdicts", "a")
        batch = log.read("posts", "g", 10)
        assert log.forget(["a"]) == 2
        assert log.topics() == ["posts"]
        with pytest.raises(Stale), log.write(epoch=batch.epoch):
            pass

    def test_forget_leaves_what_it_is_told_to_leave(self, log: Log) -> None:
        fill(log, "posts", "a", "b", "a")
        epoch = log.epoch()
        assert log.forget(["a"], but=lambda entry: entry.offset == 2) == 1
        assert [(entry.key, entry.offset) for entry in log.browse("posts")] == [("b", 1), ("a", 2)]
        assert log.epoch() == epoch + 1
        assert log.forget(["a"], but=lambda entry: True) == log.forget([]) == 0
        assert log.epoch() == epoch + 1

    def test_entries_of_a_key_come_from_every_topic(self, log: Log) -> None:
        fill(log, "verdicts", "a", "b")
        fill(log, "posts", "b", "a", "c", "a")
        found = [(entry.topic, entry.offset) for entry in log.entries_of(["a", "c"])]
        assert found == [("posts", 1), ("posts", 2), ("posts", 3), ("verdicts", 0)]
        assert log.entries_of([]) == []

    def test_finds_what_contains_some_bytes(self, log: Log) -> None:
        fill(log, "posts", "anna", "bo", "hanna")
        assert [entry.key for entry in log.containing("posts", b"nn")] == ["anna", "hanna"]
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
        assert [entry.key for entry in log.browse("posts.dead")] == ["a", "c"]

    def test_bump_makes_batches_stale(self, log: Log) -> None:
        batch = log.read("posts", "g", 10)
        log.bump()
        with pytest.raises(Stale), log.write(epoch=batch.epoch):
            pass
        with log.write(epoch=log.epoch()) as writer:
            writer.append("posts", "a", b"a")

    def test_expire_takes_only_what_is_old_and_read_by_all(self, log: Log, clock: ManualClock) -> None:
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
        assert [entry.key for entry in log.browse("posts")] == ["old-unread", "new"]
        assert log.topics() == ["posts", "unread"]
        assert log.epoch() == epoch


def fill(log: Log, topic: str, *names: str) -> None:
    with log.write() as writer:
        for name in names:
            writer.append(topic, name, name.encode())


def keys(log: Log, topic: str, group: str) -> list[str]:
    return [entry.key for entry in log.read(topic, group, 100).entries]
