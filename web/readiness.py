"""Whether all is well, for pages and probes: asked beside them."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from threading import Lock
from typing import Literal

from flow.clock import Clock

KEPT = timedelta(seconds=5)
"""How long pages take an answer for the present."""


Key = Literal["ready.waiting", "ready.overdue", "ready.failed", "ready.away.log", "ready.away.outbox"]


class Reason(str):
    """Why a process does not do its job in time, in English for machines, and what pages need to say it in other languages.

    Args:
        key: of the text on pages.
        number: how many there are of what it is about; ``None``: it is not about a number.
        detail: an error message, which is in English.
        values: what else the text names.
    """

    key: Key
    number: int | None
    detail: str
    values: dict[str, object]

    def __new__(
        cls, english: str, key: Key, *, number: int | None = None, detail: str = "", **values: object
    ) -> "Reason":
        reason = super().__new__(cls, english)
        reason.key, reason.number, reason.detail, reason.values = key, number, detail, values
        return reason


def late(reasons: Iterable[str]) -> bool:
    """Whether alerts may come late by what is wrong. What has failed is over: it makes nothing else late."""
    return any(not isinstance(each, Reason) or each.key != "ready.failed" for each in reasons)


class Readiness:
    """Asks in one thread of its own, never twice at once: an answer that takes long holds up no page and no other probe.

    Args:
        reasons: why the process does not do its job in time, in words for an operator; empty if it does.
    """

    def __init__(self, reasons: Callable[[], list[str]], *, clock: Clock) -> None:
        self._reasons = reasons
        self._clock = clock
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="turvakt-ready")
        self._lock = Lock()
        self._asking: Future[list[str]] | None = None
        self._last: list[str] = []
        self._asked_at = clock.now() - KEPT

    def ask(self) -> Future[list[str]]:
        """What the question under way will bring, or else a new one."""
        with self._lock:
            if self._asking is None or self._asking.done():
                self._asked_at = self._clock.now()
                self._asking = self._pool.submit(self._ask)
            return self._asking

    def last(self) -> list[str]:
        """The last answer; before the first, nothing is wrong. It waits for nobody, and has what is old asked anew."""
        if abs(self._clock.now() - self._asked_at) >= KEPT:
            self.ask()
        return self._last

    def _ask(self) -> list[str]:
        self._last = self._reasons()
        return self._last
