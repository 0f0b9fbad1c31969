"""What a worker shows to Prometheus, Kubernetes and Docker, over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from datetime import UTC, datetime
from threading import Event

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from flow.clock import ManualClock
from flow.errors import Broken
from tests.servers.process import free_port
from turvakt.asked import Reading
from turvakt.metrics import Metrics
from turvakt.sections import Metrics as Where
from turvakt.serving import timed
from turvakt.worker_web import WorkerWeb


@asynccontextmanager
async def worker(
    *,
    metrics: Callable[[], bytes] = lambda: b"",
    ready: Callable[[], list[str]] = list,
) -> AsyncIterator[httpx.AsyncClient]:
    where = Where(port=free_port())
    with closing(WorkerWeb(where, metrics=metrics, ready=ready)) as web:
        serving = asyncio.create_task(web.serve())
        async with httpx.AsyncClient(base_url=f"http://{where.host}:{where.port}", timeout=20) as client:
            yield client
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
        assert serving.cancelled()


async def test_answers_while_all_is_well() -> None:
    async with worker(metrics=Metrics(worker="classify", stages=["classify"]).exposition) as client:
        for path in ("/healthz", "/readyz"):
            answer = await client.get(path)
            assert (answer.status_code, answer.text) == (200, "ok\n")
        shown = await client.get("/metrics")
        assert shown.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert 'turvakt_stage_dead_total{stage="classify"} 0.0' in shown.text
        assert 'worker="classify"' in shown.text
        assert (await client.get("/docs")).status_code == 404


async def test_says_why_it_is_not_well() -> None:
    async with worker(ready=lambda: ["postgres: gives no answer", "the disk is full"]) as client:
        answer = await client.get("/readyz")
        assert answer.status_code == 503
        assert answer.text == "postgres: gives no answer\nthe disk is full\n"
        assert (await client.get("/healthz")).status_code == 200, "a restart would mend nothing of it"


async def test_a_dependency_that_hangs_holds_up_no_answer() -> None:
    let_go = Event()

    def hang() -> list[Reading]:
        let_go.wait(30)
        return [Reading("stage_lag", 7, ("route",))]

    def ready() -> list[str]:
        let_go.wait(30)
        return []

    try:
        async with worker(metrics=Metrics({"lag": hang}).exposition, ready=ready) as client:
            assert (await client.get("/readyz")).text == "no answer within 3 seconds\n"
            for _ in range(2):
                shown = (await client.get("/metrics")).text
                assert 'turvakt_part_known{part="lag"} 0.0' in shown
                assert "turvakt_stage_lag{" not in shown
            assert (await client.get("/healthz")).status_code == 200
            let_go.set()
            assert 'turvakt_stage_lag{stage="route"} 7.0' in (await client.get("/metrics")).text
            assert (await client.get("/readyz")).status_code == 200
    finally:
        let_go.set()


async def test_an_address_that_is_taken_stops_it_with_the_remedy() -> None:
    async with worker() as client:
        where = Where(port=client.base_url.port or 0)
        with pytest.raises(Broken, match="TURVAKT_METRICS_PORT"):
            WorkerWeb(where, metrics=bytes, ready=list)


async def test_answers_to_people_are_told_and_those_to_machines_are_not() -> None:
    told: list[int] = []

    async def pages(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/broken":
            raise RuntimeError
        await PlainTextResponse("there", 404 if scope["path"] == "/nowhere" else 200)(scope, receive, send)

    def tell(status: int, seconds: float) -> None:
        assert seconds >= 0
        told.append(status)

    transport = httpx.ASGITransport(timed(pages, tell), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        for path in ("/", "/nowhere", "/broken", "/metrics", "/healthz", "/readyz"):
            await client.get(path)
    assert told == [200, 404, 500]


def test_pages_and_housekeeping_are_counted() -> None:
    metrics = Metrics(clock=ManualClock(datetime(2026, 9, 14, tzinfo=UTC)))
    metrics.page(303, 0.01)
    metrics.house(7)
    shown = metrics.exposition().decode()
    assert 'turvakt_console_seconds_count{status="3xx"} 1.0' in shown
    assert "turvakt_retention_removed_total 7.0" in shown
    assert "turvakt_housekeeping_timestamp_seconds 1.7893" in shown
