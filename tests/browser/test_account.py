"""Joining, signing in, one's own account and the administrator's pages in a real browser, also when it goes wrong."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Page

from registry.official import Proposed
from tests.browser.conftest import LOOK_NAMES, LOOKS, PHONE, Look, Open
from tests.browser.house import ANNA, KAJ, PASSWORD, House, go, house, inspect, write
from tests.registry.people import official
from tests.review.people import verdict
from tests.web.portal.building import ID


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path / "data") as home:
        yield home


def fill(page: Page, wanted: str, **fields: str) -> None:
    """Fill the fields in, send the form, and wait for what the selector ``wanted`` names."""
    for name, value in fields.items():
        page.fill(f"#{name}", value)
    page.press(f"#{name}", "Enter")
    page.wait_for_selector(wanted)


@pytest.mark.parametrize("look", LOOKS, ids=LOOK_NAMES)
def test_the_way_in_is_readable_by_all_on_each_screen(home: House, open_page: Open, look: Look) -> None:
    language, viewport, dark = look
    home.speak(language)
    page = open_page(home.invited(KAJ), language=language, viewport=viewport, dark=dark)
    inspect(page, "invitation", language)
    fill(page, ".faults", password="qwertyuiop123", again="qwertyuiop123")
    inspect(page, "weak password", language)
    fill(page, "#code", password=PASSWORD, again=PASSWORD)
    inspect(page, "second step", language)
    secret = page.inner_text("main code")
    fill(page, ".faults:not([hidden])", code="000000")
    inspect(page, "wrong code", language)
    fill(page, ".codes", code=pyotp.TOTP(secret).at(home.clock.now()))
    inspect(page, "recovery codes", language)
    page.goto(f"{home.address}/account")
    inspect(page, "account", language)
    fill(page, ".faults", present="wrong", password=PASSWORD + "!", again=PASSWORD + "!")
    inspect(page, "wrong password", language)
    page.fill("#present-factors", PASSWORD)
    page.click("button[value=add]")
    page.wait_for_url("**/account/factor")
    inspect(page, "another factor", language)

    page.goto(f"{home.address}/account")
    page.click("footer button")
    page.wait_for_url("**/sign-in")
    inspect(page, "sign-in", language)
    fill(page, ".faults", email=KAJ.email, password="wrong password")
    inspect(page, "refused", language)
    fill(page, "#code", email=KAJ.email, password=PASSWORD)
    inspect(page, "code", language)
    fill(page, ".faults:not([hidden])", code="000000")
    inspect(page, "wrong code again", language)


@pytest.mark.parametrize("look", LOOKS, ids=LOOK_NAMES)
def test_the_pages_of_an_administrator_are_readable_by_all_on_each_screen(
    home: House, open_page: Open, look: Look
) -> None:
    language, viewport, dark = look
    home.speak(language)
    home.invited(ANNA)
    page = open_page(home.address, language=language, viewport=viewport, dark=dark)
    home.let_in(page, KAJ)
    page.goto(f"{home.address}/break-glass")
    assert page.locator("main p").count() == 1, "without officials there is nothing to open, and it says so"
    proposed = Proposed(("Anna",), ("Ek",), ("Ankan",), {"bluesky": ("ankan.example",)})
    home.parts.store.add(official(ID, tenant="ekvik", proposed=proposed))
    held = verdict("held", officials=(ID,))
    home.parts.holds.add(held, official=ID, reason="K-1", until=home.parts.clock.now() + timedelta(days=9))
    for path in ("/people", "/people/anna", "/people/kaj", "/names", "/audit", "/holds", "/break-glass"):
        page.goto(home.address + path)
        inspect(page, path, language)
    page.fill("#reason", "Ett hot mot Anna i dag")
    page.click("main button.primary")
    page.wait_for_url(f"{home.address}/")
    page.goto(f"{home.address}/break-glass")
    assert page.locator("#open").count() == 1
    inspect(page, "an open access", language)
    page.goto(f"{home.address}/people")
    page.evaluate("document.querySelector('main form').noValidate = true")
    fill(page, ".faults", name="Siv Ek", email="nowhere")
    inspect(page, "no address", language)
    fill(page, ".notice", name="Siv Ek", email="siv@ekvik.example")
    inspect(page, "invited", language)


def test_an_app_gives_the_second_step_with_the_keyboard_alone(home: House, open_page: Open) -> None:
    page = open_page(home.invited(KAJ), viewport=PHONE, scripts=False)
    home.speak("en")
    write(page, "#password", "kort")
    write(page, "#again", "kort")
    assert page.evaluate("!document.querySelector('form').checkValidity()"), "the browser itself says what is too short"
    page.reload()
    write(page, "#password", "qwertyuiop123")
    write(page, "#again", "qwertyuiop123")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert "easy to guess" in page.inner_text("[role=alert]")
    write(page, "#password", PASSWORD)
    write(page, "#again", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/joining")
    app = pyotp.TOTP(page.inner_text("main code"))
    write(page, "#code", "000000")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert "did not match" in page.inner_text("[role=alert]:visible")
    write(page, "#code", app.at(home.clock.now()))
    page.keyboard.press("Enter")
    page.wait_for_selector(".codes")
    go(page, "a.button[href='/']", "Enter")
    page.wait_for_url("**/people")
    go(page, "footer button", "Enter")
    page.wait_for_url("**/sign-in")

    home.clock.advance(60)
    write(page, "#email", KAJ.email)
    write(page, "#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#code")
    write(page, "#code", app.at(home.clock.now()))
    page.keyboard.press("Enter")
    page.wait_for_url("**/people")
    assert [each.method for each in home.parts.accounts.sessions.of(KAJ.id)] == ["password+totp"]
