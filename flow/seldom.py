"""Log lines of clients that say the same thing many times a second while something is away."""

import logging
import threading
import time
from collections.abc import Callable


class Seldom(logging.Filter):
    """Lets a line of each kind pass once in a while.

    Args:
        kind: of a line; ``None``: it always passes. There must be few kinds.
        seconds: until the next line of a kind may pass.
        monotonic: a clock in seconds.
    """

    def __init__(
        self,
        kind: Callable[[logging.LogRecord], str | None],
        *,
        seconds: float = 60.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._kind = kind
        self._seconds = seconds
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._next: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        kind = self._kind(record)
        if kind is None:
            return True
        now = self._monotonic()
        with self._lock:
            if now < self._next.get(kind, now):
                return False
            self._next[kind] = now + self._seconds
        return True
