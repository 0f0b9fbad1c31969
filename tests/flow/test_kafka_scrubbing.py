"""What was erased stands in no file of the broker, and nothing else is missing."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flow.databases.postgres import Postgres
from flow.entry import Entry
from flow.logs.kafka import KafkaLog
from tests.flow.contract_log import fill, keys, write
from tests.flow.kafka_log import Group, opened, wait_for, with_topics
from tests.servers.fixtures import Place, StartServer
from tests.servers.kafka import Kafka

QUICK = {"log.retention.check.interval.ms": "500", "log.segment.delete.delay.ms": "100"}


@pytest.fixture
def broker(start_server: StartServer) -> Kafka:
    """A broker that soon looks for files that it may delete."""
    return start_server(Kafka(properties=QUICK))


def test_erased_text_is_in_no_file_and_the_rest_is_read_once_more_in_order(broker: Kafka, database: Postgres) -> None:
    place = with_topics(Place(broker.address, "t-"))
    names = [str(number) for number in range(40)]
    with opened(place, database, compression="none") as log:
        for turn in (b"1", b"2"):
            write(log, "verdicts", *((name, turn) for name in names))
        write(log, "verdicts", ("40", b"MARKER-removed"), ("40", b"3 without MARKER-changed"))
        fill(log, "posts", "MARKER-key")
        write(log, "posts.dead", ("a", b"MARKER-letter"))
        with Group(place, "verdicts", "route") as group:
            group.take_all(30)
            group.commit()
        assert files_with(broker, b"MARKER")

        assert log.forget(["MARKER-key"]) == 1
        assert log.rewrite("posts.dead", lambda entry: None) == 1
        assert log.rewrite("verdicts", _less, needle=b"MARKER") == 2
        fill(log, "verdicts", "later")
        log.scrub()

        expected = {name: [b"1", b"2"] for name in names} | {"40": [b"3"], "later": [b"later"]}
        # "route" had read a part; as "index" had not, all of it was carried over: nothing is missing for either.
        for reader in ("route", "index"):
            with Group(place, "verdicts", reader) as group:
                assert by_key(log.standing(group.take_all(82))) == expected
        assert by_key(log.browse("verdicts", limit=1000)) == expected
        fill(log, "verdicts", "and on")
        assert "and on" in keys(log.browse("verdicts", limit=1000))
    deadline = time.monotonic() + 30
    while found := files_with(broker, b"MARKER"):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def test_scrubs_can_be_repeated_and_meet_and_their_markers_are_no_entries(broker: Kafka, database: Postgres) -> None:
    place = with_topics(Place(broker.address, ""))  # the broker's own topics are let alone
    with opened(place, database) as log:
        log.scrub()
        with opened(place, database) as other, ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(each.scrub) for each in (log, other)]:
                done.result(timeout=60)
        assert log.topics() == []
        assert log.browse("verdicts") == []
        with Group(place, "verdicts", "route") as group:
            fill(log, "verdicts", "a")
            assert keys(group.take_all(1)) == ["a"]
            wait_for(lambda: passed(log, group))


def passed(log: KafkaLog, group: Group) -> bool:
    """Whether a group that has read all entries has got past the markers, too."""
    assert group.take(seconds=0.05) == []
    group.commit()
    return log.lag("verdicts", "route") == 0


def _less(entry: Entry) -> bytes | None:
    return None if entry.value == b"MARKER-removed" else b"3"


def by_key(entries: Sequence[Entry]) -> dict[str, list[bytes]]:
    return {key: [entry.value for entry in entries if entry.key == key] for key in keys(entries)}


def files_with(broker: Kafka, text: bytes) -> list[str]:
    """The files in the broker's data folder that contain ``text``."""
    data = broker.folder / "data"
    return [str(path.relative_to(data)) for path in sorted(data.rglob("*")) if path.is_file() and text in _bytes(path)]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # the broker has just deleted it
        return b""
