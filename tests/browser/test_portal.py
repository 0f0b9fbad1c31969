"""An official in a real browser: she joins, consents, reads, withdraws and erases with the keyboard alone, on each screen."""

from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Page

from flow.errors import BadInput
from registry.official import Language
from tests.browser.conftest import LOOK_NAMES, LOOKS, PHONE, Look, Open
from tests.browser.house import ANNA, PASSWORD, House, go, house, inspect, write
from tests.registry.people import official
from tests.review.people import alert, delivery, verdict
from tests.web.portal.building import ID

PAGES = ("", "/alerts", "/alerts/a1", "/alerts/a1?text=1", "/accesses", "/consent", "/names", "/contacts", "/wishes")
MORE = ("/deputies", "/submit", "/download", "/help", "/erase")
TEXT = "Akta dig vid bron, annars händer det något som du ångrar. " * 3


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path / "data") as home:
        yield home


def threaten(home: House) -> None:
    """An alert on a post of Bluesky, and a post of Mastodon."""
    threat = verdict("1", TEXT, officials=(ID,), source="bluesky", severity="high", labels=("threat", "hate"))
    home.parts.index.write_verdicts([threat, verdict("2", officials=(ID,), source="mastodon")])
    raised = alert(threat, official=ID, id="a1")
    home.parts.index.write_alerts([raised])
    home.parts.index.write_deliveries([delivery(raised, state="delivered")])


def join(home: House, page: Page) -> None:
    write(page, "#password", PASSWORD)
    write(page, "#again", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/joining")
    secret = page.inner_text("main code")
    write(page, "#code", pyotp.TOTP(secret).at(home.clock.now()))
    page.keyboard.press("Enter")
    page.wait_for_selector(".codes")
    go(page, "a.button[href='/']", "Enter")
    page.wait_for_url("**/me")


def consent(page: Page) -> None:
    go(page, "a[href='/me/begin']", "Enter")
    page.wait_for_url("**/me/begin")
    write(page, "#role", "kommunalråd")
    write(page, "#contact_name", "Beredskap")
    write(page, "#address", "vakt")
    assert page.locator("form[action^='/me/begin'] :checked:not(option)").count() == 0, "nothing is ticked for her"
    go(page, "#scope-all", "Space")
    go(page, "#labels-all", "Space")
    go(page, "main button.primary", "Enter")
    page.wait_for_url("**/me?done=begun")


@pytest.mark.parametrize(
    ("language", "scripts"), [("sv", True), ("fi", False), ("en", True)], ids=["sv", "fi-no-scripts", "en"]
)
def test_from_the_invitation_to_the_erasure_with_the_keyboard_alone(
    home: House, open_page: Open, language: Language, scripts: bool
) -> None:
    home.speak(language)
    page = open_page(home.invited(ANNA), language=language, viewport=PHONE, scripts=scripts)
    assert page.get_attribute("html", "lang") == language
    join(home, page)
    consent(page)
    [given] = home.parts.store.get(ID).consents
    assert given.scope == ("*",)

    threaten(home)
    home.clock.advance(1)
    go(page, "main a[href='/me/alerts']", "Enter")
    page.wait_for_url("**/me/alerts")
    go(page, "main a[href='/me/alerts/a1']", "Enter")
    page.wait_for_url("**/me/alerts/a1")
    assert TEXT.strip() not in page.inner_text("main")
    go(page, "main a[href='/me/alerts/a1?text=1']", "Enter")
    page.wait_for_url("**text=1")
    assert TEXT.strip() in page.inner_text("main")

    go(page, ".up a", "Enter")
    page.wait_for_url("**/me")
    go(page, "main a[href='/me/consent']", "Enter")
    page.wait_for_url("**/me/consent")
    go(page, "#scope-all", "ArrowDown")
    go(page, "#source-mastodon", "Space")
    go(page, "main button.primary", "Enter")
    page.wait_for_url("**/me/consent?done=saved")
    assert home.parts.index.get("mastodon:2") is None
    assert home.parts.index.get("bluesky:1") is not None
    assert not home.parts.allowed(ID, "mastodon")

    go(page, "main a[href='/me/erase']", "Enter")
    page.wait_for_url("**/me/erase")
    go(page, "main button.grave", "Enter")
    page.wait_for_selector("main table")
    assert home.parts.index.get("bluesky:1") is None
    with pytest.raises(BadInput):
        home.parts.store.get(ID)
    with pytest.raises(BadInput):
        home.parts.accounts.people.get(ANNA.id)
    page.goto(f"{home.address}/me")
    assert page.locator("#password").count() == 1


@pytest.mark.parametrize("look", LOOKS, ids=LOOK_NAMES)
def test_every_page_is_readable_by_all_on_each_screen(home: House, open_page: Open, look: Look) -> None:
    language, viewport, dark = look
    home.speak(language)
    page = open_page(home.address, language=language, viewport=viewport, dark=dark)
    home.let_in(page, ANNA)
    for path in ("/me", "/me/begin"):
        page.goto(home.address + path)
        inspect(page, path, language)
    page.evaluate("document.querySelector('form').noValidate = true")
    page.click("main button.primary")
    page.wait_for_selector(".faults")
    inspect(page, "nothing filled in", language)
    home.parts.store.add(official(ID, tenant="ekvik"))
    home.clock.advance(1)
    threaten(home)
    for path in PAGES + MORE:
        page.goto(f"{home.address}/me{path}")
        for folded in page.locator("main details:not([open]) > summary").all():
            folded.click()
        inspect(page, path, language)
    page.click("main button.grave")
    page.wait_for_selector("main table")
    inspect(page, "erased", language)


def test_a_choice_that_contradicts_itself_is_told_and_kept(home: House, open_page: Open) -> None:
    home.speak("en")
    home.parts.store.add(official(ID, tenant="ekvik"))
    home.clock.advance(1)
    page = open_page(home.address, viewport=PHONE)
    home.let_in(page, ANNA)
    page.goto(f"{home.address}/me/consent")
    go(page, "#source-mastodon", "Space")
    go(page, "main button.primary", "Enter")
    page.wait_for_selector(".faults")
    assert "left a box empty" in page.inner_text("[role=alert]")
    inspect(page, "a box left empty", "en")
    assert home.parts.store.get(ID).consents[0].scope == ("*",)
