"""From a collector to the log: only what mentions a consenting official is kept, and nothing else is ever stored."""

import hashlib
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Protocol

import msgspec

from flow.clock import Clock
from flow.entry import DEAD_LETTERS, DeadLetter, Entry, dead
from flow.errors import BadInput, Broken, Unavailable
from flow.log import Log, take_out
from ingest.batch import MOST_UNKEPT, REJECTED, TOPIC, Batch, Taken
from ingest.collector import AuthorGone, Collected, Deletion, Item, Rejected
from ingest.objections import Account, accounts
from ingest.post import POSTS, Mention, Post
from ingest.undecided import Undecided

__all__ = ["REJECTED", "TOPIC", "Intake", "Matches", "Taken"]

logger = logging.getLogger(__name__)


class Matches(Protocol):
    """What the intake needs of a `ingest.mentions.Matcher`."""

    def match(self, posts: Sequence[Post], *, at: datetime) -> list[tuple[Mention, ...]]:
        """The mentions of consenting officials in each post."""
        ...


class Intake:
    """Takes what collectors read.

    Posts are taken without the index, so that nobody who is threatened waits for it. But of most deletions only the index
    knows whether there is anything to delete.

    Args:
        matcher: gives the matcher of the registry as it is now.
        held: which of the given post ids are stored anywhere behind the log.
        posts_of: the ids of stored posts by an author, given her source and `Author.id`.
        observe: is told what became of each batch, once it is safe.
        also: mentions of a post that stand in no text, known from elsewhere (whoever hands it in says whom it is about).
        objected: those of the given accounts whose authors are left alone (see `ingest.objections`).
        defers: deletions wait for the index in memory, and for them the cursor in the log; then somebody must call `settle`.
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
        objected: Callable[[Collection[Account]], set[Account]] = lambda accounts: set(),
        defers: bool = False,
    ) -> None:
        self._log = log
        self._matcher = matcher
        self._held = held
        self._posts_of = posts_of
        self._clock = clock
        self._observe = observe
        self._also = also
        self._objected = objected
        self._defers = defers
        self._undecided = Undecided()
        self._unkept: dict[str, int] = {}
        self._authors: set[int] = set()
        self._seen_to = -1

    def take(self, collector: str, collected: Collected, *, letter: Entry | None = None) -> None:
        """Match, and commit the matched posts together with the collector's cursor.

        Args:
            collector: its name.
            letter: the dead letter that is replayed with these items; it is taken out in the same transaction. A post
                that was refused, or on which a stage failed, then replaces what came before under its id.

        Raises:
            Stale: somebody withdrew or was erased meanwhile, or the letter has changed; read and call again.
            BadInput: a post that is replayed is too large for the log; its letter stays.
            Unavailable: the log is locked or full, or the index is away and nothing may wait for it (any more); nothing was
                written, call again.
        """
        if letter is not None or not self._defers:
            self._take(collector, collected, letter)
            return
        if not self._undecided:
            # Also where it refuses us: if it is the log that does, what follows says so.
            with suppress(Unavailable, Broken):
                self._take(collector, collected)
                return
        self._take(collector, collected, asks=False)

    @property
    def undecided(self) -> int:
        """How many deletions wait for the index."""
        return len(self._undecided)

    def settle(self) -> None:
        """Take the deletions that wait for the index.

        Raises:
            Stale, Unavailable: as for `take`; what is not settled yet waits on.
        """
        for collector, collected in self._undecided:
            try:
                self._take(collector, collected, late=True)
            except Broken as error:
                raise Unavailable(error.reason, place=error.place, remedy=error.remedy) from error

    def _take(
        self,
        collector: str,
        collected: Collected,
        letter: Entry | None = None,
        *,
        asks: bool = True,
        late: bool = False,
    ) -> None:
        """``asks``: the index, too; else what it alone could decide waits. ``late``: it has waited."""
        # The epoch is read before the registry: a withdrawal in between makes the write below stale.
        epoch = self._log.epoch()
        now = self._clock.now()
        items = self._matched(collected.items, now, asks=asks)
        reads = collected.reads or collector
        unkept = self._unkept.get(reads, 0)
        batch = self._batch(items, now, unkept=unkept, letter=letter, asks=asks, late=late)
        for item in items:
            match item:
                case Post():
                    batch.post(item)
                case Deletion():
                    batch.deletion(item.id, item.at)
                case DeadLetter():
                    batch.rejected(item)
        waiting = None if asks else self._undecided.after(collector, collected, batch.undecided)
        with self._log.write(epoch=epoch) as writer:
            if letter is not None:
                take_out(self._log, writer, letter)
            batch.write(writer)
            if collected.cursor is not None and waiting is None:
                writer.save_cursor(reads, collected.cursor)
        self._undecided.keep(reads, waiting)
        self._unkept[reads] = batch.unkept
        if unkept <= MOST_UNKEPT < batch.unkept:
            logger.warning(
                "collector %s: over %d items in a row are no posts and name nobody; from now on they are only counted",
                collector,
                MOST_UNKEPT,
            )
        self._observe(collector, batch.taken)

    def _batch(
        self,
        items: Sequence[Post | Deletion | DeadLetter],
        now: datetime,
        *,
        unkept: int,
        letter: Entry | None,
        asks: bool,
        late: bool,
    ) -> Batch:
        """A batch that knows of the log and the index what matters to ``items``: all is asked at once."""
        standing = [item for item in items if not isinstance(item, DeadLetter) and _may_stand(item)]
        gone = {item.id for item in standing if isinstance(item, Deletion) or not item.mentions}
        elsewhere = {item.id for item in items if isinstance(item, Deletion)}
        elsewhere |= {item.key for item in items if isinstance(item, DeadLetter)}
        found = self._log.entries_of(elsewhere)
        held = self._held(gone) if gone and asks else set()
        return Batch(
            known=self._log.latest(TOPIC, {item.id for item in standing}),
            held=held | {entry.key for entry in found},
            asked=asks,
            late=late,
            letters={(entry.key, letter.value) for entry, letter in _letters(found, REJECTED)},
            refused=self._refused,
            now=now,
            unkept=unkept,
            largest=self._log.largest,
            letter=letter,
        )

    def _refused(self, post: str) -> Iterator[str]:
        """The texts that wait as dead letters under the id of a post."""
        for _, letter in _letters(self._log.entries_of([post]), dead(TOPIC), REJECTED):
            refused = _post(letter.value or b"")
            if refused is not None:
                yield refused.text

    def _matched(self, items: Sequence[Item], now: datetime, *, asks: bool) -> list[Post | Deletion | DeadLetter]:
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
                    before = [each for each in matched if isinstance(each, Post) and _is_by(each, item)]
                    ids = dict.fromkeys([*(post.id for post in before), *self._stored(item, asks=asks)])
                    matched += [Deletion(post, item.at) for post in ids]
        return self._without_objectors(matched)

    def _without_objectors(self, items: list[Post | Deletion | DeadLetter]) -> list[Post | Deletion | DeadLetter]:
        """What is written by who is to be left alone mentions nobody: it is not kept, and takes away what was kept of it."""
        matched = [item for item in items if isinstance(item, Post) and item.mentions]
        objected = self._objected({account for post in matched for account in accounts(post)})
        if not objected:
            return items
        return [
            replace(item, mentions=()) if isinstance(item, Post) and not objected.isdisjoint(accounts(item)) else item
            for item in items
        ]

    def _stored(self, gone: AuthorGone, *, asks: bool) -> Iterator[str]:
        """The posts of an author in the index, if that is asked, and in the log, where some are that no stage has read yet."""
        if asks:
            yield from self._posts_of(gone.source, gone.author)
        if not self._has_written(gone):
            return
        for entry in self._log.containing(TOPIC, msgspec.json.encode(gone.author)):
            post = _post(entry.value)
            if post is not None and _is_by(post, gone):
                yield post.id

    def _has_written(self, gone: AuthorGone) -> bool:
        """Whether the log may hold a post of hers. A stream tells of every account, and to look through the log takes long.

        Authors are remembered by a hash alone: nothing that was erased lingers here.
        """
        while entries := self._log.browse(TOPIC, after=self._seen_to, limit=1000):
            posts = (_post(entry.value) for entry in entries)
            self._authors.update(hash((post.source, post.author.id)) for post in posts if post is not None)
            self._seen_to = entries[-1].offset
        return hash((gone.source, gone.author)) in self._authors


def _is_by(post: Post, gone: AuthorGone) -> bool:
    return (post.source, post.author.id) == (gone.source, gone.author)


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
    """Its key is the post's id if the content is kept. Otherwise it is a digest, by which it is known when it comes again."""
    digest = hashlib.sha256("\x00".join((item.source, item.place, "")).encode() + item.raw).hexdigest()
    return DeadLetter(
        origin=f"collector:{item.source}",
        stage="collect",
        reason=item.reason,
        place=item.place,
        key=item.id if mentions and item.id else f"{item.source}:{digest[:32]}",
        value=item.raw if mentions else None,
        officials=tuple(sorted({mention.official for mention in mentions})),
        at=now,
    )


def _letters(entries: Iterable[Entry], *topics: str) -> Iterator[tuple[Entry, DeadLetter]]:
    for entry in entries:
        if entry.topic in topics:
            try:
                yield entry, DEAD_LETTERS.decode(entry.value)
            except BadInput:
                continue


def _post(value: bytes) -> Post | None:
    """The post in ``value``, or ``None`` if it cannot be read: the stage that reads the topic says so."""
    try:
        return POSTS.decode(value)
    except BadInput:
        return None
