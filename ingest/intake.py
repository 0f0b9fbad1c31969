"""From a collector to the log: only what mentions a consenting official is kept, and nothing else is ever stored."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from flow.clock import Clock
from flow.entry import DEAD_LETTERS, DeadLetter, Entry, dead
from flow.log import Log, Writer
from ingest.collector import AuthorGone, Collected, Deletion, Item, Rejected
from ingest.post import POSTS, Mention, Post

TOPIC = "posts"
REJECTED = dead("collected")
"""Where things go that a collector could not read as posts."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a collector's items."""

    read: int = 0
    matched: int = 0
    duplicates: int = 0
    deleted: int = 0
    rejected: int = 0

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(
            self.read + other.read,
            self.matched + other.matched,
            self.duplicates + other.duplicates,
            self.deleted + other.deleted,
            self.rejected + other.rejected,
        )


class Matches(Protocol):
    """What the intake needs of a `ingest.mentions.Matcher`."""

    def match(self, posts: Sequence[Post], *, at: datetime) -> list[tuple[Mention, ...]]:
        """The mentions of consenting officials in each post."""
        ...


class Intake:
    """Takes what collectors read.

    Args:
        matcher: gives the matcher of the registry as it is now.
        held: which of the given post ids are stored anywhere behind the log.
        posts_of: the ids of stored posts by an author, given her source and `Author.id`.
        observe: is told what became of each batch, once it is safe.
        also: mentions of a post that stand in no text, known from elsewhere (whoever hands it in says whom it is about).
    """

    def __init__(
        self,
        *,
        log: Log,
        matcher: Callable[[], Matches],
        held: Callable[[Collection[str]], set[str]],
        posts_of: Callable[[str, str], Iterable[str]],
        clock: Clock,
        observe: Callable[[str, Taken], None],
        also: Callable[[Post], tuple[Mention, ...]] = lambda post: (),
    ) -> None:
        self._log = log
        self._matcher = matcher
        self._held = held
        self._posts_of = posts_of
        self._clock = clock
        self._observe = observe
        self._also = also

    def take(self, collector: str, collected: Collected) -> None:
        """Match, and commit the matched posts together with the collector's cursor.

        Raises:
            Stale: somebody withdrew or was erased meanwhile; call again.
            Unavailable: the log is locked or full; nothing was written, call again.
        """
        # The epoch is read before the registry: a withdrawal in between makes the write below stale.
        epoch = self._log.epoch()
        now = self._clock.now()
        items = self._matched(collected.items, now)
        # What a batch has to ask the log and the index, it asks at once.
        asked = {item.id for item in items if not isinstance(item, DeadLetter) and _may_stand(item)}
        batch = _Batch(self._log.latest(TOPIC, asked), self._held(asked) if asked else set(), now=now)
        for item in items:
            match item:
                case Post():
                    batch.post(item)
                case Deletion():
                    batch.deletion(item.id, item.at)
                case DeadLetter():
                    batch.rejected(item)
        with self._log.write(epoch=epoch) as writer:
            batch.write(writer)
            if collected.cursor is not None:
                writer.save_cursor(collector, collected.cursor)
        self._observe(collector, batch.taken)

    def _matched(self, items: Sequence[Item], now: datetime) -> list[Post | Deletion | DeadLetter]:
        """The items with their mentions; an author who is gone becomes the deletions of her posts."""
        texts = [_as_post(item) for item in items if isinstance(item, Post | Rejected)]
        found = iter(self._matcher().match(texts, at=now))
        matched: list[Post | Deletion | DeadLetter] = []
        for item in items:
            match item:
                case Post():
                    matched.append(replace(item, mentions=next(found) + self._also(item)))
                case Rejected():
                    matched.append(_letter(item, next(found), now))
                case Deletion():
                    matched.append(item)
                case AuthorGone():
                    matched += [Deletion(post, item.at) for post in self._posts_of(item.source, item.author)]
        return matched


def _may_stand(item: Post | Deletion) -> bool:
    """Whether it matters what is stored under the item's id."""
    return isinstance(item, Deletion) or bool(item.mentions) or item.edited_at is not None


def _as_post(item: Post | Rejected) -> Post:
    """What is matched to learn whether a rejected item may be stored: its raw bytes, read as text."""
    if isinstance(item, Post):
        return item
    text = item.raw.decode("utf-8", "replace")
    return Post(id=f"{item.source}:rejected", source=item.source, text=text, created_at=item.at, collected_at=item.at)


def _letter(item: Rejected, mentions: tuple[Mention, ...], now: datetime) -> DeadLetter:
    return DeadLetter(
        origin=f"collector:{item.source}",
        stage="collect",
        reason=item.reason,
        place=item.place,
        key="",
        value=item.raw if mentions else None,
        officials=tuple(sorted({mention.official for mention in mentions})),
        at=now,
    )


class _Batch:
    """The entries that a batch of items gives, in their order.

    Args:
        known: the newest entry in the log of each id that matters here.
        held: the ids of which something is stored elsewhere.
    """

    def __init__(self, known: dict[str, Entry], held: set[str], *, now: datetime) -> None:
        self._known = known
        self._held = held
        self._now = now
        self._fresh: dict[str, Post] = {}
        self._entries: list[tuple[str, str, bytes]] = []
        self.taken = Taken()

    def post(self, post: Post) -> None:
        self.taken += Taken(read=1)
        if not post.mentions:
            # An edit may have taken the mention out of a post that is kept: then it is ours no longer.
            if post.edited_at is not None:
                self.deletion(post.id, post.edited_at)
            return
        before = self._before(post.id)
        if before is None or (post.edited_at is not None and post.text != before.text):
            self._append(post)
            self.taken += Taken(matched=1)
        elif post.text == before.text:
            self.taken += Taken(duplicates=1)
        else:
            self._refuse(post)

    def rejected(self, letter: DeadLetter) -> None:
        self.taken += Taken(read=1, rejected=1)
        self._entries.append((REJECTED, letter.key, DEAD_LETTERS.encode(letter)))

    def deletion(self, post: str, at: datetime) -> None:
        if self._before(post) is None and post not in self._held:
            return
        source = post.partition(":")[0]
        gone = Post(id=post, source=source, text="", created_at=at, collected_at=self._now, deleted_at=at)
        self._append(gone)
        self.taken += Taken(deleted=1)

    def write(self, writer: Writer) -> None:
        for topic, key, value in self._entries:
            writer.append(topic, key, value)

    def _before(self, post: str) -> Post | None:
        """The post as it was last taken; one that was deleted since counts as new."""
        before = self._fresh.get(post)
        if before is None and post in self._known:
            before = POSTS.decode(self._known[post].value)
        return None if before is None or before.deleted_at is not None else before

    def _append(self, post: Post) -> None:
        self._fresh[post.id] = post
        self._entries.append((TOPIC, post.id, POSTS.encode(post)))

    def _refuse(self, post: Post) -> None:
        self.taken += Taken(rejected=1)
        letter = DeadLetter(
            origin=TOPIC,
            stage="collect",
            reason="this id came before with another text, and the source does not call it an edit",
            place=f"source {post.source}",
            key=post.id,
            value=POSTS.encode(post),
            officials=tuple(sorted({mention.official for mention in post.mentions})),
            at=self._now,
        )
        self._entries.append((dead(TOPIC), post.id, DEAD_LETTERS.encode(letter)))
