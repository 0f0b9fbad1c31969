"""What every page of the portal shares: whom it is about, and what is written down of it."""

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from access.audit_entry import DEPUTY, Action
from access.permissions import Actor
from access.person import Function
from flow.errors import BadInput
from registry.ledger import Given, How
from registry.official import Official
from web.console.site import Site, actor_of
from web.portal import choosing
from web.portal.portal import Portal

VIEWS = ("alerts", "accesses", "consent", "names", "contacts", "wishes", "deputies", "submit", "download", "help")
"""The pages that the home page leads to, in this order."""
_HOW: How = "portal"


class Desk:
    """Makes pages about one official: the actor herself, or whom she is a deputy of."""

    def __init__(self, site: Site, portal: Portal, *, secure: bool) -> None:
        self.site = site
        self.portal = portal
        self._secure = secure

    def router(self) -> APIRouter:
        """For pages about an official."""
        return choosing.router(secure=self._secure)

    def about(self, request: Request) -> str:
        """The id of the official, see `web.portal.choosing.about`; the same as long as the request lasts."""
        if not hasattr(request.state, "about"):
            actor = actor_of(request)
            request.state.about = choosing.about(
                request, actor, is_registered=lambda id: self._registered(id) is not None
            )
        about: str = request.state.about
        return about

    def official(self, request: Request) -> Official | None:
        """Herself; ``None`` before she has consented for the first time."""
        return self._registered(self.about(request))

    def function(self, request: Request) -> Function | None:
        """The function that the actor was invited for as its manager, if this is about one."""
        return _function(actor_of(request), self.about(request))

    def is_function(self, request: Request) -> bool:
        """Whether this is about a function, and not about a person."""
        official = self.official(request)
        return self.function(request) is not None if official is None else official.is_function

    def is_herself(self, request: Request) -> bool:
        """Whether the actor is the official, and no deputy."""
        return actor_of(request).may("consent", official=self.about(request))

    def page(
        self, request: Request, name: str, official: Official | None, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A page of the portal, to be called in ``reads``."""
        wording, officials = self.site.wording(request), self._choices(request)
        about = self.about(request)
        return self.site.page(
            request,
            f"portal/{name}.html",
            status=status,
            title=wording.text(f"me.title.{name}"),
            view="me",
            official=official,
            herself=self.is_herself(request),
            of_function=self.is_function(request),
            pages=VIEWS,
            officials=officials,
            about=about,
            of_her=f"?{urlencode({choosing.QUERY: about})}" if officials else "",
            done=request.query_params.get("done", ""),
            **values,
        )

    def given(self, request: Request, version: str = "") -> Given:
        """That a change came about on the portal, by her, who saw this version of the text of the consent."""
        language = self.site.wording(request).language
        return Given(how=_HOW, by=actor_of(request).person.id, wording=version, language=language)

    def note(self, request: Request, action: Action, *, post: str = "", why: str = "") -> None:
        """Write down in the audit log what the actor did; of a deputy, that she did it for the official."""
        actor, official = actor_of(request), self.about(request)
        tenant, why = tenant_of_grant(actor, official), why if self.is_herself(request) else DEPUTY
        self.portal.audit.write(actor, action, tenant=tenant, official=official, post=post, why=why)

    def _registered(self, id: str) -> Official | None:
        try:
            return self.portal.store.get(id)
        except BadInput:
            return None

    def _choices(self, request: Request) -> dict[str, str]:
        """What to call each official whom the actor may choose, by id; empty where there is no choice."""
        actor, wording = actor_of(request), self.site.wording(request)
        seen, called = sorted(actor.officials("see-own")), {}
        for id in seen if len(seen) > 1 else ():
            official = self._registered(id)
            if official is not None:
                name = official.name
            else:
                function = _function(actor, id)
                own = actor.person.name if function is None else function.name
                name = own if actor.may("consent", official=id) else wording.text("me.not_there")
            called[id] = f"{name}, {self.portal.tenant(tenant_of_grant(actor, id)).name}"
        return called

    def missing(self, request: Request) -> Response:
        """What to answer where an official is needed, and has not consented yet."""
        return RedirectResponse("/me", 303)


def tenant_of_grant(actor: Actor, official: str) -> str:
    """The tenant in which the actor is the official or her deputy."""
    return next((grant.tenant for grant in actor.person.grants if grant.official == official), "")


def _function(actor: Actor, official: str) -> Function | None:
    hers = (each for each in actor.person.grants if each.official == official and each.role == "official")
    return next((each.function for each in hers), None)
