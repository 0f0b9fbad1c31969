"""What machines ask: probes and metrics."""

import asyncio
from collections.abc import Callable, Sequence

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response

from web.readiness import Readiness
from web.reads import Reads

SECONDS = 3.0
"""How long the answer to whether all is well may take: who asks waits about as long."""


def routes(
    *,
    readiness: Readiness,
    metrics: Callable[[], bytes],
    reads: Reads,
    seconds: float = SECONDS,
) -> APIRouter:
    """``/healthz``, ``/readyz`` and ``/metrics``.

    Args:
        seconds: an answer of ``readiness`` that takes longer means no.
    """
    router = APIRouter()

    @router.get("/healthz")
    async def healthz() -> PlainTextResponse:
        """The process answers, more is not asked of it."""
        return _told([])

    @router.get("/readyz")
    async def readyz() -> PlainTextResponse:
        """The process does its job in time; otherwise 503, and one reason per line."""
        answered, _ = await asyncio.wait({asyncio.wrap_future(readiness.ask())}, timeout=seconds)
        return _told(answered.pop().result() if answered else [f"no answer within {seconds:g} seconds"])

    @router.get("/metrics")
    async def prometheus() -> Response:
        """Prometheus' text format."""
        return Response(await reads(metrics), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router


def _told(reasons: Sequence[str]) -> PlainTextResponse:
    return PlainTextResponse("".join(f"{reason}\n" for reason in reasons) or "ok\n", 503 if reasons else 200)
