"""A public post, and where it mentions an official."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from flow.clock import Moment
from flow.codec import Codec

Sign = Literal[
    "full-name",
    "given-name",
    "role",
    "municipality",
    "party",
    "handle",
    "link",
    "hashtag",
    "form",
    "reply",
    "quote",
    "thread",
    "submitted",
]


@dataclass(frozen=True, slots=True)
class Mention:
    """An official mentioned in a post.

    ``start`` and ``end`` are offsets into the text in Unicode code points, ``(0, 0)`` where the mention is not in the
    text (a reply, a quote, an account named by the platform's own markup). ``sign`` says what made the match certain.
    """

    official: str
    start: int
    end: int
    sign: Sign
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a post, as the platform names her; any part may be missing."""

    id: str | None = field(default=None, repr=False)
    handle: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Post:
    """One public post as a collector delivers it.

    ``id`` is ``<source>:<native id>``: log key, index id and what duplicates are recognised by. ``accounts`` are accounts that
    the platform's markup names in the text (handles, DIDs or profile links); ``reply_to`` and ``quote_of`` name an account or
    a link. A post with ``edited_at`` replaces an earlier one of the same id; one with ``deleted_at`` carries no text and
    removes it: deletions travel the same way as posts, so that they can never overtake them.
    """

    id: str
    source: str
    text: str = field(repr=False)
    created_at: Moment
    collected_at: Moment
    url: str | None = field(default=None, repr=False)
    author: Author = field(default_factory=Author, repr=False)
    reply_to: tuple[str, ...] = field(default=(), repr=False)
    quote_of: tuple[str, ...] = field(default=(), repr=False)
    accounts: tuple[str, ...] = field(default=(), repr=False)
    lang: str | None = None
    edited_at: Moment | None = None
    deleted_at: Moment | None = None
    mentions: tuple[Mention, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)

    @property
    def officials(self) -> frozenset[str]:
        """The ids of those whom it mentions."""
        return frozenset(mention.official for mention in self.mentions)

    def without(self, official: str) -> "Post | None":
        """The post without the mentions of ``official``; ``None`` if it mentions nobody else."""
        mentions = tuple(mention for mention in self.mentions if mention.official != official)
        return replace(self, mentions=mentions) if mentions else None


POSTS = Codec("post", Post)
