"""One source or one recipient is withdrawn: no file of the broker has a byte of it, and the rest can be read."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from alerts.alert import ALERTS
from flow.logs.kafka import KafkaLog
from ingest.holding import LogHolder
from ingest.post import POSTS
from registry.holder import Part
from tests.alerts.people import alert, recipient, verdict
from tests.flow.kafka_log import opened, prepared, with_topics
from tests.flow.test_kafka_scrubbing import QUICK, files_with
from tests.servers.fixtures import Place, StartServer
from tests.servers.kafka import Kafka


@pytest.fixture
def broker(start_server: StartServer) -> Kafka:
    return start_server(Kafka(properties=QUICK))


@pytest.fixture
def log(broker: Kafka, postgres: str) -> Iterator[KafkaLog]:
    place = with_topics(Place(broker.address, "t-"))
    readers = {"posts": ("classify",), "alerts": ("deliver",)}
    with prepared(postgres) as database, opened(place, database, readers=readers, compression="none") as log:
        yield log


@pytest.mark.parametrize("part", [Part("source", "feed"), Part("recipient", "MARKER-DESK")], ids=lambda part: part.kind)
def test_no_file_has_a_byte_of_it(broker: Kafka, log: KafkaLog, part: Part) -> None:
    holder = LogHolder(log, records={"posts": POSTS, "alerts": ALERTS})
    desk = replace(recipient(), name="MARKER-DESK" if part.kind == "recipient" else "Beredskap")
    of_feed = verdict("feed:1", text="MARKER-TEXT" if part.kind == "source" else "text", mentions=("anna",))
    of_bluesky = verdict("bluesky:1", text="STAYS", mentions=("anna", "bo"))
    with log.write() as writer:
        for each in (of_feed, of_bluesky):
            writer.append("posts", each.post.id, POSTS.encode(each.post))
            writer.append("alerts", each.post.id, ALERTS.encode(alert(each, desk, about="anna")))
    assert files_with(broker, b"MARKER")
    assert holder.erase("anna", part) == 2
    assert holder.count("anna", part) == holder.erase("anna", part) == 0
    log.scrub()
    deadline = time.monotonic() + 30
    while found := files_with(broker, b"MARKER"):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    assert files_with(broker, b"STAYS")
    posts = sorted(entry.key for entry in log.browse("posts"))
    assert posts == (["bluesky:1"] if part.kind == "source" else ["bluesky:1", "feed:1"])
    names = {to.name for entry in log.browse("alerts") for to in ALERTS.decode(entry.value).recipients}
    assert names == ({"Beredskap"} if part.kind == "source" else set())
