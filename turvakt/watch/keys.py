"""Probe of the keys by which mail to contacts is encrypted: whose has ended gets no more than a lock screen shows."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from alerts.mail.keys import load_key
from flow.errors import Broken
from turvakt.watch.trouble import Detail, Trouble

SOON = timedelta(days=14)
"""A contact must make a new key and bring it, and may be away for a week."""
_AGAIN = timedelta(hours=1)


class Keys:
    """Whether a key ends; looked at every hour.

    Args:
        files: the address and the file of each key. One that cannot be read is no matter of time: whoever sends says so.
    """

    def __init__(self, files: Callable[[], Iterable[tuple[str, Path]]]) -> None:
        self._files = files
        self._asked_at: datetime | None = None
        self._first: datetime | None = None

    def __call__(self, now: datetime) -> Iterator[Trouble]:
        if self._asked_at is None or now - self._asked_at >= _AGAIN:
            self._first, self._asked_at = min(self._ends(), default=None), now
        if self._first is not None and self._first - now < SOON:
            name: Detail = "ended" if self._first <= now else "ends"
            yield Trouble("key-ends", "keys", now, {name: self._first.isoformat(), "which": ""})

    def _ends(self) -> Iterator[datetime]:
        for address, file in self._files():
            with suppress(Broken):
                ends = load_key(file, address=address).ends
                if ends is not None:
                    yield ends
