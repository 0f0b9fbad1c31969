"""Tells a watcher outside every minute that all lives; when that stops, the watcher outside raises the alarm.

It speaks the way of healthchecks.io, which many speak: GET of an address says that all is well, of ``/fail`` behind it that it is
not, of ``/start`` that it has been started.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

import httpx

from flow.errors import Broken
from turvakt.watch.trouble import HOLDS, Trouble

SECONDS = 10.0

logger = logging.getLogger(__name__)


class Pinger:
    """Pings ``url``, which is a secret: who knows it can say that all is well.

    Raises:
        Broken: it is no web address.
    """

    def __init__(self, url: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Broken("is no web address", place="operator.ping_url", remedy="Begin it with https://")
        self._url = url
        self._transport = transport
        self._bad_since: datetime | None = None
        self._answers = True

    async def started(self) -> None:
        """The watch begins."""
        await self._get("/start")

    async def ping(self, troubles: Sequence[Trouble], now: datetime, *, faulty: bool = False) -> None:
        """Say that all is well or, if ``troubles`` have lasted for a while, that it is not. Meanwhile it says nothing.

        Args:
            faulty: the watch itself cannot do all of its work.
        """
        if not troubles and not faulty:
            self._bad_since = None
            await self._get()
            return
        self._bad_since = self._bad_since or min((now, *(each.since for each in troubles)))
        if now - self._bad_since >= HOLDS:
            await self._get("/fail")

    async def _get(self, way: str = "") -> None:
        parts = urlsplit(self._url)
        address = urlunsplit(parts._replace(path=parts.path.rstrip("/") + way))
        try:
            async with (
                asyncio.timeout(SECONDS),
                httpx.AsyncClient(transport=self._transport, timeout=SECONDS) as client,
                client.stream("GET", address) as answer,  # what comes after the status is not read, and may have no end
            ):
                fault = "" if answer.is_success else f"it answers {answer.status_code}"
        except Exception as error:  # noqa: BLE001  such as settings of TLS or a proxy that are wrong: the watch goes on
            fault = type(error).__name__
        if fault and self._answers:
            # Once: it raises the alarm by itself, as it hears nothing.
            logger.warning("the watcher outside cannot be pinged: %s", fault)
        self._answers = not fault
