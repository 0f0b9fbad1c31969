"""Names and accounts that officials have entered themselves: an administrator confirms each, or does not."""

from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from flow.errors import BadInput
from review.naming import NameTaken
from web.console.site import Site, actor_of
from web.portal.portal import Portal


def routes(site: Site, portal: Portal) -> APIRouter:
    """``/names``."""
    router = APIRouter()

    def shown(request: Request, *, fault: str = "") -> HTMLResponse:
        return site.page(
            request,
            "admin/names.html",
            status=422 if fault else 200,
            title=site.wording(request).text("title.names"),
            view="names",
            waiting=portal.naming.waiting(actor_of(request)),
            fault=fault,
            done=request.query_params.get("done", ""),
            own=actor_of(request).officials("see-own"),
        )

    def decided(request: Request, official: str, key: str, *, confirm: bool) -> Response:
        try:
            portal.naming.decide(actor_of(request), official, key, confirm=confirm)
        except NameTaken:
            return shown(request, fault="taken")
        except BadInput:
            return shown(request, fault="gone")
        return RedirectResponse(f"/names?done={'confirm' if confirm else 'decline'}", 303)

    @router.get("/names")
    async def names(request: Request) -> HTMLResponse:
        """What waits."""
        return await site.reads(shown, request)

    @router.post("/names")
    async def decide(request: Request) -> Response:
        """Confirm one or, if the button says so, decline it."""
        sent = await request.form()
        official, key = (str(sent.get(each, "")) for each in ("official", "item"))
        return await site.reads(partial(decided, request, official, key, confirm=sent.get("act") == "confirm"))

    return router
