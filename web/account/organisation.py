"""Signing in where the people of the organisation sign in."""

import logging
from collections.abc import Callable
from urllib.parse import quote, unquote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from access.oidc import Oidc
from access.permissions import Actor
from access.signing_in import SignedIn
from flow.errors import TurvaktError
from web.account.cookies import come_in, device_of
from web.account.sign_in import form
from web.console.site import Site
from web.security import local

COOKIE = "turvakt_organisation"
"""Holds the ticket of the sign-in that was begun, and the page that was asked for. The way back comes from another site: a strict
cookie would stay behind."""
_LASTS = 10 * 60
_LONGEST = 1000
_REASONS = {"wrong": "refused", "unknown": "uninvited"}

logger = logging.getLogger(__name__)


def routes(site: Site, oidc: Oidc | None, *, secure: bool) -> APIRouter:
    """``/sign-in/organisation`` leads there, ``/sign-in/organisation/answer`` back."""
    router = APIRouter()

    def there(request: Request, oidc: Oidc) -> Response:
        back = local(request.query_params.get("back", "/"))
        try:
            begun = oidc.begin()
        except TurvaktError as error:
            return away(request, error, back)
        response = RedirectResponse(begun.url, 303)
        kept = f"{begun.ticket}.{quote(back if len(back) <= _LONGEST else '/', safe='')}"
        response.set_cookie(COOKIE, kept, max_age=_LASTS, httponly=True, samesite="lax", secure=secure)
        return response

    def here(request: Request, oidc: Oidc) -> Response:
        ticket, _, quoted = request.cookies.get(COOKIE, "").partition(".")
        back = local(unquote(quoted) or "/")
        try:
            found = oidc.finish(ticket, dict(request.query_params), device=device_of(request))
        except TurvaktError as error:
            return away(request, error, back)
        if isinstance(found, SignedIn):
            site.did(Actor(found.person, found.session), "signed-in", why=found.method)
            response = come_in(found.cookie, back, secure=secure)
        else:
            response = form(site, request, _REASONS.get(found, found), back=back)
        response.delete_cookie(COOKIE)
        return response

    def away(request: Request, error: TurvaktError, back: str) -> Response:
        logger.warning("single sign-on: %s", error)
        return form(site, request, "unavailable", back=back)

    async def step(act: Callable[[Request, Oidc], Response], request: Request) -> Response:
        return site.error(request, "missing", status=404) if oidc is None else await site.reads(act, request, oidc)

    @router.get("/sign-in/organisation")
    async def begin(request: Request) -> Response:
        """Send the browser there."""
        return await step(there, request)

    @router.get("/sign-in/organisation/answer")
    async def finish(request: Request) -> Response:
        """The browser has come back."""
        return await step(here, request)

    return router
