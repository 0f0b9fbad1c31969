"""A web application served from within a process that has more to do."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from ipaddress import ip_network

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flow.errors import Broken

MACHINES = frozenset({"/healthz", "/readyz", "/metrics"})
"""What no person asks for."""

THIS_MACHINE = ("127.0.0.1", "::1")


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: whoever runs it stops everything in order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int, *, place: str, setting: str) -> socket.socket:
    """A socket that listens from now on.

    Args:
        port: 0: any free one.
        place: what it is for.
        setting: the environment variable that names another port.

    Raises:
        Broken: the address is taken or not this machine's.
    """
    try:
        return socket.create_server((host, port))
    except OSError as error:
        remedy = f"Choose another with {setting}, or stop what uses it"
        raise Broken(f"port {port} cannot be used", place=place, remedy=remedy) from error


def timed(app: ASGIApp, told: Callable[[int, float], None]) -> ASGIApp:
    """``app``, of which each answer to a person is told: its status, and how many seconds it took. ``told`` must not raise."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in MACHINES:
            await app(scope, receive, send)
            return
        status, started = 500, time.perf_counter()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await app(scope, receive, noted)
        finally:
            told(status, time.perf_counter() - started)

    return answer


def networks(proxies: Iterable[str], *, place: str) -> list[str]:
    """``proxies``, as addresses or networks.

    Raises:
        Broken: one is neither. So is ``*``: if everybody is believed, everybody chooses her own address.
    """
    try:
        return [str(ip_network(each)) for each in proxies]
    except ValueError as error:
        remedy = "Write it as 10.1.2.3 or 10.1.2.0/24"
        raise Broken("this is no address and no network", place=place, remedy=remedy) from error


async def serve(app: ASGIApp, listening: socket.socket, *, proxies: Sequence[str] = ()) -> None:
    """Serve until cancelled; requests under way have a second to end.

    Args:
        proxies: the networks of those whose ``X-Forwarded-For`` says who asks; see `networks`.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        lifespan="off",
        access_log=False,
        timeout_graceful_shutdown=1,
        forwarded_allow_ips=list(proxies),
    )
    server = _Server(config)
    serving = asyncio.ensure_future(server.serve(sockets=[listening]))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await serving
