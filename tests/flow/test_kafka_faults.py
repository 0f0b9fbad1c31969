"""Brokers and databases that go away, erasures in the midst of work: nothing acknowledged is missing, nothing erased is back."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from flow.databases.postgres import Postgres
from flow.entry import Entry
from flow.errors import Unavailable
from flow.logs.kafka import KafkaLog
from tests.flow.contract_log import fill, keys
from tests.flow.kafka_log import Group, again, opened, prepared, wait_for, with_topics
from tests.servers.fixtures import Place, StartServer
from tests.servers.kafka import Kafka
from tests.servers.postgres import Postgres as PostgresServer


def test_a_broker_that_is_killed_and_comes_back(start_server: StartServer, database: Postgres) -> None:
    kafka = start_server(Kafka())
    place = with_topics(Place(kafka.address, "t-"))
    acknowledged: list[str] = []
    end = threading.Event()

    def write_on() -> None:
        with opened(place, database, seconds=5) as log:
            while not end.is_set():
                names = [str(len(acknowledged) + number) for number in range(20)]
                again(fill, log, "posts", *names)
                acknowledged.extend(names)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write_on)
        wait_for(lambda: len(acknowledged) > 500)
        kafka.kill()
        before = len(acknowledged)
        kafka.start()
        wait_for(lambda: len(acknowledged) > before + 500)
        end.set()
        writing.result(timeout=60)
    with opened(place, database) as log, Group(place, "posts", "classify") as group:
        there = set(keys(group.take_all(log.lag("posts", "classify"))))
        assert set(acknowledged) <= there
        assert set(acknowledged) <= set(log.latest("posts", acknowledged))


def test_a_database_that_is_killed_in_the_midst_of_a_transaction(start_server: StartServer, place: Place) -> None:
    server = start_server(PostgresServer())
    with prepared(server.address) as database, opened(place, database) as log:
        fill(log, "posts", "a")
        with pytest.raises(Unavailable), log.write() as writer:
            writer.append("posts", "b", b"b")
            server.kill()
        server.start()
        again(fill, log, "posts", "b")
        assert keys(log.browse("posts")) == ["a", "b"]
        with Group(place, "posts", "classify") as group:
            assert set(keys(group.take_all(log.lag("posts", "classify")))) == {"a", "b"}


def test_what_is_asked_while_a_broker_is_away_and_after_it(start_server: StartServer, database: Postgres) -> None:
    kafka = start_server(Kafka())
    place = with_topics(Place(kafka.address, "t-"))
    with opened(place, database, seconds=2) as log, Group(place, "verdicts", "route") as group:
        again(fill, log, "verdicts", "a")
        for away, back in ((kafka.kill, kafka.start), (kafka.pause, kafka.resume)):
            away()
            for ask in (
                lambda: log.lag("verdicts", "route"),
                lambda: log.browse("verdicts"),
                lambda: log.forget(["a"]),
                lambda: fill(log, "verdicts", "b"),
                log.scrub,
            ):
                with pytest.raises(Unavailable):
                    ask()
            back()
            again(log.scrub)
            again(fill, log, "verdicts", "c")
            assert set(keys(log.browse("verdicts"))) >= {"a", "c"}
            while log.lag("verdicts", "route"):
                group.take()
                group.commit()


def test_two_who_forget_in_their_hand_overs_do_not_wait_for_each_other_for_ever(
    place: Place, database: Postgres
) -> None:
    """Each shares the lock that the other one wants alone."""
    both = threading.Barrier(2)
    first_try = threading.local()

    def hand_over(log: KafkaLog, key: str) -> None:
        with log.write(epoch=log.epoch()) as writer:
            if not getattr(first_try, "over", False):
                first_try.over = True
                both.wait(timeout=30)
            log.forget([key])
            writer.append("alerts", key, b"forgotten")

    with opened(place, database) as one, opened(place, database) as other, ThreadPoolExecutor(2) as pool:
        fill(one, "verdicts", "a", "b", "c")
        for done in [pool.submit(again, hand_over, one, "a"), pool.submit(again, hand_over, other, "b")]:
            done.result(timeout=60)
        assert keys(one.browse("verdicts")) == ["c"]
        assert set(keys(one.browse("alerts"))) == {"a", "b"}


@pytest.mark.parametrize("seed", range(2))
def test_nothing_erased_comes_back_and_nothing_else_is_lost(seed: int, place: Place, database: Postgres) -> None:
    """Two workers take posts to verdicts while officials are erased, posts forgotten, and the brokers swept and scrubbed."""
    chance = random.Random(seed)
    officials = [f"official-{number}" for number in range(6)]
    posts = [f"{official}:{number}" for number in range(60) for official in officials]
    chance.shuffle(posts)
    erased, forgotten = officials[:3], chance.sample([post for post in posts if post.startswith("official-5")], 5)
    at = {name: chance.randrange(len(posts)) for name in (*erased, *forgotten)}  # after how many posts each has to go
    gone: set[str] = set()  # as the registry knows it
    put: list[str] = []

    def write_posts(log: KafkaLog) -> None:
        for post in posts:
            again(write_one, log, post)
            put.append(post)

    def write_one(log: KafkaLog, post: str) -> None:
        epoch = log.epoch()
        if post not in gone and post.partition(":")[0] not in gone:
            with log.write(epoch=epoch) as writer:
                writer.append("posts", post, f"<{post.partition(':')[0]}> <{post}>".encode())

    def classify(log: KafkaLog, partitions: tuple[int, int]) -> None:
        with Group(place, "posts", "classify", partitions=partitions) as group:
            while not ending.is_set() or log.lag("posts", "classify"):
                batch = group.take(at_most=chance.randrange(1, 40))
                again(hand_over, log, batch)
                group.commit()

    def hand_over(log: KafkaLog, batch: list[Entry]) -> None:
        epoch = log.epoch()
        left = log.standing(batch)
        with log.write(epoch=epoch) as writer:
            for entry in left:
                writer.append("verdicts", entry.key, entry.value)

    def remove(log: KafkaLog) -> None:
        for name in sorted(at, key=lambda name: at[name]):
            remove_one(log, name)

    def remove_one(log: KafkaLog, name: str) -> None:
        wait_for(lambda: len(put) >= at[name])
        gone.add(name)
        if name in erased:
            again(erase, log, name)
        else:
            again(log.forget, [name])
        again(chance.choice([log.sweep, log.sweep, log.scrub]))

    def erase(log: KafkaLog, official: str) -> None:
        with log.write():
            log.bump()
            for topic in ("posts", "verdicts"):
                log.rewrite(topic, lambda entry: None, needle=f"<{official}>".encode())

    ending = threading.Event()
    with ExitStack() as stack, ThreadPoolExecutor(4) as pool:
        logs = [stack.enter_context(opened(place, database)) for _ in range(4)]
        classifying = [pool.submit(classify, logs[0], (0, 1)), pool.submit(classify, logs[1], (2, 3))]
        try:
            for other in [pool.submit(write_posts, logs[2]), pool.submit(remove, logs[3])]:
                other.result(timeout=120)
        finally:
            ending.set()
        for each in classifying:
            each.result(timeout=60)

    rest = {post for post in posts if post.partition(":")[0] not in erased and post not in forgotten}
    with opened(place, database) as log:
        assert set(keys(log.browse("posts", limit=10_000))) == rest
        assert set(keys(log.browse("verdicts", limit=10_000))) == rest
        log.scrub()
        with Group(place, "verdicts", "route") as group:
            assert set(keys(group.take_all(log.lag("verdicts", "route")))) == rest  # as it stands in Kafka
