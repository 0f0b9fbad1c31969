"""The audit log, as the administrators of a tenant read it: who did what and when, about whom. No text and no post."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from access.audit_entry import CONTACT, SYSTEM
from flow.errors import BadInput
from registry.tenant import tenant_of
from web.console.site import Site, actor_of
from web.staff import Staff

PAGE = 100


def routes(site: Site, staff: Staff) -> APIRouter:
    """``/audit``."""
    router = APIRouter()

    def name(who: str) -> str:
        try:
            return staff.accounts.people.get(who).name
        except BadInput:
            return who.removeprefix(CONTACT)

    def shown(request: Request) -> HTMLResponse:
        actor, wording = actor_of(request), site.wording(request)
        names = staff.tenant_names()
        tenants = sorted(actor.tenants("read-audit"), key=lambda id: names.get(id, id))
        wanted, after = request.query_params.get("tenant", ""), request.query_params.get("after", "")
        tenant = wanted if wanted in tenants else tenants[0]
        before = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else None
        entries = staff.audit.read(tenant=tenant, limit=PAGE + 1, after=before)
        # Whoever reads is written down behind what she reads.
        staff.audit.write(actor, "audit-read", tenant=tenant)
        people = {each.act.who for each in entries if each.act.who and each.act.who != SYSTEM}
        return site.page(
            request,
            "admin/audit.html",
            title=wording.text("title.audit"),
            view="audit",
            entries=entries[:PAGE],
            older=entries[PAGE - 1].number if len(entries) > PAGE else None,
            tenant=tenant,
            tenants=[(id, names.get(id, id)) for id in tenants],
            who={id: name(id) for id in people},
            name=name,
            officials={each.id: each.name for each in site.registry() if tenant_of(each) == tenant},
        )

    @router.get("/audit")
    async def audit(request: Request) -> HTMLResponse:
        """The newest entries of one tenant."""
        return await site.reads(shown, request)

    return router
