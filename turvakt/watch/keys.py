"""Probe of the keys by which mail to contacts is encrypted: whose has ended gets no more than a lock screen shows."""

import hashlib
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


def key_place(file: Path) -> str:
    """The place of the trouble that the key in ``file`` ends. It names no file: ``turvakt check`` shows both."""
    return f"key:{hashlib.sha256(bytes(file)).hexdigest()[:6]}"


class Keys:
    """Whether keys end, each of them; looked at every hour.

    Args:
        files: the address and the file of each key. One that cannot be read is no matter of time: whoever sends says so.
    """

    def __init__(self, files: Callable[[], Iterable[tuple[str, Path]]]) -> None:
        self._files = files
        self._asked_at: datetime | None = None
        self._ends: dict[str, datetime] = {}

    def __call__(self, now: datetime) -> Iterator[Trouble]:
        if self._asked_at is None or now - self._asked_at >= _AGAIN:
            self._ends, self._asked_at = dict(self._read()), now
        for place, ends in self._ends.items():
            if ends - now < SOON:
                name: Detail = "ended" if ends <= now else "ends"
                yield Trouble("key-ends", place, now, {name: ends.isoformat(), "which": ""})

    def _read(self) -> Iterator[tuple[str, datetime]]:
        for address, file in self._files():
            with suppress(Broken):
                ends = load_key(file, address=address).ends
                if ends is not None:
                    yield key_place(file), ends
