"""Which posts belong together: near-duplicates, and whatever comes in during a flood.

Near-duplicates are found by MinHash (Broder, "On the resemblance and containment of documents", 1997) with locality-sensitive
hashing: posts that share a band of their signatures are compared, others are not. So a post costs the same however many there
are.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice, takewhile
from math import sqrt
from operator import eq

import msgspec
from rensa import RMinHash  # type: ignore[import-untyped]  # has no types

from alerts.incidents.grade import Grade
from classify.normalise import normalise

TOGETHER = timedelta(minutes=30)
"""A post joins an incident whose last post is no older than this."""
FLOOD = 5
BURST = 20
BURST_ACCOUNTS = 5
WINDOW = timedelta(minutes=10)
"""So many posts about one official within the window are a flood; so many from so many accounts a campaign."""
ALIKE = 0.6
"""Posts are near-duplicates if they have this part of their shingles in common (Jaccard), as far as signatures tell."""

_FEW = 10
"""With so few posts in an hour nothing is far above what is usual. Above it: counts of independent events scatter by the root of
their mean, and six of these by chance are out of the question."""
_BANDS, _ROWS = 16, 4
_BYTES = 4 * _ROWS
_SEED = 1  # signatures are stored: another seed makes those that there are worthless
_SHINGLE = 4
_FLEETING = re.compile(r"@\S+|\w+://\S+")
"""What bots change from copy to copy."""


def signature(text: str) -> bytes:
    """What near-duplicates of ``text`` share most of; empty if it has no word.

    The shingles are runs of four characters of its plain form (`classify.normalise`), without handles and links.
    """
    plain = " ".join(_FLEETING.sub(" ", normalise(text).text).split())
    if not plain:
        return b""
    minhash = RMinHash(num_perm=_BANDS * _ROWS, seed=_SEED)
    minhash.update([plain[at : at + _SHINGLE] for at in range(max(1, len(plain) - _SHINGLE + 1))])
    return b"".join(each.to_bytes(4, "little") for each in minhash.digest())


def resemblance(one: bytes, other: bytes) -> float:
    """The estimated part of the shingles of two posts that they have in common, 0 to 1, from their signatures."""
    if not one or not other:
        return 0.0
    return int(sum(map(eq, memoryview(one).cast("I"), memoryview(other).cast("I")))) / (_BANDS * _ROWS)


class Seen(msgspec.Struct, frozen=True, gc=False):
    """A post about an official that came in. Moments are seconds since 1970.

    Attributes:
        told: somebody was told of it by itself: others that are like it may be told in passing.
    """

    incident: str
    account: str
    at: float
    posted_at: float
    grade: Grade
    signature: bytes
    told: bool = True


@dataclass(frozen=True, slots=True)
class Burst:
    """Many posts from many accounts within a short time."""

    posts: int
    accounts: int
    minutes: int


class Recent:
    """The posts about one official that came in lately: what new ones are compared with.

    Args:
        earlier: others that count as well; they stay as they are.
    """

    def __init__(self, earlier: "Recent | None" = None) -> None:
        self._earlier = earlier
        self._posts: deque[Seen] = deque()
        self._bands: list[dict[bytes, tuple[Seen, ...]]] = [{} for _ in range(_BANDS)]
        self._banded = 0

    def add(self, seen: Seen) -> None:
        """Take a post in."""
        self._posts.append(seen)
        self._index(seen)

    def _index(self, seen: Seen) -> None:
        if not seen.signature:
            return
        self._banded += 1
        for band, part in zip(self._bands, _parts(seen.signature), strict=True):
            there = band.get(part)
            if there is None:
                band[part] = (seen,)
            else:
                # Of each incident the newest post of each kind: a flood of copies must not make it long.
                others = (each for each in there if _kind(each) != _kind(seen))
                band[part] = (*others, seen)

    def drop(self, *, before: float) -> None:
        """Forget the posts that came in before this moment."""
        while self._posts and self._posts[0].at < before:
            self._posts.popleft()
        if self._banded > 2 * len(self._posts) + 100:
            self._bands, self._banded = [{} for _ in range(_BANDS)], 0
            for seen in self._posts:
                self._index(seen)

    @property
    def is_empty(self) -> bool:
        """Whether there is none."""
        return not self._posts

    def like(self, new: bytes, *, as_urgent: Grade | None = None) -> list[str]:
        """The incidents with a near-duplicate, the most alike first.

        Args:
            new: the signature of the post.
            as_urgent: compare only with what was told by itself, and with threats if this is one, with exposed homes if this
                exposes one, with what is critical if this is: else what changes step by step would be a copy all the way.
        """
        found: dict[str, float] = {}
        for seen in self._candidates(new):
            if seen.incident not in found and (
                as_urgent is None or (seen.told and _is_as_urgent(seen.grade, as_urgent))
            ):
                alike = resemblance(new, seen.signature)
                if alike >= ALIKE:
                    found[seen.incident] = alike
        return sorted(found, key=lambda incident: -found[incident])

    def _candidates(self, new: bytes) -> list[Seen]:
        if not new:
            return []
        found = {
            id(seen): seen
            for band, part in zip(self._bands, _parts(new), strict=True)
            if (there := band.get(part)) is not None
            for seen in there
        }
        return [*found.values(), *(self._earlier._candidates(new) if self._earlier else ())]

    def floods(self, now: float) -> bool:
        """Whether so many posts have come in within the window, the one that comes in now included, that this is a flood."""
        since = now - WINDOW.total_seconds()
        lately = takewhile(lambda seen: seen.at >= since, self._newest_first())
        return sum(1 for _ in islice(lately, FLOOD - 1)) == FLOOD - 1

    def _newest_first(self) -> Iterator[Seen]:
        yield from reversed(self._posts)
        if self._earlier is not None:
            yield from self._earlier._newest_first()

    def burst(self, now: float, *, usual: Callable[[], float | None]) -> Burst | None:
        """Whether it is a campaign: so many posts from so many accounts in the window, or far more in an hour than usual.

        Posts count by when they were written: what was collected late, after an outage, is no campaign.

        Args:
            usual: tells how many posts an hour there are about the official as a rule; ``None``: that is not yet known.
        """
        many = self._written(now, WINDOW)
        if many.posts >= BURST and many.accounts >= BURST_ACCOUNTS:
            return many
        many = self._written(now, timedelta(hours=1))
        if many.posts < _FEW or many.accounts < BURST_ACCOUNTS:
            return None
        known = usual()
        return many if known is not None and many.posts > known + 6 * sqrt(known + 1) else None

    def _written(self, now: float, span: timedelta) -> Burst:
        since = now - span.total_seconds()
        lately = [seen for seen in self._newest_first() if seen.posted_at >= since]
        accounts = {seen.account for seen in lately if seen.account}
        return Burst(len(lately), len(accounts), round(span.total_seconds() / 60))


def _kind(seen: Seen) -> tuple[str, bool, tuple[bool, bool, bool]]:
    return seen.incident, seen.told, seen.grade.urgent


def _is_as_urgent(grade: Grade, other: Grade) -> bool:
    return all(has for wanted, has in zip(other.urgent, grade.urgent, strict=True) if wanted)


def _parts(value: bytes) -> list[bytes]:
    return [value[at : at + _BYTES] for at in range(0, len(value), _BYTES)]
