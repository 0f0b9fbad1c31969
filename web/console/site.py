"""What every page of the console shares: the index, the registry, the reader's language, templates."""

from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any, Literal

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from access.audit import Audit
from access.audit_entry import Act, Action
from access.break_glass import why
from access.permissions import Actor
from alerts.messages.translations import LANGUAGES
from classify.verdict import LABELS, SEVERITIES
from flow.clock import Clock
from registry.official import Official
from registry.tenant import tenant_of
from review.index import Index, Item, Reading
from review.scoped import Scoped
from web.answer.waiting import Waiting
from web.console.filters import VIEWS, Filters
from web.door import TOKEN, in_reach, reading
from web.readiness import late
from web.reads import Reads
from web.security import here
from web.wording import Texts, Wording, choose_language
from web.zones import country_of

_HERE = Path(__file__).parent
LANGUAGE_COOKIE = "turvakt_language"


Entrance = Literal["open", "token", "people"]
"""How one comes in: without more, by the token, or each as herself."""


class Site:
    """Makes pages. Everything that reads or renders runs in ``reads``."""

    def __init__(
        self,
        *,
        index: Index,
        officials: Callable[[], list[Official]],
        ready: Callable[[], list[str]],  # at once
        clock: Clock,
        reads: Reads,
        entrance: Entrance,
        audit: Audit | None,
        organisation: bool = False,
        guests: bool = False,
        secure: bool = False,
        waiting: Callable[[str], Waiting | None] = lambda address: None,
    ) -> None:
        self._index = index
        self._officials = officials
        self.ready = ready
        self.clock = clock
        self.reads = reads
        self.entrance = entrance
        self._audit = audit
        self.organisation = organisation  # whether people may come in by their organisation's own sign-in
        self.guests = guests  # whether links alone let the people of a demo in
        self.secure = secure  # whether browsers send cookies over https alone
        self.waiting = waiting  # the alert that waits at an address, behind the sign-in; reads
        self._texts = Texts()
        self._templates = Environment(
            loader=FileSystemLoader(_HERE.parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(
            languages=LANGUAGES, labels=LABELS, severities=SEVERITIES, views=VIEWS, entrance=entrance
        )

    def wording(self, request: Request) -> Wording:
        """The texts in the language of this reader, with times as `web.zones` says."""
        actor: Actor | None = request.state.actor
        chosen = request.cookies.get(LANGUAGE_COOKIE) or getattr(request.state, "language", None)
        if actor is not None and actor.person.id != TOKEN:
            chosen = chosen or actor.person.language
        language = choose_language(chosen, request.headers.get("accept-language", ""))
        return self._texts.wording(language, country_of(request, language))

    def reading(self, request: Request) -> Reading:
        """What the reader may see of the posts of her tenants."""
        return reading(actor_of(request), self._index, self._officials)

    def own(self, request: Request) -> Reading:
        """What the reader may see of the posts about herself, or about whom she is a deputy of."""
        own = actor_of(request).officials("see-own")
        return Scoped(self._index, own, self.tenants(own))

    def tenants(self, officials: Collection[str]) -> set[str]:
        """The tenants of these officials, of those whom the registry knows."""
        return {tenant_of(each) for each in self._officials() if each.id in officials}

    def looked(
        self,
        request: Request,
        action: Action,
        items: Iterable[Item],
        *,
        post: str = "",
        official: str | None = None,
        reason: str = "",
    ) -> None:
        """Write down, before it is done, that the reader sees the texts of ``items``, or decides on one: for each official once.

        Args:
            official: only for this one.
            reason: that she gave for this; that of an emergency access is written down in any case.

        Raises:
            Unavailable: it could not be written; then they must not be shown.
        """
        shown = {mention.official for item in items for mention in item.verdict.post.mentions}
        shown = shown if official is None else {official}
        if self._audit is None or not shown:
            return
        actor, registry = actor_of(request), {official.id: official for official in self._officials()}
        tenants = {id: tenant_of(registry[id]) if id in registry else "" for id in sorted(shown)}
        reasons = {
            tenant: "; ".join(filter(None, (reason, why(self._audit, actor, tenant))))
            for tenant in set(tenants.values())
        }
        self._audit.write_all(
            Act(actor.person.id, action, tenant, id, post, reasons[tenant], actor.session)
            for id, tenant in tenants.items()
        )

    def acted(self, request: Request, action: Action, official: str, *, why: str, tenant: str = "") -> None:
        """Write down, before it is done, what the reader does about one official; an empty id: about Turvakt itself.

        Args:
            tenant: whose entry it is where no official is named.

        Raises:
            Unavailable: it could not be written; then it must not be done.
        """
        if self._audit is not None:
            actor = actor_of(request)
            known = next((each for each in self._officials() if each.id == official), None)
            tenant = tenant_of(known) if known is not None else tenant
            self._audit.write(actor, action, tenant=tenant, official=official, why=why)

    def did(self, actor: Actor, action: Action, *, why: str = "") -> None:
        """Write down what somebody did with her own account, for each tenant that she belongs to."""
        if self._audit is not None:
            tenants = sorted({grant.tenant for grant in actor.person.grants}) or [""]
            self._audit.write_all(
                Act(actor.person.id, action, each, why=why, session=actor.session) for each in tenants
            )

    def registry(self) -> list[Official]:
        """All officials: for pages that choose among them by a permission of their own."""
        return self._officials()

    def officials(self, request: Request) -> list[Official]:
        """Those of the registry about whom the reader may know."""
        return in_reach(actor_of(request), self._officials())

    def names(self, request: Request) -> dict[str, str]:
        """Names of the officials about whom the reader may know, by id."""
        return {official.id: official.name for official in self.officials(request)}

    def page(self, request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A whole page, to be called in ``reads``; its ``title`` is among the values."""
        reasons = self.ready()
        wrong = {"not_ready": late(reasons), "undelivered": bool(reasons)}
        return self.part(request, template, status=status, here=here(request.scope), **wrong, **values)

    def part(self, request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A template without what only a whole page needs."""
        wording = self.wording(request)
        values.setdefault("view", "")
        values.setdefault("undelivered", False)
        now, actor = self.clock.now(), request.state.actor
        html = self._templates.get_template(template).render(
            w=wording,
            t=wording.text,
            now=now,
            filters=values.pop("filters", Filters()),
            actor=actor,
            may=actor.may if actor is not None else lambda permission: False,
            **values,
        )
        return HTMLResponse(html, status, headers={"Content-Language": wording.language})

    def error(self, request: Request, kind: str, *, status: int, alert: Waiting | None = None) -> HTMLResponse:
        """A page that says what went wrong; reads nothing. ``alert``: what waits at the address, and whom to call about it."""
        title = self.wording(request).text(f"title.{kind}")
        shown = {"title": title, "kind": kind, "alert": alert}
        return self.part(request, "error.html", status=status, here="/", not_ready=False, **shown)


def actor_of(request: Request) -> Actor:
    """Who asks for a page that is not open to everybody."""
    actor: Actor = request.state.actor
    return actor
