"""What a process shows to machines: its metrics, whether it is alive, and whether it does its job in time."""

from collections.abc import Callable

from fastapi import FastAPI

from flow.clock import SystemClock
from turvakt.sections import Metrics
from turvakt.serving import listen, serve
from web import health
from web.readiness import Readiness
from web.reads import Reads


class WorkerWeb:
    """Listens at once where the settings say. It shows nothing that concerns a person, and nobody need sign in.

    Args:
        where: host and port; the port is not 0.
        metrics: gives the metrics in Prometheus' text format.
        ready: why the worker does not do its job in time, in words for an operator; empty if it does.

    Raises:
        Broken: the address is taken or not this machine's.
    """

    def __init__(self, where: Metrics, *, metrics: Callable[[], bytes], ready: Callable[[], list[str]]) -> None:
        self._app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        readiness = Readiness(ready, clock=SystemClock())
        self._app.include_router(health.routes(readiness=readiness, metrics=metrics, reads=Reads()))
        self._socket = listen(where.host, where.port, place="metrics", setting="TURVAKT_METRICS_PORT")

    async def serve(self) -> None:
        """Serve until cancelled."""
        await serve(self._app, self._socket)

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()
