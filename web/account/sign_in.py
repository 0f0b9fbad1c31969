"""Signing in: address and password, then a code or a passkey."""

from functools import partial
from urllib.parse import quote, unquote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from access.permissions import Actor
from access.signing_in import Second, SignedIn
from web.account.cookies import STEP_COOKIE, WANTED_COOKIE, WANTED_LASTS, begin, come_in, device_of, step_of
from web.answer.waiting import Waiting
from web.console.site import Site
from web.security import client_of, local
from web.staff import Staff

_STATUS = {
    "": 401,
    "wrong": 401,
    "expired": 401,
    "throttled": 429,
    "denied": 401,
    "refused": 401,
    "weak": 401,
    "uninvited": 403,
    "unavailable": 503,
}


def routes(site: Site, staff: Staff, *, secure: bool) -> APIRouter:
    """``/sign-in``, its second step, and ``/sign-out``."""
    router = APIRouter()
    signing_in = staff.accounts.signing_in

    @router.get("/sign-in")
    async def ask(request: Request) -> HTMLResponse:
        """The form for address and password."""
        reason, back = request.query_params.get("reason", ""), local(request.query_params.get("back", "/"))
        return await site.reads(partial(form, site, request, reason, back=back))

    @router.post("/sign-in")
    async def first(request: Request) -> Response:
        """Check the password: the same answer, after the same time, whether there is such an account or not."""
        sent = await request.form()
        email, back = str(sent.get("email", "")), local(str(sent.get("back", "/")))
        found = await site.reads(
            signing_in.password, email, str(sent.get("password", "")), address=client_of(request.scope)
        )
        if isinstance(found, Second):
            return begin(await site.reads(second, request, found, back), found.ticket, secure=secure)
        if found == "wrong":
            await site.reads(_refused, staff, email)
        return await site.reads(partial(form, site, request, found, back=back, email=email))

    def second(request: Request, step: Second, back: str, *, wrong: bool = False) -> Response:
        alert = waiting_at(site, request, back)
        title = site.wording(request).text("entry.second_title")
        return site.page(
            request,
            "account/second.html",
            status=401,
            title=title,
            alert=alert,
            options=step.options,
            back=back,
            wrong=wrong,
        )

    async def finish(request: Request, *, way: str) -> Response:
        sent = await request.form()
        back, ticket = local(str(sent.get("back", "/"))), step_of(request)
        prove = signing_in.passkey if way == "credential" else signing_in.code
        found = await site.reads(
            partial(prove, ticket, str(sent.get(way, ""))), address=client_of(request.scope), client=device_of(request)
        )
        if isinstance(found, SignedIn):
            await site.reads(site.did, Actor(found.person, found.session), "signed-in", why=found.method)
            return come_in(found.cookie, back, secure=secure)
        step = await site.reads(signing_in.second, ticket) if found == "wrong" else None
        if step is None:
            reason = "throttled" if found == "throttled" else "expired"
            return await site.reads(partial(form, site, request, reason, back=back))
        return await site.reads(second, request, step, back, wrong=True)

    @router.post("/sign-in/code")
    async def code(request: Request) -> Response:
        """The second step by a code of the app, or a recovery code."""
        return await finish(request, way="code")

    @router.post("/sign-in/passkey")
    async def passkey(request: Request) -> Response:
        """The second step by a passkey."""
        return await finish(request, way="credential")

    @router.get("/guests/{secret}")
    async def guest(request: Request, secret: str) -> Response:
        """Let an invented person of a demo in, and lead her to ``back`` or else to the page that she was kept from."""
        if secret not in staff.guests:
            return site.error(request, "missing", status=404)
        person = await site.reads(staff.accounts.people.get, staff.guests[secret])
        cookie = await site.reads(
            partial(staff.accounts.sessions.open, person), client=device_of(request), method="demo"
        )
        wanted = request.query_params.get("back") or unquote(request.cookies.get(WANTED_COOKIE, "/"))
        return come_in(cookie, wanted, secure=secure)

    @router.post("/sign-out")
    async def leave(request: Request) -> Response:
        """End this session."""
        actor: Actor = request.state.actor
        await site.reads(staff.accounts.sessions.end, actor.session, person=actor.person.id)
        await site.reads(site.did, actor, "signed-out")
        response = RedirectResponse("/sign-in", 303)
        response.delete_cookie(STEP_COOKIE)
        return response

    return router


def form(site: Site, request: Request, reason: str, *, back: str, email: str = "") -> HTMLResponse:
    """The form for address and password; ``reason``: why it is there again."""
    reason = reason if reason in _STATUS else ""
    alert = waiting_at(site, request, back)
    response = site.part(
        request,
        "account/sign_in.html",
        status=_STATUS[reason],
        title=site.wording(request).text("title.sign_in" if alert is None else "sign_in.alert"),
        alert=alert,
        here=back,
        not_ready=False,
        reason=reason,
        back=back,
        email=email,
        organisation=site.organisation,
    )
    if site.guests and back != "/":
        # The links of a demo's people know nothing of the page that was wanted.
        wanted, age, secure = quote(back, safe=""), WANTED_LASTS, site.secure
        response.set_cookie(WANTED_COOKIE, wanted, max_age=age, httponly=True, samesite="strict", secure=secure)
    return response


def waiting_at(site: Site, request: Request, back: str) -> Waiting | None:
    """The alert that waits at ``back``; the page then speaks the language of its message."""
    found = site.waiting(back)
    if found is not None:
        request.state.language = found.language
    return found


def _refused(staff: Staff, email: str) -> None:
    """Written for known and unknown addresses alike, so that both take as long; an unknown one is not kept."""
    person = staff.accounts.people.by_email(email)
    tenants = sorted({grant.tenant for grant in person.grants}) if person is not None else [""]
    for tenant in tenants:
        staff.audit.write(person.id if person is not None else "unknown", "sign-in-refused", tenant=tenant)
