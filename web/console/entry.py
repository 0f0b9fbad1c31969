"""Coming in by the token, and going out."""

from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Scope

from web.account import sign_in
from web.console.site import Site
from web.gate import COOKIE, Gate
from web.security import client_of, here, local, welcome

_STATUS = {"": 401, "wrong": 401, "throttled": 429, "refused": 403, "forbidden": 403, "moving": 200, "unavailable": 500}
_ERRORS = ("refused", "forbidden", "unavailable")


def routes(site: Site, *, gate: Gate, secure: bool) -> APIRouter:
    """``/sign-in`` and ``/sign-out``."""
    router = APIRouter()

    @router.get("/sign-in")
    async def ask(request: Request) -> HTMLResponse:
        """The form that asks for the token."""
        back = local(request.query_params.get("back", "/"))
        return await site.reads(partial(instead, site, request.scope, "", back=back))

    @router.post("/sign-in")
    async def enter(request: Request) -> Response:
        """Check the token and sign the browser in."""
        form = await request.form()
        back, client = local(str(form.get("back", "/"))), client_of(request.scope)
        if gate.admits(str(form.get("token", "")).strip(), client=client):
            return welcome(gate, back, secure=secure)
        reason = "throttled" if gate.throttled(client) else "wrong"
        return await site.reads(partial(instead, site, request.scope, reason, back=back))

    @router.post("/sign-out")
    async def leave() -> Response:
        """Forget this browser."""
        response = RedirectResponse("/sign-in", 303)
        response.delete_cookie(COOKIE)
        return response

    return router


def instead(site: Site, scope: Scope, reason: str, *, back: str | None = None) -> HTMLResponse:
    """The page in the place of one that may not or cannot be seen.

    See `web.security.Guard` and `web.rules.Refused` for the reasons; ``moving``: until the browser sends its cookie.
    """
    request = Request(scope)
    if reason in _ERRORS:
        # Whoever may not open an alert that she was told of needs to know whom to call.
        alert = sign_in.waiting_at(site, request, here(scope)) if reason == "forbidden" else None
        return site.error(request, reason, status=_STATUS[reason], alert=alert)
    back = here(scope) if back is None else back
    if site.entrance == "people" and reason != "moving":
        return sign_in.form(site, request, reason, back=back)
    alert = sign_in.waiting_at(site, request, back)
    return site.part(
        request,
        "sign_in.html",
        status=_STATUS[reason],
        title=site.wording(request).text("title.sign_in" if alert is None else "sign_in.alert"),
        alert=alert,
        here=back,
        not_ready=False,
        reason=reason,
        back=back,
    )
