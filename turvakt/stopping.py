"""How a process ends: when its work is done, or in order after a signal, within seconds."""

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any

logger = logging.getLogger(__name__)

END_SECONDS = 4.0
"""The one deadline for all that is done at the end: whoever stops the process need not wait longer than five seconds."""


async def until_stopped(
    work: Coroutine[Any, Any, None], *, break_off: Callable[[], None], seconds: float = END_SECONDS
) -> signal.Signals | None:
    """Run ``work`` until it ends or, after SIGTERM or SIGINT, cancel it. Returns the signal.

    Args:
        break_off: called when it has not ended by its deadline, before all tasks are cancelled.
        seconds: the deadline.

    Raises:
        Exception: what ``work`` raises.
    """
    loop, this = asyncio.get_running_loop(), asyncio.current_task()
    running = asyncio.ensure_future(work)
    stopped: list[signal.Signals] = []
    deadlines: list[asyncio.TimerHandle] = []

    def enough() -> None:
        """What has not ended by now has had its time."""
        logger.warning("not everything ended within %g seconds: the rest is broken off", seconds)
        break_off()
        for task in asyncio.all_tasks():
            if task is not this:
                task.cancel()

    def stop(by: signal.Signals) -> None:
        stopped.append(by)
        running.cancel()
        deadlines.append(loop.call_later(seconds, enough))

    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop, each)
    try:
        await running
    except asyncio.CancelledError:
        if not stopped:
            raise
        logger.info("stopped in order")
    finally:
        for deadline in deadlines:
            deadline.cancel()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(each)
    return stopped[0] if stopped else None


def last_resort(seconds: float, error: BaseException | None = None) -> None:
    """End the process by force, unless it has ended by itself within ``seconds``: a client's thread may hang.

    Args:
        error: why it ends; it is told then, as nobody else could.
    """

    def leave() -> None:
        if error is not None:
            print(error, file=sys.stderr, flush=True)  # noqa: T201
        os._exit(0 if error is None else 4)

    timer = threading.Timer(seconds, leave)
    timer.daemon = True
    timer.start()
