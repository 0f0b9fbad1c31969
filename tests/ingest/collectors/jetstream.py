"""A stand-in for a Jetstream server (version 1), strict about what a client may ask.

It follows https://github.com/bluesky-social/jetstream: filters commits by ``wantedCollections`` but lets identity and
account events pass, replays from an inclusive ``cursor``, goes on live, and cuts slow readers without a close frame.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

_PARAMETERS = {"wantedCollections", "wantedDids", "cursor", "compress", "maxMessageSizeBytes", "requireHello"}
POST = "app.bsky.feed.post"


class Jetstream:
    """Holds events in order of ``time_us`` and serves them."""

    def __init__(self, *, replay_all: bool = False) -> None:
        self.url = ""
        self.events: list[dict[str, Any] | bytes] = []
        self.cursors: list[int | None] = []
        self.cuts: list[int] = []
        self.refusals: list[Response] = []
        self._replay_all = replay_all
        self._more = asyncio.Condition()

    async def publish(self, *events: dict[str, Any] | bytes) -> None:
        async with self._more:
            self.events.extend(events)
            self._more.notify_all()

    async def connected(self, count: int) -> None:
        async with self._more:
            await self._more.wait_for(lambda: len(self.cursors) >= count)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Jetstream"]:
        async with serve(self._serve, "127.0.0.1", 0, process_request=self._check, compression=None) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            self.url = f"ws://127.0.0.1:{port}/subscribe"
            yield self

    def _check(self, connection: ServerConnection, request: Request) -> Response | None:
        if self.refusals:
            return self.refusals.pop(0)
        address = urlsplit(request.path)
        query = parse_qs(address.query)
        wrong = (
            address.path != "/subscribe"
            or not query.keys() <= _PARAMETERS
            or "Sec-WebSocket-Extensions" in request.headers
            or not all(each.isdecimal() for each in query.get("cursor", []))
            or len(query.get("wantedCollections", [])) > 100
        )
        return connection.respond(HTTPStatus.BAD_REQUEST, "bad request\n") if wrong else None

    async def _serve(self, connection: ServerConnection) -> None:
        stream = asyncio.create_task(self._stream(connection))
        closed = asyncio.create_task(connection.wait_closed())
        await asyncio.wait([stream, closed], return_when=asyncio.FIRST_COMPLETED)
        for task in (stream, closed):
            task.cancel()
        await asyncio.wait([stream, closed])
        if not stream.cancelled() and isinstance(stream.exception(), AssertionError):
            stream.result()

    async def _stream(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        query = parse_qs(urlsplit(connection.request.path).query)
        cursor = int(query["cursor"][0]) if "cursor" in query else None
        at = len(self.events) if cursor is None and not self._replay_all else 0
        async with self._more:
            self.cursors.append(cursor)
            self._more.notify_all()
        cut = self.cuts.pop(0) if self.cuts else None
        sent = 0
        while True:
            async with self._more:
                while len(self.events) <= at:
                    await self._more.wait()
            for event in self.events[at:]:
                if sent == cut:
                    connection.transport.abort()
                    return
                at += 1
                if isinstance(event, bytes):
                    await connection.send(event.decode())
                elif self._wanted(event, query, cursor):
                    await connection.send(json.dumps({**event, "cursor": at}))
                sent += 1

    @staticmethod
    def _wanted(event: dict[str, Any], query: dict[str, list[str]], cursor: int | None) -> bool:
        if cursor is not None and event["time_us"] < cursor:
            return False
        wanted = query.get("wantedCollections", [])
        return event["kind"] != "commit" or not wanted or event["commit"]["collection"] in wanted


def commit(
    n: int, *, did: str = "did:plc:abc", operation: str = "create", collection: str = POST, **record: Any
) -> dict[str, Any]:
    """A commit event at ``time_us(n)``; keywords are fields of the record."""
    body = {"$type": collection, "text": f"text {n}", "createdAt": "2026-11-01T12:00:00.000Z", **record}
    details: dict[str, Any] = {"rev": f"r{n}", "operation": operation, "collection": collection, "rkey": f"k{n}"}
    if operation != "delete":
        details |= {"record": body, "cid": f"c{n}"}
    return {"did": did, "time_us": time_us(n), "kind": "commit", "commit": details}


def account(n: int, *, did: str = "did:plc:abc", **fields: Any) -> dict[str, Any]:
    """An account event."""
    return {"did": did, "time_us": time_us(n), "kind": "account", "account": {"did": did, "seq": n, **fields}}


def identity(n: int, *, did: str, handle: str) -> dict[str, Any]:
    """An identity event."""
    return {"did": did, "time_us": time_us(n), "kind": "identity", "identity": {"did": did, "handle": handle, "seq": n}}


def time_us(n: int) -> int:
    """12:00 on 1 November 2026 and ``n`` milliseconds, in microseconds since 1970."""
    return 1_793_534_400_000_000 + n * 1000
