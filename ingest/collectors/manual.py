"""A post that a person hands in, since no collector may reach its source (``docs/sources/manual.md``)."""

import hashlib
import re
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

from flow.clock import Clock, SystemClock
from flow.errors import BadInput
from ingest.collector import Collected, Fault
from ingest.formats.lines import AHEAD
from ingest.formats.text import clean
from ingest.post import POSTS, Post

SOURCE = "manual"
"""The source of every submission, and the name that a consent's scope gives for it."""

_LONGEST = 1_000_000
_SURROGATE = re.compile("[\ud800-\udfff]")


def submission(*, text: str, link: str | None, source: str, created_at: datetime | None, clock: Clock) -> Post:
    """A text that somebody saw, as a post; the same text and link always give the same id.

    Args:
        text: What was written.
        link: Where it can be seen, if anywhere.
        source: Where it was seen, in the words of the person who hands it in ("letter", "closed group").
        created_at: When it was written, aware; ``None``: not known, then now.
        clock: Tells now.

    Raises:
        BadInput: no text, a text of more than a million characters, a time without zone or in the future.
    """
    now = clock.now()
    if not text or text.isspace():
        raise BadInput("there is no text", place="submission", remedy="Paste what was written")
    if len(text) > _LONGEST:
        raise BadInput("the text is longer than a million characters", place="submission", remedy="Shorten it")
    if created_at is not None and created_at.tzinfo is None:
        raise BadInput("created_at has no time zone", place="submission", remedy="Write it like 2026-09-14T06:20Z")
    if created_at is not None and created_at > now + AHEAD:
        raise BadInput("created_at lies in the future", place="submission", remedy="Correct the time")
    text = _SURROGATE.sub("\ufffd", clean(text))  # bytes of a command line that are no UTF-8
    digest = hashlib.sha256("\x00".join((text, link or "")).encode()).hexdigest()
    return Post(
        id=f"{SOURCE}:{digest}",
        source=SOURCE,
        text=text,
        created_at=(created_at or now).astimezone(UTC),
        collected_at=now,
        url=link or None,
        extra={"seen_at": clean(source)} if source else {},
    )


class Manual:
    """The source of submissions. They arrive by ``turvakt submit``, so there is nothing to collect."""

    name = SOURCE
    fault: Fault | None = None
    reads = SOURCE

    def __init__(self, *, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()

    def collect(self, cursor: str | None) -> AsyncGenerator[Collected, None]:
        """See `Collector.collect`: ends at once."""
        return _nothing()

    def parse(self, raw: bytes) -> Post:
        """See `Collector.parse`: ``raw`` is a post in wire form."""
        return POSTS.decode(raw)


async def _nothing() -> AsyncGenerator[Collected, None]:
    return
    yield  # makes this a generator
