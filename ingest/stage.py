"""Runs a collector: bounded, coalesced, restarted from its cursor after a fault."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from flow.backoff import backoff
from flow.errors import Broken, TurvaktError, Unavailable
from ingest.collector import Collected, Collector, Fault

logger = logging.getLogger(__name__)


FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 600.0, 3600.0
"""How long a source that refuses is left alone, at first and at most."""


class _Refused(Exception):
    """The collector itself is `Broken`, not what takes its items."""

    def __init__(self, error: Broken) -> None:
        self.error = error


async def collect(
    collector: Collector,
    *,
    cursor: Callable[[], Awaitable[str | None]],
    room: Callable[[], Awaitable[None]],
    take: Callable[[str, Collected], Awaitable[None]],
    waiting: Callable[[str, Unavailable], None],
    once: bool = False,
    most: int = 500,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Hand on what ``collector`` reads until its source ends.

    Small batches that arrive while one is being written are written together, ``most`` items at a time at most. While
    there is no ``room`` nothing is read, and nothing piles up in memory.

    Args:
        take: is given the collector's name and what it read.
        once: a source that refuses ends it. Otherwise it is asked again every few minutes, in the end every hour: one
            source must not end the watch over the others.

    Raises:
        Broken: what takes the items cannot go on; with ``once`` also: the collector cannot.
    """
    place = f"collector {collector.name}"
    pauses, retries = backoff(), backoff(first=FIRST_RETRY_SECONDS, most=LONGEST_RETRY_SECONDS)
    ours: Fault | None = None  # else it is the collector's own, which knows when it is over

    async def took(collected: Collected) -> None:
        nonlocal pauses, retries
        await take(collector.name, collected)
        if collector.fault is ours:
            collector.fault = None
        pauses, retries = backoff(), backoff(first=FIRST_RETRY_SECONDS, most=LONGEST_RETRY_SECONDS)

    while True:
        try:
            await _read(collector, await cursor(), room, took, most)
            return
        except Unavailable as error:
            collector.fault = ours = Fault(error.reason)
            waiting(place, error)
            pause = next(pauses)
        except _Refused as refused:
            if once:
                raise refused.error from None
            # Without the error's place, which may hold a file's name.
            reason, remedy, pause = refused.error.reason, refused.error.remedy, next(retries)
            logger.error("%s cannot go on: %s. %s; it tries again in %.0f s", place, reason, remedy, pause)
            collector.fault = ours = Fault(reason, refused=True)
            waiting(place, Unavailable(reason, remedy=remedy))
        except TurvaktError:
            raise
        except Exception as error:  # noqa: BLE001  a fault in one source must not end the watch over the others
            logger.error("%s failed: %s; it goes on from its cursor", place, type(error).__name__)
            collector.fault = ours = Fault(f"unexpected {type(error).__name__}")
            waiting(place, Unavailable(ours.reason))
            pause = next(pauses)
        await sleep(pause)


async def _read(
    collector: Collector,
    cursor: str | None,
    room: Callable[[], Awaitable[None]],
    take: Callable[[Collected], Awaitable[None]],
    most: int,
) -> None:
    queue: asyncio.Queue[Collected | None] = asyncio.Queue(maxsize=4)

    async def fill() -> None:
        # Closed here and now when the task is cancelled: sockets must not wait for the garbage collector.
        try:
            async with aclosing(collector.collect(cursor)) as batches:
                async for collected in batches:
                    await queue.put(collected)
        except Broken as error:
            raise _Refused(error) from error
        await queue.put(None)

    async def empty() -> None:
        last = False
        while not last:
            await room()
            together = [await queue.get()]
            while not queue.empty() and sum(len(each.items) for each in together if each) < most:
                together.append(queue.get_nowait())
            last = together[-1] is None
            full = [each for each in together if each is not None]
            if full:
                items = tuple(item for each in full for item in each.items)
                cursors = [each.cursor for each in full if each.cursor is not None]
                await take(Collected(items, cursors[-1] if cursors else None, collector.reads))

    filling = asyncio.create_task(fill())
    emptying = asyncio.create_task(empty())
    try:
        # Either may fail; the other one would then wait for ever.
        done, _ = await asyncio.wait((filling, emptying), return_when=asyncio.FIRST_EXCEPTION)
        for task in (emptying, filling):
            if task in done:
                task.result()
    finally:
        for task in (filling, emptying):
            task.cancel()
        await asyncio.gather(filling, emptying, return_exceptions=True)
