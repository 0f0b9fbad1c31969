"""RSS and Atom: news sites, blogs, municipal pages, fora (``docs/sources/feed.md``)."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec

from flow.backoff import backoff
from flow.clock import Clock, SystemClock
from flow.errors import BadInput, Broken
from ingest.clients.waiting import Busy, Sleep, retry_after
from ingest.collector import Collected, Fault, Item, Rejected
from ingest.formats.feed_document import Entry, decode_entry, post_of, read_entries
from ingest.post import Post

_MOST = 500
_REDIRECTS = 5
_TOTAL_SECONDS = 60.0
_AGENT = "Turvakt (feed reader)"
_ACCEPT = "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"
_log = logging.getLogger(__name__)


class _State(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of one feed; ``seen`` holds the fingerprint of each entry of its last document."""

    etag: str | None = None
    modified: str | None = None
    moved: str | None = None
    gone: bool = False
    seen: dict[str, str] = {}


class _Answer(NamedTuple):
    """What a server said; without ``document`` nothing is new."""

    state: _State
    document: bytes | None = None
    content_type: str = ""


class _Step(NamedTuple):
    """What one feed hands over; ``state`` holds once ``items`` are safe."""

    url: str
    state: _State
    items: tuple[Item, ...]


_Queue = asyncio.Queue[_Step | Exception | None]


class Feed:
    """Polls feeds. The cursor is ``{address: {etag, modified, moved, gone, seen}}``."""

    name = "feed"
    fault: Fault | None = None
    reads = "feed"

    def __init__(
        self,
        *,
        urls: Sequence[str],
        interval: float = 300.0,
        max_bytes: int = 5_000_000,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Poll ``urls``, each by itself.

        Args:
            urls: The feeds' addresses.
            interval: Seconds between two looks at a feed.
            max_bytes: The largest document that is read, unpacked.
            transport: How to reach the servers; by default the network.
            clock: Tells when a post was collected.
            sleep: Waits.

        Raises:
            Broken: an address does not begin with ``https://`` or ``http://``.
        """
        for number, url in enumerate(urls, 1):
            if not _is_web(url):
                place = f"feed collector, address {number}"
                raise Broken("this is no web address", place=place, remedy="Begin it with https:// or http://")
        self._urls = tuple(dict.fromkeys(urls))
        self._failing: dict[str, str] = {}
        self._interval = interval
        self._max_bytes = max_bytes
        self._transport = transport
        self._clock = clock or SystemClock()
        self._sleep = sleep

    async def collect(self, cursor: str | None) -> AsyncGenerator[Collected, None]:
        """See `Collector.collect`. Ends when every feed is gone for good."""
        states = {url: state for url, state in _decode(cursor).items() if url in self._urls}
        # one step at a time: a feed whose step is not taken waits, and fetches nothing more
        taken: _Queue = asyncio.Queue(maxsize=1)
        async with httpx.AsyncClient(
            transport=self._transport, timeout=20, headers={"User-Agent": _AGENT, "Accept": _ACCEPT}
        ) as client:
            watchers = [
                asyncio.create_task(self._watch(client, number, url, states.get(url, _State()), taken))
                for number, url in enumerate(self._urls, 1)
            ]
            try:
                running = len(watchers)
                while running:
                    step = await taken.get()
                    if step is None:
                        running -= 1
                    elif isinstance(step, Exception):
                        raise step
                    else:
                        states[step.url] = step.state
                        yield Collected(step.items, msgspec.json.encode(states).decode())
            finally:
                for watcher in watchers:
                    watcher.cancel()
                await asyncio.gather(*watchers, return_exceptions=True)

    def parse(self, raw: bytes) -> Post:
        """See `Collector.parse`: ``raw`` is an `Entry` as JSON."""
        return post_of(decode_entry(raw), now=self._clock.now(), edited=False)

    async def _watch(self, client: httpx.AsyncClient, number: int, url: str, state: _State, taken: _Queue) -> None:
        try:
            await self._poll(client, f"feed {number} ({urlsplit(url).hostname})", url, state, taken)
        except Exception as error:  # noqa: BLE001 - raised again where the feeds are collected
            await taken.put(error)
        else:
            await taken.put(None)

    async def _poll(self, client: httpx.AsyncClient, place: str, url: str, state: _State, taken: _Queue) -> None:
        waits = self._waits()
        while not state.gone:
            pause = self._interval
            try:
                answer = await self._fetch(client, place, state.moved or url, state)
                steps = await self._steps(url, state, answer)
            except (Busy, BadInput) as error:
                asked = error.wait if isinstance(error, Busy) else None
                pause = next(waits) if asked is None else max(asked, self._interval)
                _log.warning("%s: %s; looking again in %.0f s", place, error.reason, pause)
                self._failing[url] = error.reason
                self._note()
            else:
                self._failing.pop(url, None)
                self._note()
                waits = self._waits()
                for step in steps:
                    await taken.put(step)
                    state = step.state
                if state.gone:
                    _log.warning("%s: gone for good (410); remove it from the settings", place)
                    return
            await self._sleep(pause)

    def _note(self) -> None:
        """Say how many feeds cannot be read; which, the log says."""
        some = f"{len(self._failing)} of {len(self._urls)} feeds"
        self.fault = Fault(f"{some}: {next(iter(self._failing.values()))}") if self._failing else None

    def _waits(self) -> Iterator[float]:
        return backoff(first=min(self._interval, 60.0), most=max(self._interval, 3600.0))

    async def _fetch(self, client: httpx.AsyncClient, place: str, url: str, state: _State) -> _Answer:
        try:
            async with asyncio.timeout(_TOTAL_SECONDS):
                return await self._follow(client, place, url, state)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
            raise Busy(f"no answer ({type(error).__name__})", place=place) from error

    async def _follow(self, client: httpx.AsyncClient, place: str, url: str, state: _State) -> _Answer:
        for_good = True
        for _ in range(_REDIRECTS + 1):
            async with client.stream("GET", url, headers=_conditions(state)) as response:
                if response.has_redirect_location:
                    url = urljoin(url, response.headers["location"])
                    if not _is_web(url):
                        raise Busy("redirected to something that is no web address", place=place)
                    for_good = for_good and response.status_code in (301, 308)
                    if for_good:
                        state = msgspec.structs.replace(state, moved=url)
                    continue
                return await self._read(response, place, state)
        raise Busy("redirected too often", place=place)

    async def _read(self, response: httpx.Response, place: str, state: _State) -> _Answer:
        status = response.status_code
        if status == 304:
            return _Answer(state)
        if status == 410:
            return _Answer(msgspec.structs.replace(state, gone=True))
        if not response.is_success:
            wait = retry_after(response.headers, now=self._clock.now())
            raise Busy(f"the server answers {status}", place=place, wait=wait)
        document = bytearray()
        async for chunk in response.aiter_bytes():
            document += chunk
            if len(document) > self._max_bytes:
                raise Busy(f"the document is larger than {self._max_bytes} bytes", place=place)
        state = msgspec.structs.replace(
            state, etag=_header(response, "etag"), modified=_header(response, "last-modified")
        )
        return _Answer(state, bytes(document), response.headers.get("content-type", ""))

    async def _steps(self, url: str, before: _State, answer: _Answer) -> list[_Step]:
        """New and changed entries, oldest first. The state grows with them, and holds ``etag`` only at the end."""
        if answer.document is None:
            return [] if answer.state == before else [_Step(url, answer.state, ())]
        found: dict[str, Entry] = {}
        for entry in await asyncio.to_thread(read_entries, answer.document, feed=url, content_type=answer.content_type):
            found.setdefault(entry.name, entry)
        fresh = [each for each in reversed(found.values()) if before.seen.get(each.name) != each.fingerprint]
        parts = [fresh[first : first + _MOST] for first in range(0, len(fresh), _MOST)]
        steps, seen = [], before.seen
        for part in parts:
            seen = seen | _seen(part)
            items = tuple(self._item(each, edited=each.name in before.seen) for each in part)
            steps.append(_Step(url, msgspec.structs.replace(before, seen=seen), items))
        after = msgspec.structs.replace(answer.state, seen=_seen(found.values()))
        if steps:
            steps[-1] = steps[-1]._replace(state=after)
        elif after != before:
            steps.append(_Step(url, after, ()))
        return steps

    def _item(self, entry: Entry, *, edited: bool) -> Post | Rejected:
        now = self._clock.now()
        try:
            return post_of(entry, now=now, edited=edited)
        except BadInput as error:
            place = f"feed {urlsplit(entry.feed).hostname}, entry {entry.name}"
            return Rejected(source=self.name, reason=error.reason, place=place, raw=entry.encode(), at=now)


def _seen(entries: Iterable[Entry]) -> dict[str, str]:
    return {entry.name: entry.fingerprint for entry in entries}


def _conditions(state: _State) -> dict[str, str]:
    known = {"If-None-Match": state.etag, "If-Modified-Since": state.modified}
    return {name: value for name, value in known.items() if value}


def _header(response: httpx.Response, name: str) -> str | None:
    """A header that can be sent back as it came."""
    value = str(response.headers.get(name, ""))
    return value if value.isascii() and value.isprintable() and value else None


def _is_web(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("https", "http") and bool(parts.hostname)


def _decode(cursor: str | None) -> dict[str, _State]:
    if cursor is None:
        return {}
    try:
        return msgspec.json.decode(cursor, type=dict[str, _State])
    except msgspec.DecodeError as error:
        remedy = "Remove the cursor to read the feeds afresh; nothing is stored twice"
        raise Broken("the cursor is damaged", place="feed collector", remedy=remedy) from error
