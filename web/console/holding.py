"""Whether a post is kept for the police: what is on record, and the forms that keep it and that end it before its time."""

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.datastructures import FormData
from fastapi.responses import RedirectResponse, Response

from flow.errors import BadInput, Unavailable
from registry.official import Official
from review.holds import LONGEST, LONGEST_REASON, Hold
from review.index import Item, Reading
from web.console.site import Site, actor_of
from web.portal.portal import Portal

logger = logging.getLogger(__name__)

Outcome = Literal["kept", "ended", "reason", "until", "refused"]
"""What became of a form: done, or what was wrong with it."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is kept of one post for one official; ``secured``: her consent lets it be kept."""

    official: Official
    hold: Hold | None
    secured: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """A hold among others.

    Attributes:
        official: ``None``: she has withdrawn, and is not named any more.
        is_seen: the reader can open its post.
    """

    hold: Hold
    official: Official | None
    is_seen: bool


class Holding:
    """What the console needs of the portal to keep posts for the police."""

    def __init__(self, site: Site, portal: Portal) -> None:
        self._site = site
        self._portal = portal

    def person_name(self, id: str) -> str:
        """What whoever keeps a post is called, given her id."""
        return self._portal.person_name(id)

    def held(self, request: Request, item: Item) -> list[Held]:
        """Of each official whom the post mentions and whom the reader may know."""
        post, holds = item.verdict.post, self._portal.holds
        return [
            Held(
                official,
                next((each for each in holds.of(official.id) if each.post == post.id), None),
                holds.secures(official.id, post.source),
            )
            for official in self._site.officials(request)
            if official.id in post.officials
        ]

    def last_day(self) -> date:
        """The last day on which a hold that begins now may end."""
        return (self._site.clock.now() + LONGEST).date()

    def keep(self, request: Request, post_id: str, official: str, form: FormData) -> Outcome | None:
        """Keep a copy as the form says; ``None``: the reader has no such post, or it mentions no such official."""
        item = self._site.reading(request).get(post_id)
        about = (
            next((each for each in self.held(request, item) if each.official.id == official), None) if item else None
        )
        if item is None or about is None:
            return None
        reason = ", ".join(filter(None, (_line(form, "reason"), _line(form, "report"))))
        until = _midnight(form)
        if not reason or len(reason) > LONGEST_REASON:
            return "reason"
        if until is None or not self._site.clock.now() < until <= self._site.clock.now() + LONGEST:
            return "until"
        if about.hold is not None or not about.secured:
            return "refused"
        # Before: an entry too many is better than one too few.
        self._site.looked(request, "hold-added", [item], post=post_id, official=official, reason=reason)
        by = actor_of(request).person.id
        try:
            self._portal.holds.add(item.verdict, official=official, reason=reason, until=until, by=by)
        except BadInput:  # somebody else was faster, or her consent has just changed
            return "refused"
        return "kept"

    def end(self, request: Request, post_id: str, number: str) -> Outcome | None:
        """End a hold on this post before its time; ``None``: there is none within the reader's reach."""
        item = self._site.reading(request).get(post_id)
        found = [each for each in self.held(request, item) if each.hold is not None] if item else []
        about = next((each for each in found if each.hold is not None and str(each.hold.number) == number), None)
        if item is None or about is None or about.hold is None:
            return None
        reason = f"hold {about.hold.number}"
        self._site.looked(request, "hold-ended", [item], post=post_id, official=about.official.id, reason=reason)
        self._lift(about.hold.number)
        return "ended"

    def listed(self, request: Request) -> list[Listed]:
        """The holds of the reader's tenants, also of posts that are kept nowhere else any more."""
        officials, reading = {each.id: each for each in self._site.registry()}, self._site.reading(request)
        return [
            Listed(each, officials.get(each.official), _is_there(reading, each.post))
            for each in self._of_tenants(request)
        ]

    def lift(self, request: Request, number: str) -> bool:
        """End a hold of the reader's tenants; whether there is one of that number."""
        hold = next((each for each in self._of_tenants(request) if str(each.number) == number), None)
        if hold is None:
            return False
        reason = f"hold {hold.number}"
        if any(each.id == hold.official for each in self._site.registry()):
            self._site.looked(request, "hold-ended", [], post=hold.post, official=hold.official, reason=reason)
        else:  # who was erased is not named anew
            self._site.acted(request, "hold-ended", "", tenant=hold.tenant, why=reason)
        self._lift(hold.number)
        return True

    def _of_tenants(self, request: Request) -> list[Hold]:
        actor = actor_of(request)
        tenants = actor.tenants("decide") | actor.tenants("manage-people")
        return [each for each in self._portal.holds.all() if each.tenant in tenants]

    def _lift(self, number: int) -> None:
        with suppress(BadInput):  # its time was over
            self._portal.holds.end(number)
        try:
            self._portal.holds.expire(self._site.clock.now())
        except Unavailable:
            logger.warning("the copy of an ended hold stays in unused parts of the files until the next retention")


def routes(site: Site, holding: Holding) -> APIRouter:
    """``/holds``, ``/holds/end`` and ``/holds/lift``."""
    router = APIRouter()

    def _listed(request: Request) -> Response:
        return site.page(
            request,
            "holds.html",
            title=site.wording(request).text("title.holds"),
            view="holds",
            holds=holding.listed(request),
            person_name=holding.person_name,
            is_done="done" in request.query_params,
        )

    @router.get("/holds")
    async def listed(request: Request) -> Response:
        """What is kept, whatever else has become of it."""
        return await site.reads(_listed, request)

    @router.post("/holds/lift")
    async def lift(request: Request) -> Response:
        """End a hold from the list."""
        number = str((await request.form()).get("number", ""))
        if not await site.reads(holding.lift, request, number):
            return site.error(request, "missing", status=404)
        return RedirectResponse("/holds?done=ended", 303)

    @router.post("/holds")
    async def keep(request: Request) -> Response:
        """Keep a copy of a post, whatever is erased."""
        form = await request.form()
        post_id, official = str(form.get("post", "")), str(form.get("official", ""))
        return _back(site, request, post_id, await site.reads(holding.keep, request, post_id, official, form))

    @router.post("/holds/end")
    async def end(request: Request) -> Response:
        """End a hold: its copy goes."""
        form = await request.form()
        post_id, number = str(form.get("post", "")), str(form.get("number", ""))
        return _back(site, request, post_id, await site.reads(holding.end, request, post_id, number))

    return router


def _back(site: Site, request: Request, post_id: str, outcome: Outcome | None) -> Response:
    if outcome is None:
        return site.error(request, "missing", status=404)
    return RedirectResponse(f"/posts/{quote(post_id, safe='')}?hold={outcome}#hold", 303)


def _is_there(reading: Reading, post: str) -> bool:
    try:
        return reading.get(post) is not None
    except BadInput:  # a newer program has written it
        return False


def _line(form: FormData, name: str) -> str:
    return " ".join(str(form.get(name, "")).split())


def _midnight(form: FormData) -> datetime | None:
    """The day of the form begins in UTC, as everywhere where a day ends something."""
    try:
        day = date.fromisoformat(_line(form, "until"))
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
