"""Digests are sent when they are due."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from alerts.delivery.digests import Digests
from turvakt.watch.operator import recipients
from turvakt.wiring import Parts

LOOK_SECONDS = 60.0


async def keep_digesting(parts: Parts, *, step: Callable[..., Awaitable[Any]]) -> None:
    """Send digests until cancelled. One process does so at a time."""
    digests = Digests(
        parts.database,
        telling=parts.telling,
        plans=lambda: parts.plans,
        officials=parts.officials.all,
        operator=partial(recipients, parts.settings.operator),
        clock=parts.clock,
    )
    while True:
        await step(digests.send)
        await step(parts.budgets.tidy)
        await asyncio.sleep(LOOK_SECONDS)
