"""The web application: the console for reviewers, and what monitoring asks."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from access.audit import Audit
from classify.law import Provision
from classify.verdict import Label, Verdict
from flow.clock import Clock, SystemClock
from flow.errors import TurvaktError
from registry.official import Official
from review.decision import Decision
from review.index import Index
from web import health
from web.account import account, joining, notifications, organisation, sign_in
from web.admin import audit as admin_audit
from web.admin import break_glass as admin_break_glass
from web.admin import names as admin_names
from web.admin import people as admin_people
from web.answer import pages as answer_pages
from web.answer import services as answer_services
from web.answer.answers import Answers
from web.answer.waiting import waiting
from web.console import entry, holding, incidents, language, overview, post, telling, trends
from web.console import status as status_page
from web.console.site import Entrance, Site
from web.door import Door, PeopleDoor, TokenDoor
from web.gate import Gate
from web.portal import agreeing, seeing, settling
from web.portal.desk import Desk
from web.portal.portal import Portal
from web.readiness import Readiness
from web.reads import Reads
from web.rules import Refused, allow, start_of
from web.security import Guard, is_moving
from web.staff import Staff
from web.zones import countries_of

logger = logging.getLogger(__name__)


def create_app(
    *,
    index: Index,
    officials: Callable[[], list[Official]],
    decide: Callable[[Decision], Awaitable[None]],
    status: Callable[[], dict[str, Any]],
    metrics: Callable[[], bytes],
    ready: Callable[[], list[str]],
    token: str | None,
    staff: Staff | None = None,
    audit: Audit | None = None,
    portal: Portal | None = None,
    answers: Answers | None = None,
    door: Door | None = None,
    base_url: str | None = None,
    thresholds: Callable[[Verdict], Mapping[Label, float]] = lambda verdict: {},
    law: Sequence[Provision] = (),
    kept: trends.Kept = lambda kind, tenants: 0,
    clock: Clock | None = None,
) -> FastAPI:
    """The ASGI application.

    Args:
        officials: the registry as it is now.
        decide: puts a decision into the log; raises `flow.errors.Unavailable` if that cannot be done just now.
        status: JSON values only, without text, names and addresses.
        metrics: in Prometheus' text format.
        ready: why the monitor is not keeping up, in words for an operator; empty if it is. It may take long, and must not raise.
        token: what opens everything, or for programs alone where there are ``staff``; ``None`` opens it to everybody who can
            reach it.
        staff: the people who sign in; ``None``: the token is the one door for all.
        audit: where it is written down who saw which texts; ``None``: nowhere.
        portal: what officials can do for themselves; ``None``: nothing.
        answers: what people say to incidents, by links in messages and in the console; ``None``: nothing.
        door: knows who has come in, in place of ``staff`` and token.
        base_url: the address that people reach the console by, if it differs from the one it is bound to.
        thresholds: from which probability each label of this post was flagged, where that is known.
        law: the provisions that a post's page may hint at.
        kept: for how many days posts of a kind about officials of some tenants are kept at least.
    """
    clock = clock or SystemClock()
    reads, gate, readiness = Reads(), Gate(token, clock=clock), Readiness(ready, clock=clock)
    door = door or (PeopleDoor(staff.accounts.sessions) if staff is not None else TokenDoor(gate, officials))
    secure = (base_url or "").startswith("https:")
    entrance: Entrance = "people" if staff is not None else "open" if token is None else "token"
    site = Site(
        index=index,
        officials=officials,
        ready=readiness.last,
        clock=clock,
        reads=reads,
        entrance=entrance,
        audit=audit,
        organisation=staff is not None and staff.oidc is not None,
        guests=staff is not None and bool(staff.guests),
        secure=secure,
        waiting=lambda address: None if answers is None else waiting(answers, address, clock=clock),
    )
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, dependencies=[Depends(allow)])
    app.include_router(health.routes(readiness=readiness, metrics=metrics, reads=reads))
    board = None if answers is None else incidents.Board(site, answers)
    app.include_router(overview.routes(site, board=board))
    told = held = None
    if portal is not None:
        told, held = telling.Telling(site, portal), holding.Holding(site, portal)
        app.include_router(telling.routes(site, told))
        app.include_router(holding.routes(site, held))
    app.include_router(
        post.routes(
            site, decide=decide, thresholds=thresholds, law=law, telling=told, holding=held, board=board, secure=secure
        )
    )
    app.include_router(
        status_page.routes(site, status=status, counts=lambda: index.counts(), registered=lambda: len(officials()))
    )
    tenant_names = staff.tenant_names if staff is not None else dict
    app.include_router(trends.routes(site, index=index, kept=kept, names=tenant_names))
    app.include_router(language.routes(secure=secure))
    if answers is not None and board is not None:
        app.include_router(answer_pages.routes(site, answers))
        app.include_router(answer_services.routes(site, answers))
        app.include_router(incidents.routes(site, board))
    if staff is not None:
        app.include_router(sign_in.routes(site, staff, secure=secure))
        app.include_router(organisation.routes(site, staff.oidc, secure=secure))
        app.include_router(joining.routes(site, staff, secure=secure))
        app.include_router(account.routes(site, staff, secure=secure))
        app.include_router(notifications.routes(site, staff.push))
        app.include_router(admin_people.routes(site, staff))
        app.include_router(admin_audit.routes(site, staff))
        app.include_router(admin_break_glass.routes(site, staff))
    else:
        app.include_router(entry.routes(site, gate=gate, secure=secure))
    if portal is not None:
        desk = Desk(site, portal, secure=secure)
        for pages in (seeing, agreeing, settling):
            app.include_router(pages.routes(desk))
        app.include_router(admin_names.routes(site, portal))
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    app.add_middleware(
        Guard,
        gate=gate,
        door=door,
        links=staff is None,
        reads=reads,
        base_url=base_url,
        page=lambda scope, reason: entry.instead(site, scope, reason),
        countries=lambda actor: countries_of(actor, officials()),
    )

    async def refused(request: Request, error: Exception) -> Response:
        reason = error.reason if isinstance(error, Refused) else ""
        if reason and request.url.path == "/" and (start := start_of(request.state.actor)) != "/":
            return RedirectResponse(start, 303)
        instead = reason or ("moving" if is_moving(request.scope) else "")
        return await reads(entry.instead, site, request.scope, instead)

    async def missing(request: Request, error: Exception) -> Response:
        if request.state.actor is None and not request.url.path.startswith("/static/"):
            return await refused(request, error)  # what there is and what not is nobody's business
        code = error.status_code if isinstance(error, HTTPException) else 404
        return site.error(request, "missing", status=code)

    async def unavailable(request: Request, error: Exception) -> Response:
        # Only the kind: a foreign exception may quote a post.
        logger.error("a page could not be made: %s", type(error).__name__)
        return site.error(request, "unavailable", status=503)

    app.add_exception_handler(HTTPException, missing)
    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(TurvaktError, unavailable)
    return app
