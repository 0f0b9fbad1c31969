"""Heartbeats: each part of Turvakt writes down that it lives, that it works, and that something is in its way."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update

from flow.database import Database
from flow.databases.columns import moment
from turvakt.watch.tables import BEAT, COUNT
from turvakt.watch.usual import hour

LATE = timedelta(minutes=2)
"""A part that has not beaten for so long is dead, hangs, or cannot reach the database."""
FORGOTTEN = timedelta(days=7)
"""A part that has not beaten for so long is no longer part of this Turvakt."""
REFUSED = "refused: "
"""What the reason of a source begins with that refuses us: the token has expired, or the address is wrong."""
LOST = "failed for good: "
"""What the reason of a channel begins with that is not left alone, but by which a delivery failed, and none has got through."""
CHANNEL = "channel:"
"""What the places of channels begin with. Their beats tell of tries to send: each is kept until there is another try."""
TRIED = "tried:"
"""What the places of channels begin with where beats tell of what was tried without sending (`turvakt.watch.trying`)."""
_COUNTS_KEPT = 24 * 7 * 10


@dataclass(frozen=True, slots=True)
class Beat:
    """The last known sign of life of a part.

    Attributes:
        place: ``worker:NAME`` (a process), ``collector:NAME``, ``stage:NAME``, ``channel:NAME``, ``tried:NAME``.
        at: when its process last wrote; of a channel, when it was last tried.
        worked_at: when it last did something: read a post, took an entry.
        failing_since: since when it has been able to do nothing; ``None``: it can. Of a channel: since when it has been left
            alone, as it failed too often in a row, or since a delivery failed for good (`LOST`); until it takes something.
        reason: why not, in English; empty if it can. Of a channel: what the last error was.
    """

    place: str
    at: datetime
    worked_at: datetime | None = None
    failing_since: datetime | None = None
    reason: str = ""

    @property
    def is_of_channel(self) -> bool:
        """Whether it beats when a channel is used or tried, and not by itself."""
        return self.place.startswith((CHANNEL, TRIED))


class Beats:
    """The tables ``watch_beat`` and ``watch_count``: all that processes know of themselves."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(
        self, beats: Iterable[Beat], counts: Mapping[tuple[str, int], int], *, now: datetime | None = None
    ) -> None:
        """Write down signs of life, and add to the ``counts`` of posts by source and hour.

        Of a part that several processes work for, what came last counts, and work counts whichever did it. Of a channel the
        last try counts: who has not sent since then knows less. It fails until something has got through.

        Args:
            now: what is known of a channel from later than that was written while the clock was wrong, and does not count.
        """
        with self._database.transaction():
            self._database.lock("watch")
            known = {beat.place: beat for beat in self.all()}
            for beat in beats:
                before = known.get(beat.place)
                if before is not None and beat.place.startswith(CHANNEL) and (now is None or before.at <= now):
                    works = beat.worked_at is not None and beat.worked_at > before.at
                    if beat.at <= before.at or not (works or beat.failing_since):
                        continue
                worked = max((at for at in (beat.worked_at, before and before.worked_at) if at), default=None)
                # Not later than now: a clock was ahead, and no silence would be noticed until then.
                row = _row(replace(beat, worked_at=worked and min(worked, beat.at)))
                if before is None:
                    self._database.execute(insert(BEAT), {"place": beat.place, **row})
                else:
                    self._database.execute(update(BEAT).where(BEAT.c.place == beat.place).values(**row))
            for (source, at), posts in counts.items():
                this = (COUNT.c.source == source) & (COUNT.c.hour == at)
                more = update(COUNT).where(this).values(posts=COUNT.c.posts + posts)
                if not self._database.execute(more):
                    self._database.execute(insert(COUNT), {"source": source, "hour": at, "posts": posts})

    def all(self) -> list[Beat]:
        """Every part that has ever beaten, by place."""
        return [
            Beat(place, moment(at), _moment(worked), _moment(failing), reason)
            for place, at, worked, failing, reason in self._database.query(select(BEAT).order_by(BEAT.c.place))
        ]

    def counts(self, source: str) -> dict[int, int]:
        """How many posts the source gave, by hour since 1970."""
        rows = self._database.query(select(COUNT.c.hour, COUNT.c.posts).where(COUNT.c.source == source))
        return {at: posts for at, posts in rows}  # noqa: C416  a row is no pair to the type checker

    def watched(self, sources: Collection[str], now: datetime) -> None:
        """Note that ``sources`` are watched in this hour, even if they give nothing. Else nothing is learnt of the hour."""
        self.write((), {(source, hour(now)): 0 for source in sources})

    def tidy(self, now: datetime, *, wanted: Collection[str]) -> None:
        """Remove what nothing is learnt from any longer, and parts that are no more.

        Args:
            wanted: the places of those that must be, and are not forgotten however long they are silent.
        """
        self._database.execute(delete(COUNT).where(COUNT.c.hour < hour(now) - _COUNTS_KEPT))
        for beat in self.all():
            if now - beat.at > FORGOTTEN and beat.place not in wanted:
                self._database.execute(delete(BEAT).where(BEAT.c.place == beat.place, BEAT.c.at <= beat.at.timestamp()))


def _row(beat: Beat) -> dict[str, Any]:
    return {
        "at": beat.at.timestamp(),
        "worked_at": beat.worked_at and beat.worked_at.timestamp(),
        "failing_since": beat.failing_since and beat.failing_since.timestamp(),
        "reason": beat.reason,
    }


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else moment(seconds)
