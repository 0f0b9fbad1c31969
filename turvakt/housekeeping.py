"""What is done every hour: warnings, trends, and a look for what came back after an erasure; every night: retention; and, aside,
erasures that were interrupted."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from access.people import People
from alerts.incidents.links import Links
from flow.backoff import backoff
from flow.errors import Unavailable
from flow.step import Step
from registry.expiry import ending
from turvakt.counted import counted
from turvakt.informing import warn
from turvakt.retaining import clean, is_due
from turvakt.wiring import Parts

HOUSEKEEPING_SECONDS = 3600.0
ERASING_SECONDS = 60.0
"""How often to look whether an erasure was interrupted."""
MOST_SECONDS = 600.0
"""The longest pause between two tries of one that cannot end: each of them writes files of all servers anew."""

logger = logging.getLogger(__name__)


async def keep_house(parts: Parts, *, step: Step, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Warn of consents that end, remove old links and count the days that are over, now and every hour.

    Retention is enforced once a day (UTC).
    """
    while True:
        await step(warn_of_ends, parts)
        await step(expire_links, parts)
        await step(count_trends, parts)
        parts.house_told(await step(enforce_retention, parts))
        await step(look_again, parts)
        await sleep(HOUSEKEEPING_SECONDS)


async def keep_erasing(parts: Parts, *, step: Step, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Complete interrupted erasures, now and every minute; where that cannot be, the pauses grow and all else goes on."""
    pauses = backoff(first=ERASING_SECONDS / 4, most=MOST_SECONDS)
    while True:
        if await step(finish_erasures, parts):
            pauses = backoff(first=ERASING_SECONDS / 4, most=MOST_SECONDS)
            await sleep(ERASING_SECONDS)
        else:
            await sleep(next(pauses))


def enforce_retention(parts: Parts) -> int:
    """Once a day; else only clean the index. Returns how many records were removed."""
    if not is_due(parts):
        return clean(parts)
    report = parts.expire()
    if report.total:
        logger.info("retention removed %s", counted(report.total, "record", "records"))
    return report.total


def finish_erasures(parts: Parts) -> bool:
    """Complete what was interrupted. Returns whether all of it is; if not, the log says what it waits for."""
    try:
        reports = parts.erasure.resume()
    except Unavailable as error:
        logger.warning("an erasure cannot be completed yet, and is tried again: %s", error)
        return False
    for report in reports:
        removed = counted(sum(report.removed.values()), "record", "records")
        logger.info("completed an erasure that had been interrupted: %s", removed)
    return True


def look_again(parts: Parts) -> None:
    """Have `finish_erasures` erase once more what is in the index though its erasure was complete."""
    if many := parts.erasure.look_again(parts.index):
        erasures = counted(many, "erasure", "erasures")
        logger.warning("the index holds something again of %s: it is erased once more", erasures)


def warn_of_ends(parts: Parts) -> None:
    """Write to the officials whose consents end soon."""
    endings = ending(parts.officials.all(), parts.clock.now())
    new = warn(People(parts.database), parts.letters, endings)
    if new:
        logger.info("%s written to, as a consent ends soon", counted(new, "official is", "officials are"))


def expire_links(parts: Parts) -> None:
    """Remove the links of messages whose time is long over, and with them whom they were for."""
    Links(parts.database, clock=parts.clock).expire()


def count_trends(parts: Parts) -> None:
    """Count for the trends what is over, before retention removes it."""
    days = parts.count_trends()
    if days:
        logger.info("counted the trends of %s", counted(len(days), "day", "days"))
