"""The web application: the console for reviewers, and what monitoring asks."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from classify.law import Provision
from classify.verdict import Label, Verdict
from flow.clock import Clock, SystemClock
from flow.errors import TurvaktError
from registry.official import Official
from review.decision import Decision
from review.index import Index
from web import health
from web.console import entry, overview, post
from web.console import status as status_page
from web.console.site import Site
from web.door import Door, TokenDoor
from web.gate import Gate
from web.readiness import Readiness
from web.reads import Reads
from web.rules import Refused, allow
from web.security import Guard, is_moving

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
    people: Door | None = None,
    base_url: str | None = None,
    thresholds: Callable[[Verdict], Mapping[Label, float]] = lambda verdict: {},
    law: Sequence[Provision] = (),
    clock: Clock | None = None,
) -> FastAPI:
    """The ASGI application.

    Args:
        officials: the registry as it is now.
        decide: puts a decision into the log; raises `flow.errors.Unavailable` if that cannot be done just now.
        status: JSON values only, without text, names and addresses.
        metrics: in Prometheus' text format.
        ready: why the monitor is not keeping up, in words for an operator; empty if it is. It may take long, and must not raise.
        token: what opens everything, or for programs alone where there are ``people``; ``None`` opens it to everybody who can
            reach it.
        people: knows those who sign in; ``None``: the token is the one door for all.
        base_url: the address that people reach the console by, if it differs from the one it is bound to.
        thresholds: from which probability each label of this post was flagged, where that is known.
        law: the provisions that a post's page may hint at.
    """
    clock = clock or SystemClock()
    reads, gate, readiness = Reads(), Gate(token, clock=clock), Readiness(ready, clock=clock)
    door = people or TokenDoor(gate, officials)
    secure = (base_url or "").startswith("https:")
    site = Site(
        index=index, officials=officials, ready=readiness.last, clock=clock, reads=reads, signed=token is not None
    )
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, dependencies=[Depends(allow)])
    app.include_router(health.routes(readiness=readiness, metrics=metrics, reads=reads))
    app.include_router(overview.routes(site))
    app.include_router(post.routes(site, decide=decide, thresholds=thresholds, law=law, secure=secure))
    app.include_router(
        status_page.routes(site, status=status, counts=lambda: index.counts(), registered=lambda: len(officials()))
    )
    app.include_router(entry.routes(site, gate=gate, secure=secure))
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    app.add_middleware(
        Guard,
        gate=gate,
        door=door,
        links=people is None,
        reads=reads,
        base_url=base_url,
        page=lambda scope, reason: entry.instead(site, scope, reason),
    )

    async def refused(request: Request, error: Exception) -> Response:
        reason = error.reason if isinstance(error, Refused) else ""
        return entry.instead(site, request.scope, reason or ("moving" if is_moving(request.scope) else ""))

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
