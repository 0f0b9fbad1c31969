"""Officials who sign in are written to about new alerts themselves, when and as often as they wish."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from access.people import People
from access.person import Person
from alerts.hours import ZONES, quiet_end
from registry.official import Official
from review.index import Item, Query, Raised, every
from turvakt.wiring import Parts

LOOK_SECONDS = 30.0
LOOK_BACK = timedelta(days=3)
"""As long as she is still told of what she could not be told of before."""
PAUSE = timedelta(minutes=15)
"""Between two letters to who wants to know at once: what comes meanwhile is told together, so that a wave is not two."""
MORNING = time(8)
"""When who wants to know daily is told, in her country; of what has come until then."""

logger = logging.getLogger(__name__)


async def keep_telling(parts: Parts, *, step: Callable[..., Awaitable[Any]]) -> None:
    """Write to officials of new alerts until cancelled. One process does so at a time."""
    while True:
        told = await step(tell, parts)
        if told:
            logger.info("%d officials are written to about new alerts", told)
        await asyncio.sleep(LOOK_SECONDS)


def tell(parts: Parts) -> int:
    """Write to each official who wishes so and may be disturbed now; returns how many letters are new.

    An alert is told of once: `Letters` remembers. That she was written to is no notice: she may not have read it.
    """
    if not parts.has_index:
        return 0
    people = People(parts.database)
    waiting = ((person, official) for person in people.all() for official in _herself(parts, person))
    return sum(_tell(parts, people, person, official) for person, official in waiting if people.has_joined(person.id))


def _herself(parts: Parts, person: Person) -> Sequence[Official]:
    """Of the officials who ``person`` is, those whom nobody else tells, and who want to know."""
    known = [parts.officials.get(grant.official) for grant in person.grants if grant.role == "official"]
    return [
        each
        for each in known
        if person.active and each is not None and each.wishes.notice != "never" and not each.wishes.through
    ]


def _tell(parts: Parts, people: People, person: Person, official: Official) -> bool:
    now, letters = parts.clock.now(), parts.letters
    until = _until(official, now, latest=letters.latest(official.id, "alert"))
    if until is None:
        return False
    asked = Query(official=official.id, alerted=True, since=now - LOOK_BACK)
    alerts = [_hers(each, official) for each in every(parts.index, asked) if _may_be_told(each, official, now)]
    # One post is told of once, by the first alert about it.
    ids = [first.id for first in alerts if first is not None and now - LOOK_BACK <= first.at <= until]
    new = letters.untold(person, "alert", ids)
    if not new:
        return False
    values = {"number": str(len(new)), "alert": new[0] if len(new) == 1 else ""}
    with parts.database.transaction():
        if people.hold(person.id) is None:  # erased meanwhile
            return False
        return letters.add(person, "alert", values, once=new[0], also=new[1:], official=official.id)


def _until(official: Official, now: datetime, *, latest: datetime | None) -> datetime | None:
    """Alerts raised until which moment she may be told of now; ``None``: of none.

    Args:
        latest: when she was written to last.
    """
    wishes, zone = official.wishes, ZONES[official.country]
    if wishes.quiet and quiet_end(now, quiet=wishes.quiet, timezone=zone) is not None:
        return None
    if wishes.notice == "at-once":
        return now if latest is None or now - latest >= PAUSE else None
    local = now.astimezone(ZoneInfo(zone))
    day = local.date() if local.time() >= MORNING else local.date() - timedelta(days=1)
    morning = datetime.combine(day, MORNING, ZoneInfo(zone))
    return morning if latest is None or latest < morning else None


def _hers(item: Item, official: Official) -> Raised | None:
    return next((each for each in item.alerts if each.official == official.id), None)


def _may_be_told(item: Item, official: Official, now: datetime) -> bool:
    """Whether a consent in force covers the post, and what it was found to be."""
    verdict = item.verdict
    covering = official.consents_for(verdict.post.source, now)
    return any(consent.tells_of(verdict.judgement.flagged) for consent in covering)
