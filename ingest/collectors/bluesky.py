"""Bluesky: every public post, by a Jetstream server, without an account (``docs/sources/bluesky.md``)."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec

from flow.backoff import backoff
from flow.clock import Clock, SystemClock
from flow.errors import BadInput, Broken
from ingest.clients.waiting import Busy, Sleep
from ingest.clients.websocket import Lost, hang_up, next_frames, open_socket
from ingest.collector import AuthorGone, Collected, Deletion, Fault, Item, Rejected
from ingest.formats.text import clean, fitting, paragraphs
from ingest.post import Author, Post

JETSTREAM = "wss://jetstream2.us-east.bsky.network/subscribe"
_COLLECTION = "app.bsky.feed.post"
_LARGEST = 1_000_000
_PLAUSIBLE = timedelta(days=1)
_STILL_THERE = frozenset({"desynchronized", "throttled"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_log = logging.getLogger(__name__)


class _NamedCommit(msgspec.Struct):
    rkey: str


class _Named(msgspec.Struct):
    """As much of an event as names the post that it is about."""

    did: str
    commit: _NamedCommit


class Bluesky:
    """Reads a Jetstream (version 1). The cursor is the ``time_us`` of the last event, in microseconds since 1970.

    Jetstream gives the event at the cursor again, and each connection starts a little before it, so some items come
    twice; their ids do not change.
    """

    name = "bluesky"
    fault: Fault | None = None
    reads = "bluesky"

    def __init__(
        self,
        *,
        url: str = JETSTREAM,
        rewind_seconds: float = 2.0,
        accounts: Callable[[], Mapping[str, str]] = dict,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Read the Jetstream at ``url``.

        Args:
            url: The address of the subscription, with ``ws://`` or ``wss://``.
            rewind_seconds: How far before the cursor a connection starts; servers' times differ a little.
            accounts: Gives the accounts to look out for now: DID to handle as registered. A post that names such a
                DID then names the handle too. See `ingest.clients.bluesky_handles.resolve_handles`.
            clock: Tells when a post was collected.
            sleep: Waits.
        """
        self._url = url
        self._rewind = int(rewind_seconds * 1_000_000)
        self._accounts = accounts
        self._renamed: dict[str, str] = {}
        self._clock = clock or SystemClock()
        self._sleep = sleep

    async def collect(self, cursor: str | None) -> AsyncGenerator[Collected, None]:
        """See `Collector.collect`. Without cursor it starts with what is posted from now on."""
        position = self._start(cursor)
        resume = cursor is not None
        waits = backoff()
        while True:
            wait, reason = None, "the connection was cut"
            try:
                address = self._address(position if resume else None)
                connection = await open_socket(address, place="bluesky collector", now=self._clock.now())
            except Busy as error:
                wait, reason = error.wait, error.reason
            else:
                self.fault = None
                resume = True
                try:
                    while True:
                        try:
                            frames = await next_frames(connection)
                        except Lost:
                            break
                        items = []
                        for frame in frames:
                            moment, item = self._read(frame, position)
                            position = max(position, moment)
                            if item is not None:
                                items.append(item)
                        waits = backoff()
                        yield Collected(tuple(items), str(position))
                finally:
                    await hang_up(connection)
            pause = next(waits) if wait is None else wait
            self.fault = Fault(reason)
            _log.warning("bluesky: %s; connecting again in %.1f s", reason, pause)
            await self._sleep(pause)

    def parse(self, raw: bytes) -> Post:
        """See `Collector.parse`: ``raw`` is a frame of the stream."""
        _, item = self._event(raw)
        if not isinstance(item, Post):
            raise BadInput("this event holds no post", place="bluesky event")
        return item

    def _start(self, cursor: str | None) -> int:
        if cursor is None:
            return _microseconds(self._clock.now())
        if not (cursor.isascii() and cursor.isdecimal()):
            remedy = "Remove the cursor to start with what is posted from now on"
            raise Broken("the cursor is damaged", place="bluesky collector", remedy=remedy)
        return int(cursor)

    def _address(self, position: int | None) -> str:
        query: dict[str, str | int] = {"wantedCollections": _COLLECTION, "maxMessageSizeBytes": _LARGEST}
        if position is not None:
            query["cursor"] = max(position - self._rewind, 1)
        return f"{self._url}{'&' if '?' in self._url else '?'}{urlencode(query)}"

    def _read(self, frame: bytes, position: int) -> tuple[int, Item | None]:
        try:
            return self._event(frame)
        except BadInput as error:
            place = f"bluesky, after event {position}"
            now, id = self._clock.now(), self._id(frame)
            return position, Rejected(source=self.name, reason=error.reason, place=place, raw=frame, at=now, id=id)

    def _id(self, frame: bytes) -> str:
        """The id of the post that an unreadable event is about; empty where it does not tell."""
        try:
            event = msgspec.json.decode(frame, type=_Named)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ""
        return self._post_id(event.did, event.commit.rkey)

    def _post_id(self, did: str, rkey: str) -> str:
        return fitting(f"{self.name}:{did}/{rkey}")

    def _event(self, frame: bytes) -> tuple[int, Item | None]:
        """The time of an event in microseconds, and what is to be passed on of it."""
        try:
            event = msgspec.json.decode(frame)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise BadInput("not valid JSON", place="bluesky event") from None
        event = _object(event)
        did, time_us = _field(event, "did", str), _field(event, "time_us", int)
        try:
            at = _EPOCH + timedelta(microseconds=time_us)
        except OverflowError:
            raise BadInput("time_us is out of range", place="bluesky event") from None
        kind = event.get("kind")
        if kind == "commit":
            return time_us, self._commit(did, at, _field(event, "commit", dict))
        if kind == "account":
            account = _field(event, "account", dict)
            if account.get("active") is False and account.get("status") not in _STILL_THERE:
                self._renamed.pop(did, None)
                return time_us, AuthorGone(source=self.name, author=did, at=at)
        elif kind == "identity":
            handle = _object(event.get("identity")).get("handle")
            if isinstance(handle, str) and did in self._accounts():
                self._renamed[did] = handle
        return time_us, None

    def _commit(self, did: str, at: datetime, commit: dict[str, Any]) -> Item | None:
        if commit.get("collection") != _COLLECTION:
            return None
        operation, rkey = commit.get("operation"), _field(commit, "rkey", str)
        if operation == "delete":
            return Deletion(id=self._post_id(did, rkey), at=at)
        if operation not in ("create", "update"):
            raise BadInput("unknown operation", place="bluesky event")
        return self._post(did, rkey, at, _field(commit, "record", dict), edited=operation == "update")

    def _post(self, did: str, rkey: str, at: datetime, record: dict[str, Any], *, edited: bool) -> Post:
        media, quoted = _embedded(_object(record.get("embed")))
        reply = _object(record.get("reply"))
        answered = [_text(_object(reply.get(name)).get("uri")) for name in ("parent", "root")]
        cards = [_text(_object(each.get("external")).get("uri")) for each in media]
        languages = [each for each in _list(record.get("langs")) if isinstance(each, str)]
        return Post(
            id=self._post_id(did, rkey),
            source=self.name,
            # People see the text, and what stands for a picture below it. Offsets into the text itself do not move.
            text=paragraphs([_field(record, "text", str), *(alt for each in media for alt in _alts(each))]),
            created_at=_created(record.get("createdAt"), at),
            collected_at=self._clock.now(),
            url=f"https://bsky.app/profile/{did}/post/{rkey}",
            author=Author(id=did, handle=self._handle(did), name=None),
            reply_to=_once(name for uri in answered if uri for name in (*self._names(_authority(uri)), uri)),
            quote_of=_once(name for uri in quoted for name in (*self._names(_authority(uri)), uri)),
            accounts=_once([*self._named(record), *(uri for uri in cards if uri)]),
            lang=languages[0] if languages else None,
            edited_at=at if edited else None,
        )

    def _named(self, record: dict[str, Any]) -> Iterator[str]:
        for facet in _list(record.get("facets")):
            for feature in _list(_object(facet).get("features")):
                did, link = _object(feature).get("did"), _object(feature).get("uri")
                if isinstance(did, str):
                    yield from self._names(did)
                elif isinstance(link, str):
                    yield link

    def _names(self, did: str) -> tuple[str, ...]:
        """The account as it may be registered: by DID, by its handle when it was registered, by its handle now."""
        registered, now = self._accounts().get(did), self._renamed.get(did)
        return tuple(name for name in (did, registered, now) if name)

    def _handle(self, did: str) -> str | None:
        return self._renamed.get(did) or self._accounts().get(did)


def _embedded(embed: dict[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    """The parts of an embed that hold pictures or a link card, and the URIs of the posts that are quoted."""
    media = [embed, _object(embed.get("media"))]
    record = _object(embed.get("record"))
    uris = [_text(each.get("uri")) for each in (record, _object(record.get("record")))]
    return media, [uri for uri in uris if f"/{_COLLECTION}/" in uri]


def _alts(media: dict[str, Any]) -> list[str]:
    return [_text(_object(each).get("alt")) for each in (*_list(media.get("images")), media)]


def _created(claimed: object, at: datetime) -> datetime:
    """The time that the author's program claims, unless it is over a day before the event or after it: then the event's."""
    try:
        moment = datetime.fromisoformat(_text(claimed))
    except ValueError:
        return at
    if moment.tzinfo is None or not at - _PLAUSIBLE <= moment <= at:
        return at
    return moment.astimezone(UTC)


def _authority(uri: str) -> str:
    return uri.removeprefix("at://").partition("/")[0]


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _field(holder: dict[str, Any], name: str, kind: type[Any]) -> Any:
    value = holder.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise BadInput(f"field {name} is missing or of the wrong type", place="bluesky event")
    return value


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return clean(value) if isinstance(value, str) else ""


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
