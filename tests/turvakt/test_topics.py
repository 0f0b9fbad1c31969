"""turvakt topics, and that the topics are those that the stages read."""

from contextlib import closing
from pathlib import Path

import pytest

from flow.clock import SystemClock
from flow.databases.postgres import Postgres
from flow.logs.kafka import KafkaLog
from tests.servers.fixtures import Place
from tests.servers.kafka import delete_topics
from tests.turvakt.process import Program
from turvakt import schema
from turvakt.sections import Classifier, Data, Kafka
from turvakt.settings import Settings
from turvakt.topics import DEAD, READERS, kafka_log
from turvakt.wiring import Parts


@pytest.fixture
def cluster(kafka: Place, tmp_path: Path) -> Program:
    return Program(tmp_path, TURVAKT_KAFKA_SERVERS=kafka.address, TURVAKT_KAFKA_PREFIX=kafka.prefix)


def test_every_stage_is_known_as_the_reader_of_its_topic(tmp_path: Path) -> None:
    with Parts(Settings(data=Data(dir=str(tmp_path)), classifier=Classifier(name="patterns"))) as parts:
        stages = {(stage.source, stage.name) for stage in parts.stages()}
    assert {(topic, stage) for topic, stages in READERS.items() for stage in stages} == stages


def test_the_plan_comes_first_and_is_carried_out_when_one_agrees(cluster: Program) -> None:
    assert cluster.json("topics", "show") == [[]]
    planned = cluster.finish("topics", "apply", "--json")
    assert planned.returncode == 1
    assert planned.stdout.count(b'"what":"create"') == 2 * (len(READERS) + len(DEAD))  # as change, and as left to do
    assert cluster.finish("topics", "apply").returncode == 2  # there is nobody to agree
    assert cluster.json("topics", "show") == [[]]
    assert "Done." in cluster.run("topics", "apply", "--yes")
    assert cluster.json("topics", "apply") == [{"changes": [], "left": []}]
    assert "as they should be" in cluster.run("topics", "apply")


def test_what_waits_is_shown(cluster: Program, kafka: Place, postgres: str) -> None:
    cluster.run("topics", "apply", "--yes")
    settings = Settings(kafka=Kafka(servers=[kafka.address], prefix=kafka.prefix))
    database = Postgres(postgres)
    schema.upgrade(database)
    log = kafka_log(settings, database, clock=SystemClock())
    with log.write() as writer:
        for key in ("a", "b"):
            writer.append("verdicts", key, b"{}")
    log.close()
    database.close()
    [shown] = cluster.json("topics", "show")
    verdicts = next(each for each in shown if each["topic"] == "verdicts")
    assert verdicts == {
        "topic": "verdicts",
        "partitions": 4,
        "entries": 2,
        "unread": {"route": 2, "index-verdicts": 2},
    }
    assert "route 2, index-verdicts 2" in cluster.run("topics", "show")


def test_more_partitions_come_with_a_word_of_what_that_means(cluster: Program, kafka: Place, tmp_path: Path) -> None:
    cluster.run("topics", "apply", "--yes")
    more = Program(
        tmp_path,
        TURVAKT_KAFKA_SERVERS=kafka.address,
        TURVAKT_KAFKA_PREFIX=kafka.prefix,
        TURVAKT_KAFKA_PARTITIONS="5",
    )
    applied = more.finish("topics", "apply", "--yes")
    assert applied.returncode == 0
    assert b"More partitions" in applied.stderr
    left = cluster.finish("topics", "apply", "--yes")
    assert left.returncode == 1
    assert b"partitions: 5 -> 4: posts, verdicts" in left.stdout
    assert b"change kafka.partitions" in left.stdout


def test_topics_that_are_made_anew_hide_nothing_for_erasures_of_before(
    cluster: Program, kafka: Place, postgres: str
) -> None:
    cluster = cluster.besides(TURVAKT_POSTGRES_URL=postgres)
    cluster.run("database", "upgrade")
    cluster.run("topics", "apply", "--yes")
    settings = Settings(kafka=Kafka(servers=[kafka.address], prefix=kafka.prefix))
    with closing(Postgres(postgres)) as database, closing(kafka_log(settings, database, clock=SystemClock())) as log:
        write(log, "verdicts", "a")
        log.forget(["a"])
        # Somebody names other topics by mistake, and sees it in time.
        mistaken = cluster.besides(TURVAKT_KAFKA_PREFIX=f"{kafka.prefix}not-").finish("topics", "apply")
        assert mistaken.returncode == 2
        assert b"erasures: known of what is no more -> forgotten: " in mistaken.stdout
        assert b"kafka.prefix" in mistaken.stderr
        assert log.browse("verdicts") == []
        delete_topics(kafka.address, kafka.prefix)
        assert (
            "Missing, or without their old end: verdicts" in cluster.finish("topics", "apply", "--yes").stderr.decode()
        )
        write(log, "verdicts", "b")
        assert [entry.key for entry in log.browse("verdicts")] == ["b"]


def write(log: KafkaLog, topic: str, key: str) -> None:
    with log.write() as writer:
        writer.append(topic, key, b"{}")


def test_without_a_cluster_there_are_none(tmp_path: Path) -> None:
    done = Program(tmp_path).finish("topics", "show")
    assert done.returncode == 2
    assert b"kafka.servers" in done.stderr
