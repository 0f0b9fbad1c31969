"""One thread for all that is synchronous: stages, and the steps of services that write."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from flow.backoff import backoff
from flow.errors import Stale, Unavailable
from flow.stage import Observer
from flow.step import Step

Result = TypeVar("Result")
Parameters = ParamSpec("Parameters")


class Worker:
    """Runs functions in a thread of its own, one after another: none waits for another one's lock, and order needs no thought.

    Args:
        observer: is told what is waited for.
        sleep: pauses before a function is repeated.
    """

    def __init__(self, *, observer: Observer, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._observer = observer
        self._sleep = sleep
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="stages")

    async def run(self, function: Callable[[], Result], *, place: str) -> Result:
        """What ``function`` returns; it is repeated while it is `Stale` or something is `Unavailable`.

        Args:
            place: what the observer is told that waits: one of a few names, as it becomes a label of metrics.
        """
        pauses, short_pauses = backoff(first=0.1, most=10.0), backoff(first=0.001, most=0.1)
        loop = asyncio.get_running_loop()
        while True:
            try:
                return await loop.run_in_executor(self._thread, function)
            except Stale:
                await self._sleep(next(short_pauses))
            except Unavailable as error:
                self._observer.waiting(place, error)
                await self._sleep(next(pauses))

    def at(self, place: str, *, then: Callable[[], None] = lambda: None) -> Step:
        """A step that runs functions as `run` does; ``then`` is called after each."""

        async def step(
            function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
        ) -> Result:
            result = await self.run(lambda: function(*args, **kwargs), place=place)
            then()
            return result

        return step

    async def close(self) -> None:
        """Wait for the function in hand; what waits behind it is dropped."""
        # Not here: the loop must stay free to end what lasts too long.
        shutdown = partial(self._thread.shutdown, wait=True, cancel_futures=True)
        await asyncio.get_running_loop().run_in_executor(None, shutdown)
