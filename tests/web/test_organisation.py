"""Signing in by the organisation's own sign-in, from the button to the page that was asked for."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from urllib.parse import urlsplit

import httpx
import pytest

from access.oidc import Demands, Oidc
from access.oidc_provider import Client, Provider
from access.person import Grant, Person
from flow.database import Database
from tests.access.provider import CLIENT, REDIRECT, SECRET, LocalProvider
from tests.web.building import Browser, Page, World, staff
from web.staff import Staff

RUT = Person("p-rut", "Rut Ek", "rut@ekvik.example", "en", (Grant("officer", "ekvik"),))


class House:
    """An application whose people sign in at ``local``."""

    def __init__(self, database: Database, world: World, local: LocalProvider, provider: Provider) -> None:
        self.local, self.world = local, world
        made = staff(database, world.clock)
        accounts = made.accounts
        oidc = Oidc(
            database,
            provider,
            demands=Demands(amr=("mfa",)),
            people=accounts.people,
            sessions=accounts.sessions,
            tickets=accounts.tickets,
            clock=world.clock,
        )
        self.staff: Staff = replace(made, oidc=oidc)
        accounts.people.add(RUT)

    def browser(self) -> Browser:
        return self.world.browser(staff=self.staff, audit=self.staff.audit, signed_in=False)

    def answer(self, browser: Browser, *, back: str = "/") -> httpx.Response:
        """What the browser is shown that goes there and comes back."""
        there = browser.get("/sign-in/organisation", params={"back": back})
        assert there.status_code == 303
        address = httpx.get(there.headers["location"]).headers["location"]
        return browser.get(f"/sign-in/organisation/answer?{urlsplit(address).query}")


@pytest.fixture
def house(database: Database) -> Iterator[House]:
    world = World()
    local = LocalProvider(world.clock)
    local.who |= {"email": "rut@ekvik.example", "amr": ["pwd", "mfa"]}
    with closing(Provider(Client(local.issuer, CLIENT, SECRET, REDIRECT), clock=world.clock)) as provider:
        yield House(database, world, local, provider)
    local.stop()


def test_she_comes_in_and_to_the_page_that_she_asked_for(house: House) -> None:
    browser = house.browser()
    assert "/sign-in/organisation?back=/posts/web%3A1" in browser.get("/posts/web:1").text
    answer = house.answer(browser, back="/posts/web:1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/posts/web:1")
    assert browser.get("/").status_code == 200
    (entry,) = house.staff.audit.read(actions=["signed-in"])
    assert (entry.act.who, entry.act.tenant, entry.act.why) == ("p-rut", "ekvik", "oidc")


def test_the_ticket_comes_back_from_another_site_and_is_kept_from_scripts(house: House) -> None:
    there = house.browser().get("/sign-in/organisation")
    cookie = there.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_nobody_is_led_elsewhere(house: House) -> None:
    assert house.answer(house.browser(), back="https://evil.example").headers["location"] == "/start"
    assert house.answer(house.browser(), back="//evil.example").headers["location"] == "/start"
    assert house.answer(house.browser(), back="/" + "a" * 2000).headers["location"] == "/start"


def test_the_answer_to_another_browser_lets_nobody_in(house: House) -> None:
    hers, theirs = house.browser(), house.browser()
    there = theirs.get("/sign-in/organisation")
    address = httpx.get(there.headers["location"]).headers["location"]
    path = f"/sign-in/organisation/answer?{urlsplit(address).query}"
    assert hers.get(path).status_code == 401
    hers.get("/sign-in/organisation")
    assert hers.get(path).status_code == 401
    assert hers.get("/").status_code == 401


@pytest.mark.parametrize(
    ("who", "status", "told"),
    [
        ({"email": "kalle@ekvik.example"}, 403, "you have no account here"),
        ({"amr": ["pwd"]}, 401, "confirm your identity more strongly"),
        ({"aud": "another"}, 401, "could not be verified"),
    ],
)
def test_whoever_does_not_come_in_is_told_why(house: House, who: dict[str, object], status: int, told: str) -> None:
    house.local.who |= who
    answer = house.answer(house.browser())
    assert answer.status_code == status
    assert told in Page(answer.text).text


def test_a_provider_in_trouble_leaves_the_other_way_open(house: House) -> None:
    house.local.broken["/realm/.well-known/openid-configuration"] = (500, b"")
    answer = house.browser().get("/sign-in/organisation")
    assert answer.status_code == 503
    assert "does not answer just now" in Page(answer.text).text
    assert 'name="password"' in answer.text


def test_who_broke_off_there_is_told(house: House) -> None:
    browser = house.browser()
    there = browser.get("/sign-in/organisation")
    state = there.headers["location"].partition("state=")[2].partition("&")[0]
    answer = browser.get(f"/sign-in/organisation/answer?error=access_denied&state={state}&iss={house.local.issuer}")
    assert answer.status_code == 401
    assert "You broke off" in Page(answer.text).text


def test_without_a_provider_there_is_no_such_way(database: Database) -> None:
    browser = World().browser(staff=staff(database, World().clock), signed_in=False)
    assert "/sign-in/organisation" not in browser.get("/sign-in").text
    assert browser.get("/sign-in/organisation").status_code == 404
