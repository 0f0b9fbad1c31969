"""What every collector promises, whatever it reads; each test module gives its own ``source`` fixture."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from typing import Protocol

from ingest.collector import Collected, Collector, Deletion, Item, Rejected
from ingest.post import Post

DEADLINE = 20.0


class Source(Protocol):
    """Something that holds posts and can be collected from the start again and again."""

    ids: list[str]
    """The ids of all its posts, in order."""

    repeats: bool
    """Whether going on from a cursor may give some items again."""

    def collector(self) -> Collector: ...


def ids(items: Sequence[Item]) -> list[str]:
    """The ids of posts and deletions among ``items``."""
    return [item.id for item in items if isinstance(item, Post | Deletion)]


async def take(collector: Collector, cursor: str | None, *, until: int) -> list[Collected]:
    """Batches until ``until`` items have come, or the source ends."""
    taken: list[Collected] = []
    async with asyncio.timeout(DEADLINE), aclosing(collector.collect(cursor)) as batches:
        if until == 0:
            return taken
        async for collected in batches:
            taken.append(collected)
            if sum(len(each.items) for each in taken) >= until:
                break
    return taken


class Polls:
    """Stands in for sleeping: each poll does the next thing on its list, then waits for cancellation."""

    def __init__(self, *steps: object) -> None:
        self.steps = list(steps)
        self.slept: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        if not self.steps:
            await asyncio.Event().wait()
        step = self.steps.pop(0)
        assert callable(step)
        step()


class CollectorContract:
    """Run over every collector."""

    async def test_everything_comes_in_order(self, source: Source) -> None:
        taken = await take(source.collector(), None, until=len(source.ids))
        items = [item for collected in taken for item in collected.items]
        assert not [item for item in items if isinstance(item, Rejected)]
        assert ids(items) == source.ids

    async def test_the_rest_comes_after_any_cursor(self, source: Source) -> None:
        taken = await take(source.collector(), None, until=len(source.ids))
        seen: list[str] = []
        for collected in taken:
            seen += ids(collected.items)
            rest = [each for each in source.ids if each not in set(seen)]
            if source.repeats:
                again = await take(source.collector(), collected.cursor, until=len(rest))
                found = ids([item for each in again for item in each.items])
                assert set(rest) <= set(found)
            else:
                again = await take(source.collector(), collected.cursor, until=len(rest))
                assert ids([item for each in again for item in each.items]) == rest

    async def test_batches_are_small(self, source: Source) -> None:
        taken = await take(source.collector(), None, until=len(source.ids))
        assert all(len(collected.items) <= 500 for collected in taken)

    async def test_a_slow_reader_loses_nothing(self, source: Source) -> None:
        seen: list[str] = []
        async with asyncio.timeout(DEADLINE), aclosing(source.collector().collect(None)) as batches:
            async for collected in batches:
                seen += ids(collected.items)
                if len(seen) >= len(source.ids):
                    break
                for _ in range(100):
                    await asyncio.sleep(0)
        assert seen == source.ids

    async def test_cancelling_is_prompt(self, source: Source) -> None:
        collector = source.collector()
        arrived = asyncio.Event()

        async def run() -> None:
            count = 0
            async with aclosing(collector.collect(None)) as batches:
                async for collected in batches:
                    count += len(collected.items)
                    if count >= len(source.ids):
                        arrived.set()
            arrived.set()

        task = asyncio.create_task(run())
        async with asyncio.timeout(DEADLINE):
            await arrived.wait()
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=2)
        assert done

    async def test_it_knows_its_name(self, source: Source) -> None:
        assert source.collector().name.isidentifier()
