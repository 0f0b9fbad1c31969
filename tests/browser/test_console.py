"""The console in a real browser: readable by all, with a keyboard alone, on a phone and on a desk."""

import pytest
from playwright.sync_api import Page

from classify.verdict import Span
from tests.browser.conftest import LOOK_NAMES, LOOKS, Look, Open, Serve, overflow, sign_in, violations
from tests.review.people import alert, delivery, verdict
from tests.web.building import World

PAGES = {
    "list": "/",
    "nothing found": "/?label=doxxing",
    "found": "/?q=bron",
    "post": "/posts/jsonl%3Athreat",
    "found post": "/posts/jsonl%3Athreat?q=bron",
    "status": "/status",
    "trends": "/trends?weeks=12",
}


@pytest.fixture
def address(world: World, served: Serve) -> str:
    text = "Akta dig vid bron, annars händer det något som du ångrar. " * 3
    threat = verdict(
        "threat", text, severity="high", labels=("threat", "hate"), judged=1, spans=(Span(0, 17, "threat"),)
    )
    world.index.write_verdicts([threat, verdict("calm", "tack för bron", source="feed", language="fi", judged=3)])
    world.index.write_verdicts([verdict("dumb", "", unable="no-text", language="other", judged=4)])
    world.index.write_alerts([alert(threat)])
    world.index.write_deliveries([delivery(alert(threat), state="delivered")])
    return served(world.browser(signed_in=False).app)


@pytest.mark.parametrize("look", LOOKS, ids=LOOK_NAMES)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(address: str, open_page: Open, look: Look) -> None:
    language, viewport, dark = look
    page = open_page(address, language=language, viewport=viewport, dark=dark)
    assert violations(page) == []
    sign_in(page)
    for name, path in PAGES.items():
        page.goto(address + path)
        assert page.get_attribute("html", "lang") == language
        assert (name, violations(page), max(overflow(page), 0)) == (name, [], 0)


def focused(page: Page) -> str:
    """The name and text of what has the focus."""
    return str(page.evaluate("document.activeElement.tagName + ' ' + document.activeElement.textContent.trim()"))


def tab_to(page: Page, wanted: str, *, kind: str = "A ", most: int = 60) -> None:
    for _ in range(most):
        page.keyboard.press("Tab")
        if focused(page).startswith(kind) and wanted in focused(page):
            return
    raise AssertionError(f"no way to '{wanted}' by the Tab key")


def test_a_post_is_found_and_decided_with_the_keyboard_alone(world: World, address: str, open_page: Open) -> None:
    page = open_page(address)
    page.keyboard.press("Tab")
    assert focused(page).startswith("A ")  # the way past the head of the page
    sign_in(page)
    tab_to(page, "Anna Lindqvist")
    page.keyboard.press("Enter")
    page.wait_for_url("**/posts/**")
    tab_to(page, "", kind="INPUT")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("Vera")
    page.keyboard.press("Enter")
    page.wait_for_url("**saved=1**")
    ((post, outcome, by),) = [(each.post, each.outcome, each.by) for each in world.decisions]
    assert (post, outcome, by) == ("jsonl:threat", "confirmed", "Vera")


def test_what_has_the_focus_can_be_seen(address: str, open_page: Open) -> None:
    page = open_page(address)
    sign_in(page)
    for _ in range(12):
        page.keyboard.press("Tab")
        outlined = page.evaluate(
            "(() => { const s = getComputedStyle(document.activeElement);"
            " return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 })()"
        )
        assert outlined, focused(page)
