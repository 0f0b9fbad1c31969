"""Probe of the keys by which mail to contacts is encrypted: whose is of no use gets no more than a lock screen shows."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from alerts.mail.keys import load_key
from flow.errors import Broken
from turvakt.watch.trouble import Detail, Trouble

SOON = timedelta(days=14)
"""A contact must make a new key and bring it, and may be away for a week."""
_AGAIN = timedelta(hours=1)


def key_place(file: Path) -> str:
    """The place of the trouble of the key in ``file``. It names no file: ``turvakt check`` shows both."""
    return f"key:{hashlib.sha256(bytes(file)).hexdigest()[:6]}"


class Keys:
    """Whether keys end or cannot be used, each of them; looked at every hour.

    Args:
        files: the address and the file of each key.
    """

    def __init__(self, files: Callable[[], Iterable[tuple[str, Path]]]) -> None:
        self._files = files
        self._asked_at: datetime | None = None
        self._known: dict[str, datetime | Broken | None] = {}

    def __call__(self, now: datetime) -> Iterator[Trouble]:
        # The clock may have been put back since.
        if self._asked_at is None or abs(now - self._asked_at) >= _AGAIN:
            self._known, self._asked_at = self._look(), now
        for place, ends in self._known.items():
            if isinstance(ends, Broken):
                yield Trouble("key-ends", place, now, {"unusable": "", "reason": ends.reason, "which": ""})
            elif ends is not None and ends - now < SOON:
                name: Detail = "ended" if ends <= now else "ends"
                yield Trouble("key-ends", place, now, {name: ends.isoformat(), "which": ""})

    def _look(self) -> dict[str, datetime | Broken | None]:
        """What is known of each file; of one that several addresses have, what one of them cannot do with it."""
        found: dict[str, datetime | Broken | None] = {}
        for address, file in self._files():
            place = key_place(file)
            if not isinstance(found.get(place), Broken):
                found[place] = _ends(file, address)
        return found


def _ends(file: Path, address: str) -> datetime | Broken | None:
    """When the key ends, if it does, or why it cannot be used."""
    try:
        return load_key(file, address=address).ends
    except Broken as error:
        return error
