"""A stage on real Kafka: what goes right, and what does not."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence

import pytest
from confluent_kafka.admin import AdminClient, NewPartitions

from flow.databases.postgres import Postgres
from flow.entry import Entry
from flow.errors import Broken, Unavailable
from flow.logs.kafka import KafkaLog
from flow.runtimes.faust import Faust
from tests.flow.shouting import (
    TOPICS,
    Seen,
    Word,
    heard,
    left,
    log_at,
    mark,
    running,
    runtime,
    say,
    shouting,
    unheard,
    until,
)
from tests.servers.fixtures import Place
from tests.servers.kafka import create_topics

pytestmark = [pytest.mark.usefixtures("loose_connections"), pytest.mark.filterwarnings("ignore::ResourceWarning")]

WORDS = [f"word {number}" for number in range(500)]
SHOUTED = sorted(word.upper() for word in WORDS)


@pytest.fixture
def place(kafka: Place) -> Place:
    create_topics(kafka.address, *(kafka.prefix + topic for topic in TOPICS))
    return kafka


@pytest.fixture
def log(place: Place, database: Postgres) -> Iterator[KafkaLog]:
    with log_at(place, database) as log:
        yield log


async def test_takes_everything_through_and_leaves_the_group_behind_it(log: KafkaLog, place: Place) -> None:
    say(log, WORDS)
    async with running(runtime(log, place)):
        await until(lambda: left(log) == 0)
        say(log, ["one more"])
        await until(lambda: left(log) == 0)
    assert sorted(heard(log)) == sorted([*SHOUTED, "ONE MORE"])


async def test_keeps_the_order_of_each_post(log: KafkaLog, place: Place) -> None:
    taken: list[str] = []
    for turn in range(20):
        with log.write() as writer:
            for key in ("a", "b", "c", "d", "e", "f"):
                writer.append("words", key, b'{"kind":"word","version":1,"text":"%s%02d"}' % (key.encode(), turn))
    stage = shouting(meanwhile=lambda words: taken.extend(word.text for word in words))
    async with running(runtime(log, place, stage, batch_size=7)):
        await until(lambda: left(log) == 0)
    for key in "abcdef":
        assert [text for text in taken if text[0] == key] == [f"{key}{turn:02}" for turn in range(20)]


async def test_bad_entries_and_such_as_make_it_fail_become_dead_letters(log: KafkaLog, place: Place) -> None:
    def fail(words: Sequence[Word]) -> None:
        if any(word.text == "word 7" for word in words):
            raise ZeroDivisionError

    say(log, WORDS)
    with log.write() as writer:
        writer.append("words", "bad", b"no JSON")
    async with running(runtime(log, place, shouting(meanwhile=fail))):
        await until(lambda: left(log) == 0)
    assert sorted(heard(log)) == [text for text in SHOUTED if text != "WORD 7"]
    assert [reason.partition(".")[0] for reason in sorted(unheard(log))] == [
        "unexpected ZeroDivisionError",
        "word: not valid JSON",
    ]


async def test_markers_are_passed_and_what_stands_before_them_is_not(log: KafkaLog, place: Place) -> None:
    def away(words: Sequence[Word]) -> None:
        raise Unavailable("away")

    say(log, WORDS[:20])  # few: taken together with the markers behind them
    mark(place)
    seen = Seen()
    async with running(runtime(log, place, shouting(apply=away), observer=seen)):
        await until(lambda: len(seen.waited) > 6)  # so long that Faust has committed meanwhile
    async with running(runtime(log, place)):
        say(log, WORDS[20:])
        mark(place)
        await until(lambda: left(log) == 0)
    assert sorted(heard(log)) == SHOUTED


async def test_what_is_unavailable_is_waited_for(log: KafkaLog, place: Place) -> None:
    tries = 0

    def apply(words: Sequence[Word]) -> None:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise Unavailable("away")

    say(log, WORDS)
    seen = Seen()
    async with running(runtime(log, place, shouting(apply=apply), observer=seen)):
        await until(lambda: left(log) == 0)
    assert sorted(heard(log)) == SHOUTED
    assert seen.waited == ["shout"] * 3


async def test_a_broken_stage_stops_and_after_a_fix_nothing_is_missing(log: KafkaLog, place: Place) -> None:
    def fail(words: Sequence[Word]) -> None:
        if any(word.text == "word 400" for word in words):
            raise Broken("it cannot go on")

    say(log, WORDS)
    async with running(runtime(log, place, shouting(meanwhile=fail))) as task:
        await asyncio.wait([task], timeout=120.0)
    with pytest.raises(Broken, match="it cannot go on"):
        task.result()
    async with running(runtime(log, place)):
        await until(lambda: left(log) == 0)
    assert sorted(heard(log)) == SHOUTED


async def test_too_many_dead_letters_stop_it_and_the_next_goes_on_behind_them(log: KafkaLog, place: Place) -> None:
    with log.write() as writer:
        for _ in range(5):
            writer.append("words", "same partition", b"no JSON")
        writer.append("words", "same partition", b'{"kind":"word","version":1,"text":"good"}')
    async with running(runtime(log, place, shouting(stop_after=3))) as task:
        await asyncio.wait([task], timeout=120.0)
    with pytest.raises(Broken, match="3 entries in a row"):
        task.result()
    assert len(unheard(log)) == 3
    async with running(runtime(log, place, shouting(stop_after=3))):
        await until(lambda: left(log) == 0)
    assert (len(unheard(log)), heard(log)) == (5, ["GOOD"])


async def test_nothing_erased_comes_of_a_batch_in_hand(log: KafkaLog, place: Place) -> None:
    in_hand, erased = threading.Event(), threading.Event()

    def wait(words: Sequence[Word]) -> None:
        in_hand.set()
        assert erased.wait(30.0)

    def change(entry: Entry) -> bytes | None:
        changes = {"word 1": None, "word 2": b'{"kind":"word","version":1,"text":"less"}'}
        return changes.get(entry.key, entry.value)

    say(log, WORDS)
    async with running(runtime(log, place, shouting(meanwhile=wait), batch_size=500)):
        await until(in_hand.is_set)
        assert await asyncio.to_thread(log.rewrite, "words", change) == 2
        erased.set()
        await until(lambda: left(log) == 0)
    expected = set(SHOUTED) - {"WORD 1", "WORD 2"} | {"LESS"}
    assert sorted(heard(log)) == sorted(expected)


async def test_stopped_in_the_midst_the_next_goes_on_where_it_was(log: KafkaLog, place: Place) -> None:
    say(log, WORDS)
    seen = Seen()
    stage = shouting(meanwhile=lambda words: threading.Event().wait(0.05) and None)
    async with running(runtime(log, place, stage, observer=seen, batch_size=20)):
        await until(lambda: seen.read > 100)
    assert 0 < (left(log) or 0) < 500
    async with running(runtime(log, place)):
        await until(lambda: left(log) == 0)
    assert sorted(heard(log)) == SHOUTED


async def test_a_second_worker_joins_and_leaves_under_load(log: KafkaLog, place: Place) -> None:
    one, two = Seen(), Seen()
    words = [f"word {number}" for number in range(6000)]

    def keep_saying() -> None:
        for start in range(0, 6000, 100):
            say(log, words[start : start + 100])
            threading.Event().wait(0.1)

    async with running(runtime(log, place, observer=one)):
        saying = asyncio.create_task(asyncio.to_thread(keep_saying))
        await until(lambda: one.read > 200)
        async with running(runtime(log, place, observer=two)):
            await until(lambda: two.read > 500)
        read = one.read
        await saying
        await until(lambda: left(log) == 0)
        assert one.read > read
    assert set(heard(log)) == {word.upper() for word in words}


def silence(runtime: Faust) -> None:
    """As a rebalance that went wrong leaves it: signs of life go on, and nothing is fetched."""
    assert runtime.consumer is not None
    runtime.consumer.app.consumer.stop_flow()


def silence_one(runtime: Faust) -> None:
    """The same in one of its partitions."""
    assert runtime.consumer is not None
    consumer = runtime.consumer.app.consumer
    consumer.pause_partitions([min(consumer.assignment())])


@pytest.mark.parametrize(("member", "silence"), [(None, silence), ("one", silence_one)])
async def test_a_silent_consumer_is_made_anew(
    log: KafkaLog, place: Place, member: str | None, silence: Callable[[Faust], None]
) -> None:
    seen = Seen()
    words = WORDS[:100]

    def noticed() -> bool:
        """Meanwhile the other partitions go on."""
        words.append(f"more {len(words)}")
        say(log, words[-1:])
        return bool(seen.waited)

    faust = runtime(log, place, observer=seen, patience=4.0, member=member)
    async with running(faust):
        say(log, words)
        await until(lambda: left(log) == 0)
        silence(faust)
        await until(noticed)
        await until(lambda: left(log) == 0)
    assert sorted(heard(log)) == sorted(word.upper() for word in words)
    assert seen.waited == ["consumer of shout"]


async def test_a_crashed_consumer_is_made_anew(log: KafkaLog, place: Place) -> None:
    faust = runtime(log, place)
    async with running(faust):
        say(log, WORDS[:100])
        await until(lambda: left(log) == 0)
        assert faust.consumer is not None
        await faust.consumer.app.crash(RuntimeError())
        say(log, WORDS[100:])
        await until(lambda: left(log) == 0)
    assert sorted(heard(log)) == SHOUTED


async def test_partitions_that_are_added_are_read(log: KafkaLog, place: Place) -> None:
    say(log, WORDS)
    async with running(runtime(log, place)):
        await until(lambda: left(log) == 0)
        add_partitions(place, 8)
        await until(lambda: len(log.progress("words", "shout")) == 8)
        say(log, (f"more {number}" for number in range(500)))
        await until(lambda: left(log) == 0)
    assert sorted(heard(log)) == sorted([*SHOUTED, *(f"MORE {number}" for number in range(500))])


def add_partitions(place: Place, many: int) -> None:
    admin = AdminClient({"bootstrap.servers": place.address})
    for done in admin.create_partitions([NewPartitions(f"{place.prefix}words", many)]).values():
        done.result()


async def test_a_missing_topic_stops_it_with_a_remedy(kafka: Place, database: Postgres) -> None:
    with log_at(kafka, database) as log, pytest.raises(Broken, match="turvakt topics apply"):
        await asyncio.wait_for(runtime(log, kafka).run(), 60.0)
