"""Probe of what stages could not handle on the way to an alert: each may have been a threat, and nobody is told of it."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime

from flow.entry import DEAD_LETTERS, Entry, dead
from flow.errors import BadInput
from flow.log import Log
from turvakt.reading import STAGES
from turvakt.watch.trouble import Detail, Trouble

_TO_ALERT = ("classify", "route", "deliver")


def dead_letters(log: Log) -> Callable[[datetime], Iterator[Trouble]]:
    """Whether there are any: of each stage a trouble, until they are replayed or dropped, or their time is over."""

    def ask(now: datetime) -> Iterator[Trouble]:
        found: dict[str, list[datetime]] = defaultdict(list)
        for reader in _TO_ALERT:
            for entry in _all(log, dead(STAGES[reader])):
                if _stage(entry, reader) == reader:
                    found[reader].append(entry.at)
        for stage, ats in found.items():
            details: dict[Detail, str] = {"unhandled": str(len(ats)), "latest": max(ats).isoformat()}
            yield Trouble("dead-letters", f"stage:{stage}", min(ats), details)

    return ask


def _stage(entry: Entry, reader: str) -> str:
    """Whose letter it is; what a newer program has written is taken for that of ``reader``."""
    try:
        return DEAD_LETTERS.decode(entry.value).stage
    except BadInput:
        return reader


def _all(log: Log, topic: str) -> Iterator[Entry]:
    after = -1
    while entries := log.browse(topic, after=after):
        yield from entries
        after = entries[-1].offset
