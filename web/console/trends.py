"""How things develop, in numbers: for analysts. No text, no name of an official, no small count."""

import csv
import io
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from classify.verdict import LABELS
from ingest.collectors import COLLECTORS
from registry.retention import Kind
from registry.tenant import tenant_of
from review.fact import Fact
from review.figures import FEW, By, Figures, figures, monday, told
from review.index import Index
from web.console.site import Site, actor_of
from web.reads import Reads

PERIODS = (4, 12, 26, 52)
"""Weeks, the present one among them."""
BREAKDOWNS: tuple[By, ...] = ("label", "severity", "source", "municipality", "decision")

Kept = Callable[[Kind, Collection[str]], float]
"""For how many days posts of a kind about officials of these tenants are kept at least."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the address of the page chooses; empty: all."""

    weeks: int
    label: str
    source: str
    tenant: str

    @classmethod
    def read(cls, parameters: Mapping[str, str], tenants: Collection[str]) -> "Choice":
        """What makes no sense there is left out."""
        weeks, label = parameters.get("weeks", ""), parameters.get("label", "")
        tenant = parameters.get("tenant", "")
        return cls(
            next((each for each in PERIODS if str(each) == weeks), PERIODS[0]),
            label if label in LABELS else "",
            parameters.get("source", "").strip()[:100],
            tenant if tenant in tenants else "",
        )

    @property
    def query(self) -> str:
        """As it stands in an address."""
        chosen = {"weeks": self.weeks, "label": self.label, "source": self.source, "tenant": self.tenant}
        return urlencode({name: value for name, value in chosen.items() if value})


def routes(site: Site, *, index: Index, kept: Kept, names: Callable[[], Mapping[str, str]]) -> APIRouter:
    """``/trends`` to read, and ``/trends.csv`` to count with.

    Args:
        names: what each tenant is called, by its id.
    """
    router = APIRouter()
    reads = Reads(threads=1)  # counting may take a while, which no other page need wait for

    @router.get("/trends")
    async def page(request: Request) -> HTMLResponse:
        """The numbers, as pictures and as tables."""
        return await reads(_page, site, request, index, kept, names)

    @router.get("/trends.csv")
    async def file(request: Request) -> Response:
        """The same numbers as a file."""
        return await reads(_file, site, request, index)

    return router


def _page(
    site: Site, request: Request, index: Index, kept: Kept, names: Callable[[], Mapping[str, str]]
) -> HTMLResponse:
    tenants = actor_of(request).tenants("see-statistics")
    choice = Choice.read(request.query_params, tenants)
    weeks = _weeks(site, request, choice)
    found, chosen = _count(site, request, index, choice, weeks), [choice.tenant] if choice.tenant else sorted(tenants)
    wording, called = site.wording(request), names()
    days = choice.weeks * 7
    return site.page(
        request,
        "trends.html",
        title=wording.text("trends.title"),
        view="trends",
        choice=choice,
        periods=PERIODS,
        weeks=[(each, told(found.by["week"][each.isoformat()])) for each in weeks],
        tables={by: _rows(found, by) for by in BREAKDOWNS},
        share=found.share if kept("unflagged", chosen) >= days else None,
        low_days=int(kept("low", chosen)) if kept("low", chosen) < days else None,
        tenants={id: called.get(id, id) for id in sorted(tenants)},
        sources=sorted({*COLLECTORS, *found.by["source"], choice.source} - {""}),
        few=FEW,
    )


def _file(site: Site, request: Request, index: Index) -> Response:
    choice = Choice.read(request.query_params, actor_of(request).tenants("see-statistics"))
    found = _count(site, request, index, choice, _weeks(site, request, choice))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["by", "value", "posts"])
    for by in get_args(By):
        writer.writerows((by, _plain(value), f"<{FEW}" if many is None else many) for value, many in _rows(found, by))
    headers = {"Content-Disposition": 'attachment; filename="turvakt-trends.csv"'}
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _weeks(site: Site, request: Request, choice: Choice) -> list[date]:
    this = monday(site.clock.now().astimezone(site.wording(request).zone).date())
    return [this - timedelta(weeks=number) for number in reversed(range(choice.weeks))]


def _count(site: Site, request: Request, index: Index, choice: Choice, weeks: list[date]) -> Figures:
    zone, tenants = site.wording(request).zone, actor_of(request).tenants("see-statistics")
    chosen = {choice.tenant} if choice.tenant else tenants
    officials = {each.id: each for each in site.registry() if tenant_of(each) in chosen}
    since, until = (datetime.combine(day, time(), zone) for day in (weeks[0], weeks[-1] + timedelta(weeks=1)))

    def counted() -> Iterator[tuple[str, Fact]]:
        for fact in index.facts({id: tenant_of(each) for id, each in officials.items()}, since=since, until=until):
            official = officials[fact.official]
            wanted = choice.label in ("", *fact.labels) and choice.source in ("", fact.source)
            if wanted and official.counts(fact.source, fact.collected_at):
                yield tenant_of(official), fact

    return figures(counted(), weeks=weeks, zone=zone)


def _rows(found: Figures, by: By) -> list[tuple[str, int | None]]:
    """In their own order, or by name."""
    counts = found.by[by].items()
    return [(value, told(many)) for value, many in (sorted(counts) if by in ("source", "municipality") else counts)]


def _plain(value: str) -> str:
    """A value that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(("=", "+", "-", "@")) else value
