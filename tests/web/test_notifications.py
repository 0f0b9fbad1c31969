"""Notifications in browsers: switched on and off at the account's page, each person's own alone."""

from dataclasses import replace

import pytest

from access.person import Grant, Person
from flow.database import Database
from tests.access.test_push import said
from tests.web.building import Browser, Page, World, staff
from web.staff import Staff

RUT = Person("p-rut", "Rut Ek", "rut@ekvik.example", "en", (Grant("officer", "ekvik"),))
EVA = Person("p-eva", "Eva Berg", "eva@furuby.example", "en", (Grant("analyst", "furuby"),))


@pytest.fixture
def house(database: Database) -> Staff:
    house = staff(database, World().clock)
    for person in (RUT, EVA):
        house.accounts.people.add(person)
    return house


def browser(house: Staff, person: Person) -> Browser:
    browser = World().browser(staff=house, audit=house.audit, signed_in=False)
    cookie = house.accounts.sessions.open(person, client="Firefox, Linux", method="password+totp")
    browser.cookies.set("turvakt_session", cookie)
    return browser


def followed(browser: Browser, **form: str) -> Page:
    answer = browser.submit("/account/notifications", **form)
    assert answer.status_code == 303
    return browser.page(answer.headers["location"].partition("#")[0])


def test_she_switches_them_on_and_off(house: Staff) -> None:
    hers = browser(house, RUT)
    page = hers.page("/account")
    assert "not turned on in any browser" in page.words
    (form,) = [each for each in page.all("form") if "data-push" in each]
    assert form["data-push"] == "BA"
    assert "disabled" in page.all("button", class_="primary")[0], (
        "without scripts it does nothing, and the page says why"
    )
    assert RUT.id in page.words
    page = followed(hers, subscription=said())
    assert "are turned on in this browser" in page.words
    (button,) = page.all("button", name="remove")
    assert button["aria-label"] == "Turn off: Firefox"
    others = browser(house, EVA)
    assert not others.page("/account").all("button", name="remove")
    followed(others, remove=str(button["value"]))
    assert hers.page("/account").all("button", name="remove") == [button]
    assert "are turned off" in followed(hers, remove=str(button["value"])).words
    assert not hers.page("/account").all("button", name="remove")
    acts = [each.act for each in house.audit.read(actions=["notifications-on", "notifications-off"])]
    assert [(act.who, act.action) for act in acts] == [(RUT.id, "notifications-off"), (RUT.id, "notifications-on")]


def test_what_no_browser_says_is_refused(house: Staff) -> None:
    assert "is of no use" in followed(browser(house, RUT), subscription="{}").words


def test_forms_from_elsewhere_are_refused(house: Staff) -> None:
    hers = browser(house, RUT)
    sent = hers.post(
        "/account/notifications", data={"subscription": said()}, headers={"origin": "https://evil.example"}
    )
    assert sent.status_code == 403
    assert "not turned on in any browser" in hers.page("/account").words


def test_without_the_channel_there_is_no_section(house: Staff) -> None:
    hers = browser(replace(house, push=None), RUT)
    assert not hers.page("/account").all("h2", id="notifications")
    assert hers.submit("/account/notifications", subscription=said()).status_code == 404


def test_the_worker_is_served_from_the_top(house: Staff) -> None:
    answer = browser(house, RUT).get("/push-worker.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "showNotification" in answer.text
