"""Reading a websocket in batches, at the pace of whoever takes them."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI, WebSocketException

from flow.errors import Broken
from ingest.clients.waiting import Busy, retry_after

_MOST = 500
_LARGEST = 4 * 1024 * 1024
_REFUSED_FOR_GOOD = frozenset({400, 401, 403, 404, 405, 410, 422})

# The library writes whole frames and request lines to its debug log: post text and tokens.
_wire = logging.getLogger(f"{__name__}.wire")
_wire.setLevel(logging.WARNING)

Lost = (OSError, WebSocketException, TimeoutError, EOFError)
"""What a connection that breaks raises."""


async def open_socket(
    url: str, *, place: str, now: datetime, headers: Mapping[str, str] | None = None
) -> ClientConnection:
    """A connection to ``url``; the caller hangs up by `hang_up`.

    Compression is left off: with it, some servers refuse the handshake. Frames of more than 4 MiB end the connection.

    Raises:
        Broken: the server refuses in a way that waiting does not change, or ``url`` is no address.
        Busy: it does not answer, or asks for a pause.
    """
    try:
        return await connect(
            url,
            compression=None,
            max_size=_LARGEST,
            open_timeout=20,
            additional_headers=headers,
            logger=_wire,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        if status in _REFUSED_FOR_GOOD:
            remedy = "Check address, stream and token"
            raise Broken(f"the server refuses the stream ({status})", place=place, remedy=remedy) from None
        raise Busy(
            f"the server answers {status}", place=place, wait=retry_after(error.response.headers, now=now)
        ) from None
    except InvalidURI:
        raise Broken("this is no websocket address", place=place, remedy="Check the address") from None
    except (OSError, TimeoutError, EOFError, InvalidHandshake) as error:
        raise Busy(f"no connection ({type(error).__name__})", place=place) from error


async def hang_up(connection: ClientConnection) -> None:
    """End the connection at once: a closing handshake would first wait for everything that the server has still sent."""
    connection.transport.abort()
    await connection.wait_closed()


async def next_frames(connection: ClientConnection, *, most: int = _MOST) -> list[bytes]:
    """At least one frame, and those that have already arrived with it, at most ``most``.

    Nothing is read ahead, so a slow caller slows the server down. May be cancelled without losing a frame.

    Raises:
        ConnectionClosed: the connection has ended; what had arrived before was given out first.
    """
    frames = [await connection.recv(decode=False)]
    try:
        while len(frames) < most:
            async with asyncio.timeout(0):
                frames.append(await connection.recv(decode=False))
    except Lost:
        pass  # TimeoutError: no more for now. A closed connection says so again at the next call.
    return frames
