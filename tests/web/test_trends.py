"""What analysts see: numbers of their own tenants, no text, no name, and no small count."""

import csv
import threading
from dataclasses import replace
from typing import Any

import pytest

from access.person import Role
from flow.database import Database
from registry.official import Consent, Official
from tests.review.people import START, at, decision, verdict
from tests.web.building import Browser, FixedDoor, World, actor, official, staff

CONSENT = Consent(("*",), at(-100_000))


def consenting(id: str, municipality: str, **changes: Any) -> Official:
    made = official(id, id.title(), "Lindqvist")
    return replace(made, municipality=municipality, consents=(replace(CONSENT, **changes),))


@pytest.fixture
def world() -> World:
    """Ten posts about Anna in Ekvik, six about Bo in Furuby, and many about Eva, who is not counted."""
    people = [consenting("anna", "Ekvik"), consenting("bo", "Furuby"), consenting("eva", "Ekvik", statistics=False)]
    world = World(officials=people)
    for who, label, many in (("anna", "threat", 7), ("anna", "hate", 3), ("bo", "threat", 6), ("eva", "threat", 50)):
        world.index.write_verdicts(
            [
                verdict(f"{who}-{label}-{each}", "zqxword", officials=(who,), severity="high", labels=(label,))  # type: ignore[arg-type]
                for each in range(many)
            ]
        )
    world.index.write_decisions([decision(f"jsonl:anna-threat-{each}") for each in range(6)])
    return world


def browser(world: World, role: Role = "analyst", tenant: str = "ekvik", **options: Any) -> Browser:
    return world.browser(door=FixedDoor(actor(role, tenant=tenant)), **options)


def counts(browser: Browser, query: str = "") -> dict[tuple[str, str], str]:
    answer = browser.get(f"/trends.csv{query}")
    assert answer.headers["content-type"].startswith("text/csv")
    return {(by, value): posts for by, value, posts in list(csv.reader(answer.text.splitlines()))[1:]}


def test_numbers_of_her_own_tenant_are_shown_and_small_ones_are_not(world: World) -> None:
    found = counts(browser(world))
    assert found["week", "2026-09-14"] == "10"
    assert (found["label", "threat"], found["label", "hate"], found["label", "sexual"]) == ("5", "<5", "0")
    assert (found["severity", "high"], found["source", "jsonl"]) == ("10", "10")
    assert (found["decision", "hour"], found["decision", "none"]) == ("5", "<5")
    assert {value for by, value in found if by == "municipality"} == {"ekvik"}
    page = browser(world).page("/trends")
    assert "fewer than 5 posts show as <5" in page.words
    for hidden in ("zqxword", "Lindqvist", "Furuby", "Kalle"):
        assert hidden not in page.html


def test_she_chooses_a_period_a_category_and_a_source(world: World) -> None:
    analyst = browser(world)
    assert counts(analyst, "?label=hate")["week", "2026-09-14"] == "<5"
    assert counts(analyst, "?source=feed")["week", "2026-09-14"] == "0"
    assert len([by for by, _ in counts(analyst, "?weeks=52") if by == "week"]) == 52
    assert counts(analyst, "?weeks=9&label=x&tenant=furuby") == counts(analyst)
    assert "/trends.csv?weeks=12&label=threat" in analyst.page("/trends", weeks="12", label="threat").links()
    world.clock.advance(30 * 86400)
    assert set(counts(analyst).values()) == {"0"}


def test_the_share_is_told_only_where_everything_is_kept(world: World) -> None:
    calm = [verdict(f"calm-{each}", officials=("anna",)) for each in range(10)]
    world.index.write_verdicts(calm)
    assert "What share was flagged cannot be told" in browser(world).page("/trends").words
    kept = browser(world, kept=lambda kind, tenants: 30)
    assert "50% of the assessed posts were flagged" in kept.page("/trends").words
    assert "are kept for 30 days" in kept.page("/trends", weeks="12").words


def test_what_tenants_are_called_is_read_off_the_event_loop(world: World, database: Database) -> None:
    asked: list[str] = []

    def names() -> dict[str, str]:
        asked.append(threading.current_thread().name)
        return {}

    people = replace(staff(database, world.clock), tenant_names=names)
    assert browser(world, staff=people).get("/trends").status_code == 200
    assert [each.startswith("turvakt-web") for each in asked] == [True]


def test_what_somebody_else_may_see_is_not_seen(world: World) -> None:
    for role in ("reviewer", "operator", "official"):
        assert browser(world, role).get("/trends").status_code == 403
        assert browser(world, role).get("/trends.csv").status_code == 403
    assert counts(browser(world, tenant="furuby"))["week", START.date().isoformat()] == "5"
    # It is where an analyst begins.
    assert browser(world).get("/").headers["location"] == "/trends"
