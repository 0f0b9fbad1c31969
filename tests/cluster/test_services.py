"""A service that one process does for all: when its lock is lost and taken again, it goes on."""

import asyncio
import base64
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from alerts.delivery.limits import receiver_of
from flow.databases.postgres import Postgres
from registry.importing import read_officials
from tests.alerts.people import alert, recipient, verdict
from tests.alerts.servers import HookServer
from tests.servers.fixtures import Place, StartServer
from tests.servers.kafka import create_topics
from tests.servers.postgres import Postgres as Server
from tests.turvakt.process import OFFICIALS
from tests.turvakt.test_metrics import samples
from turvakt.asked import of_worker
from turvakt.metrics import Metrics
from turvakt.reading import READERS
from turvakt.schema import upgrade
from turvakt.settings import load
from turvakt.tally import Observed
from turvakt.topics import DEAD
from turvakt.watch.beats import Beats
from turvakt.watch.channels import place_of
from turvakt.watch.pulse import Pulse
from turvakt.wiring import Parts
from turvakt.workers import ClusterWorker


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(90):
        while not condition():
            await asyncio.sleep(0.1)


async def test_alerts_go_out_by_the_same_channels_after_the_database_was_away(
    start_server: StartServer, kafka: Place, tmp_path: Path
) -> None:
    server = start_server(Server())
    create_topics(kafka.address, *(kafka.prefix + topic for topic in (*READERS, *DEAD)))
    database = Postgres(server.address)
    upgrade(database)
    database.close()
    settings = load(
        file=None,
        environ={
            "TURVAKT_KAFKA_SERVERS": kafka.address,
            "TURVAKT_KAFKA_PREFIX": kafka.prefix,
            "TURVAKT_POSTGRES_URL": server.address,
            "TURVAKT_DATA_DIR": str(tmp_path),
            "TURVAKT_WEB_KEY": "a key",
            "TURVAKT_WEBHOOK_SECRET": "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(),
        },
    )
    async with HookServer() as hook:
        with Parts(settings) as parts:
            parts.store.put_all(read_officials(OFFICIALS))
            to = recipient(hook.url(204), channel="webhook")
            metrics = Metrics(of_worker(parts, "dispatch", opened=lambda: worker.opened), worker="dispatch")
            worker = ClusterWorker(
                parts, "dispatch", observed=Observed(metrics), beside={}, pulse=Pulse("dispatch", parts.clock)
            )
            dispatch = asyncio.create_task(worker._run())

            def told(name: str, **labels: str) -> float:
                return samples(metrics).get((f"turvakt_{name}", frozenset(labels.items())), 0)

            try:
                parts.outbox.add([alert(verdict("bluesky:1"), to)])
                await eventually(lambda: len(hook.calls) == 1)
                beating = {"worker:dispatch", place_of("webhook", receiver_of(hook.url(204)))}
                await eventually(lambda: {beat.place for beat in Beats(parts.postgres).all()} == beating)
                # There is no index here to count them.
                await eventually(lambda: told("deliveries_total", channel="webhook", state="delivered") == 1)
                assert (told("waits_total", place="postgres"), told("part_known", part="outbox")) == (0, 1)
                await asyncio.to_thread(server.kill)
                # What config/prometheus/alerts.rules.yml wakes a person for. It waits as it has seen that the lock is lost.
                await eventually(lambda: told("waits_total", place="postgres") > 0)
                assert told("part_known", part="outbox") == 0
                await asyncio.to_thread(server.start)
                await eventually(lambda: told("part_known", part="outbox") == 1)
                parts.outbox.add([alert(verdict("bluesky:2"), to)])
                await eventually(lambda: len({call.headers["webhook-id"] for call in hook.calls}) == 2)
            finally:
                dispatch.cancel()
                with suppress(asyncio.CancelledError):
                    await dispatch
