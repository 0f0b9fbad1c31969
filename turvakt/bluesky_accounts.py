"""Bluesky names accounts by DIDs, people by handles: this keeps the one for the other."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import httpx

from flow.clock import Clock
from ingest.clients.bluesky_handles import resolve_handles
from turvakt.registry_view import RegistryView

LOOK_SECONDS = 5.0
ANEW_SECONDS = 6 * 3600.0
"""A handle can move to another account; a handle that was not found may exist by now."""


class BlueskyAccounts:
    """Calling it gives the DIDs of the officials' accounts, each with the handle as registered.

    Args:
        resolver: server to ask; empty: none, then only DIDs in the registry are known.
    """

    def __init__(
        self,
        officials: RegistryView,
        *,
        resolver: str,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._officials = officials
        self._resolver = resolver
        self._clock = clock
        self._transport = transport
        self._sleep = sleep
        self._found: dict[str, str] = {}  # handle -> DID

    def __call__(self) -> Mapping[str, str]:
        registered = self._registered()
        return {did: handle for handle, did in self._found.items() if handle in registered}

    async def run(self) -> None:
        """Look up what the registry has gained, every few seconds, and everything anew every few hours."""
        asked: set[str] = set()
        since = self._clock.now()
        while True:
            if (self._clock.now() - since).total_seconds() > ANEW_SECONDS:
                asked, since = set(), self._clock.now()
            fresh = self._registered() - asked
            if fresh and self._resolver:
                self._found |= await resolve_handles(
                    fresh, resolver=self._resolver, transport=self._transport, clock=self._clock, sleep=self._sleep
                )
            asked |= fresh
            await self._sleep(LOOK_SECONDS)

    def _registered(self) -> set[str]:
        return {handle for official in self._officials.all() for handle in official.handles.get("bluesky", ())}
