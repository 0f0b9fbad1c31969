"""What is done every hour: erasures that were interrupted, trends, and retention."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from flow.step import Step
from turvakt.wiring import Parts

HOUSEKEEPING_SECONDS = 3600.0

logger = logging.getLogger(__name__)


async def keep_house(parts: Parts, *, step: Step, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Complete interrupted erasures, count the days that are over and enforce retention, now and every hour."""
    while True:
        await step(finish_erasures, parts)
        await step(count_trends, parts)
        removed = await step(parts.expire)
        if removed:
            logger.info("retention removed %d records", removed)
        parts.house_told(removed)
        await sleep(HOUSEKEEPING_SECONDS)


def finish_erasures(parts: Parts) -> None:
    """Complete what was interrupted."""
    for report in parts.erasure.resume():
        logger.info("completed an erasure that had been interrupted: %d records", sum(report.removed.values()))


def count_trends(parts: Parts) -> None:
    """Count for the trends what is over, before retention removes it."""
    days = parts.trends.catch_up() if parts.trends is not None else []
    if days:
        logger.info("counted the trends of %d days", len(days))
