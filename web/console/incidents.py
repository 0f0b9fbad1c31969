"""Incidents in the console: those that wait for somebody, and one with all that became of it."""

from collections.abc import Iterable, Sequence
from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from alerts.incidents.incident import Incident
from alerts.incidents.sent import OF_MESSAGES, messages_of
from classify.verdict import SEVERITIES
from flow.errors import BadInput, Unavailable
from review.index import Item
from web.answer.answers import Answers
from web.console.post import address
from web.console.site import Site, actor_of
from web.zones import about

WHICH = ("open", "late", "closed")
_SHOWN_MOST, _TIMELINE_MOST, _POSTS_MOST = 100, 200, 50


class Board:
    """What the console needs to show incidents to those who may see them."""

    def __init__(self, site: Site, answers: Answers) -> None:
        self.site = site
        self.answers = answers

    def visible(self, request: Request, incidents: Iterable[Incident]) -> list[Incident]:
        """Those of ``incidents`` that the reader may see: those of her tenants, or about Turvakt itself.

        By whose plan an incident goes on, there it is shown and answered, also when the official belongs elsewhere by now. Who is
        not registered any more is shown nowhere, even if the erasure is not complete.
        """
        actor = actor_of(request)
        return [
            each
            for each in incidents
            if (each.tenant and actor.may("see-texts", tenant=each.tenant) and self._is_known(each))
            or (not each.official and actor.may("operate"))
        ]

    def _is_known(self, incident: Incident) -> bool:
        return not incident.official or self.answers.official(incident.official) is not None

    def _name(self, incident: Incident) -> str:
        """What the official is called whom an incident is about that the reader may see; empty: it is about none."""
        official = self.answers.official(incident.official)
        return "" if official is None else official.name

    def one(self, request: Request, id: str) -> Incident | None:
        """The incident, if the reader may see it."""
        found = self.answers.incidents.get(id)
        return next(iter(self.visible(request, [found])), None) if found is not None else None

    def of_post(self, request: Request, alerts: list[str]) -> list[Incident]:
        """The incidents that these alerts belong to, of those that the reader may see."""
        found = self.answers.incidents.about(alerts)
        return self.visible(request, {each.id: each for each in found.values()}.values())

    def list(self, request: Request) -> HTMLResponse:
        """The open ones, the gravest and then the oldest first; those with overdue tasks; or the newest that are closed."""
        actor, now = actor_of(request), self.site.clock.now()
        which = request.query_params.get("show", "")
        which = which if which in WHICH else WHICH[0]
        tenants = actor.tenants("see-texts") | ({""} if actor.may("operate") else frozenset())
        late = self.answers.tasks.overdue(tenants=tenants)
        incidents = self.answers.incidents
        if which == "closed":
            newest, total = incidents.closed(tenants, limit=_SHOWN_MOST)
            found = self.visible(request, newest)
        else:
            found = self.visible(request, incidents.open() if which == "open" else incidents.these(late))
            total = len(found)
        if which == "open":
            found.sort(
                key=lambda each: (
                    each.state == "acknowledged",
                    not each.threat,
                    -SEVERITIES.index(each.severity),
                    each.opened_at,
                )
            )
        duty = {
            name: schedule.on_duty(now)
            for tenant in sorted(tenants)
            for name, schedule in self.answers.plan(tenant).schedules.items()
        }
        wording = self.site.wording(request)
        return self.site.page(
            request,
            "incidents.html",
            title=wording.text("incidents.title"),
            view="incidents",
            incidents=found[:_SHOWN_MOST],
            more=total - len(found[:_SHOWN_MOST]),
            about=incidents.labels([each.id for each in found[:_SHOWN_MOST]]),
            names={each.official: name for each in found[:_SHOWN_MOST] if (name := self._name(each))},
            late=late,
            closings=self.answers.history.closings([each.id for each in found[:_SHOWN_MOST] if not each.is_open]),
            duty=duty,
            which=which,
            every=WHICH,
            person_name=self.answers.person_name,
        )

    def waiting(self, request: Request) -> bool:
        """Whether any is open that the reader may see."""
        return bool(self.visible(request, self.answers.incidents.open()))

    def page(self, request: Request, incident: Incident, *, status: int = 200, outcome: str = "") -> HTMLResponse:
        """One incident. It shows no text."""
        answers = self.answers
        about(request, answers.official(incident.official))
        history, said = answers.history.of(incident.id), answers.answering.answers(incident.id)
        last = answers.answering.last(incident.id)
        wording, reading, by = self.site.wording(request), self.site.reading(request), actor_of(request).person.id
        posts = [post for _, post in answers.incidents.gravest_of(incident.id)]
        shown, away = list[Item](), False
        for post in posts[:_POSTS_MOST]:
            try:
                item = reading.get(post)
            except BadInput:  # a newer program has written it
                away = True
            except Unavailable:
                away = True  # that somebody takes it on does not wait for the index
                break
            else:
                shown += [item] if item is not None else []
        called = self._name(incident)
        return self.site.page(
            request,
            "incident.html",
            status=status,
            title=wording.text(f"answer.about.{incident.kind}", name=called)
            if called
            else wording.text(f"answer.heading.{incident.kind}"),
            view="incidents",
            incident=incident,
            outcome=outcome,
            answers=said,
            owner=answers.person_name(incident.owner),
            last=answers.person_name(said[-1].actor) or wording.text("incidents.somebody") if said else "",
            mine=last is not None and last.actor == by,
            owns=incident.owner == by,
            offered=answers.answering.offered(incident, by=by) if self.may_answer(request, incident) else (),
            seen=answers.answering.seen(incident),
            told=messages_of(history),
            timeline=[each for each in history if each.event not in OF_MESSAGES and each.event != "joined"][
                -_TIMELINE_MOST:
            ],
            person_name=answers.person_name,
            tasks=answers.tasks_of(incident),
            undone=len(answers.undone(incident)),
            routines=answers.routines,
            posts=[(item, address(item.verdict.post.id)) for item in shown],
            more=len(posts) - len(shown),
            left=len(posts),
            away=away,
            elsewhere=bool(incident.official) and incident.official not in self.site.names(request),
            curve=answers.curve(incident),
            details=answers.details(incident.id),
            campaign=self._of_campaign(request, incident),
            official=answers.official(incident.official),
        )

    def may_answer(self, request: Request, incident: Incident) -> bool:
        """Whether the reader may answer it."""
        actor = actor_of(request)
        return actor.may("decide", tenant=incident.tenant) if incident.official else actor.may("operate")

    def _of_campaign(self, request: Request, incident: Incident) -> Sequence[Incident]:
        """The incidents that the posts of a campaign belong to: it has none of its own."""
        if incident.kind != "campaign":
            return []
        return self.visible(request, self.answers.incidents.of_campaign(incident))


def routes(site: Site, board: Board) -> APIRouter:
    """``/incidents``, ``/incidents/ID`` and what is sent to it, ``/incidents/ID/export``."""
    router = APIRouter()
    answers = board.answers

    def shown(request: Request, id: str) -> Response:
        incident = board.one(request, id)
        if incident is None:
            return site.error(request, "missing", status=404)
        outcome = {"1": "done", "task": "task"}.get(request.query_params.get("done", ""), "")
        return board.page(request, incident, outcome=outcome)

    def exported(request: Request, id: str) -> Response:
        incident = board.one(request, id)
        if incident is None:
            return site.error(request, "missing", status=404)
        site.acted(request, "exported", incident.official, why=f"incident {id}")
        name = f'attachment; filename="incident-{id}.jsonl"'
        return Response(answers.history.lines(id), 200, {"Content-Disposition": name}, "application/x-ndjson")

    @router.get("/incidents")
    async def all_(request: Request) -> HTMLResponse:
        """Those that the reader may see."""
        return await site.reads(board.list, request)

    @router.get("/incidents/{incident_id}")
    async def one(request: Request, incident_id: str) -> Response:
        """One of them."""
        return await site.reads(shown, request, incident_id)

    @router.get("/incidents/{incident_id}/export")
    async def export(request: Request, incident_id: str) -> Response:
        """Every transition of it, one JSON object a line."""
        return await site.reads(exported, request, incident_id)

    @router.post("/incidents/{incident_id}")
    async def sent(request: Request, incident_id: str) -> Response:
        """An answer, or a task that is done or is not done after all."""
        form = await request.form()
        incident = await site.reads(board.one, request, incident_id)
        if incident is None or not board.may_answer(request, incident):
            return site.error(request, "missing", status=404)
        what, _, more = str(form.get("do", "")).partition("/")
        outcome = "outdated"
        if await site.reads(answers.asks_first, incident, what, more):
            return await site.reads(board.page, request, incident, outcome="sure")
        if what in ("task", "untask"):
            change = answers.tasks.done if what == "task" else answers.tasks.undone
            done = bool(await answers.step(partial(change, incident, more, by=actor_of(request).person.id)))
        else:
            by, seen = actor_of(request).person.id, str(form.get("seen", ""))
            found = await answers.answer(incident_id, what, by=by, seen=seen)
            twice = await site.reads(answers.answering.said_already, incident_id, what, by=by, seen=seen)
            done = found is not None and (found.done or twice)
            outcome = (found and found.refusal) or outcome
        if done:
            kind = "task" if what in ("task", "untask") else "1"
            return RedirectResponse(f"/incidents/{incident_id}?done={kind}#state", 303)
        incident = await site.reads(board.one, request, incident_id)
        if incident is None:
            return site.error(request, "missing", status=404)
        status = 503 if outcome == "away" else 409
        return await site.reads(board.page, request, incident, status=status, outcome=outcome)

    return router
