"""The log contract over Kafka and PostgreSQL, and what only this log promises."""

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka.partitioner import DefaultPartitioner
from confluent_kafka import Producer

from flow.clock import ManualClock
from flow.databases.postgres import Postgres
from flow.entry import Entry
from flow.errors import BadInput, Broken
from flow.log import Log
from flow.logs.kafka import KafkaLog
from tests.flow.contract_log import LogContract, fill, keys, write
from tests.flow.kafka_log import PARTITIONS, Group, opened
from tests.servers.fixtures import Place
from tests.servers.kafka import create_topics, delete_topics


class TestKafkaLog(LogContract):
    @pytest.fixture
    def log(self, place: Place, database: Postgres, clock: ManualClock) -> Iterator[Log]:
        with opened(place, database, clock) as log:
            yield log


def test_a_group_reads_what_was_written_and_the_lag_tells_what_is_left(kafka_log: KafkaLog, place: Place) -> None:
    names = [str(number) for number in range(20)]
    fill(kafka_log, "verdicts", *names)
    with Group(place, "verdicts", "route") as group:
        entries = group.take_all(20)
        assert sorted(keys(entries)) == sorted(names)
        assert kafka_log.standing(entries) == entries
        assert sorted(entries, key=lambda entry: entry.offset) == kafka_log.browse("verdicts")
        group.commit()
    assert (kafka_log.lag("verdicts", "route"), kafka_log.lag("verdicts", "index")) == (0, 20)
    assert kafka_log.lags({"route": "verdicts", "index": "verdicts", "deliver": "alerts"}) == {
        "route": 0,
        "index": 20,
        "deliver": 0,
    }
    progress = kafka_log.progress("verdicts", "route")
    assert len(progress) == PARTITIONS
    assert all(each.committed == each.end for each in progress.values())


def test_all_about_one_post_stands_in_one_partition_in_order(kafka_log: KafkaLog, place: Place) -> None:
    for text in (b"1", b"2", b"3"):
        for topic in ("posts", "verdicts", "alerts"):
            write(kafka_log, topic, *((str(number), text) for number in range(12)))
    for topic, reader in (("posts", "classify"), ("verdicts", "route"), ("alerts", "deliver")):
        with Group(place, topic, reader) as group:
            entries = group.take_all(36)
        found = {key: [(e.offset % 1000, e.value) for e in entries if e.key == key] for key in keys(entries)}
        assert all([value for _, value in each] == [b"1", b"2", b"3"] for each in found.values())
        where = {key: {partition for partition, _ in each} for key, each in found.items()}
        numbers = list(range(PARTITIONS))
        # Java's clients and aiokafka choose the same.
        assert where == {key: {DefaultPartitioner()(key.encode(), numbers, numbers)} for key in where}


def test_what_belongs_together_is_erased_together(kafka_log: KafkaLog) -> None:
    fill(kafka_log, "posts", "a", "b")
    fill(kafka_log, "verdicts", "a", "b")
    epoch = kafka_log.epoch()
    with pytest.raises(RuntimeError), kafka_log.write():
        assert sum(kafka_log.rewrite(topic, without("a")) for topic in ("posts", "verdicts")) == 2
        assert keys(kafka_log.browse("verdicts")) == ["b"]
        raise RuntimeError
    assert sorted(keys(kafka_log.browse("posts"))) == sorted(keys(kafka_log.browse("verdicts"))) == ["a", "b"]
    assert kafka_log.epoch() == epoch


def test_a_batch_in_hand_is_seen_as_an_erasure_left_it(kafka_log: KafkaLog, place: Place) -> None:
    fill(kafka_log, "verdicts", "keep", "change", "remove", "forget")
    with Group(place, "verdicts", "route") as group:
        batch = group.take_all(4)
    changes = {"keep": b"keep", "change": b"less", "remove": None, "forget": b"forget"}
    kafka_log.rewrite("verdicts", lambda entry: changes[entry.key])
    kafka_log.rewrite("verdicts", lambda entry: b"least" if entry.value == b"less" else entry.value)
    kafka_log.forget(["forget"])
    left = [(entry.key, entry.value, entry.offset) for entry in kafka_log.standing(batch)]
    offset = {entry.key: entry.offset for entry in batch}
    assert sorted(left) == [("change", b"least", offset["change"]), ("keep", b"keep", offset["keep"])]
    assert kafka_log.standing([]) == []


def test_what_all_have_read_leaves_with_an_erasure_and_is_gone_after_a_sweep(kafka_log: KafkaLog, place: Place) -> None:
    write(kafka_log, "verdicts", *[("a", b"read")] * 3)
    for name in ("route", "index"):
        with Group(place, "verdicts", name) as group:
            group.take_all(3)
            group.commit()
    write(kafka_log, "verdicts", ("a", b"unread"), ("a", b"secret"))
    assert kafka_log.rewrite("verdicts", lambda entry: None, needle=b"secret") == 1
    assert [entry.value for entry in kafka_log.browse("verdicts")] == [b"unread"]
    assert kafka_log.lag("verdicts", "route") == 2
    kafka_log.sweep()
    with Group(place, "verdicts", "somebody") as group:
        assert [entry.value for entry in group.take_all(2)] == [b"unread", b"secret"]
    # Once the others have passed what is removed, it goes, too.
    for name in ("route", "index"):
        with Group(place, "verdicts", name) as group:
            assert [entry.value for entry in kafka_log.standing(group.take_all(2))] == [b"unread"]
            group.commit()
    kafka_log.sweep()
    with Group(place, "verdicts", "else") as group:
        assert group.take() == []
    assert kafka_log.topics() == []


def test_a_group_that_never_committed_holds_everything_back(kafka_log: KafkaLog, place: Place) -> None:
    fill(kafka_log, "verdicts", "a", "b")
    with Group(place, "verdicts", "route") as group:
        group.take_all(2)
        group.commit()
    assert kafka_log.expire(soon()) == 0
    assert sorted(keys(kafka_log.browse("verdicts"))) == ["a", "b"]


def test_only_what_is_old_and_read_by_all_expires(kafka_log: KafkaLog, place: Place) -> None:
    write(kafka_log, "verdicts", ("a", b"1"), ("a", b"2"), ("a", b"3"))
    fill(kafka_log, "verdicts.dead", "a")
    for name, count in (("route", 3), ("index", 2)):
        with Group(place, "verdicts", name) as group:
            group.take_all(count)
            group.commit()
    epoch = kafka_log.epoch()
    assert kafka_log.expire(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert kafka_log.expire(soon()) == 3
    assert [entry.value for entry in kafka_log.browse("verdicts")] == [b"3"]
    assert kafka_log.topics() == ["verdicts"]
    assert kafka_log.epoch() == epoch


def test_posts_are_found_by_their_id_as_long_as_anything_before_them_is_unread(
    kafka_log: KafkaLog, place: Place
) -> None:
    fill(kafka_log, "posts", "a")
    fill(kafka_log, "verdicts", "a")
    with Group(place, "posts", "classify") as group:
        group.take_all(1)
        group.commit()
    later = soon() + timedelta(hours=2)
    assert kafka_log.oldest_unread("posts", "classify") is None
    assert kafka_log.oldest_unread("verdicts", "route") is not None
    kafka_log.expire(later)
    assert set(kafka_log.latest("posts", ["a"])) == {"a"}
    for name in ("route", "index"):
        with Group(place, "verdicts", name) as group:
            group.take_all(1)
            group.commit()
    assert kafka_log.expire(later) == 2
    assert kafka_log.latest("posts", ["a"]) == {}


def test_an_entry_that_is_too_large_is_refused_alone_and_its_dead_letter_kept(
    kafka_log: KafkaLog, place: Place
) -> None:
    with pytest.raises(BadInput, match="larger"):
        write(kafka_log, "verdicts", ("a", b"x" * 1_100_000))
    write(kafka_log, "verdicts.dead", ("a", b"x" * 1_100_000), ("b", b"small"))
    assert keys(kafka_log.browse("verdicts.dead")) == ["a", "b"]
    assert kafka_log.topics() == ["verdicts.dead"]
    with Group(place, "verdicts.dead", "somebody") as group:
        assert keys(group.take_all(1)) == ["b"]


def test_what_others_write_breaks_nothing(kafka_log: KafkaLog, place: Place) -> None:
    producer = Producer({"bootstrap.servers": place.address})
    for key in (None, b"\xff", b"a\x00b", secrets.token_hex(5000)):
        producer.produce(place.prefix + "verdicts", b"x", key)
    producer.flush()
    with Group(place, "verdicts", "route") as group:
        entries = kafka_log.standing(group.take_all(4))
    assert {"", "a\ufffdb", "\ufffd"} < set(keys(entries))
    with kafka_log.write(epoch=kafka_log.epoch()) as writer:
        for entry in entries:
            writer.append("verdicts.dead", entry.key, entry.value)
    assert keys(kafka_log.browse("verdicts.dead")) == keys(entries)


def test_a_missing_topic_is_told_with_the_remedy(place: Place, database: Postgres) -> None:
    with opened(place, database, readers={"decisions": ["index"]}) as log:
        with pytest.raises(Broken, match="turvakt topics apply"):
            log.lag("decisions", "index")
        with pytest.raises(Broken, match="turvakt topics apply"):
            fill(log, "decisions", "a")


def test_a_topic_that_is_made_anew_hides_nothing_new(kafka_log: KafkaLog, place: Place, database: Postgres) -> None:
    write(kafka_log, "verdicts", *[("a", b"read")] * 3)
    for name in ("route", "index"):
        with Group(place, "verdicts", name) as group:
            group.take_all(3)
            group.commit()
    write(kafka_log, "verdicts", ("a", b"secret"))
    fill(kafka_log, "posts", "a")
    assert kafka_log.rewrite("verdicts", lambda entry: None, needle=b"secret") == 1
    assert kafka_log.mend() == set()

    delete_topics(place.address, f"{place.prefix}verdicts")
    create_topics(place.address, *(f"{place.prefix}{topic}" for topic in ("verdicts", "verdicts.dead")))
    for step in (
        lambda: fill(kafka_log, "verdicts", "a"),
        lambda: kafka_log.lag("verdicts", "route"),
        lambda: kafka_log.browse("verdicts"),
        lambda: kafka_log.forget(["a"]),
    ):
        with pytest.raises(Broken, match="turvakt topics apply"):
            step()
    assert kafka_log.mend() == {"verdicts"}
    write(kafka_log, "verdicts", ("a", b"new"))
    assert [entry.value for entry in kafka_log.browse("verdicts")][-1] == b"new"
    with Group(place, "verdicts", "route") as group:
        assert [entry.value for entry in kafka_log.standing(group.take_all(2))] == [b"new"]
        group.commit()
    assert kafka_log.lag("verdicts", "index") == 1


def test_a_group_that_has_read_more_than_there_is_lets_nothing_be_hidden(kafka_log: KafkaLog, place: Place) -> None:
    """As after a broker that lost the end of a partition."""
    with Group(place, "alerts", "deliver") as group:
        group.commit_ahead(100)
    fill(kafka_log, "alerts", "a")
    kafka_log.forget(["b"])
    fill(kafka_log, "alerts", "c")
    assert "c" in keys(kafka_log.browse("alerts"))


def test_a_forgotten_post_leaves_the_topics_of_dead_letters_with_the_next_sweep(
    kafka_log: KafkaLog, place: Place
) -> None:
    fill(kafka_log, "posts.dead", "a", "b")
    fill(kafka_log, "verdicts.dead", "c")
    assert kafka_log.forget(["a"]) == 1
    kafka_log.sweep()
    assert keys(kafka_log.browse("posts.dead")) == ["b"]
    fill(kafka_log, "posts.dead", "d")
    for topic, told in (("posts.dead", ["d"]), ("verdicts.dead", ["c"])):
        with Group(place, topic, "somebody") as group:
            assert keys(group.take_all(1)) == told
            assert group.take() == []


def test_dead_letters_are_told_of_in_kafka_too(kafka_log: KafkaLog, place: Place) -> None:
    fill(kafka_log, "posts.dead", "a")
    with Group(place, "posts.dead", "somebody") as group:
        assert [entry.value for entry in group.take_all(1)] == [b"a"]


def without(key: str) -> Callable[[Entry], bytes | None]:
    def change(entry: Entry) -> bytes | None:
        return None if entry.key == key else entry.value

    return change


def soon() -> datetime:
    """A moment that everything written by now is older than, by the broker's clock."""
    return datetime.now(UTC) + timedelta(minutes=1)
