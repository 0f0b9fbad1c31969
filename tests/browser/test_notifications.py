"""Notifications in a real browser. It cannot subscribe here: for that it asks its maker. Everything else is as with one."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.access.test_push import said
from tests.browser.conftest import PHONE, Open
from tests.browser.house import KAJ, House, house, inspect

SHOWN = """navigator.serviceWorker.ready.then((found) => found.getNotifications())
    .then((all) => all.map((each) => [each.title, each.body, each.tag, each.lang]))"""

LISTEN = """() => {
    const show = registration.showNotification.bind(registration);
    self.shown = new Promise((done, failed) => {
        setTimeout(failed, 60000, "nothing was shown");
        registration.showNotification = (...all) => { const showing = show(...all); done(showing); return showing; };
    });
}"""
"""In the worker, before it is told anything: Chromium, asked what it shows while it begins to show something, forgets that."""

MAKER = """
const told = %s;
const subscription = {
    endpoint: told.endpoint,
    toJSON: () => told,
    unsubscribe: async () => { localStorage.removeItem("on"); return true; },
};
PushManager.prototype.getSubscription = async () => localStorage.on ? subscription : null;
PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
    if (!userVisibleOnly || applicationServerKey.length !== 65 || localStorage.on) throw new DOMException("no");
    localStorage.on = "yes";
    return subscription;
};
"""
"""In the place of the browser's maker; it refuses what that would refuse."""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path / "data", webpush={"contact": "mailto:operator@ekvik.example"}) as home:
        home.speak("sv")
        yield home


def account(home: House, page: Page) -> Page:
    home.let_in(page, KAJ)
    page.goto(f"{home.address}/account")
    return page


def test_without_scripts_the_section_says_so(home: House, open_page: Open) -> None:
    page = account(home, open_page(home.address, viewport=PHONE, scripts=False))
    assert "JavaScript" in page.inner_text("form[data-push]")
    assert page.is_disabled("form[data-push] button")


def test_the_section_says_what_went_wrong_and_is_readable_by_all(home: House, open_page: Open) -> None:
    home.parts.browsers.add(KAJ.id, said())
    page = account(home, open_page(home.address, viewport=PHONE, language="sv"))
    page.context.clear_permissions()
    page.click("form[data-push] button")
    page.wait_for_selector("[data-denied]:visible, [data-failed]:visible")
    inspect(page, "notifications", "sv")
    page.click("form[data-browser] button")
    page.wait_for_selector("[role=status]")
    assert home.parts.browsers.count(KAJ.id) == 0


def test_this_browser_is_known_again_and_let_go_of(home: House, open_page: Open) -> None:
    page = open_page(home.address)
    page.context.grant_permissions(["notifications"], origin=home.address)
    page.add_init_script(MAKER % said())
    account(home, page)
    page.click("form[data-push] button")
    page.wait_for_selector("form[data-browser] [data-this]:visible")
    assert page.is_hidden("form[data-push]")
    assert home.parts.browsers.count(KAJ.id) == 1
    page.click("form[data-browser] button")
    page.wait_for_selector("form[data-push] button:enabled:visible")
    assert home.parts.browsers.count(KAJ.id) == 0
    assert page.evaluate("localStorage.on") is None


def test_the_worker_shows_one_line_and_no_more(home: House, open_page: Open) -> None:
    page = account(home, open_page(home.address))
    page.context.grant_permissions(["notifications"], origin=home.address)
    page.click("form[data-push] button")
    page.wait_for_selector("[data-failed]:visible")
    devtools = page.context.new_cdp_session(page)
    registered: list[str] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: registered.extend(each["registrationId"] for each in told["registrations"]),
    )
    devtools.send("ServiceWorker.enable")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    message = {"text": "Turvakt: allvarligt larm, A-7", "link": f"{home.address}/a/x", "key": "d1", "language": "sv"}
    told = {"origin": home.address, "registrationId": registered[0], "data": json.dumps(message)}
    [worker] = page.context.service_workers
    worker.evaluate(LISTEN)
    devtools.send("ServiceWorker.deliverPushMessage", told)
    worker.evaluate("self.shown")
    assert page.evaluate(SHOWN) == [["Turvakt", "Allvarligt larm, A-7", "d1", "sv"]]
