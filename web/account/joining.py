"""An invitation or a new beginning: a password, a second step, and the recovery codes."""

from collections.abc import Callable
from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from access.joining import Joined
from access.permissions import Actor
from access.person import Person
from access.tickets import Ticket
from flow.errors import BadInput
from web.account.cookies import begin, device_of, step_of, welcome
from web.console.site import Site
from web.staff import Staff


def routes(site: Site, staff: Staff, *, secure: bool) -> APIRouter:
    """``/invitation/SECRET``, then ``/joining``."""
    router = APIRouter()
    accounts = staff.accounts

    def invited(secret: str) -> tuple[Ticket, Person] | None:
        ticket = accounts.invitations.find(secret)
        try:
            return (ticket, accounts.people.get(ticket.person)) if ticket is not None else None
        except BadInput:
            return None

    def shown(request: Request, secret: str, fault: str = "") -> HTMLResponse:
        found = invited(secret)
        if found is None:
            return site.error(request, "gone", status=404)
        ticket, person = found
        wording, joins, names = site.wording(request), ticket.purpose == "join", staff.tenant_names()
        roles = [
            wording.text(
                "account.for_tenant",
                role=wording.text(f"role.{grant.role}"),
                tenant=names.get(grant.tenant, grant.tenant),
            )
            for grant in person.grants
            if grant.tenant
        ]
        return site.page(
            request,
            "account/invitation.html",
            status=422 if fault else 200,
            title=wording.text("invitation.title" if joins else "invitation.title_reset"),
            joins=joins,
            name=person.name,
            email=person.email,
            roles=roles,
            fault=fault,
            action=f"/invitation/{secret}",
        )

    def chosen(request: Request, secret: str, password: str, again: str) -> Response:
        found = invited(secret)
        if found is None:
            return site.error(request, "gone", status=404)
        _, person = found
        weak = accounts.passwords.weakness(password, person)
        if weak or password != again:
            return shown(request, secret, f"weak_{weak}" if weak else "differ")
        enrolment = accounts.joining.begin(secret, password)
        if enrolment is None:
            return site.error(request, "gone", status=404)
        return begin(RedirectResponse("/joining", 303), enrolment.ticket, secure=secure)

    def factor(request: Request, *, wrong: bool = False) -> HTMLResponse:
        enrolment = accounts.joining.enrolment(step_of(request))
        if enrolment is None:
            return site.error(request, "gone", status=404)
        return site.page(
            request,
            "account/factor.html",
            status=422 if wrong else 200,
            title=site.wording(request).text("factor.title"),
            picture=Markup(enrolment.svg),  # noqa: S704  made by us, of a secret of ours
            secret=enrolment.secret,
            options=enrolment.options,
            actions=("/joining/app", "/joining/passkey"),
            wrong=wrong,
        )

    def joined(request: Request, prove: Callable[[], Joined | str]) -> Response:
        found = prove()
        if not isinstance(found, Joined):
            return factor(request, wrong=found == "wrong")
        site.did(Actor(found.person, found.session), "joined", why=found.method)
        response = recovery(site, request, found.codes)
        welcome(response, found.cookie, secure=secure)
        return response

    @router.get("/invitation/{secret}")
    async def invitation(request: Request, secret: str) -> HTMLResponse:
        """Whom the link is for, and the form for a password."""
        return await site.reads(shown, request, secret)

    @router.post("/invitation/{secret}")
    async def choose(request: Request, secret: str) -> Response:
        """Take the password; the link stays good until the second step is done."""
        sent = await request.form()
        password, again = str(sent.get("password", "")), str(sent.get("again", ""))
        return await site.reads(chosen, request, secret, password, again)

    @router.get("/joining")
    async def ask(request: Request) -> HTMLResponse:
        """The second step: an app or a passkey."""
        return await site.reads(factor, request)

    @router.post("/joining/app")
    async def app(request: Request) -> Response:
        """The first code of the app."""
        code = str((await request.form()).get("code", ""))
        prove = partial(accounts.joining.by_app, step_of(request), code, client=device_of(request))
        return await site.reads(joined, request, prove)

    @router.post("/joining/passkey")
    async def passkey(request: Request) -> Response:
        """A new passkey."""
        sent = await request.form()
        credential, name = str(sent.get("credential", "")), str(sent.get("name", ""))
        prove = partial(accounts.joining.by_passkey, step_of(request), credential, name=name, client=device_of(request))
        return await site.reads(joined, request, prove)

    return router


def recovery(site: Site, request: Request, codes: tuple[str, ...] | list[str]) -> HTMLResponse:
    """The page that shows recovery codes, once."""
    title = site.wording(request).text("factor.recovery_title")
    return site.page(request, "account/recovery.html", title=title, codes=codes)
