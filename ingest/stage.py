"""Runs a collector: bounded, coalesced, restarted from its cursor after a fault."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from flow.backoff import backoff
from flow.errors import TurvaktError, Unavailable
from ingest.collector import Collected, Collector

logger = logging.getLogger(__name__)


async def collect(
    collector: Collector,
    *,
    cursor: Callable[[], Awaitable[str | None]],
    room: Callable[[], Awaitable[None]],
    take: Callable[[str, Collected], Awaitable[None]],
    waiting: Callable[[str, Unavailable], None],
    most: int = 500,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Hand on what ``collector`` reads until its source ends.

    Small batches that arrive while one is being written are written together, ``most`` items at a time at most. While
    there is no ``room`` nothing is read, and nothing piles up in memory.

    Raises:
        Broken: the collector cannot go on.
    """
    pauses = backoff()
    while True:
        try:
            await _read(collector, await cursor(), room, take, most)
            return
        except Unavailable as error:
            waiting(f"collector {collector.reads}", error)
        except TurvaktError:
            raise
        except Exception as error:  # noqa: BLE001  a fault in one source must not end the watch over the others
            logger.error("collector %s failed: %s; it goes on from its cursor", collector.reads, type(error).__name__)
            waiting(f"collector {collector.reads}", Unavailable(f"unexpected {type(error).__name__}"))
        await sleep(next(pauses))


async def _read(
    collector: Collector,
    cursor: str | None,
    room: Callable[[], Awaitable[None]],
    take: Callable[[str, Collected], Awaitable[None]],
    most: int,
) -> None:
    queue: asyncio.Queue[Collected | None] = asyncio.Queue(maxsize=4)

    async def fill() -> None:
        # Closed here and now when the task is cancelled: sockets must not wait for the garbage collector.
        async with aclosing(collector.collect(cursor)) as batches:
            async for collected in batches:
                await queue.put(collected)
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
                await take(collector.reads, Collected(items, cursors[-1] if cursors else None))

    filling = asyncio.create_task(fill())
    emptying = asyncio.create_task(empty())
    try:
        # Either may fail; the other one would then wait for ever.
        done, _ = await asyncio.wait((filling, emptying), return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        for task in (filling, emptying):
            task.cancel()
        await asyncio.gather(filling, emptying, return_exceptions=True)
