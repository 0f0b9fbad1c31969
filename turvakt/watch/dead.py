"""Probe of what stages could not handle on the way to an alert: each may have been a threat, and nobody is told of it."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from flow.entry import DEAD_LETTERS, dead
from flow.log import Log
from turvakt.reading import STAGES
from turvakt.watch.trouble import Detail, Trouble

_TO_ALERT = ("classify", "route", "deliver")
_LATELY = timedelta(days=1)


class DeadLetters:
    """Whether there are any of the last day in ``log``: of each stage a trouble, until they are replayed or a day old."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._old: dict[str, int] = {}  # by topic: what stands before this is older

    def __call__(self, now: datetime) -> Iterator[Trouble]:
        """Tell of them."""
        found: dict[str, list[datetime]] = defaultdict(list)
        for topic in dict.fromkeys(dead(STAGES[stage]) for stage in _TO_ALERT):
            for stage, at in self._lately(topic, now):
                if stage in _TO_ALERT:
                    found[stage].append(at)
        for stage, ats in found.items():
            details: dict[Detail, str] = {"unhandled": str(len(ats)), "latest": max(ats).isoformat()}
            yield Trouble("dead-letters", f"stage:{stage}", min(ats), details)

    def _lately(self, topic: str, now: datetime) -> Iterator[tuple[str, datetime]]:
        after = self._old.get(topic, -1)
        while entries := self._log.browse(topic, after=after):
            for entry in entries:
                after = entry.offset
                if entry.at < now - _LATELY:
                    self._old[topic] = after
                else:
                    yield DEAD_LETTERS.decode(entry.value).stage, entry.at
