"""Services side by side: one that fails stops the others in order."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

Service = Callable[[], Awaitable[None]]


async def together(services: Mapping[str, Service]) -> None:
    """Run ``services`` until all have ended, one fails, or this is cancelled.

    Raises:
        Exception: what the first one that failed has raised; the others have been cancelled, and have ended.
    """
    try:
        async with asyncio.TaskGroup() as group:
            for name, service in services.items():
                group.create_task(run(service), name=name)
    except BaseExceptionGroup as errors:
        raise first(errors) from errors


async def run(service: Service) -> None:
    """``service`` as a coroutine, as a task needs one."""
    await service()


def first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that ended the group: the others are tasks that were cancelled because of it."""
    error = errors.exceptions[0]
    return first(error) if isinstance(error, BaseExceptionGroup) else error
