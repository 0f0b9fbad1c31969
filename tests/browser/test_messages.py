"""Messages as mail programs show them on a phone: each kind, in each language."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page

from alerts.bulletin import Bulletin
from alerts.messages.translations import LANGUAGES
from registry.official import Language
from tests.alerts.people import recipient
from tests.alerts.test_messages import CASES, render
from tests.browser.conftest import overflow, violations

SMALL = {"width": 360, "height": 740}
TOUCHED = 44
"""Pixels that a thumb hits."""


@pytest.fixture(scope="module")
def phone(browser: Browser) -> Iterator[Page]:
    """One page for all of them. No message asks for scripts, and nothing may be loaded."""
    context = browser.new_context(viewport=SMALL, reduced_motion="reduce")
    asked: list[str] = []
    context.route("**/*", lambda route: (asked.append(route.request.url), route.abort()))
    page = context.new_page()
    yield page
    context.close()
    assert asked == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", sorted(CASES))
def test_it_is_read_on_a_phone(phone: Page, case: str, language: Language) -> None:
    message = render(CASES[case], recipient(language=language))
    # One of the three by night: colours do not depend on the language.
    phone.emulate_media(color_scheme="dark" if language == "fi" else "light")
    phone.set_content(message.html)
    found = (phone.get_attribute("html", "lang"), violations(phone), max(overflow(phone), 0))
    assert found == (language, [], 0)
    heading, preview = phone.inner_text("h1"), phone.text_content("body > div[aria-hidden]")
    assert phone.inner_text("body").startswith(heading)
    for on_a_lock_screen in (message.subject, message.short):
        assert heading.casefold() in on_a_lock_screen.casefold()
    assert preview is not None
    assert " ".join(preview.split()) == message.text.partition("\n")[0]
    for link in phone.locator("a").all():
        box = link.bounding_box()
        assert box is not None
        assert box["height"] >= TOUCHED


def test_what_has_no_gap_to_break_at_does_not_widen_it(phone: Page) -> None:
    long = CASES["operation-plan"]
    assert isinstance(long, Bulletin)
    values = long.values | {"place": "p" * 200, "detail.file": "f" * 200}
    phone.set_content(render(replace(long, values=values), recipient()).html)
    assert "f" * 200 in phone.inner_text("[role=main]")
    assert overflow(phone) <= 0
