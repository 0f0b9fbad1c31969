"""Posts that law requires to keep, such as for a report to the police: copies apart, each with its reason and its end.

An erasure, a retention or a deletion on the platform does not touch them. What an official withdrew is told to stay in the
report of her erasure, see `registry.withdrawal.Kept`.
"""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, insert, select, update

from classify.verdict import VERDICTS, Verdict
from flow.clock import Clock
from flow.database import Database, Row
from flow.databases.columns import moment
from flow.errors import BadInput
from registry.holder import Part
from registry.official import Official
from registry.tenant import tenant_of
from review.index import about
from review.tables import HOLD

LONGEST = timedelta(days=3653)
"""Ten years: then a threat of the gravest kind is time-barred, too."""
LONGEST_REASON = 300
"""Characters of a reason."""

_COLUMNS = (
    *(HOLD.c.number, HOLD.c.official, HOLD.c.reason, HOLD.c.by),
    *(HOLD.c.since, HOLD.c.until, HOLD.c.verdict, HOLD.c.deleted_at, HOLD.c.tenant),
)
_PLACE = "hold"


@dataclass(frozen=True, slots=True)
class Hold:
    """A copy of a post with its verdict, without other officials.

    Attributes:
        number: of the hold.
        reason: why it must be kept, such as the number of the report to the police.
        by: the id of the person who said so; empty if nobody had signed in.
        since: when.
        until: when it ends by itself.
        deleted_at: when it became known that the platform had deleted the post; ``None``: it has not.
        tenant: the official's, whose people may end it also once she has left; empty: only who may run commands.
    """

    number: int
    official: str
    reason: str = field(repr=False)
    by: str = field(repr=False)
    since: datetime
    until: datetime
    verdict: Verdict
    deleted_at: datetime | None = None
    tenant: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of the post's text, by which a copy elsewhere can be compared; hexadecimal."""
        return sha256(self.verdict.post.text.encode()).hexdigest()

    @property
    def post(self) -> str:
        """The id of the post."""
        return self.verdict.post.id


class Holds:
    """The table ``review_hold`` of ``database``. Implements `registry.holder.Holder`, but keeps what it holds until its end.

    Args:
        officials: from the registry: only what she agreed to have secured as evidence can be held.
    """

    name = "holds"

    def __init__(self, database: Database, *, officials: Callable[[str], Official | None], clock: Clock) -> None:
        self._database = database
        self._officials = officials
        self._clock = clock

    def add(self, verdict: Verdict, *, official: str, reason: str, until: datetime, by: str = "") -> Hold:
        """Keep a copy of a post that mentions ``official``; each post once for her.

        Raises:
            BadInput: the post does not mention her, is deleted or held already; her consent does not cover it as evidence;
                the reason is missing or longer than 300 characters; or the end is not in the future, or in more than ten years.
        """
        now, post = self._clock.now(), verdict.post
        if official not in post.officials:
            raise BadInput("the post does not mention this official", place=_PLACE)
        if post.deleted_at is not None:
            raise BadInput("the post was deleted: there is nothing to keep", place=_PLACE)
        known = self._officials(official)
        if known is None or not self.secures(official, post.source):
            remedy = "Without it only the authorities can order to keep a post"
            raise BadInput("her consent does not cover evidence from this source", place=_PLACE, remedy=remedy)
        if not reason.strip() or len(reason) > LONGEST_REASON:
            remedy = "Name what requires to keep it, such as the number of the report to the police"
            raise BadInput(
                f"the reason is missing or longer than {LONGEST_REASON} characters", place=_PLACE, remedy=remedy
            )
        if not now < until <= now + LONGEST:
            remedy = "It can be held anew before it ends"
            raise BadInput("the end must be in the future, in ten years at most", place=_PLACE, remedy=remedy)
        row = {
            "official": official,
            "post": post.id,
            "reason": reason.strip(),
            "by": by,
            "since": now.timestamp(),
            "until": until.timestamp(),
            "verdict": VERDICTS.encode(about(verdict, official)),
            "tenant": tenant_of(known),
        }
        with self._database.transaction():
            self._database.lock("holds")
            same = HOLD.c.official == official, HOLD.c.post == post.id
            self._database.execute(delete(HOLD).where(*same, HOLD.c.until <= now.timestamp()))
            if self._found(HOLD.c.official == official, HOLD.c.post == post.id):
                remedy = "End that hold first, or let it run"
                raise BadInput("the post is held for her already", place=_PLACE, remedy=remedy)
            self._database.execute(insert(HOLD), row)
            (hold,) = self._found(HOLD.c.official == official, HOLD.c.post == post.id)
        return hold

    def secures(self, official: str, source: str) -> bool:
        """Whether a consent in force lets posts from ``source`` be kept as evidence."""
        known, now = self._officials(official), self._clock.now()
        return known is not None and any(each.evidence and each.covers(source, now) for each in known.consents)

    def all(self) -> list[Hold]:
        """Every hold, the one that ends first before the others."""
        return self._found()

    def of(self, official: str) -> list[Hold]:
        """Those of one official."""
        return self._found(HOLD.c.official == official)

    def by_author(self, source: str, author: str) -> list[Hold]:
        """Those of posts that the author with this `Author.id` wrote on ``source``."""
        return [
            each for each in self.all() if (each.verdict.post.source, each.verdict.post.author.id) == (source, author)
        ]

    def held(self, posts: Collection[str]) -> set[str]:
        """Those of ``posts`` of which there is a copy whose time is not over."""
        wanted = set(posts)
        held = select(HOLD.c.post).distinct().where(HOLD.c.until > self._clock.now().timestamp())
        return {row[0] for row in self._database.query(held) if row[0] in wanted}

    def end(self, number: int) -> None:
        """End a hold: its copy goes from the tables at once, and from the files by the next `expire`.

        Raises:
            BadInput: there is none of that number.
        """
        now = self._clock.now().timestamp()
        this = HOLD.c.number == number, HOLD.c.until > now
        ended = update(HOLD).where(*this).values(until=now, verdict=b"", reason="", by="")
        if not self._database.execute(ended):
            raise BadInput("there is no hold of that number", place=_PLACE, remedy="See 'turvakt hold list'")

    def erase(self, official: str, part: Part | None = None) -> int:
        """Nothing: that is what a hold is for."""
        return 0

    def forget(self, posts: Collection[str]) -> int:
        """Note that these posts are gone: nothing but the copies tells of them any more. Returns how many were not noted yet."""
        gone = update(HOLD).where(HOLD.c.post == bindparam("gone"), HOLD.c.deleted_at.is_(None))
        now = self._clock.now().timestamp()
        return self._database.executemany(gone.values(deleted_at=now), [{"gone": post} for post in posts])

    def expire(self, before: datetime) -> int:
        """Remove the holds that have ended, however old they are, from the tables and from the files.

        Raises:
            Unavailable: the files are in use. What was held is gone from the tables; the next call goes on.
        """
        over = HOLD.c.until <= self._clock.now().timestamp()
        many = len(self._database.query(select(HOLD.c.number).where(over)))
        if many:
            # Rows without what they held stay until the files are scrubbed: they say that this is still to be done.
            self._database.execute(update(HOLD).where(over).values(verdict=b"", reason="", by=""))
            self._database.scrub()
            self._database.execute(delete(HOLD).where(over, HOLD.c.verdict == b""))
        return many

    def export(self, official: str) -> list[dict[str, Any]]:
        """The official's holds."""
        return [
            {
                "kind": "hold",
                "number": each.number,
                "reason": each.reason,
                "by": each.by,
                "since": each.since.isoformat(),
                "until": each.until.isoformat(),
                "deleted_at": None if each.deleted_at is None else each.deleted_at.isoformat(),
                "sha256": each.digest,
                "verdict": json.loads(VERDICTS.encode(each.verdict)),
            }
            for each in self.of(official)
        ]

    def count(self, official: str, part: Part | None = None) -> int:
        """Nothing that an erasure would have to remove."""
        return 0

    def _found(self, *conditions: ColumnElement[bool]) -> list[Hold]:
        wanted = select(*_COLUMNS).where(*conditions, HOLD.c.until > self._clock.now().timestamp())
        return [_hold(row) for row in self._database.query(wanted.order_by(HOLD.c.until, HOLD.c.number))]


def _hold(row: Row) -> Hold:
    number, official, reason, by, since, until, verdict, deleted_at, tenant = row
    gone = None if deleted_at is None else moment(deleted_at)
    return Hold(number, official, reason, by, moment(since), moment(until), VERDICTS.decode(verdict), gone, tenant)
