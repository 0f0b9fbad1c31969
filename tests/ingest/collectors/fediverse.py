"""A stand-in for a server with the Mastodon API: requests are answered as a test tells it to, streams carry what it sends."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

Query = dict[str, list[str]]


class Fediverse:
    """Holds statuses by timeline path, newest last, and pages through them as Mastodon does."""

    def __init__(self) -> None:
        self.url = ""
        self.about: dict[str, Any] = {}
        self.timelines: dict[str, list[dict[str, Any]]] = {}
        self.answers: dict[str, list[Response]] = {}
        self.requests: list[tuple[str, Query, Headers]] = []
        self.streams: list[tuple[str, Query]] = []
        self.link = True
        self._open: list[ServerConnection] = []
        self._opened = asyncio.Condition()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Fediverse"]:
        async with serve(self._serve, "127.0.0.1", 0, process_request=self._answer, compression=None) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            self.url = f"http://127.0.0.1:{port}"
            self.about = {
                "domain": "social.example",
                "configuration": {"urls": {"streaming": f"wss://127.0.0.1:{port}"}},
            }
            yield self

    async def connected(self, count: int) -> ServerConnection:
        async with self._opened:
            await self._opened.wait_for(lambda: len(self._open) >= count)
        return self._open[count - 1]

    async def send(self, event: str, payload: Any, *, connection: int = 1) -> None:
        stream = await self.connected(connection)
        text = payload if isinstance(payload, str) else json.dumps(payload)
        await stream.send(json.dumps({"stream": ["public"], "event": event, "payload": text}))

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        address = urlsplit(request.path)
        query = parse_qs(address.query)
        scripted = self.answers.get(address.path)
        if scripted:
            return scripted.pop(0)
        if address.path == "/api/v1/streaming":
            self.streams.append((address.path, query))
            return None
        self.requests.append((address.path, query, request.headers))
        if address.path == "/api/v2/instance":
            return answer(json.dumps(self.about).encode())
        return self._page(address.path, query)

    def _page(self, path: str, query: Query) -> Response:
        if path not in self.timelines:
            return answer(b'{"error": "Record not found"}', 404)
        statuses, limit = self.timelines[path], int(query["limit"][0])
        if "min_id" in query:
            page = [each for each in statuses if int(each["id"]) > int(query["min_id"][0])][:limit]
        else:
            page = statuses[-limit:]
        page.reverse()
        headers = {}
        if page and self.link:
            headers["Link"] = f'<{self.url}{path}?min_id={page[0]["id"]}>; rel="prev"'
        return answer(json.dumps(page).encode(), **headers)

    async def _serve(self, connection: ServerConnection) -> None:
        async with self._opened:
            self._open.append(connection)
            self._opened.notify_all()
        await connection.wait_closed()


def answer(body: bytes, status: int = 200, **headers: str) -> Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, "x", Headers({"Content-Length": str(len(body)), "Connection": "close", **names}), body)
