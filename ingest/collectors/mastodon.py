"""Mastodon, GoToSocial and all other servers with their API (``docs/sources/mastodon.md``)."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection

from flow.backoff import backoff
from flow.clock import Clock, SystemClock
from flow.errors import BadInput, Broken
from ingest.clients.mastodon_api import Api
from ingest.clients.waiting import Busy, Sleep
from ingest.clients.websocket import Lost, hang_up, next_frames, open_socket
from ingest.collector import Collected, Deletion, Fault, Item, Rejected
from ingest.formats.mastodon_status import earlier, is_public, later, status_id, status_to_post
from ingest.post import Post

_PLACE = "mastodon collector"
_STATUS, _NOTIFICATION = "status", "notification"
# status.update is Mastodon's name, status_update that of some servers
_EDITED = frozenset({"status.update", "status_update"})
_log = logging.getLogger(__name__)

_Position = dict[str, str]
"""The newest id that was read of each timeline."""


class _Stream(NamedTuple):
    """What to ask for: at the streaming address, and as timelines after a gap (path and query by kind)."""

    query: dict[str, str]
    timelines: dict[str, tuple[str, dict[str, str]]]


class _Held(msgspec.Struct):
    """A status that was no post, with all that is needed to read it later, wherever that is."""

    status: dict[str, Any]
    host: str
    domain: str
    edited: bool


class Mastodon:
    """Streams from one server, and reads after a gap what was missed. The cursor is ``{"status": id, ...}``."""

    name = "mastodon"
    fault: Fault | None = None

    def __init__(
        self,
        *,
        server: str,
        token: str | None = None,
        stream: str = "public",
        overlap_seconds: float = 300.0,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Read ``stream`` of ``server``.

        Args:
            server: Its address, like ``https://mastodon.example``.
            token: An access token with the scope ``read``; many servers stream nothing without.
            stream: ``public``, ``public:local``, ``public:remote``, ``hashtag:NAME``, ``list:ID`` or ``user``, which is the
                home timeline and the mentions of the token's account.
            overlap_seconds: How far before the cursor a gap is read: posts of other servers come late, with older ids.
            transport: How to reach the server for requests; by default the network.
            clock: Tells when a post was collected.
            sleep: Waits.

        Raises:
            Broken: no such stream, no web address, or no token where the stream needs one.
        """
        parts = urlsplit(server)
        if parts.scheme not in ("https", "http") or not parts.netloc:
            raise Broken("server is no web address", place=_PLACE, remedy="Write it like https://mastodon.example")
        self._server = f"{parts.scheme}://{parts.netloc}"
        self._host = parts.netloc
        self.reads = f"mastodon {parts.netloc} {stream}"
        self._domain = parts.netloc
        self._token = token
        self._stream = _stream(stream)
        if token is None and self._stream.query["stream"] in ("user", "list"):
            raise Broken("this stream needs a token", place=_PLACE, remedy="Set the token")
        self._overlap = overlap_seconds
        self._transport = transport
        self._clock = clock or SystemClock()
        self._sleep = sleep

    async def collect(self, cursor: str | None) -> AsyncGenerator[Collected, None]:
        """See `Collector.collect`. Without cursor it starts with what is posted from now on."""
        position = _decode(cursor)
        waits = backoff()
        async with httpx.AsyncClient(transport=self._transport, timeout=20) as client:
            api = Api(client, server=self._server, token=self._token, clock=self._clock, sleep=self._sleep)
            while True:
                wait, reason = None, "the connection was cut"
                try:
                    connection = await self._open(api)
                except Busy as error:
                    wait, reason = error.wait, error.reason
                else:
                    self.fault = None
                    try:
                        async with aclosing(self._session(api, connection, position)) as batches:
                            async for items in batches:
                                waits = backoff()
                                yield Collected(items, msgspec.json.encode(position).decode())
                    except Busy as error:
                        wait, reason = error.wait, error.reason
                    finally:
                        await hang_up(connection)
                pause = next(waits) if wait is None else wait
                self.fault = Fault(reason)
                _log.warning("mastodon: %s; connecting again in %.1f s", reason, pause)
                await self._sleep(pause)

    def parse(self, raw: bytes) -> Post:
        """See `Collector.parse`: ``raw`` is JSON, ``{"status": ..., "host": ..., "domain": ..., "edited": ...}``."""
        try:
            held = msgspec.json.decode(raw, type=_Held)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise BadInput("there is no status", place=_PLACE) from None
        post = self._post(held)
        if post is None:
            raise BadInput("the status is not public", place=_PLACE)
        return post

    async def _open(self, api: Api) -> ClientConnection:
        errors: list[Busy | Broken] = []
        addresses = await api.instance()
        self._domain = api.domain
        for address in addresses:
            try:
                return await open_socket(api.stream(address, self._stream.query), place=_PLACE, now=self._clock.now())
            except (Busy, Broken) as error:
                errors.append(error)
        raise next((error for error in errors if isinstance(error, Broken)), errors[-1])

    async def _session(
        self, api: Api, connection: ClientConnection, position: _Position
    ) -> AsyncGenerator[tuple[Item, ...], None]:
        """Items until the connection ends: first those of the gap, then live ones, which meanwhile wait."""
        for kind, (path, query) in self._stream.timelines.items():
            if kind not in position:
                position[kind] = await api.newest(path, query)
                continue
            at = earlier(position[kind], seconds=self._overlap)
            while True:
                page, on = await api.after(path, query, id=at)
                if on == at:
                    break
                at = on
                items = [item for each in page if (item := self._entry(kind, each)) is not None]
                position[kind] = later(position[kind], at)
                yield tuple(items)
        while True:
            try:
                frames = await next_frames(connection)
            except Lost:
                return
            yield tuple(item for frame in frames if (item := self._frame(frame, position)) is not None)

    def _frame(self, frame: bytes, position: _Position) -> Item | None:
        """What is to be passed on of an event; notes how far the timelines have come."""
        try:
            event = _decoded(frame)
            payload = event.get("payload")
            _refused(event)
            name = event.get("event")
            if name == "delete" and isinstance(payload, str):
                return Deletion(id=status_id(payload.strip(), host=self._host), at=self._clock.now())
            kind = _NOTIFICATION if name == "notification" else _STATUS
            if name not in ("update", "notification", *_EDITED):
                return None
            entry = payload if isinstance(payload, dict) else _decoded(str(payload).encode())
        except BadInput as error:
            return self._rejected(error, frame)
        if name not in _EDITED and isinstance(entry.get("id"), str) and kind in self._stream.timelines:
            position[kind] = later(position.get(kind, "0"), entry["id"])
        return self._entry(kind, entry, edited=name in _EDITED)

    def _entry(self, kind: str, entry: dict[str, Any], *, edited: bool = False) -> Item | None:
        """The post of a status, of a boost, or of a notification about a mention."""
        status: Any = entry
        if kind == _NOTIFICATION:
            if entry.get("type") != "mention":
                return None
            status = entry.get("status")
        if isinstance(status, dict) and isinstance(status.get("reblog"), dict):
            status = status["reblog"]
        if not isinstance(status, dict):
            return self._rejected(BadInput("there is no status", place=_PLACE), msgspec.json.encode(status))
        held = _Held(status, self._host, self._domain, edited)
        try:
            return self._post(held)
        except BadInput as error:
            native = status.get("id")
            id = status_id(native, host=self._host) if isinstance(native, str) else ""
            return self._rejected(error, msgspec.json.encode(held), id=id)

    def _post(self, held: _Held) -> Post | None:
        if not is_public(held.status):
            return None
        now = self._clock.now()
        return status_to_post(held.status, host=held.host, domain=held.domain, now=now, edited=held.edited)

    def _rejected(self, error: BadInput, raw: bytes, *, id: str = "") -> Rejected:
        place = f"mastodon, {self._host}"
        return Rejected(source=self.name, reason=error.reason, place=place, raw=raw, at=self._clock.now(), id=id)


def _stream(name: str) -> _Stream:
    """What to ask for: https://docs.joinmastodon.org/methods/streaming/."""
    kind, _, rest = name.partition(":")
    path, query = "/api/v1/timelines/public", dict[str, str]()
    asked = {"stream": name}
    if kind == "hashtag" and rest:
        asked = {"stream": kind, "tag": rest.removeprefix("#")}
        path = f"/api/v1/timelines/tag/{quote(asked['tag'], safe='')}"
    elif kind == "list" and rest:
        asked, path = {"stream": kind, "list": rest}, f"/api/v1/timelines/list/{quote(rest, safe='')}"
    elif name in ("public:local", "public:remote"):
        query = {rest: "true"}
    elif name == "user":
        path = "/api/v1/timelines/home"
    elif name != "public":
        known = "public, public:local, public:remote, hashtag:NAME, list:ID or user"
        raise Broken("there is no such stream", place=_PLACE, remedy=f"Set stream to {known}")
    timelines = {_STATUS: (path, query)}
    if name == "user":
        timelines[_NOTIFICATION] = ("/api/v1/notifications", {"types[]": "mention"})
    return _Stream(asked, timelines)


def _refused(event: dict[str, Any]) -> None:
    """Servers tell within the stream that they give none. One that has a fault hangs up afterwards."""
    status = event.get("status", 400)
    if "error" in event and "event" not in event and isinstance(status, int) and status < 500:
        raise Broken("the server refuses the stream", place=_PLACE, remedy="Check stream and token")


def _decoded(raw: bytes) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadInput("not valid JSON", place=_PLACE) from None
    if not isinstance(value, dict):
        raise BadInput("not a JSON object", place=_PLACE)
    return value


def _decode(cursor: str | None) -> _Position:
    if cursor is None:
        return {}
    try:
        return msgspec.json.decode(cursor, type=_Position)
    except msgspec.DecodeError as error:
        remedy = "Remove the cursor to start with what is posted from now on"
        raise Broken("the cursor is damaged", place=_PLACE, remedy=remedy) from error
