"""Every page has a rule that says who may see it, and the rule holds."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from access.permissions import MAY
from access.person import ROLES, Role
from flow.clock import SystemClock
from review.index import write_place
from tests.databases import open_file
from tests.review.people import alert, verdict
from tests.web.building import Browser, FixedDoor, World, actor, official, staff
from web.rules import RULES, is_met
from web.staff import Staff

_UNUSED: Any = SimpleNamespace(notices=None, person_name=None)
"""In the place of the portal and the incidents, whose pages are only asked here who may see them."""


def routes() -> Iterator[tuple[str, str]]:
    """Method and path of every page."""
    nowhere: Any = None  # no page is asked for
    app = World().browser(signed_in=False, staff=staff(nowhere, SystemClock()), portal=_UNUSED, answers=_UNUSED).app
    for route in iter_route_contexts(app.routes):
        for method in getattr(route, "methods", None) or ():
            yield method, route.path or ""


def test_every_page_has_a_rule_and_every_rule_a_page() -> None:
    assert set(routes()) == RULES.keys()


def test_a_page_without_a_rule_is_closed(caplog: pytest.LogCaptureFixture) -> None:
    async def forgotten() -> str:
        return "seen"

    browser = World().browser()
    browser.app.add_api_route("/forgotten", forgotten)
    answer = browser.get("/forgotten")
    assert answer.status_code == 403
    assert "seen" not in answer.text
    assert "no rule says who may see GET /forgotten" in caplog.text


class Tenancy:
    """Two tenants: Ekvik has Anna, Furuby has Bo; one post mentions both, one only Bo."""

    def __init__(self, staff: Staff | None = None) -> None:
        self.staff = staff
        anna, bo = official("anna", "Anna", "Lindqvist"), official("bo", "Bo", "Ek")
        self.world = World(officials=[anna, replace(bo, municipality="Furuby")])
        both = verdict("both", "till er", officials=("anna", "bo"), severity="high", labels=("threat",), judged=1)
        others = verdict("others", "om bron", officials=("bo",), severity="high", labels=("threat",), judged=2)
        self.world.index.write_verdicts([both, others])
        self.world.index.write_alerts([alert(each, official="bo") for each in (both, others)])

    def browser(self, role: Role, tenant: str = "ekvik", official: str = "") -> Browser:
        who = actor(role, tenant=tenant, official=official)
        portal = _UNUSED if self.staff is not None else None
        return self.world.browser(door=FixedDoor(who), staff=self.staff, portal=portal, answers=portal)


@pytest.mark.parametrize("role", ["officer", "reviewer"])
def test_nothing_of_another_tenant_is_seen(role: Role) -> None:
    tenancy = Tenancy()
    browser = tenancy.browser(role)
    page = browser.page("/", view="all")
    assert "till er" in page.words
    assert "Anna Lindqvist" in page.words
    assert "om bron" not in page.words
    assert "Bo Ek" not in page.words
    assert "Bo Ek" not in browser.page("/", view="all", official="bo").words
    assert "Bo Ek" not in browser.page("/posts/jsonl:both").words
    assert browser.page("/posts/jsonl:both").words.count("No alert was sent") == 1
    assert browser.get("/posts/jsonl:others").status_code == 404
    assert browser.get("/alerts/grave-bo-jsonl:others").status_code == 404
    assert browser.get("/alerts/grave-bo-jsonl:both").status_code == 404
    assert browser.submit("/posts/jsonl:others", outcome="confirmed", by="Rut").status_code == 404
    assert tenancy.world.decisions == []
    assert browser.get("/newer", params={"view": "all", "than": write_place((0, 0, ""))}).text.count("1 new post") == 1
    other = tenancy.browser(role, tenant="furuby")
    assert other.get("/posts/jsonl:others").status_code == 200
    assert "Anna" not in other.page("/", view="all").words


@pytest.fixture(scope="module")
def browsers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Role | None], Browser]]:
    """A browser of somebody in a role, or of a stranger, all over one world: to build an application takes long."""
    with closing(open_file(tmp_path_factory.mktemp("people") / "turvakt.db")) as file:
        tenancy = Tenancy(staff(file, SystemClock()))

        @cache
        def browser(role: Role | None) -> Browser:
            if role is not None:
                return tenancy.browser(role)
            return tenancy.world.browser(door=FixedDoor(None), staff=tenancy.staff, portal=_UNUSED, answers=_UNUSED)

        yield browser


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", sorted(routes()))
def test_each_role_sees_what_its_rule_says(
    role: Role, route: tuple[str, str], browsers: Callable[[Role | None], Browser]
) -> None:
    rule = RULES[route]
    method, path = route[0], re.sub(r"\{.*?\}", "x", route[1])
    if rule == "open":
        return

    def status(browser: Browser) -> int:
        return (browser.submit(path) if method == "POST" else browser.request(method, path)).status_code

    refusal = 303 if path == "/" else 403  # from the first page one is led to one's own
    assert (status(browsers(role)) != refusal) == is_met(rule, MAY[role].__contains__)
    assert status(browsers(None)) == 401


def test_who_is_not_active_any_more_sees_nothing() -> None:
    gone = actor("officer")
    gone = replace(gone, person=replace(gone.person, active=False))
    assert World().browser(door=FixedDoor(gone)).get("/posts/jsonl:a").status_code == 403


def test_a_message_leads_an_official_to_her_own_page_alone() -> None:
    tenancy = Tenancy()
    browser = tenancy.browser("official", tenant="furuby", official="bo")
    assert browser.get("/alerts/grave-bo-jsonl:both").headers["location"] == "/me/alerts/grave-bo-jsonl%3Aboth"
    assert tenancy.browser("official", official="anna").get("/alerts/grave-bo-jsonl:both").status_code == 404
    assert tenancy.browser("administrator").get("/alerts/grave-bo-jsonl:both").status_code == 404
