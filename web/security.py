"""What every request passes before it reaches a page, and what every answer carries."""

import logging
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from access.permissions import Actor
from registry.official import Country
from web.door import Door
from web.gate import COOKIE, DAYS, Gate
from web.reads import Reads

logger = logging.getLogger(__name__)

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    # Not "no-referrer": under it browsers send "Origin: null" with forms, and the origin could not be checked. To other
    # sites "same-origin" tells as little.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

_LONGEST_FORM = 16_384
_PROBES = frozenset({"/healthz", "/readyz"})
_READING = frozenset({"GET", "HEAD"})
_METHODS = _READING | {"POST"}
_SERVICES = ("/receipts/", "/voice/")
"""Where services speak, which send from no page: what they bring along opens nothing that a browser would be tricked into."""


class Guard:
    """ASGI middleware: host names, who asks (``request.state.actor``), forms from elsewhere, security headers.

    Whether she may see the page is for `web.rules` to say.

    Args:
        links: whether an address may bring the token along.
        base_url: the address that people reach the console by, if it differs from the one it is bound to. Host names
            other than its own and this machine's are refused: a strange name that leads to this machine is how a web page
            elsewhere would read it (DNS rebinding).
        page: makes the page to show instead of the one asked for, given the reason: ``wrong`` or ``throttled`` token,
            ``refused`` form, ``unavailable``.
        countries: of somebody who has come in (``request.state.countries``), see `web.zones`.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        gate: Gate,
        door: Door,
        links: bool,
        reads: Reads,
        base_url: str | None,
        page: Callable[[Scope, str], Response],
        countries: Callable[[Actor], frozenset[Country]],
    ) -> None:
        self._app = app
        self._gate = gate
        self._door = door
        self._links = links
        self._reads = reads
        base = urlsplit(base_url or "")
        self._hosts = LOOPBACK | {base.hostname or "localhost"}
        self._origin = base.netloc.lower()
        self._secure = base.scheme == "https"
        self._page = page
        self._countries = countries

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        started = False

        async def with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            answer = await self._refusal(scope, Headers(scope=scope)) or self._app
            await answer(scope, receive, with_headers)
        except Exception as error:  # noqa: BLE001  the server would log it in full, and it may quote a post
            last = traceback.extract_tb(error.__traceback__)[-1]
            logger.error("a page failed: %s in %s line %s", type(error).__name__, Path(last.filename).name, last.lineno)
            if not started:
                await self._page(scope, "unavailable")(scope, receive, with_headers)

    async def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """What to answer instead of the page; ``None`` lets the request through, with its actor."""
        path, method = scope["path"], scope["method"]
        scope.setdefault("state", {})["actor"] = None
        if method not in _METHODS:
            return PlainTextResponse("", 405, headers={"Allow": ", ".join(sorted(_METHODS))})
        if method not in _READING and not _is_short(headers):
            return PlainTextResponse("Too long, or of unknown length.", 413)
        if path in _PROBES:
            return None
        if not self._known_host(headers.get("host", "")):
            return PlainTextResponse("Unknown host name. Set TURVAKT_WEB_BASE_URL to the address in use.", 421)
        if path.startswith(("/static/", "/language/")) and method in _READING:
            return None
        if path.startswith(_SERVICES) and method not in _READING:
            return None
        bearer = self._bearer(headers, client=client_of(scope))
        if path == "/metrics":
            allowed = bearer or client_of(scope) in LOOPBACK
            return None if allowed else PlainTextResponse("Send the token as 'Authorization: Bearer'.", 401)
        if not bearer and method not in _READING and not self._from_here(headers):
            return self._page(scope, "refused")
        token = _parameter(scope, "token")
        if token is not None and self._links and method in _READING:
            return self._by_link(scope, token)
        ask = self._door.program if bearer else partial(self._door.browser, cookie_of(headers))
        scope["state"]["actor"], scope["state"]["countries"] = await self._reads(self._who, ask)
        return None

    def _who(self, ask: Callable[[], Actor | None]) -> tuple[Actor | None, frozenset[Country]]:
        actor = ask()
        return actor, frozenset() if actor is None else self._countries(actor)

    def _known_host(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname
        except ValueError:
            return False
        return name in self._hosts

    def _from_here(self, headers: Headers) -> bool:
        """Whether a form was sent from a page of this console."""
        site = headers.get("sec-fetch-site")
        if site is not None and site not in ("same-origin", "none"):
            return False
        origin = headers.get("origin")
        if origin is None:
            return site is not None
        return origin.lower().partition("://")[2] in {headers.get("host", "").lower(), self._origin} - {""}

    def _bearer(self, headers: Headers, *, client: str) -> bool:
        kind, _, token = headers.get("authorization", "").partition(" ")
        return kind.lower() == "bearer" and self._gate.admits(token.strip(), client=client)

    def _by_link(self, scope: Scope, token: str) -> Response:
        client = client_of(scope)
        if not self._gate.admits(token, client=client):
            return self._page(scope, "throttled" if self._gate.throttled(client) else "wrong")
        return welcome(self._gate, here(scope), secure=self._secure)


def welcome(gate: Gate, back: str, *, secure: bool) -> Response:
    """Sign the browser in and lead it to ``back``."""
    response = RedirectResponse(local(back), 303)
    response.set_cookie(COOKIE, gate.cookie, max_age=DAYS * 86400, httponly=True, samesite="strict", secure=secure)
    return response


def here(scope: Scope) -> str:
    """The address that is asked for, without a token."""
    path = scope.get("raw_path") or quote(scope["path"]).encode()
    rest = [(name, value) for name, value in _parameters(scope) if name != "token"]
    return path.partition(b"?")[0].decode("ascii") + (f"?{urlencode(rest)}" if rest else "")


def local(address: str) -> str:
    """``address`` if it lies on this console, else its start page: redirects never lead elsewhere."""
    # Browsers read a backslash as a slash, and skip control characters.
    safe = address.startswith("/") and not address.startswith("//") and "\\" not in address and address.isprintable()
    return address if safe else "/"


def client_of(scope: Scope) -> str:
    """The address that asks."""
    return scope["client"][0] if scope.get("client") else ""


def is_moving(scope: Scope) -> bool:
    """Whether somebody follows a link from elsewhere, such as a mail, and may have come in nevertheless.

    Browsers keep a strict cookie back on the way in from elsewhere, not on the next step.
    """
    headers = Headers(scope=scope)
    return headers.get("sec-fetch-site") == "cross-site" and scope["method"] in _READING and cookie_of(headers) is None


def _is_short(headers: Headers) -> bool:
    """Whether a form is as short as ours are; its body is read into memory."""
    length = headers.get("content-length", "")
    return length.isascii() and length.isdigit() and int(length) <= _LONGEST_FORM


def cookie_of(headers: Headers) -> str | None:
    """What a browser sends that has come in."""
    for part in headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return None


def _parameters(scope: Scope) -> list[tuple[str, str]]:
    return parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)


def _parameter(scope: Scope, wanted: str) -> str | None:
    return next((value for name, value in _parameters(scope) if name == wanted), None)
