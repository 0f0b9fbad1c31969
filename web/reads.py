"""Reading off the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Reads:
    """Runs what reads the database, and what takes a while, in a few threads that stay.

    The server's own pool lets its threads come and go, and each would leave a database connection behind.
    """

    def __init__(self, *, threads: int = 4) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="turvakt-web")

    async def __call__(
        self, read: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """What ``read`` returns or raises."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: read(*args, **kwargs))
