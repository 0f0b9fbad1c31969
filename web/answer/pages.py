"""The page behind the link in a message: what has happened, and the answer to it in one tap, without an account.

Opening it changes nothing, however often programs do that look at mail; what is done is a form. The text of a post is in no
page until its reader has asked for it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from access.audit_entry import CONTACT, Act, Action
from access.permissions import Actor
from alerts.incidents.incident import Incident
from alerts.incidents.links import Link
from alerts.notices import Notice
from flow.errors import Unavailable
from web.answer.answers import Answers
from web.answer.pace import Pace
from web.answer.reading import MOST, Listed, is_told, listed
from web.answer.told import CHOICES, chosen
from web.console.highlight import LONGEST, beyond
from web.console.site import Site
from web.portal.help import PLACES
from web.rules import Refused
from web.security import client_of
from web.zones import about

_WRONG_MOST, _FORMS_MOST, _WITHIN = 60, 40, timedelta(minutes=15)
"""Links that open nothing, by address; forms, by link. A link that is good is never held up by others' wrong ones."""
_STEPS = 3
"""Steps of the routine that are shown."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A link that is good, what it leads to, and who has come by it."""

    token: str
    link: Link
    incident: Incident
    by: str


class Desk:
    """Makes the page."""

    def __init__(self, site: Site, answers: Answers) -> None:
        self.site = site
        self.answers = answers
        self._wrong = Pace(site.clock, most=_WRONG_MOST, within=_WITHIN)
        self._forms = Pace(site.clock, most=_FORMS_MOST, within=_WITHIN)

    def open(self, request: Request, token: str) -> "Opened | HTMLResponse":
        """What the link opens, or the page that says why it opens nothing.

        Raises:
            Refused: whoever comes has to sign in first, or is somebody else.
        """
        delivery = self.answers.signer.delivery(token)
        link = None if delivery is None else self.answers.links.find(delivery)
        if link is None:
            good = self._wrong.lets(client_of(request.scope))
            return self._closed(request, "unknown", 404) if good else self._closed(request, "throttled", 429)
        request.state.language = link.language
        if self.answers.links.expired(link):
            return self._closed(request, "expired", 410)
        incident = self.answers.incidents.get(link.incident)
        official = self.answers.official(link.official)
        about(request, official)
        if incident is None or not is_told(link, official=official, clock=self.site.clock):
            return self._closed(request, "unknown", 404)
        by, plan = link.contact, self.answers.plan(incident.tenant)
        if not self.answers.is_contact(incident, by):
            return self._closed(request, "gone", 410, phone=plan.phone)
        if plan.needs_second_factor(link.contact, official):
            by = _signed_in(request.state.actor, incident)
        return Opened(token, link, incident, by)

    def may_send(self, opened: Opened) -> bool:
        """Whether a form may be sent by this link, or too many have been."""
        return self._forms.lets(opened.link.delivery)

    def throttled(self, request: Request) -> HTMLResponse:
        """What to answer where too many forms have been sent."""
        return self._closed(request, "throttled", 429)

    def page(
        self, request: Request, opened: Opened, *, status: int = 200, outcome: str = "", show: str = ""
    ) -> HTMLResponse:
        """The page.

        Args:
            outcome: of what was sent: ``done``, ``task``, ``told``, or why nothing has changed: ``form``, ``sure`` (it is asked
                whether to close what is not all done), ``unsaid`` (how the official was told), or a
                `alerts.incidents.answering.Refusal`.
            show: the alert whose post's text has been asked for; it is written down that it is shown.

        Raises:
            Unavailable: that could not be written down.
        """
        link, incident, answers = opened.link, opened.incident, self.answers
        official = answers.official(incident.official)
        clock, said = self.site.clock, answers.answering.answers(incident.id)
        last = answers.answering.last(incident.id)
        alerts, posts, away = answers.incidents.gravest_of(incident.id), list[Listed](), False
        try:
            posts, away = listed(answers.index, alerts, incident=incident, link=link, official=official, clock=clock)
        except Unavailable:
            away = True  # that somebody takes it on does not wait for the index
        shown = next((each for each in posts if each.alert == show and each.readable), None)
        if shown is not None:
            self._noted(request, opened, "text-read", [shown.item.verdict.post.id])
        country = official.country if official is not None else "SE"
        wording, undone = self.site.wording(request), answers.undone(incident)
        return self.site.part(
            request,
            "answer/answer.html",
            status=status,
            here=f"/a/{opened.token}",
            not_ready=False,
            title=wording.text("answer.title"),
            link=link,
            incident=incident,
            official=official,
            posts=posts,
            away=away,
            more=len(alerts) - len(posts),
            left=len(alerts),
            shown=shown,
            longest=LONGEST,
            beyond=None if shown is None else beyond(shown.item.verdict.post.text, shown.item.verdict.judgement.spans),
            answers=said,
            owner=answers.person_name(incident.owner),
            last=answers.person_name(said[-1].actor) or wording.text("incidents.somebody") if said else "",
            mine=last is not None and last.actor == opened.by,
            owns=incident.owner == opened.by,
            handed_to=answers.handed_to(incident) if outcome == "done" else [],
            offered=answers.answering.offered(incident, by=opened.by),
            outcome=outcome,
            seal=answers.signer.seal(link.delivery, answers.answering.seen(incident)),
            tasks=undone[:_STEPS],
            undone=len(undone),
            routines=answers.routines,
            places=PLACES[country],
            told=[("alert", each.alert) for each in posts[:MOST]],
            notices=_each_once(answers.notices.about([each.alert for each in posts[:MOST]])),
            choices=CHOICES,
            person_name=answers.person_name,
            curve=answers.curve(incident),
            details=answers.details(incident.id),
            reader=answers.person_name(opened.by),
            in_console=_may_open(request.state.actor, incident),
        )

    def told(self, request: Request, opened: Opened, sent: str, alerts: Collection[str]) -> bool:
        """Write down that the official was told of these alerts, once however often it is said; ``False``: it cannot be said.

        Args:
            sent: how she was told, as the form has it.
            alerts: those that the page listed: of what has come since, whoever told her may not have known.
        """
        incident = opened.incident
        official, posts = self.answers.official(incident.official), dict(self.answers.incidents.gravest_of(incident.id))
        known = [each for each in dict.fromkeys(alerts) if each in posts][:MOST]
        said = None if official is None else chosen(official, sent)
        if official is None or said is None or not known:
            return False
        by = self._noted(request, opened, "told-official", [posts[each] for each in known])
        now, wish = self.site.clock.now(), official.wishes.notice
        for each in known:
            self.answers.notices.add_once(Notice(each, official.id, now, said[0], by, said[1], wish), seen=0)
        return True

    def _noted(self, request: Request, opened: Opened, action: Action, posts: Sequence[str]) -> str:
        """Write into the audit log what whoever has come did with these posts; returns who that is."""
        actor: Actor | None = request.state.actor
        signed_in = actor is not None and opened.by == actor.person.id
        who = opened.by if signed_in else f"{CONTACT}{opened.by}"
        session = actor.session if actor is not None and signed_in else ""
        tenant, official = opened.incident.tenant, opened.link.official
        if self.answers.audit is not None:
            self.answers.audit.write_all([Act(who, action, tenant, official, each, session=session) for each in posts])
        return who

    def _closed(self, request: Request, kind: str, status: int, *, phone: str = "") -> HTMLResponse:
        title = self.site.wording(request).text("answer.title")
        return self.site.part(
            request,
            "answer/closed.html",
            status=status,
            here="/",
            not_ready=False,
            title=title,
            kind=kind,
            phone=phone,
        )


def routes(site: Site, answers: Answers) -> APIRouter:
    """``/a/TOKEN``."""
    router = APIRouter()
    desk = Desk(site, answers)

    def show(request: Request, token: str) -> Response:
        opened = desk.open(request, token)
        if not isinstance(opened, Opened):
            return opened
        outcome = {"1": "done", "task": "task", "told": "told"}.get(request.query_params.get("done", ""), "")
        return desk.page(request, opened, outcome=outcome)

    def read(request: Request, opened: Opened, alert: str) -> Response:
        return desk.page(request, opened, show=alert)

    def ticked(opened: Opened, task: str) -> bool:
        undone = [each.task for each in answers.undone(opened.incident)]
        return task in undone and answers.tasks.done(opened.incident, task, by=opened.by)

    @router.head("/a/{token}")
    @router.get("/a/{token}")
    async def page(request: Request, token: str) -> Response:
        """What has happened, who has it, and what can be answered. It changes nothing."""
        return await site.reads(show, request, token)

    @router.post("/a/{token}")
    async def sent(request: Request, token: str) -> Response:
        """An answer, a task that is done, that the official was told, or the wish to see a text."""
        form = await request.form()
        opened = await site.reads(desk.open, request, token)
        if not isinstance(opened, Opened):
            return opened
        if not desk.may_send(opened):
            return await site.reads(desk.throttled, request)
        seen = answers.signer.seen(opened.link.delivery, str(form.get("seal", "")))
        if seen is None:
            return await site.reads(desk.page, request, opened, status=400, outcome="form")
        what, _, more = str(form.get("do", "")).partition("/")
        outcome = "outdated"
        if what == "show":
            return await site.reads(read, request, opened, more)
        if await site.reads(answers.asks_first, opened.incident, what, more):
            return await site.reads(desk.page, request, opened, outcome="sure")
        if what == "task":
            if await answers.step(ticked, opened, more):
                return RedirectResponse(f"/a/{token}?done=task#content", 303)
        elif what == "told" and not form.get("how"):
            return await site.reads(desk.page, request, opened, status=400, outcome="unsaid")
        elif what == "told":
            alerts = [str(each) for each in form.getlist("alert")]
            if await answers.step(desk.told, request, opened, str(form.get("how", "")), alerts):
                return RedirectResponse(f"/a/{token}?done=told#content", 303)
        else:
            if opened.by != opened.link.contact:
                await answers.step(answers.links.signed_in, opened.link, opened.by)
            found = await answers.answer(opened.incident.id, what, by=opened.by, seen=seen)
            twice = await site.reads(answers.answering.said_already, opened.incident.id, what, by=opened.by, seen=seen)
            if found is not None and (found.done or twice):
                return RedirectResponse(f"/a/{token}?done=1#content", 303)
            outcome = (found and found.refusal) or outcome
        opened = await site.reads(desk.open, request, token)
        if not isinstance(opened, Opened):
            return opened
        status = 503 if outcome == "away" else 409
        return await site.reads(desk.page, request, opened, status=status, outcome=outcome)

    return router


def _each_once(notices: Iterable[Notice]) -> list[Notice]:
    """What was said of several alerts at once, once."""
    return list({(each.at, each.how, each.form, each.by): each for each in notices}.values())


def _may_open(actor: Actor | None, incident: Incident) -> bool:
    """Whether the console shows the incident to whoever has come in; of somebody who has not yet nobody knows."""
    return (
        actor is None
        or actor.may("see-texts", tenant=incident.tenant)
        or (not incident.official and actor.may("operate"))
    )


def _signed_in(actor: Actor | None, incident: Incident) -> str:
    """The id of the person who has come in, and may see the incident.

    Raises:
        Refused: nobody has, or she may not.
    """
    if actor is None:
        raise Refused("")
    if incident.kind == "drill":
        return actor.person.id  # any contact gets it, whatever her role, and it tells of nobody
    hers = bool(incident.official) and actor.may("see-own", official=incident.official)
    if (
        not hers
        and not actor.may("decide", tenant=incident.tenant)
        and not (incident.kind == "operation" and actor.may("operate"))
    ):
        raise Refused("forbidden")
    return actor.person.id
