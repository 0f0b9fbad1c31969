"""Notifications in the browsers of whoever has signed in: she switches them on and off at her account's page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, RedirectResponse, Response

from access.push import Browser, Subscriptions
from flow.errors import BadInput
from web.console.site import Site, actor_of

_WORKER = Path(__file__).parent.parent / "static" / "push-worker.js"


@dataclass(frozen=True, slots=True)
class Push:
    """
    Attributes:
        public_key: what browsers know us by, in Base64url; called in a thread, raises `flow.errors.TurvaktError`.
    """

    subscriptions: Subscriptions
    public_key: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the section on the page says of one person."""

    key: str
    browsers: Sequence[Browser]


def shown(push: Push | None, person: str) -> Shown | None:
    """For the page; ``None``: there are no notifications here."""
    return None if push is None else Shown(push.public_key(), push.subscriptions.browsers(person))


def routes(site: Site, push: Push | None) -> APIRouter:
    """``/account/notifications``, and the script that browsers run when a notification arrives."""
    router = APIRouter()

    def changed(request: Request, push: Push, subscription: str, remove: str) -> Response:
        actor, done = actor_of(request), "notifications_on"
        if remove:
            if push.subscriptions.remove_one(actor.person.id, remove):
                site.did(actor, "notifications-off")
            done = "notifications_off"
        else:
            try:
                push.subscriptions.add(actor.person.id, subscription)
            except BadInput:
                done = "notifications_refused"
            else:
                site.did(actor, "notifications-on")
        return RedirectResponse(f"/account?done={done}#notifications", 303)

    @router.post("/account/notifications")
    async def change(request: Request) -> Response:
        """Take in what this browser says of itself, or let go of one."""
        if push is None:
            return site.error(request, "missing", status=404)
        sent = await request.form()
        act = partial(changed, request, push, str(sent.get("subscription", "")), str(sent.get("remove", "")))
        return await site.reads(act)

    @router.get("/push-worker.js")
    async def worker() -> Response:
        """At the top, and not among the other files: a script there may open pages of the whole site."""
        return FileResponse(_WORKER, media_type="text/javascript")

    return router
