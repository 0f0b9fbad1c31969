"""Posts as JSON lines: from a file, a folder that grows, or standard input (``docs/sources/jsonl.md``)."""

import asyncio
import hashlib
import os
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import datetime
from pathlib import Path

from flow.clock import Clock, SystemClock
from flow.errors import BadInput, Broken
from ingest.clients.waiting import Sleep
from ingest.collector import Collected, Deletion, Fault, Item, Rejected
from ingest.formats.lines import line_id, parse_line
from ingest.formats.tail import Line, Splitter, Tail
from ingest.post import Post

__all__ = ["Jsonl", "parse_line"]

_MOST = 500
_BOM = b"\xef\xbb\xbf"
_MOMENT = 0.05
"""Posts that fall due within this many seconds of each other are handed over together."""


class Jsonl:
    """Reads JSON lines. The cursor is ``{file: [inode, offset, lines, fingerprint]}``; standard input has none.

    Each path has a cursor of its own.
    """

    name = "jsonl"
    fault: Fault | None = None

    def __init__(
        self,
        *,
        path: str,
        follow: bool = False,
        poll_seconds: float = 1.0,
        max_bytes: int = 1_000_000,
        over_seconds: float | None = None,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
        stdin: int = 0,
    ) -> None:
        """Read ``path``: a file, a folder (its ``*.jsonl`` files) or ``-`` for standard input.

        Args:
            path: What to read.
            follow: Wait for more at the end, as ``tail -F`` does; else end there.
            poll_seconds: How often to look for more while following.
            max_bytes: The longest line that is taken; a longer one is rejected.
            over_seconds: Replay what is there over this many seconds, in proportion to ``created_at``.
            clock: Tells when a post was collected.
            sleep: Waits.
            stdin: The file descriptor of standard input.

        Raises:
            Broken: ``over_seconds`` together with ``follow`` or standard input, whose end is not known.
        """
        if over_seconds is not None and (follow or path == "-"):
            raise Broken(
                "a replay needs an end that is known beforehand",
                place="jsonl collector",
                remedy="Set over_seconds only with a file or folder, and without follow",
            )
        # As it is named, not where a link leads: a link that is turned to the next file stays what is read.
        place = path if path == "-" else os.path.abspath(path)  # noqa: PTH100
        self.reads = f"jsonl {hashlib.sha256(os.fsencode(place)).hexdigest()[:16]}"
        self._path = path
        self._follow = follow
        self._poll_seconds = poll_seconds
        self._max_bytes = max_bytes
        self._over_seconds = over_seconds
        self._clock = clock or SystemClock()
        self._sleep = sleep
        self._stdin = stdin

    def collect(self, cursor: str | None) -> AsyncGenerator[Collected, None]:
        """See `Collector.collect`. A batch holds items of one file."""
        if self._path == "-":
            return self._stream()
        return self._files(cursor) if self._over_seconds is None else self._replay(cursor, self._over_seconds)

    def parse(self, raw: bytes) -> Post:
        """See `Collector.parse`. A line that deletes a post comes as that post with ``deleted_at``."""
        now = self._clock.now()
        found = parse_line(raw.removeprefix(_BOM), now=now)
        if isinstance(found, Post):
            return found
        source = found.id.partition(":")[0]
        return Post(id=found.id, source=source, text="", created_at=found.at, collected_at=now, deleted_at=found.at)

    async def _files(self, cursor: str | None) -> AsyncGenerator[Collected, None]:
        tail = await asyncio.to_thread(self._tail, cursor)
        while True:
            items, place = await asyncio.to_thread(self._next, tail, _MOST)
            if place is not None:
                yield Collected(items, place)
            elif self._follow:
                await self._sleep(self._poll_seconds)
                await asyncio.to_thread(tail.look)
            else:
                return

    async def _replay(self, cursor: str | None, over_seconds: float) -> AsyncGenerator[Collected, None]:
        first, last = await asyncio.to_thread(self._span)
        scale = over_seconds / max((last - first).total_seconds(), 1e-6) if first and last else 0.0
        tail = await asyncio.to_thread(self._tail, cursor)
        group, reached = list[Item](), cursor
        elapsed = 0.0 if cursor is None else None  # after a restart: as far as what comes first
        while True:
            items, place = await asyncio.to_thread(self._next, tail, 1)
            if place is None:
                break
            due = elapsed or 0.0
            if items and isinstance(items[0], Post) and first:
                due = (items[0].created_at - first).total_seconds() * scale
                elapsed = due if elapsed is None else elapsed
            if elapsed is not None and (due > elapsed + _MOMENT or len(group) == _MOST):
                if group:
                    yield Collected(tuple(group), reached)
                    group = []
                if due > elapsed:
                    await self._sleep(due - elapsed)
                    elapsed = due
            group.extend(items)
            reached = place
        if group:
            yield Collected(tuple(group), reached)

    async def _stream(self) -> AsyncGenerator[Collected, None]:
        splitter = Splitter(longest=self._max_bytes)
        async for chunk in _chunks(self._stdin):
            lines = splitter.feed(chunk) if chunk else splitter.finish()
            for first in range(0, len(lines), _MOST):
                yield Collected(self._items("-", lines[first : first + _MOST]), None)

    def _tail(self, cursor: str | None) -> Tail:
        return Tail(Path(self._path), longest=self._max_bytes, follow=self._follow, cursor=cursor)

    def _next(self, tail: Tail, most: int) -> tuple[tuple[Item, ...], str | None]:
        name, lines = tail.read(most)
        if not lines:
            return (), None
        return self._items(name, lines), tail.cursor()

    def _items(self, name: str, lines: list[Line]) -> tuple[Item, ...]:
        now = self._clock.now()
        return tuple(item for line in lines if (item := self._item(name, line, now)) is not None)

    def _item(self, name: str, line: Line, now: datetime) -> Post | Deletion | Rejected | None:
        raw = line.raw
        if raw is None:
            # not kept: the place says where it stands
            reason = f"the line is longer than {self._max_bytes} bytes"
            return self._rejected(name, line, b"", reason, now)
        if line.start == 0:
            raw = raw.removeprefix(_BOM)
        if not raw or raw.isspace():
            return None
        try:
            return parse_line(raw, now=now)
        except BadInput as error:
            return self._rejected(name, line, raw, error.reason, now)

    def _rejected(self, name: str, line: Line, raw: bytes, reason: str, now: datetime) -> Rejected:
        shown = os.fsencode(name).decode("utf-8", "replace")  # names of files need not be UTF-8
        place = f"file {shown} line {line.number} (byte {line.start})"
        return Rejected(source=self.name, reason=reason, place=place, raw=raw, at=now, id=line_id(raw))

    def _span(self) -> tuple[datetime | None, datetime | None]:
        """The earliest and the latest time of all posts that will be read."""
        tail, first, last = self._tail(None), None, None
        while True:
            items, place = self._next(tail, _MOST)
            if place is None:
                return first, last
            times = [item.created_at for item in items if isinstance(item, Post)]
            first = min([*times, first] if first else times, default=None)
            last = max([*times, last] if last else times, default=None)


async def _chunks(descriptor: int) -> AsyncIterator[bytes]:
    """What can be read from ``descriptor``, then one empty chunk.

    A daemon thread reads, since regular files, terminals and pipes cannot be awaited in one way, and a thread of the
    loop's own pool that hangs in a read would hold up the program's end. It reads only as far ahead as four chunks.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes | OSError] = asyncio.Queue()
    room = threading.Semaphore(4)
    stopped = threading.Event()

    def pump() -> None:
        chunk: bytes | OSError = b"-"
        while chunk and not isinstance(chunk, OSError):
            room.acquire()
            if stopped.is_set():
                return
            try:
                chunk = os.read(descriptor, 64 * 1024)
            except OSError as error:
                chunk = error
            try:
                loop.call_soon_threadsafe(queue.put_nowait, chunk)
            except RuntimeError:
                return  # the loop has ended meanwhile

    threading.Thread(target=pump, name="jsonl-stdin", daemon=True).start()
    try:
        while True:
            chunk = await queue.get()
            if isinstance(chunk, OSError):
                raise Broken("standard input cannot be read", place="jsonl collector") from chunk
            yield chunk
            if not chunk:
                return
            room.release()
    finally:
        stopped.set()
        room.release()
