"""The list of posts, and what tells that there are new ones."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from flow.errors import BadInput
from ingest.collectors import COLLECTORS
from review.index import Item, place_of, write_place
from web.console.day import HEIGHT, HOURS, WIDTH, day
from web.console.filters import DECISIONS, LANGUAGES, Filters
from web.console.highlight import excerpt
from web.console.incidents import Board
from web.console.site import Site, actor_of
from web.rules import start_of

PAGE = 20
_FIRST = write_place((0, 0, ""))
_NEW_MOST = 100


def routes(site: Site, *, board: Board | None = None) -> APIRouter:
    """``/``, ``/start`` and ``/newer``."""
    router = APIRouter()

    @router.get("/start")
    async def start(request: Request) -> RedirectResponse:
        """Where to go from signing in: to open incidents, if there are any."""
        waiting = board is not None and await site.reads(board.waiting, request)
        return RedirectResponse("/incidents" if waiting else start_of(actor_of(request)), 303)

    @router.get("/")
    async def overview(request: Request) -> HTMLResponse:
        """The newest posts that the filters let through."""
        return await site.reads(_overview, site, request)

    @router.get("/newer")
    async def newer(request: Request) -> HTMLResponse:
        """How many posts have come since the list was made; empty if none."""
        return await site.reads(_newer, site, request)

    return router


def _overview(site: Site, request: Request) -> HTMLResponse:
    filters = Filters.read(request.query_params)
    after = request.query_params.get("after")
    wording, posts = site.wording(request), site.reading(request)
    try:
        page = posts.search(filters.query(wording.zone, limit=PAGE, after=after))
    except BadInput:  # an address that somebody shortened
        after = None
        page = posts.search(filters.query(wording.zone, limit=PAGE))
    if not filters.texts:
        site.looked(request, "texts-listed", [item for item in page.items if item.verdict.post.text])
    shown = [item.verdict for item in page.items] if not filters.texts else []
    places = posts.highlight(filters.q, shown) if filters.q else [()] * len(shown)
    excerpts = {each.post.id: excerpt(each.post.text, found_at) for each, found_at in zip(shown, places, strict=True)}
    newest = write_place(place_of(page.items[0].verdict)) if page.items else _FIRST
    names = site.names(request)
    return site.page(
        request,
        "overview.html",
        title=wording.text(f"title.{filters.view}"),
        filters=filters,
        view=filters.view,
        items=page.items,
        states={item.verdict.post.id: state(item) for item in page.items},
        excerpts=excerpts,
        any_found=any(places),
        names=names,
        people=sorted(names.items(), key=lambda each: each[1]),
        sources=sorted({*COLLECTORS, filters.source} - {""}),
        post_languages=LANGUAGES,
        decisions=DECISIONS,
        older=filters.address(also={"after": page.next}) if page.next else None,
        poll=filters.address("/newer", also={"than": newest}) if after is None else None,
        after=after,
        day=day(posts, now=site.clock.now()) if after is None and filters.active == 0 else None,
        picture=(WIDTH, HEIGHT, HOURS),
    )


def _newer(site: Site, request: Request) -> HTMLResponse:
    filters = Filters.read(request.query_params)
    wording = site.wording(request)
    query = filters.query(wording.zone, limit=1)
    try:
        many = site.reading(request).newer(query, request.query_params.get("than", ""), most=_NEW_MOST)
    except BadInput:
        many = 0
    shown = f"{_NEW_MOST - 1}+" if many >= _NEW_MOST else None
    text: Any = wording.count("list.new", many, shown=shown) if many else None
    return site.part(request, "newer.html", filters=filters, text=text)


def state(item: Item) -> str | None:
    """What became of an item's alerts, in one word: the worst of it."""
    if not item.alerts:
        return None
    states = {delivery.state for delivery in item.deliveries}
    return next((each for each in ("failed", "waiting", "delivered", "withdrawn") if each in states), "raised")
