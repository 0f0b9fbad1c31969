"""What is done every hour: erasures that were interrupted, warnings, and trends; and every night: retention."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from access.people import People
from alerts.incidents.links import Links
from flow.step import Step
from registry.expiry import ending
from turvakt.counted import counted
from turvakt.informing import warn
from turvakt.retaining import clean, is_due
from turvakt.wiring import Parts

HOUSEKEEPING_SECONDS = 3600.0

logger = logging.getLogger(__name__)


async def keep_house(parts: Parts, *, step: Step, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Complete interrupted erasures, warn of consents that end and count the days that are over, now and every hour.

    Retention is enforced once a day (UTC).
    """
    while True:
        await step(finish_erasures, parts)
        await step(warn_of_ends, parts)
        await step(count_trends, parts)
        await step(expire_links, parts)
        parts.house_told(await step(enforce_retention, parts))
        await sleep(HOUSEKEEPING_SECONDS)


def enforce_retention(parts: Parts) -> int:
    """Once a day; else only clean the index. Returns how many records were removed."""
    if not is_due(parts):
        return clean(parts)
    report = parts.expire()
    if report.total:
        logger.info("retention removed %s", counted(report.total, "record", "records"))
    return report.total


def finish_erasures(parts: Parts) -> None:
    """Complete what was interrupted."""
    for report in parts.erasure.resume():
        removed = counted(sum(report.removed.values()), "record", "records")
        logger.info("completed an erasure that had been interrupted: %s", removed)


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
    days = parts.trends.catch_up() if parts.trends is not None else []
    if days:
        logger.info("counted the trends of %s", counted(len(days), "day", "days"))
