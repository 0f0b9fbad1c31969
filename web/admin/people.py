"""The people of the administrator's tenants: invited, given roles, signed out, removed."""

import re
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from access.administration import GIVEN
from access.checking import faults_of
from access.permissions import Actor
from access.person import Function
from flow.errors import BadInput
from registry.checking import refusal
from web.console.site import Site, actor_of
from web.portal import describing
from web.staff import Staff

INVITED = ("official", *GIVEN)
_FIELDS = ("name", "email", "language", "role", "tenant", "official")
_OF_FUNCTION = ("function", "forms", "handles")


def routes(site: Site, staff: Staff) -> APIRouter:
    """``/people`` and ``/people/ID``."""
    router = APIRouter()
    administration, tenant_names = staff.administration, staff.tenant_names

    def listed(request: Request, *, faults: str = "", form: FormData | None = None) -> HTMLResponse:
        actor, wording = actor_of(request), site.wording(request)
        people, names = administration.everybody(actor), tenant_names()
        return site.page(
            request,
            "admin/people.html",
            status=422 if faults else 200,
            title=wording.text("title.people"),
            view="people",
            people=people,
            waiting={ticket.person: ticket for ticket in staff.accounts.invitations.pending()},
            tenants=_tenants(actor, names),
            names=names,
            roles=INVITED,
            faults=faults,
            entries=administration.entries(actor),
            form={name: str(form.get(name, "")) if form is not None else "" for name in (*_FIELDS, *_OF_FUNCTION)},
            done=request.query_params.get("done", ""),
        )

    def shown(request: Request, person_id: str, *, faults: str = "") -> HTMLResponse:
        actor = actor_of(request)
        try:
            person = administration.person(actor, person_id)
        except BadInput:
            return site.error(request, "missing", status=404)
        names = tenant_names()
        return site.page(
            request,
            "admin/person.html",
            status=422 if faults else 200,
            title=person.name,
            view="people",
            person=person,
            herself=person.id == actor.person.id,
            tenants=_tenants(actor, names),
            names=names,
            roles=GIVEN,
            sessions=administration.sessions(actor, person.id) if person.grants else None,
            waiting=staff.accounts.invitations.pending(person.id),
            faults=faults,
            done=request.query_params.get("done", ""),
        )

    @router.get("/people")
    async def people(request: Request) -> HTMLResponse:
        """Everybody with a role, and the form to invite."""
        return await site.reads(listed, request)

    @router.post("/people")
    async def invite(request: Request) -> Response:
        """Invite somebody by letter."""
        form = await request.form()
        asked: dict[str, Any] = {name: str(form.get(name, "")) for name in _FIELDS}
        try:
            function = function_of(form)
            await site.reads(administration.invite, actor_of(request), **asked, function=function)
        except BadInput as error:
            return await site.reads(listed, request, faults=_field(error), form=form)
        return RedirectResponse("/people?done=invited", 303)

    @router.get("/people/{person_id}")
    async def person(request: Request, person_id: str) -> HTMLResponse:
        """One of them."""
        return await site.reads(shown, request, person_id)

    @router.post("/people/{person_id}")
    async def change(request: Request, person_id: str) -> Response:
        """What the button ``act`` says: a new link, an end to all sessions, other roles, or an end to all roles."""
        form, actor = await request.form(), actor_of(request)
        act = str(form.get("act", ""))
        roles = [str(role) for role in form.getlist("role")]
        acts: dict[str, Callable[[], object]] = {
            "link": lambda: administration.send_link(actor, person_id),
            "sign-out": lambda: administration.sign_out(actor, person_id),
            "roles": lambda: administration.set_roles(
                actor, person_id, tenant=str(form.get("tenant", "")), roles=roles
            ),
            "remove": lambda: administration.remove(actor, person_id),
        }
        if act not in acts:
            return site.error(request, "missing", status=404)
        try:
            await site.reads(acts[act])
        except BadInput:
            return await site.reads(shown, request, person_id, faults="not_done")
        return RedirectResponse("/people?done=removed" if act == "remove" else f"/people/{person_id}?done={act}", 303)

    return router


def _tenants(actor: Actor, names: dict[str, str]) -> list[tuple[str, str]]:
    """Id and name of each tenant that she administers, by name."""
    return sorted(((id, names.get(id, id)) for id in actor.tenants("manage-people")), key=lambda each: each[1])


def function_of(form: FormData) -> Function | None:
    """The function that the manager is invited for; ``None`` if the form names none.

    Raises:
        BadInput: an account is not written as ``platform:account``, or something of it cannot be registered.
    """
    name = describing.text(form, "function")
    if not name:
        return None
    handles: dict[str, tuple[str, ...]] = {}
    for line in describing.lines(form, "handles"):
        platform, _, account = (part.strip() for part in line.partition(":"))
        handles[platform.lower()] = (*handles.get(platform.lower(), ()), account)
    function = Function(name, tuple(each for each in describing.lines(form, "forms") if each != name), handles)
    wrong = faults_of(function)
    if wrong:
        raise refusal(wrong, place="function")
    return function


def _field(error: BadInput) -> str:
    """Which field to look at again."""
    return next(
        (field for field in ("email", "name", "handles", "forms") if re.search(rf"\b{field} (is|has)", error.reason)),
        "other",
    )
