"""What every page of the console shares: the index, the registry, the reader's language, templates."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from alerts.translations import LANGUAGES
from classify.verdict import LABELS, SEVERITIES
from flow.clock import Clock
from registry.official import Official
from review.index import Index
from web.console.filters import VIEWS, Filters
from web.reads import Reads
from web.security import here
from web.wording import Texts, Wording, choose_language

_HERE = Path(__file__).parent
LANGUAGE_COOKIE = "turvakt_language"


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
        signed: bool,
    ) -> None:
        self.index = index
        self.officials = officials
        self.ready = ready
        self.clock = clock
        self.reads = reads
        self._texts = Texts()
        self._templates = Environment(
            loader=FileSystemLoader(_HERE.parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(
            languages=LANGUAGES, labels=LABELS, severities=SEVERITIES, views=VIEWS, signed=signed
        )

    def wording(self, request: Request) -> Wording:
        """The texts in the language of this reader."""
        accept = request.headers.get("accept-language", "")
        return self._texts.wording(choose_language(request.cookies.get(LANGUAGE_COOKIE), accept))

    def names(self) -> dict[str, str]:
        """Names of officials by id."""
        return {official.id: official.name for official in self.officials()}

    def page(self, request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A whole page, to be called in ``reads``; its ``title`` is among the values."""
        return self.part(
            request, template, status=status, here=here(request.scope), not_ready=bool(self.ready()), **values
        )

    def part(self, request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A template without what only a whole page needs."""
        wording = self.wording(request)
        values.setdefault("view", "")
        now = self.clock.now()
        html = self._templates.get_template(template).render(
            w=wording, t=wording.text, now=now, filters=values.pop("filters", Filters()), **values
        )
        return HTMLResponse(html, status, headers={"Content-Language": wording.language})

    def error(self, request: Request, kind: str, *, status: int) -> HTMLResponse:
        """A page that says what went wrong; reads nothing."""
        title = self.wording(request).text(f"title.{kind}")
        return self.part(request, "error.html", status=status, here="/", not_ready=False, title=title, kind=kind)
