"""Break-glass access: an hour as an officer, for whoever runs the installation or administers the tenant."""

from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from access.break_glass import LONGEST, SHORTEST, may_open
from flow.errors import BadInput
from web.console.site import Site, actor_of
from web.door import PROGRAM
from web.rules import Refused
from web.staff import Staff


def routes(site: Site, staff: Staff) -> APIRouter:
    """``/break-glass``."""
    router = APIRouter()
    glass = staff.break_glass

    def tenants(request: Request) -> dict[str, str]:
        """Names by ids of the tenants for which she may."""
        names = staff.tenant_names()
        return {id: names[id] for id in sorted(names, key=names.__getitem__) if may_open(actor_of(request), id)}

    def name(person: str) -> str:
        try:
            return staff.accounts.people.get(person).name
        except BadInput:
            return person

    def shown(request: Request, *, wrong: bool = False) -> HTMLResponse:
        actor, names = actor_of(request), tenants(request)
        mine = glass.of_person(actor.person.id)
        others = [each for id in names if actor.may("manage-people", tenant=id) for each in glass.of_tenant(id)]
        accesses = [*mine, *(each for each in others if each not in mine)]
        return site.page(
            request,
            "admin/break_glass.html",
            status=422 if wrong else 200,
            title=site.wording(request).text("title.break_glass"),
            view="break_glass",
            tenants=list(names.items()),
            accesses=[(each, name(each.person), names.get(each.tenant, each.tenant)) for each in accesses],
            wrong=wrong,
            shortest=SHORTEST,
            longest=LONGEST,
        )

    def opened(request: Request, tenant: str, reason: str) -> Response:
        if actor_of(request).person.id == PROGRAM:  # it could give a reason, but nobody would have to answer for it
            raise Refused("forbidden")
        if tenant not in tenants(request):
            return site.error(request, "missing", status=404)
        try:
            glass.open(actor_of(request), staff.tenant(tenant), reason)
        except BadInput:
            return shown(request, wrong=True)
        return RedirectResponse("/", 303)

    def ended(request: Request, tenant: str, person: str) -> Response:
        try:
            glass.end(actor_of(request), person, tenant)
        except BadInput:
            return site.error(request, "missing", status=404)
        return RedirectResponse("/break-glass", 303)

    @router.get("/break-glass")
    async def ask(request: Request) -> HTMLResponse:
        """Which tenant, and why; and the accesses that are open."""
        return await site.reads(shown, request)

    @router.post("/break-glass")
    async def act(request: Request) -> Response:
        """Open one or, where a person is named, end hers."""
        sent = await request.form()
        tenant, person, reason = (str(sent.get(each, "")) for each in ("tenant", "person", "reason"))
        return await site.reads(
            partial(ended, request, tenant, person) if person else partial(opened, request, tenant, reason)
        )

    return router
