"""Bluesky handles and the permanent identifiers (DIDs) behind them."""

import asyncio
import logging
from collections.abc import Collection

import httpx

from flow.backoff import backoff
from flow.clock import Clock, SystemClock
from ingest.clients.waiting import Sleep, retry_after

RESOLVER = "https://public.api.bsky.app"
"""A public server that answers ``com.atproto.identity.resolveHandle`` without an account."""

_PATH = "/xrpc/com.atproto.identity.resolveHandle"
_TRIES = 4
_log = logging.getLogger(__name__)


async def resolve_handles(
    handles: Collection[str],
    *,
    resolver: str = RESOLVER,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Clock | None = None,
    sleep: Sleep = asyncio.sleep,
) -> dict[str, str]:
    """The DID of each handle, as far as it can be found out; handles are given back as they were given.

    A leading ``@`` is allowed; what is a DID already is its own answer. A handle that does not exist, or whose server
    cannot be reached in four tries, is left out and counted in the log: its mentions by name are still found.

    Source: AT Protocol lexicon ``com.atproto.identity.resolveHandle``.
    """
    clock = clock or SystemClock()
    found = {handle: handle for handle in handles if handle.startswith("did:")}
    open_handles = sorted(set(handles) - found.keys())
    async with httpx.AsyncClient(base_url=resolver, transport=transport, timeout=10) as client:
        for handle in open_handles:
            did = await _resolve(client, handle.removeprefix("@").strip().lower(), clock, sleep)
            if did is not None:
                found[handle] = did
    missing = len(set(handles)) - len(found)
    if missing:
        _log.warning("%d of %d Bluesky handles could not be resolved", missing, len(set(handles)))
    return found


async def _resolve(client: httpx.AsyncClient, handle: str, clock: Clock, sleep: Sleep) -> str | None:
    waits = backoff(first=0.5, most=30)
    for tries_left in reversed(range(_TRIES)):
        wait = next(waits)
        try:
            response = await client.get(_PATH, params={"handle": handle})
        except httpx.TransportError:
            response = None
        if response is not None and response.is_success:
            return _did(response)
        if response is not None and response.status_code not in (408, 429) and response.status_code < 500:
            return None
        if tries_left:
            asked = None if response is None else retry_after(response.headers, now=clock.now())
            await sleep(wait if asked is None else min(asked, 60.0))
    return None


def _did(response: httpx.Response) -> str | None:
    try:
        did = response.json()["did"]
    except (ValueError, KeyError, TypeError):
        return None
    return did if isinstance(did, str) and did.startswith("did:") else None
