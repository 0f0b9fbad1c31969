"""A candidate judges in the shadow of the classifier in use: the same posts, once their verdicts are out, for counting alone."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from threading import Lock
from typing import Protocol

from alerts.alert import Alert, Delivery
from classify.classifier import Classifier
from classify.stage import unnamed
from classify.verdict import Verdict
from flow.clock import Clock
from flow.errors import TurvaktError, Unavailable
from ingest.intake import Taken
from turvakt.comparison import Book, Compared, Lost, compare

logger = logging.getLogger(__name__)

MOST = 2000
"""Verdicts that wait in memory for the candidate; what comes beyond is counted as skipped."""
SAVED_EVERY = timedelta(seconds=10)
IDLE_SECONDS = 0.2
NOT_OPENED = "not opened"


class Listener(Protocol):
    """Is told what came of each post. It must not raise."""

    def compared(self, compared: Compared) -> None: ...

    def not_compared(self, lost: Lost) -> None: ...


class Shadow:
    """Takes each verdict that is out (implements `turvakt.tally.Listener`) and lets the candidate judge its post, too.

    It judges one text at a time in a thread of its own: no stage waits for it, and nothing that goes wrong here gets out.
    No text is written anywhere. A post is left alone once its author deleted it or nobody's consent covers it; of one that was
    edited while it waited, the newest form is judged. Of deletions and edits it knows what this process has read.

    Args:
        open: makes the candidate.
        alerts: which alerts a verdict raises now.
        allowed: whether the official with an id has a consent in force that covers a source.
        folder: the data folder, where the counts are kept; ``None``: the listener alone is told, as in a cluster, whose
            processes share no folder.
    """

    def __init__(
        self,
        *,
        open: Callable[[], Classifier],
        alerts: Callable[[Sequence[Verdict]], list[Alert]],
        allowed: Callable[[str, str], bool],
        folder: Path | None,
        clock: Clock,
        listener: Listener,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._open = open
        self._alerts = alerts
        self._allowed = allowed
        self._folder = folder
        self._clock = clock
        self._listener = listener
        self._sleep = sleep
        self._lock = Lock()  # verdicts are told in the stages' thread, and taken in another
        self._waiting: dict[str, Verdict] = {}  # by the id of the post, in the order in which they came
        self._skipped: Counter[str] = Counter()  # by the model in use
        self._busy = False
        self._told: set[str] = set()
        self._counting = Lock()  # who is cancelled saves while a post may still be counted in the other thread
        self._book = Book()
        self._unread = False  # the file could not be read: it is left as it is until it can, or is removed
        self._saved = clock.now()
        self._changed = False

    def verdict(self, verdict: Verdict) -> None:
        post = verdict.post
        with self._lock:
            if post.deleted_at is not None:
                self._waiting.pop(post.id, None)
            elif post.id in self._waiting or len(self._waiting) < MOST:
                self._waiting[post.id] = verdict
            else:
                self._skipped[verdict.judgement.model] += 1

    def taken(self, collector: str, taken: Taken) -> None:
        """Only verdicts matter here."""

    def alert(self, alert: Alert) -> None:
        """Only verdicts matter here."""

    def delivery(self, delivery: Delivery) -> None:
        """Only verdicts matter here."""

    def stage(self, name: str, *, handled: int, dead: int, seconds: float) -> None:
        """Only verdicts matter here."""

    def waiting(self, place: str, error: Unavailable) -> None:
        """Only verdicts matter here."""

    async def run(self) -> None:
        """Judge what comes, until cancelled."""
        candidate = await asyncio.to_thread(self._start)
        try:
            while True:
                while self._waiting:
                    self._busy = True
                    await asyncio.to_thread(self._take, candidate)
                    self._busy = False
                if self._clock.now() - self._saved >= SAVED_EVERY:
                    await asyncio.to_thread(self._save)
                await self._sleep(IDLE_SECONDS)
        finally:
            self._save()

    async def drained(self) -> None:
        """Wait until the candidate has judged all that waits."""
        while self._waiting or self._busy:
            await self._sleep(IDLE_SECONDS)

    def _start(self) -> Classifier | None:
        if self._folder is not None:
            try:
                self._book = Book.open(self._folder)
            except TurvaktError as error:
                self._tell("the counts so far", error)
                self._unread = True
        try:
            return self._open()
        except Exception as error:  # noqa: BLE001  a candidate must not stop the monitor
            self._tell("the candidate cannot be opened", error)
            return None

    def _take(self, candidate: Classifier | None) -> None:
        name = candidate.model if candidate else NOT_OPENED
        with self._lock:
            verdict = self._waiting.pop(next(iter(self._waiting))) if self._waiting else None
            skipped, self._skipped = self._skipped, Counter()
        for model in skipped.elements():
            self._lose(model, name, "skipped")
        if verdict is None:  # deleted meanwhile
            return
        current = verdict.judgement.model
        try:
            if candidate is None:
                self._lose(current, name, "failed")
            elif any(self._allowed(official, verdict.post.source) for official in verdict.post.officials):
                (judgement,) = candidate.classify([unnamed(verdict.post)])
                compared = compare(verdict, judgement, alerts=self._alerts)
                with self._counting:
                    self._book.of(current, name, self._clock.now()).add(compared)
                    self._changed = True
                self._listener.compared(compared)
        except Unavailable as error:
            self._tell("who may be judged, or what is told, cannot be asked", error)
            self._lose(current, name, "failed")
        except Exception as error:  # noqa: BLE001  a candidate must not stop the monitor
            self._tell("the candidate failed", error)
            self._lose(current, name, "failed")

    def _lose(self, current: str, candidate: str, lost: Lost) -> None:
        with self._counting:
            self._book.of(current, candidate, self._clock.now()).lose(lost)
            self._changed = True
        self._listener.not_compared(lost)

    def _save(self) -> None:
        self._saved = self._clock.now()
        with self._counting:
            if self._folder is not None and self._changed and self._read_by_now(self._folder):
                try:
                    self._book.save(self._folder)
                    self._changed = False
                except TurvaktError as error:
                    self._tell("the counts cannot be kept", error)

    def _read_by_now(self, folder: Path) -> bool:
        """Whether nothing in the file would be lost. One that could not be read goes on if it can be read again: what was counted
        meanwhile is less than what it holds."""
        if self._unread:
            try:
                before = Book.open(folder)
            except TurvaktError:
                return False
            self._unread = False
            self._book = before if before.pairs else self._book
        return True

    def _tell(self, what: str, error: Exception) -> None:
        """Once each. The message of a foreign exception may quote the post: only its type is told."""
        if what not in self._told:
            self._told.add(what)
            reason = str(error) if isinstance(error, TurvaktError) else f"unexpected {type(error).__name__}"
            logger.warning("classifier in the shadow: %s: %s", what, reason)
