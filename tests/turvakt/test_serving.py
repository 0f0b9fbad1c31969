"""Who asks, behind a proxy, over real sockets."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from flow.clock import SystemClock
from flow.errors import Broken
from turvakt.console import Console
from turvakt.serving import listen, networks, serve
from turvakt.settings import Settings
from turvakt.wiring import Parts


async def told(forwarded: str, proxies: Sequence[str]) -> str:
    """What address an application sees, asked from 127.0.0.1."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        client = Request(scope).client
        assert client is not None
        await JSONResponse(client.host)(scope, receive, send)

    with listen("127.0.0.1", 0, place="test", setting="PORT") as listening:
        port = listening.getsockname()[1]
        serving = asyncio.create_task(serve(app, listening, proxies=networks(proxies, place="web.proxies")))
        async with httpx.AsyncClient(timeout=20) as client:
            answer = await client.get(f"http://127.0.0.1:{port}/", headers={"x-forwarded-for": forwarded})
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
    return str(json.loads(answer.text))


@pytest.mark.parametrize("proxies", [["127.0.0.1"], ["127.0.0.0/24", "::1"]])
async def test_a_proxy_that_is_named_tells_who_asks(proxies: list[str]) -> None:
    assert await told("203.0.113.7", proxies) == "203.0.113.7"


async def test_what_came_to_the_proxy_already_is_not_believed() -> None:
    assert await told("198.51.100.1, 203.0.113.7", ["127.0.0.1"]) == "203.0.113.7"


@pytest.mark.parametrize("proxies", [[], ["10.0.0.0/8"]])
async def test_nobody_else_is_believed(proxies: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")  # the server's own variable says nothing here
    assert await told("203.0.113.7", proxies) == "127.0.0.1"


@pytest.mark.parametrize("wrong", ["*", "proxy.ekvik.example", "10.1.2.3/8", ""])
def test_what_is_no_network_is_refused(wrong: str) -> None:
    with pytest.raises(Broken, match=r"web\.proxies: this is no address and no network"):
        networks(["127.0.0.1", wrong], place="web.proxies")


@pytest.mark.parametrize(("proxies", "status"), [([], 401), (["10.0.0.1"], 200)])
async def test_the_console_believes_whom_the_settings_name(tmp_path: Path, proxies: list[str], status: int) -> None:
    """Metrics need a token from elsewhere, and none from this machine."""
    settings = {"data": {"dir": str(tmp_path)}, "web": {"port": 0, "proxies": proxies}}

    async def step(act: Callable[..., Any], *arguments: Any) -> Any:
        return act(*arguments)

    with (
        Parts(msgspec.convert(settings, Settings), clock=SystemClock()) as parts,
        closing(Console(parts, metrics=lambda: b"turvakt_posts_total 3\n")) as console,
    ):
        serving = asyncio.create_task(console.serve(step))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{console.port}", timeout=20) as client:
            assert (await client.get("/metrics")).status_code == 200
            answer = await client.get("/metrics", headers={"x-forwarded-for": "203.0.113.7"})
            assert answer.status_code == status
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
