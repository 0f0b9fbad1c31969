"""One's own account: password, second steps, and where one is signed in."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from access.permissions import Actor
from access.roles import key
from flow.errors import BadInput
from web.account import notifications
from web.account.cookies import begin, step_of
from web.account.joining import recovery
from web.console.site import Site, actor_of
from web.security import client_of
from web.staff import Staff


def routes(site: Site, staff: Staff, *, secure: bool) -> APIRouter:
    """``/account`` and what is changed there."""
    router = APIRouter()
    accounts = staff.accounts

    def shown(request: Request, *, fault: str = "", done: str = "") -> HTMLResponse:
        actor = actor_of(request)
        return site.page(
            request,
            "account/account.html",
            status=422 if fault else 200,
            title=site.wording(request).text("title.account"),
            view="account",
            person=actor.person,
            session=actor.session,
            names=staff.tenant_names(),
            key=key,
            held=accounts.factors.of(actor.person.id),
            sessions=accounts.sessions.of(actor.person.id),
            push=notifications.shown(staff.push, actor.person.id),
            fault=fault,
            done=done or request.query_params.get("done", ""),
        )

    def confirmed(request: Request, password: str, act: Callable[[], Response]) -> Response:
        """Do what changes how she signs in only after her password: a browser may have been left open."""
        found = accounts.signing_in.confirm(actor_of(request).person, password, address=client_of(request.scope))
        if found == "ok":
            return act()
        return shown(request, fault="account.password_wrong" if found == "wrong" else "entry.throttled")

    def ended(actor: Actor) -> None:
        """She is signed in here alone, and no link or sign-in that somebody else may have begun leads further."""
        accounts.tickets.drop(actor.person.id)
        accounts.sessions.end_all(actor.person.id, but=actor.session)

    def password(request: Request, new: str, again: str) -> Response:
        actor = actor_of(request)
        weak = accounts.passwords.weakness(new, actor.person)
        if weak or new != again:
            return shown(request, fault=f"invitation.weak_{weak}" if weak else "invitation.differ")
        accounts.passwords.set(actor.person, new)
        ended(actor)
        site.did(actor, "password-changed")
        return RedirectResponse("/account?done=password_changed", 303)

    def factors(request: Request, act: str) -> Response:
        actor = actor_of(request)
        if act == "add":
            enrolment = accounts.factors.begin(actor.person)
            return begin(RedirectResponse("/account/factor", 303), enrolment.ticket, secure=secure)
        if act == "codes":
            codes = accounts.factors.new_codes(actor.person.id)
            site.did(actor, "factor-added", why="recovery codes")
            return recovery(site, request, codes)
        if act == "remove-app":
            removed = accounts.factors.remove_app(actor.person.id)
        else:
            removed = accounts.factors.remove_passkey(actor.person.id, act.removeprefix("remove-"))
        if not removed:
            return shown(request, fault="account.passkey_last")
        site.did(actor, "factor-removed")
        return RedirectResponse("/account", 303)

    def factor(request: Request, *, wrong: bool = False) -> Response:
        enrolment = accounts.factors.enrolment(step_of(request))
        if enrolment is None:
            return RedirectResponse("/account", 303)
        return site.page(
            request,
            "account/factor.html",
            status=422 if wrong else 200,
            title=site.wording(request).text("factor.title"),
            picture=Markup(enrolment.svg),  # noqa: S704  made by us, of a secret of ours
            secret=enrolment.secret,
            options=enrolment.options,
            actions=("/account/app", "/account/passkeys"),
            wrong=wrong,
        )

    def added(request: Request, prove: Callable[[], bool]) -> Response:
        if not prove():
            return factor(request, wrong=True)
        site.did(actor_of(request), "factor-added")
        return RedirectResponse("/account", 303)

    @router.get("/account")
    async def account(request: Request) -> HTMLResponse:
        """What she signs in with, and where she is signed in."""
        return await site.reads(shown, request)

    @router.post("/account/password")
    async def change(request: Request) -> Response:
        """Another password; all other sessions end."""
        sent = await request.form()
        act = partial(password, request, str(sent.get("password", "")), str(sent.get("again", "")))
        return await site.reads(confirmed, request, str(sent.get("present", "")), act)

    @router.post("/account/factors")
    async def choose(request: Request) -> Response:
        """What the button ``act`` says of the second steps."""
        sent = await request.form()
        act = partial(factors, request, str(sent.get("act", "")))
        return await site.reads(confirmed, request, str(sent.get("present", "")), act)

    def answered(request: Request, offer: str, *, accepted: bool) -> Response:
        with suppress(BadInput):  # it was taken back meanwhile: the page shows that it is gone
            staff.administration.answer(actor_of(request), offer, accepted=accepted)
        return RedirectResponse(f"/account?done={'accepted' if accepted else 'declined'}", 303)

    @router.post("/account/offers")
    async def answer(request: Request) -> Response:
        """Accept a role that she was offered, or decline it."""
        sent = await request.form()
        accepted = sent.get("act") == "accept"
        return await site.reads(partial(answered, request, str(sent.get("offer", "")), accepted=accepted))

    @router.get("/account/factor")
    async def ask(request: Request) -> Response:
        """A new second step."""
        return await site.reads(factor, request)

    @router.post("/account/app")
    async def app(request: Request) -> Response:
        """The first code of a new app."""
        code = str((await request.form()).get("code", ""))
        person = actor_of(request).person.id
        return await site.reads(
            added, request, partial(accounts.factors.add_app, step_of(request), code, person=person)
        )

    @router.post("/account/passkeys")
    async def passkey(request: Request) -> Response:
        """A new passkey."""
        sent = await request.form()
        credential, name = str(sent.get("credential", "")), str(sent.get("name", ""))
        person = actor_of(request).person.id
        prove = partial(accounts.factors.add_passkey, step_of(request), credential, name=name, person=person)
        return await site.reads(added, request, prove)

    @router.post("/account/sessions")
    async def end(request: Request) -> Response:
        """End one of her sessions, or all others."""
        actor, session = actor_of(request), str((await request.form()).get("session", ""))
        if session:
            await site.reads(accounts.sessions.end, session, person=actor.person.id)
        else:
            await site.reads(ended, actor)
        await site.reads(site.did, actor, "session-ended")
        return RedirectResponse("/account?done=sessions_ended", 303)

    return router
