"""How the monitor stands."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from review.index import Counts
from web.console.site import Site
from web.readiness import Reason
from web.reads import Reads
from web.wording import Wording

_MOMENTS = {"since", "at", "worked_at", "left_alone"}


def routes(
    site: Site,
    *,
    status: Callable[[], dict[str, Any]],
    counts: Callable[[], Counts],
    registered: Callable[[], int],
) -> APIRouter:
    """``/status`` for people and ``/status.json`` for programs: how all stands, in numbers.

    Args:
        counts: how much the index holds.
        registered: how many officials the registry holds.
    """
    router = APIRouter()
    reads = Reads(threads=1)  # a part that is away may answer late, which no other page need wait for

    @router.get("/status")
    async def page(request: Request) -> HTMLResponse:
        """What is stored, and what is wrong."""
        return await reads(_page, site, request, status, counts, registered)

    @router.get("/status.json")
    async def plain() -> JSONResponse:
        """The same as ``turvakt status --json``."""
        return JSONResponse(await reads(status))

    return router


def _page(
    site: Site,
    request: Request,
    status: Callable[[], dict[str, Any]],
    counts: Callable[[], Counts],
    registered: Callable[[], int],
) -> HTMLResponse:
    found = dict(status())
    watch = found.pop("watch", {})
    return site.page(
        request,
        "status.html",
        title=site.wording(request).text("title.status"),
        view="status",
        reasons=[_said(each, site.wording(request)) for each in site.ready()],
        counts=counts(),
        registered=registered(),
        lacks=found.get("model_lacks", []),
        troubles=[_moments(each) for each in watch.get("troubles", [])],
        parts=[_moments(each) for each in watch.get("parts", [])],
        details=list(flattened(found)),
    )


def _said(reason: str, wording: Wording) -> tuple[str, str]:
    """A reason in the reader's language, and what of it there is in English alone."""
    return (wording.reason(reason), reason.detail) if isinstance(reason, Reason) else ("", reason)


def _moments(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value) if name in _MOMENTS and value else value for name, value in values.items()
    }


def flattened(plain: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested JSON values as pairs of a dotted name and a text."""
    pairs: list[tuple[str, str]] = []
    for name, value in plain.items():
        if isinstance(value, dict):
            pairs.extend(flattened(value, f"{prefix}{name}."))
        elif isinstance(value, list):
            pairs.append((prefix + name, ", ".join(map(str, value))))
        else:
            pairs.append((prefix + name, str(value)))
    return pairs
