"""Who answers by the link in a message puts on record there that the official was told, without an account."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alerts.incidents.incident import Incident
from alerts.notices import Notice
from registry.holder import Part
from registry.official import Wishes
from tests.web.answering import ANNA, EVA, KAJ, Answerable, erasing
from tests.web.building import Browser, Page


@pytest.fixture
def world(tmp_path: Path) -> Answerable:
    return Answerable(tmp_path / "data")


def carried(browser: Browser, path: str) -> dict[str, Any]:
    """What the form carries along."""
    page = browser.page(path)
    alerts = [str(each["value"]) for each in page.all("input", name="alert")]
    return {"seal": str(page.all("input", name="seal")[0]["value"]), "do": "told", "alert": alerts}


def alert_of(world: Answerable, incident: Incident) -> str:
    return world.parts.incidents.alerts_of(incident.id)[0][0]


def test_one_tap_puts_it_on_record_for_all_who_may_see_it(world: Answerable) -> None:
    incident = world.raised()
    browser, path = world.browser(), world.link(incident)
    assert "Nobody has noted that the official was told." in browser.page(path).words
    sent = browser.submit(path, how="phone/gist", **carried(browser, path))
    assert (sent.status_code, sent.headers["location"]) == (303, f"{path}?done=told#content")
    page = browser.page(sent.headers["location"]).words
    assert "The note is saved" in page
    assert "Told by phone (was told what it is about)" in page
    told = Notice(alert_of(world, incident), ANNA, world.clock.now(), "phone", f"contact:{KAJ}", "gist", wish="at-once")
    assert world.parts.notices.of(ANNA) == [told]
    [entry] = world.parts.audit.read(official=ANNA)
    assert (entry.act.who, entry.act.action, entry.act.post) == (f"contact:{KAJ}", "told-official", "bluesky:1")
    seen = world.browser().page(world.link(incident, EVA)).words
    assert KAJ in seen
    assert "Nobody has noted" not in seen
    assert world.parts.incidents.get(incident.id) == incident, "it is no answer"


@pytest.mark.parametrize(
    ("language", "said"), [("sv", "Anteckna att den"), ("fi", "Merkitse, että"), ("en", "Note that the")]
)
def test_it_is_asked_in_the_language_of_the_reader(world: Answerable, language: str, said: str) -> None:
    path = world.link(world.raised())
    page = world.browser(language=language).page(path)
    assert said in page.words
    assert page.all("select", name="how")


def test_sent_again_it_stands_there_once_and_what_others_told_her_stands_beside_it(world: Answerable) -> None:
    incident = world.raised()
    kaj, eva = world.link(incident, KAJ), world.link(incident, EVA)
    browser = world.browser()
    form = carried(browser, kaj)
    for _ in range(2):
        assert browser.submit(kaj, how="phone/gist", **form).status_code == 303
        world.wait(hours=1)
    assert [each.by for each in world.parts.notices.of(ANNA)] == [f"contact:{KAJ}"]
    assert browser.submit(eva, how="phone/gist", **form).status_code == 400, "a form of another link"
    assert browser.submit(eva, how="phone/gist", **carried(browser, eva)).status_code == 303
    assert browser.submit(kaj, how="in-person/text", **form).status_code == 303
    assert [each.by for each in world.parts.notices.of(ANNA)] == [f"contact:{each}" for each in (KAJ, EVA, KAJ)]


@pytest.mark.parametrize(
    ("language", "said"), [("sv", "välj hur den"), ("fi", "valitse, miten"), ("en", "choose how the")]
)
def test_nothing_is_chosen_beforehand_and_where_nothing_is_it_says_so(
    world: Answerable, language: str, said: str
) -> None:
    browser, path = world.browser(language=language), world.link(world.raised())
    page, before = browser.page(path), world.state()
    options = page.all("option")
    assert (options[0]["value"], "required" in page.all("select", name="how")[0]) == ("", True)
    assert not any("selected" in each for each in options)
    sent = browser.submit(path, how="", **carried(browser, path))
    assert (sent.status_code, said in Page(sent.text).words) == (400, True)
    assert "open" in Page(sent.text).all("details")[0]
    assert world.state() == before


@pytest.mark.parametrize(
    "changes",
    [
        {"how": ""},
        {"how": "portal/text"},
        {"how": "letter/none"},
        {"how": "wish/none"},  # it is not her wish
        {"alert": ["another"]},
        {"alert": []},
        {"seal": "0.00"},
    ],
)
def test_nothing_else_can_be_put_on_record(world: Answerable, changes: dict[str, Any]) -> None:
    path = world.link(world.raised())
    browser, before = world.browser(), world.state()
    form = {**carried(browser, path), "how": "phone/gist", **changes}
    assert browser.submit(path, **form).status_code in (400, 409)
    assert world.state() == before


def test_that_nobody_tells_her_is_noted_where_that_is_her_wish(world: Answerable) -> None:
    world.parts.store.put_all([replace(world.her, wishes=Wishes(notice="never"))])
    path = world.link(world.raised())
    browser = world.browser()
    [button] = browser.page(path).all("button", name="how")
    assert browser.submit(path, how=str(button["value"]), **carried(browser, path)).status_code == 303
    assert [(each.how, each.form, each.wish) for each in world.parts.notices.of(ANNA)] == [("wish", "none", "never")]


def test_of_many_posts_those_are_meant_that_the_page_listed(world: Answerable) -> None:
    incident = world.flood(*range(1, 9))
    browser, path = world.browser(), world.link(incident)
    form = carried(browser, path)
    assert len(form["alert"]) == 5
    world.threatened()
    assert browser.submit(path, how="phone/gist", **form).status_code == 303
    noted = {each.alert for each in world.parts.notices.of(ANNA)}
    assert noted == set(form["alert"])
    page = browser.page(path)
    assert page.words.count("Told by phone (was told what it is about)") == 2, "once on record, once to choose"


def test_what_is_sent_while_the_official_is_erased_leaves_nothing(world: Answerable) -> None:
    path = world.link(world.raised())
    browser = world.browser(step=erasing(world))
    sent = browser.submit(path, how="phone/gist", **carried(browser, path))
    assert sent.status_code == 404
    assert "Anna" not in Page(sent.text).words
    assert world.parts.notices.of(ANNA) == []


def test_a_contact_who_is_withdrawn_leaves_the_note_without_a_name(world: Answerable) -> None:
    incident = world.raised()
    browser, path = world.browser(), world.link(incident)
    browser.submit(path, how="phone/gist", **carried(browser, path))
    world.parts.erasure.withdraw(ANNA, Part("recipient", KAJ))
    [told] = world.parts.notices.of(ANNA)
    assert (told.how, told.by) == ("phone", "")
    page = world.browser().page(world.link(incident, EVA)).words
    assert "Told by phone" in page
    assert KAJ not in page


def test_an_incident_about_nobody_asks_for_no_such_note(world: Answerable) -> None:
    incident = world.raised()
    browser, path = world.browser(), world.link(incident)
    assert browser.page(path).all("select", name="how")
    world.parts.incidents.forget(["bluesky:1"])
    assert not browser.page(path).all("select", name="how"), "nothing is left of which she could have been told"
