"""Time as a dependency, so that tests neither sleep nor patch."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Protocol

import msgspec

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A datetime that knows its offset; every record's times are of this type, in UTC."""


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The current moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        """Move forward by ``seconds``."""
        self._now += timedelta(seconds=seconds)
