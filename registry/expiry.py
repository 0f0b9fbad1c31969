"""Consents that end soon while nothing follows them: somebody must ask her, in time, whether she wants to go on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from registry.official import Consent, Official

AHEAD = timedelta(days=30)
"""How long before the end it is told."""


@dataclass(frozen=True, slots=True)
class Ending:
    """From ``until`` on, posts from some or all sources of a consent are not matched any more."""

    official: str
    until: datetime
    sources: tuple[str, ...]


def ending(officials: Iterable[Official], now: datetime, *, ahead: timedelta = AHEAD) -> list[Ending]:
    """Of the consents in force ``now``, those that end within ``ahead`` and leave a source uncovered; the next one first."""
    found = (each for official in officials for each in _of(official, now, now + ahead))
    return sorted(found, key=lambda each: (each.until, each.official))


def _of(official: Official, now: datetime, latest: datetime) -> Iterator[Ending]:
    for consent in official.consents:
        if consent.in_force(now) and consent.until is not None and consent.until <= latest:
            left = tuple(source for source in consent.scope if not _follows(official.consents, source, consent.until))
            if left:
                yield Ending(official.id, consent.until, left)


def _follows(consents: Iterable[Consent], source: str, at: datetime) -> bool:
    """Whether another consent covers ``source`` from then on; a consent to all sources only by one to all sources."""
    return any(consent.covers(source, at) for consent in consents)
