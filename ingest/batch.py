"""What the intake writes of a batch of items, in their order."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flow.entry import DEAD_LETTERS, DeadLetter, Entry, dead
from flow.errors import BadInput
from flow.log import Writer
from ingest.collector import Deletion
from ingest.post import POSTS, Post

TOPIC = "posts"
REJECTED = dead("collected")
"""Where things go that a collector could not read as posts, and posts that are too large for the log."""

MOST_UNKEPT = 100
"""So many rejected items in a row of which nothing is kept get a dead letter each; further ones are only counted."""

_TICK = timedelta(microseconds=1)
_ANOTHER_TEXT = "this id came before with another text, and the source does not call it an edit"
_TOO_LARGE = "the post is larger than an entry may be"


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


class Batch:
    """The entries that a batch of items gives.

    Args:
        known: the newest entry in the log of each id that matters here.
        held: the ids of which something is stored elsewhere. Of those that are not among them and are not in the log it is
            unknown if ``asked`` is false.
        letters: key and value of the letters in `REJECTED` under the keys that matter here.
        refused: the texts that wait as dead letters under an id.
        largest: see `flow.log.Log.largest`.
        late: deletions waited for the index: what stands undeleted in the log has come since.
        unkept: how many rejected items in a row came before, of which nothing was kept.
        letter: the dead letter that the items come from; one of `TOPIC`'s replaces what came before.
    """

    def __init__(
        self,
        *,
        known: Mapping[str, Entry],
        held: set[str],
        asked: bool,
        late: bool,
        letters: set[tuple[str, bytes | None]],
        refused: Callable[[str], Iterable[str]],
        now: datetime,
        unkept: int,
        largest: int | None,
        letter: Entry | None,
    ) -> None:
        self._known = known
        self._held = held
        self._asked = asked
        self._late = late
        self._letters = letters
        self._refused = refused
        self._now = now
        self._largest = largest
        self._letter = letter
        self._again = letter is not None and letter.topic == dead(TOPIC)
        self._fresh: dict[str, Post] = {}
        self._refusals: dict[str, set[str]] = {}
        self._entries: list[tuple[str, str, bytes]] = []
        self.undecided: dict[str, Deletion] = {}
        """The deletions, by id, of what may be stored elsewhere or not."""
        self.taken = Taken()
        self.unkept = unkept

    def post(self, post: Post) -> None:
        """Take a post with its mentions.

        Raises:
            BadInput: it is too large, and its dead letter waits already: it is the one that is replayed.
        """
        self.taken += Taken(read=1)
        self.unkept = 0
        if not post.mentions:
            # An edit may have taken the mention out of a post that is kept: then it is ours no longer.
            if post.edited_at is not None:
                self.deletion(post.id, post.edited_at)
            return
        before = self._last(post.id)
        if before is None:
            version = post
        elif before.deleted_at is not None:
            # It came back. The time tells it apart from what the deletion removes, even in one and the same batch.
            version = replace(post, collected_at=max(post.collected_at, before.collected_at + _TICK))
        elif self._again:
            version = post if post.text == before.text else replace(post, edited_at=self._now)
        elif post.text == before.text:
            self.taken += Taken(duplicates=1)
            return
        elif post.edited_at is not None:
            if before.edited_at is not None and post.edited_at < before.edited_at:
                self.taken += Taken(duplicates=1)  # what is there is a later edit: the source is being read again
                return
            version = post
        else:
            self._refuse(post, dead(TOPIC), _ANOTHER_TEXT)
            return
        if self._is_too_large(version):
            if self._letter is not None:
                raise BadInput(_TOO_LARGE, place=f"source {post.source}", remedy="It stays among the dead letters")
            self._refuse(post, REJECTED, _TOO_LARGE)
            return
        self._append(version)
        self.taken += Taken(matched=1)

    def deletion(self, post: str, at: datetime) -> None:
        """Take the deletion of a post, if anything of it is stored."""
        self.unkept = 0
        before = self._last(post)
        if before is None and post not in self._held:
            if not self._asked:
                self.undecided[post] = Deletion(post, at)
            return
        if before is not None and before.deleted_at is not None and not self._again:
            return  # its deletion is under way
        if before is not None and before.deleted_at is None and self._late:
            return  # it came back
        collected_at = max(self._now, before.collected_at) if before else self._now
        source = post.partition(":")[0]
        self._append(Post(id=post, source=source, text="", created_at=at, collected_at=collected_at, deleted_at=at))
        self.taken += Taken(deleted=1)

    def rejected(self, letter: DeadLetter) -> None:
        """Take what was no post, unless the same letter waits already."""
        self.taken += Taken(read=1, rejected=1)
        if letter.value is None:
            self.unkept += 1
            if self.unkept > MOST_UNKEPT:
                return
        known = letter.key, letter.value
        if known not in self._letters:
            self._letters.add(known)
            self._entries.append((REJECTED, letter.key, DEAD_LETTERS.encode(letter)))

    def write(self, writer: Writer) -> None:
        """Append what came of the items."""
        for topic, key, value in self._entries:
            writer.append(topic, key, value)

    def _last(self, post: str) -> Post | None:
        """The post as it was last taken, or its deletion."""
        if post in self._fresh:
            return self._fresh[post]
        if post not in self._known:
            return None
        try:
            return POSTS.decode(self._known[post].value)
        except BadInput:
            return None  # the stage that reads it says so

    def _append(self, post: Post) -> None:
        self._fresh[post.id] = post
        self._entries.append((TOPIC, post.id, POSTS.encode(post)))

    def _is_too_large(self, post: Post) -> bool:
        if self._largest is None:
            return False
        return len(post.id.encode()) + len(POSTS.encode(post)) > self._largest

    def _refuse(self, post: Post, topic: str, reason: str) -> None:
        """A letter in ``topic``, unless the text waits already."""
        self.taken += Taken(rejected=1)
        if post.id not in self._refusals:
            self._refusals[post.id] = set(self._refused(post.id))
        if post.text in self._refusals[post.id]:
            return
        self._refusals[post.id].add(post.text)
        letter = DeadLetter(
            origin=TOPIC,
            stage="collect",
            reason=reason,
            place=f"source {post.source}",
            key=post.id,
            value=POSTS.encode(post),
            officials=tuple(sorted({mention.official for mention in post.mentions})),
            at=self._now,
        )
        self._entries.append((topic, post.id, DEAD_LETTERS.encode(letter)))
