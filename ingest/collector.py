"""What every source of posts looks like to the rest of Turvakt."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Protocol

from flow.clock import Moment
from ingest.post import Post


@dataclass(frozen=True, slots=True)
class Deletion:
    """The platform says that a post is gone; ``id`` is a `Post.id`."""

    id: str
    at: Moment


@dataclass(frozen=True, slots=True)
class AuthorGone:
    """The platform says that an account is gone or hidden: all its posts go. ``author`` is an `Author.id`."""

    source: str
    author: str = field(repr=False)
    at: Moment


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something that the source sent and that is no post, with the reason and where the source holds it.

    ``raw`` are the bytes as they came; they are stored only if they name a registered official. ``id`` is the `Post.id`
    that it would have, where that can be read: by it a deletion finds what was stored.
    """

    source: str
    reason: str
    place: str
    raw: bytes = field(repr=False)
    at: Moment
    id: str = field(default="", repr=False)


Item = Post | Deletion | AuthorGone | Rejected


@dataclass(frozen=True, slots=True)
class Collected:
    """Some items in the order in which the source gave them, and the cursor to go on from once they are safe.

    The cursor is kept under ``reads`` (`Collector.reads`); empty: under the collector's name.
    """

    items: tuple[Item, ...]
    cursor: str | None
    reads: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a source cannot be read now, in words without names and addresses; ``refused``: only a human can change that."""

    reason: str
    refused: bool = False


class Collector(Protocol):
    """Reads one source.

    ``collect`` yields until the source ends or the task is cancelled. It obeys the source's rate limits and waits out
    faults by itself, with growing, jittered pauses; it never yields a cursor ahead of the items that it has yielded.
    Awaiting consumers slow it down: it holds at most a few hundred items at a time.
    """

    name: str
    """Its kind, as in ``COLLECTORS``: what logs, metrics and messages call it."""

    reads: str
    """What it reads, apart from other collectors of the same name; its cursor is kept under it. Shown nowhere, since a
    hashtag or a file may be named after a person."""

    fault: Fault | None
    """What is in its way now; ``None`` while it reads, or waits for something to read."""

    def collect(self, cursor: str | None) -> AsyncGenerator[Collected, None]:
        """Yield items after ``cursor`` (``None``: from where the source starts by itself).

        Raises:
            Broken: the configuration is wrong, or the source refuses for good.
        """
        ...

    def parse(self, raw: bytes) -> Post:
        """One item of this source as a post: how a rejected one comes back after a fix.

        Raises:
            BadInput: it is still no post.
        """
        ...
