"""Digests are sent when they are due."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from alerts.delivery.collected import Collected
from alerts.delivery.digests import Digests
from turvakt.wiring import Parts

LOOK_SECONDS = 60.0


async def keep_digesting(parts: Parts, *, step: Callable[..., Awaitable[Any]]) -> None:
    """Send digests until cancelled. One process does so at a time."""
    collected, digests = (
        kind(
            parts.database,
            telling=parts.telling,
            plans=lambda: parts.plans,
            officials=parts.officials.all,
            clock=parts.clock,
        )
        for kind in (Collected, Digests)
    )
    while True:
        await step(collected.send)
        await step(digests.send)
        await step(parts.breaker.tidy)
        await asyncio.sleep(LOOK_SECONDS)
