"""The few requests of the Mastodon API that the collector makes, at the pace that the server allows."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from flow.clock import Clock
from flow.errors import Broken
from ingest.clients.waiting import Busy, Sleep, exhausted, rate_limit_reset, retry_after
from ingest.formats.mastodon_status import later

_PLACE = "mastodon collector"
_REFUSED_FOR_GOOD = frozenset({400, 401, 403, 404, 405, 410, 422})
_PAGE = 40
_STREAMING = "/api/v1/streaming"


class Api:
    """Requests to one server. Obeys ``X-RateLimit-Remaining`` and ``-Reset`` before it asks again."""

    def __init__(
        self, client: httpx.AsyncClient, *, server: str, token: str | None, clock: Clock, sleep: Sleep
    ) -> None:
        self._client = client
        self._server = server
        self._token = token
        self._clock = clock
        self._sleep = sleep
        self._pause = 0.0
        self.domain = urlsplit(server).netloc
        """What follows the ``@`` in the names of the server's own accounts; as `instance` finds it."""

    async def instance(self) -> list[str]:
        """The addresses under which the server may stream, the likeliest first; also learns `domain`.

        The scheme follows the server's own, whatever it advertises: GoToSocial says ``wss`` where it speaks ``ws``.
        """
        try:
            about, _ = await self._get("/api/v2/instance", {})
            urls = _object(_object(about).get("configuration")).get("urls")
            streaming, name = (
                _object(urls).get("streaming"),
                _object(about).get("account_domain", _object(about).get("domain")),
            )
        except Broken:
            about, _ = await self._get("/api/v1/instance", {})
            streaming, name = _object(_object(about).get("urls")).get("streaming_api"), _object(about).get("uri")
        if isinstance(name, str) and name:
            self.domain = urlsplit(name).netloc or name
        hosts = [self._server]
        if isinstance(streaming, str) and urlsplit(streaming).netloc:
            hosts.insert(0, streaming)
        scheme = "wss" if self._server.startswith("https") else "ws"
        parts = [urlsplit(host) for host in hosts]
        paths = [each.path.rstrip("/").removesuffix(_STREAMING) for each in parts]
        return list(
            dict.fromkeys(
                f"{scheme}://{each.netloc}{path}{_STREAMING}" for each, path in zip(parts, paths, strict=True)
            )
        )

    def stream(self, address: str, query: dict[str, str]) -> str:
        """``address`` with what to stream, and with the token, which all servers read there."""
        token = {} if self._token is None else {"access_token": self._token}
        return f"{address}?{urlencode({**query, **token})}"

    async def newest(self, path: str, query: dict[str, str]) -> str:
        """The newest id of a timeline; ``0`` if it is empty."""
        page, _ = await self._page(path, {**query, "limit": "1"})
        return page[0]["id"] if page else "0"

    async def after(self, path: str, query: dict[str, str], *, id: str) -> tuple[list[dict[str, Any]], str]:
        """The entries of a timeline that follow ``id`` at once, oldest first, and the id to go on from (``id``: no more)."""
        page, response = await self._page(path, {**query, "limit": str(_PAGE), "min_id": id})
        if not page:
            return [], id
        page.sort(key=lambda each: (len(each["id"]), each["id"]))
        linked = parse_qs(urlsplit(response.links.get("prev", {}).get("url", "")).query).get("min_id", [])
        return page, later(id, linked[0] if linked else page[-1]["id"])

    async def _page(self, path: str, query: dict[str, str]) -> tuple[list[dict[str, Any]], httpx.Response]:
        page, response = await self._get(path, query)
        if not isinstance(page, list):
            raise Busy("the answer is no list", place=_PLACE)
        return [each for each in page if isinstance(each, dict) and isinstance(each.get("id"), str)], response

    async def _get(self, path: str, query: dict[str, str]) -> tuple[Any, httpx.Response]:
        if self._pause:
            await self._sleep(self._pause)
            self._pause = 0.0
        headers = {} if self._token is None else {"Authorization": f"Bearer {self._token}"}
        try:
            response = await self._client.get(self._server + path, params=query, headers=headers)
        except httpx.HTTPError as error:
            raise Busy(f"no answer ({type(error).__name__})", place=_PLACE) from error
        now = self._clock.now()
        reset = rate_limit_reset(response.headers, now=now)
        if response.status_code == 429:
            asked = retry_after(response.headers, now=now)
            raise Busy("the server asks for fewer requests", place=_PLACE, wait=reset if asked is None else asked)
        if exhausted(response.headers):
            self._pause = reset or 0.0
        if response.status_code in _REFUSED_FOR_GOOD:
            remedy = "Check server, stream and token"
            raise Broken(
                f"the server refuses {path.split('/')[-1]} ({response.status_code})", place=_PLACE, remedy=remedy
            )
        if not response.is_success:
            wait = retry_after(response.headers, now=now)
            raise Busy(f"the server answers {response.status_code}", place=_PLACE, wait=wait)
        try:
            return response.json(), response
        except ValueError:
            raise Busy("the answer is no JSON", place=_PLACE) from None


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
