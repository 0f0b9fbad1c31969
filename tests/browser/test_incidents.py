"""The page behind a link, and incidents in the console, in a real browser: on a phone, by keyboard alone, without scripts."""

from pathlib import Path

import pytest

from tests.browser.conftest import LOOK_NAMES, LOOKS, Look, Open, Serve, overflow, violations
from tests.browser.house import go
from tests.web.answering import KAJ, TEXT, Answerable

SMALL = {"width": 360, "height": 740}


@pytest.mark.parametrize("look", LOOKS, ids=LOOK_NAMES)
def test_nothing_is_wrong_with_the_pages(tmp_path: Path, look: Look, served: Serve, open_page: Open) -> None:
    language, viewport, dark = look
    world = Answerable(tmp_path / "data")
    for number in range(3):
        world.raised(f"bluesky:{number}")
        world.wait(minutes=2)
    [incident] = world.parts.incidents.open()
    signed_in = served(world.browser(world.person()).app)
    link = served(world.browser().app) + world.link(incident)
    for address in (link, f"{signed_in}/incidents", f"{signed_in}/incidents/{incident.id}"):
        page = open_page(f"{address}", language=language, dark=dark, viewport=viewport)
        page.context.add_cookies([{"name": "turvakt_language", "value": language, "url": address}])
        page.reload()
        found = (page.get_attribute("html", "lang"), violations(page), max(overflow(page), 0))
        assert found == (language, [], 0), (address, found)


def test_one_answers_by_keyboard_alone_and_without_scripts(tmp_path: Path, served: Serve, open_page: Open) -> None:
    world = Answerable(tmp_path / "data")
    incident = world.raised()
    page = open_page(served(world.browser().app) + world.link(incident), viewport=SMALL, scripts=False)
    assert TEXT not in page.content()
    page.click("button[value^='show/']")
    page.get_by_text(TEXT).wait_for()
    page.focus("button[value='on-it']")
    page.keyboard.press("Enter")
    page.wait_for_url("**done=1#content")
    assert TEXT not in page.content()
    now = world.parts.incidents.get(incident.id)
    assert now is not None
    assert (now.state, now.owner) == ("acknowledged", KAJ)


def test_the_first_answer_is_reached_by_tab(tmp_path: Path, served: Serve, open_page: Open) -> None:
    world = Answerable(tmp_path / "data")
    incident = world.raised()
    page = open_page(served(world.browser().app) + world.link(incident), viewport=SMALL)
    go(page, "button[value='on-it']", "Enter", most=12)
    page.wait_for_url("**done=1#content")
    assert page.locator("[role=status]").count() == 1
