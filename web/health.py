"""What machines ask: probes and metrics."""

from collections.abc import Callable

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response

from web.reads import Reads


def routes(*, ready: Callable[[], list[str]], metrics: Callable[[], bytes], reads: Reads) -> APIRouter:
    """``/healthz``, ``/readyz`` and ``/metrics``."""
    router = APIRouter()

    @router.get("/healthz")
    async def healthz() -> PlainTextResponse:
        """The process answers."""
        return PlainTextResponse("ok\n")

    @router.get("/readyz")
    async def readyz() -> PlainTextResponse:
        """The monitor does its job in time; otherwise 503, and one reason per line."""
        reasons = await reads(ready)
        return PlainTextResponse("".join(f"{reason}\n" for reason in reasons) or "ok\n", 503 if reasons else 200)

    @router.get("/metrics")
    async def prometheus() -> Response:
        """Prometheus' text format."""
        return Response(await reads(metrics), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router
