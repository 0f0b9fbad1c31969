"""The topics of a cluster: who reads them, and how the settings want them."""

from datetime import timedelta

from flow.clock import Clock
from flow.databases.postgres import Postgres
from flow.entry import dead
from flow.errors import BadInput
from flow.kafka import Connection
from flow.logs.kafka import KafkaLog
from flow.logs.kafka.cluster import Cluster
from flow.logs.kafka.topics import Topic, wanted
from ingest.intake import REJECTED
from ingest.intake import TOPIC as POSTS_TOPIC
from turvakt.reading import READERS
from turvakt.settings import Settings

DEAD = (REJECTED, *map(dead, READERS))
KEPT = (POSTS_TOPIC,)
"""Topics in which the intake looks for what it knows of an id."""


def kafka_log(settings: Settings, database: Postgres, *, clock: Clock) -> KafkaLog:
    """The log of a cluster."""
    return KafkaLog(
        connection(settings),
        database,
        clock=clock,
        prefix=settings.kafka.prefix,
        readers=READERS,
        dead=DEAD,
        kept=KEPT,
        compression=settings.kafka.compression,
        largest=_largest(settings),
    )


def cluster(settings: Settings) -> Cluster:
    """The brokers, for looking at topics and changing them."""
    return Cluster(connection(settings), prefix=settings.kafka.prefix)


def connection(settings: Settings) -> Connection:
    """How the brokers are reached.

    Raises:
        BadInput: the settings name none.
    """
    kafka = settings.kafka
    if not kafka.servers:
        raise BadInput("the settings name no broker", place="kafka.servers", remedy="See docs/cluster.md")
    return Connection(
        servers=tuple(kafka.servers),
        security=kafka.security,
        mechanism=kafka.mechanism,
        username=kafka.username,
        password=kafka.password,
        certificates=kafka.certificates,
    )


def topics(settings: Settings) -> dict[str, Topic]:
    """Every topic as the settings want it."""
    return wanted(
        readers=READERS,
        dead=DEAD,
        partitions=settings.kafka.partitions,
        replication=settings.kafka.replication,
        compression=settings.kafka.compression,
        largest=_largest(settings),
        dead_for=timedelta(days=settings.retention.log_days),
    )


def _largest(settings: Settings) -> int:
    """Bytes of an entry: the longest line that a collector takes, with room for what stages add and for a letter's Base64."""
    return 4 * max(settings.jsonl.max_bytes, 1_000_000)
