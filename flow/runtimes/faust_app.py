"""The `faust.App` of one stage: it fetches, balances partitions among the workers and commits; nothing else of Faust is used."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import faust
from faust.app.base import BootStrategy
from faust.types.transports import ConsumerT

from flow.kafka import Connection

FETCH_BYTES = 1 << 20
SESSION_SECONDS = 10.0
"""So long after its last sign of life a worker's partitions are given to others."""
HEARTBEAT_SECONDS = 2.0
COMMIT_SECONDS = 1.0
REQUEST_SECONDS = 20.0
NEW_PARTITIONS_SECONDS = 10.0
"""How often to look for partitions that were added."""


class _Boot(BootStrategy):
    # The log writes; a producer of Faust's would have nothing to do.
    enable_kafka_producer = False
    enable_web = False


class App(faust.App):
    """See `make_app`."""

    logger = logging.getLogger("faust.app")

    ending = False
    """What is in hand is not waited for any more: it is left to the next one."""

    BootStrategy = _Boot

    async def on_first_start(self) -> None:
        """No folders: there are no tables to keep in them."""

    async def _consumer_wait_empty(self, consumer: ConsumerT, logger: Any) -> None:
        if not self.ending:
            await super()._consumer_wait_empty(consumer, logger)


def make_app(
    consume: Callable[[Any], Awaitable[None]],
    *,
    topic: str,
    group: str,
    connection: Connection,
    client: str,
    member: str | None,
    records: int,
) -> App:
    """An app, not yet started.

    Args:
        consume: takes from the `faust.Stream` that it is given until it is cancelled.
        topic, group: their full names in Kafka.
        client: what the broker calls this consumer; no other one may be called so.
        member: a name in the group that this worker alone has and keeps over restarts. Killed, it goes on as soon as it is
            back, and others need not stop to balance partitions anew.
        records: to fetch at once, at most.
    """
    app = App(
        group,
        broker=[f"kafka://{server}" for server in connection.servers],
        broker_credentials=_credentials(connection),
        broker_client_id=client,
        broker_session_timeout=SESSION_SECONDS,
        broker_heartbeat_interval=HEARTBEAT_SECONDS,
        broker_request_timeout=REQUEST_SECONDS,
        broker_commit_interval=COMMIT_SECONDS,
        broker_max_poll_records=records,
        consumer_group_instance_id=member,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=FETCH_BYTES,
        consumer_metadata_max_age_ms=round(1000 * NEW_PARTITIONS_SECONDS),
        key_serializer="raw",
        value_serializer="raw",
        # Before partitions go to another worker, what is in hand here is finished: it need not be done twice.
        stream_wait_empty=True,
        # No tables: any assignor of the usual ones will do in place of Faust's own.
        table_standby_replicas=0,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        web_bind="127.0.0.1",
        autodiscover=False,
    )
    source = app.topic(topic, key_serializer="raw", value_serializer="raw")
    # More at once would lose what is in hand when it is killed: faust-streaming #606.
    app.agent(source, name="stage", concurrency=1)(consume)
    return app


def _credentials(connection: Connection) -> Any:
    tls = connection.tls()
    if connection.sasl:
        return faust.SASLCredentials(
            username=connection.username,
            password=connection.password,
            mechanism=connection.mechanism,
            ssl_context=tls,
        )
    return faust.SSLCredentials(tls) if tls else None
