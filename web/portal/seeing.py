"""What an official sees: the home page, alerts about her, who read about her, help."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from access.audit_entry import DEPUTY, TEXTS
from access.break_glass import EMERGENCY
from alerts.incidents.history import ANSWERS, Event, Transition
from alerts.notices import Form, Notice
from flow.errors import BadInput
from registry.proposing import items
from registry.tenant import tenant_of
from web.console.highlight import LONGEST, beyond, pieces
from web.console.site import actor_of
from web.portal.choosing import QUERY
from web.portal.consenting import held
from web.portal.desk import Desk
from web.portal.help import PLACES
from web.portal.summary import alerts, done, summary

_PAGE = 25
_SAID: tuple[Event, ...] = (*ANSWERS.values(), "task-done")
"""What people did about an incident."""


def routes(desk: Desk) -> APIRouter:
    """``/me``, ``/me/alerts``, ``/me/alerts/ID``, ``/me/accesses`` and ``/me/help``."""
    router = desk.router()
    reads = desk.site.reads

    @router.get("/me")
    async def home(request: Request) -> HTMLResponse:
        """How things stand or, before she has consented, the invitation to."""
        return await reads(_home, desk, request)

    @router.get("/me/alerts")
    async def listed(request: Request) -> Response:
        """The alerts about her, without texts."""
        return await reads(_alerts, desk, request)

    @router.get("/me/alerts/{alert_id}")
    async def one(request: Request, alert_id: str) -> Response:
        """One of them; the text only if she asks for it, or wishes it always."""
        return await reads(_alert, desk, request, alert_id)

    @router.get("/me/accesses")
    async def accesses(request: Request) -> Response:
        """Who read about her, and when."""
        return await reads(_accesses, desk, request)

    @router.get("/me/help")
    async def help(request: Request) -> HTMLResponse:
        """Whom to turn to."""
        return await reads(_help, desk, request)

    return router


def _home(desk: Desk, request: Request) -> HTMLResponse:
    official, now = desk.official(request), desk.site.clock.now()
    if official is None:
        function = desk.function(request)
        return desk.page(request, "welcome", None, function_name="" if function is None else function.name)
    wording, consent = desk.site.wording(request), held(official, now)
    return desk.page(
        request,
        "home",
        official,
        consent=consent,
        sources=[wording.named("source", each) for each in consent.scope] if consent else [],
        waiting=len(items(official.proposed)),
        summary=summary(desk.site.own(request), official.id, at=now, handled=desk.portal.incidents.handled),
    )


def _alerts(desk: Desk, request: Request) -> Response:
    official = desk.official(request)
    if official is None:
        return desk.missing(request)
    own, after = desk.site.own(request), request.query_params.get("after")
    try:
        items, older = alerts(own, official.id, limit=_PAGE, after=after)
    except BadInput:  # an address that somebody shortened
        after = None
        items, older = alerts(own, official.id, limit=_PAGE, after=None)
    standings = desk.portal.standings.of([each.id for item in items for each in item.alerts], official.id)
    rows = [(item, done(item), standings.get(item.alerts[0].id)) for item in items]
    return desk.page(request, "alerts", official, rows=rows, older=older, after=after)


def _alert(desk: Desk, request: Request, alert_id: str) -> Response:
    own = desk.site.own(request)
    post_id = own.post_of(alert_id)
    item = None if post_id is None else own.get(post_id)
    raised = next((each for each in item.alerts if each.id == alert_id), None) if item else None
    if item is None or raised is None or not actor_of(request).may("see-own", official=raised.official):
        return desk.site.error(request, "missing", status=404)
    if raised.official != desk.about(request):  # a link in a letter knows nothing of what was chosen here
        right = request.url.include_query_params(**{QUERY: raised.official})
        return RedirectResponse(f"{right.path}?{right.query}", 303)
    official = desk.official(request)
    if official is None:
        return desk.missing(request)
    post, judgement = item.verdict.post, item.verdict.judgement
    with_text = official.wishes.text or "text" in request.query_params
    # Before anything is shown: what cannot be written down is not read.
    if with_text:
        desk.note(request, "text-read", post=post.id)
    if desk.is_herself(request):
        form: Form = "text" if with_text else "gist"
        now, by = desk.site.clock.now(), actor_of(request).person.id
        desk.portal.notices.read(Notice(alert_id, official.id, now, "portal", by, form, official.wishes.notice))
    return desk.page(
        request,
        "alert",
        official,
        item=item,
        raised=raised,
        done_about=done(item),
        said=_said(desk, alert_id),
        standing=desk.portal.standings.of([alert_id], official.id).get(alert_id),
        pieces=pieces(post.text[:LONGEST], judgement.spans, post.mentions) if with_text else None,
        beyond=beyond(post.text, judgement.spans),
        notices=[each for each in desk.portal.notices.about([alert_id]) if each.official == official.id],
        holds=[each for each in desk.portal.holds.of(official.id) if each.post == post.id],
        office=desk.portal.tenant(tenant_of(official)).name,
        person_name=desk.portal.person_name,
    )


def _said(desk: Desk, alert: str) -> list[Transition]:
    """What people did about its incident since it is there: of what came later they had not seen anything."""
    incident, came = desk.portal.incidents.about([alert]).get(alert), desk.portal.incidents.came(alert)
    if incident is None or came is None:
        return []
    return [each for each in desk.portal.history.of(incident.id, events=_SAID) if each.at >= came]


def _accesses(desk: Desk, request: Request) -> Response:
    official = desk.official(request)
    if official is None:
        return desk.missing(request)
    after = request.query_params.get("after", "")
    read: dict[str, Any] = {"after": int(after)} if after.isascii() and after.isdigit() and len(after) < 16 else {}
    entries = desk.portal.audit.read(official=official.id, actions=TEXTS, limit=_PAGE + 1, **read)
    shown = entries[:_PAGE]
    names = {each.act.who: desk.portal.person_name(each.act.who) for each in shown}
    older = shown[-1].number if len(entries) > _PAGE else None
    me = actor_of(request).person.id
    return desk.page(
        request,
        "accesses",
        official,
        entries=shown,
        names=names,
        older=older,
        after=read.get("after"),
        me=me,
        emergency=EMERGENCY,
        deputy=DEPUTY,
    )


def _help(desk: Desk, request: Request) -> HTMLResponse:
    official = desk.official(request)
    countries = [official.country] if official is not None else list(PLACES)
    return desk.page(request, "help", official, places=[(country, PLACES[country]) for country in countries])
