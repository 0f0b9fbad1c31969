"""One post: its text, why it was flagged, what became of it, and the decision on it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, get_args
from urllib.parse import quote, unquote, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from classify.law import Provision, hints
from classify.verdict import Label, Verdict
from flow.errors import Unavailable
from review.decision import Decision, Outcome
from review.index import Item
from web.answer.told import CHOICES
from web.console.filters import SOUGHT_LONGEST
from web.console.following import Board, follow
from web.console.highlight import LONGEST, passages, pieces
from web.console.holding import Holding
from web.console.site import Site, actor_of
from web.console.telling import Telling
from web.door import TOKEN

BY_COOKIE = "turvakt_by"
_NAME_LONGEST = 80
_DAY = 86400

Thresholds = Callable[[Verdict], Mapping[Label, float]]


def routes(
    site: Site,
    *,
    decide: Callable[[Decision], Awaitable[None]],
    thresholds: Thresholds,
    law: Sequence[Provision],
    telling: Telling | None,
    holding: Holding | None,
    board: Board | None,
    secure: bool,
) -> APIRouter:
    """``/posts/ID``: the page, and the decision that is sent to it; ``/alerts/ID`` leads there from a message."""
    router = APIRouter()
    page = partial(_post, site, thresholds=thresholds, law=law, telling=telling, holding=holding, board=board)

    async def again(request: Request, post_id: str, **sent: Any) -> HTMLResponse:
        return await site.reads(partial(page, request, post_id, **sent))

    @router.get("/alerts/{alert_id}")
    async def alert(request: Request, alert_id: str) -> Response:
        """The post that an alert is about, or an official's own page on it.

        Messages name the alert alone, as a post's id may hold its author's.
        """
        post_id = await site.reads(lambda: site.reading(request).post_of(alert_id))
        if post_id is not None:
            return RedirectResponse(address(post_id), 303)
        if await site.reads(lambda: site.own(request).post_of(alert_id)) is not None:
            return RedirectResponse(f"/me/alerts/{quote(alert_id, safe='')}", 303)
        return site.error(request, "missing", status=404)

    @router.get("/posts/{post_id:path}")
    async def post(request: Request, post_id: str) -> HTMLResponse:
        """The post with this id."""
        return await again(request, post_id)

    @router.post("/posts/{post_id:path}")
    async def decided(request: Request, post_id: str) -> Response:
        """Send a decision on its way: into the log, from where it reaches the index."""
        form = await request.form()
        outcome, by = str(form.get("outcome", "")), " ".join(str(form.get("by", "")).split())[:_NAME_LONGEST]
        if site.entrance == "people":
            by = actor_of(request).person.name
        faults = ["choose"] if outcome not in get_args(Outcome) else []
        faults += [] if by else ["say_who"]
        if faults:
            return await again(request, post_id, faults=faults, outcome=outcome, by=by)
        item = await site.reads(lambda: site.reading(request).get(post_id))
        if item is None:
            return site.error(request, "missing", status=404)
        tenants = await site.reads(_tenants, site, request, item)
        if not tenants:
            return site.error(request, "missing", status=404)
        if form.get("judged") != item.verdict.judged_at.isoformat():
            return await again(request, post_id, faults=["changed"], by=by)
        chosen: Any = outcome
        # Before: an entry too many is better than one too few.
        await site.reads(site.looked, request, "decided", [item], post=post_id)
        try:
            for tenant in tenants:
                await decide(Decision(post_id, chosen, by, site.clock.now(), tenant))
        except Unavailable:
            return site.error(request, "unavailable", status=503)
        if board is not None:
            seen = dict(str(each).split(" ", 1) for each in form.getlist("seen") if " " in str(each))
            await follow(board, request, item, chosen, tenants, seen=seen)
        response = RedirectResponse(f"{address(post_id)}?saved=1#decision", 303)
        if site.entrance != "people":
            # Quoted: a cookie holds ASCII.
            value, age = quote(by), 90 * _DAY
            response.set_cookie(BY_COOKIE, value, max_age=age, httponly=True, samesite="strict", secure=secure)
        return response

    return router


def _tenants(site: Site, request: Request, item: Item) -> list[str]:
    """For whom the reader decides: those of her tenants that the post is about; the token for the whole installation."""
    actor = actor_of(request)
    if actor.person.id == TOKEN:
        return [""]
    return sorted(site.tenants(item.verdict.officials) & set(actor.tenants("decide")))


def address(post_id: str) -> str:
    """The address of a post's page."""
    return f"/posts/{quote(post_id, safe='')}"


def _post(
    site: Site,
    request: Request,
    post_id: str,
    *,
    thresholds: Thresholds,
    law: Sequence[Provision],
    telling: Telling | None,
    holding: Holding | None,
    board: Board | None,
    faults: list[str] | None = None,
    outcome: str = "",
    by: str | None = None,
) -> HTMLResponse:
    item = site.reading(request).get(post_id)
    if item is None:
        return site.error(request, "missing", status=404)
    site.looked(request, "text-read", [item], post=post_id)
    wording, known = site.wording(request), {official.id: official for official in site.officials(request)}
    names = {id: official.name for id, official in known.items()}
    post, judgement = item.verdict.post, item.verdict.judgement
    countries = {known[id].country for id in post.officials if id in known}
    about = [names.get(each, each) for each in dict.fromkeys(mention.official for mention in post.mentions)]
    shown = post.text[:LONGEST]
    sought = request.query_params.get("q", "")[:SOUGHT_LONGEST]
    (found_at,) = site.reading(request).highlight(sought, [item.verdict]) if sought else ((),)
    incidents = board.of_post(request, [each.id for each in item.alerts]) if board else []
    return site.page(
        request,
        "post.html",
        status=422 if faults else 200,
        title=wording.text("title.post", names=", ".join(about)),
        item=item,
        names=names,
        pieces=pieces(shown, judgement.spans, post.mentions, found_at),
        passages=passages(post.text, judgement.spans),
        shortened=len(shown) < len(post.text),
        out=_out(post.url),
        author=" ".join(filter(None, (post.author.name, f"({post.author.handle})" if post.author.handle else None))),
        thresholds=thresholds(item.verdict),
        law=hints(law, judgement, countries=countries),
        sent=_sent(item),
        saved="saved" in request.query_params,
        told=telling.told(request, item) if telling else [],
        person_name=telling.person_name if telling else None,
        choices=CHOICES,
        just_told="told" in request.query_params,
        held=holding.held(request, item) if holding else [],
        hold_outcome=request.query_params.get("hold", ""),
        hold_days=(site.clock.now().date() + timedelta(days=1), holding.last_day()) if holding else None,
        incidents=incidents,
        seen=[f"{each.id} {board.answers.answering.seen(each)}" for each in incidents] if board else [],
        faults=faults or [],
        outcome=outcome,
        by=_remembered(request) if by is None else by,
        outcomes=get_args(Outcome),
    )


def _sent(item: Item) -> list[tuple[Any, list[Any]]]:
    """Each alert with its deliveries."""
    return [(alert, [each for each in item.deliveries if each.alert == alert.id]) for alert in item.alerts]


def _out(url: str | None) -> tuple[str, str] | None:
    """A link that may be followed, and the name of the site that it leads to."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return (url or "", parts.hostname) if parts.scheme in ("http", "https") and parts.hostname else None


def _remembered(request: Request) -> str:
    return unquote(request.cookies.get(BY_COOKIE, ""))[:_NAME_LONGEST]
