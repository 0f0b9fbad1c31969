"""Joining, signing in, one's own account, and what administrators do."""

import re
from dataclasses import dataclass, replace

import pyotp
import pytest

from access.audit_entry import Action
from access.person import Grant, Person
from flow.database import Database
from review.index import Index
from tests.review.people import verdict
from tests.web.building import Browser, Page, World, staff
from web.staff import Staff

PASSWORD = "tolv små kaffekoppar"
RUT = Person("p-rut", "Rut Ek", "rut@ekvik.example", "en", (Grant("officer", "ekvik"),))
KAJ = Person("p-kaj", "Kaj Dahl", "kaj@ekvik.example", "en", (Grant("administrator", "ekvik"),))
EVA = Person("p-eva", "Eva Berg", "eva@furuby.example", "en", (Grant("officer", "furuby"),))


@dataclass
class House:
    """An application with people, and its browsers."""

    world: World
    staff: Staff

    def browser(self) -> Browser:
        return self.world.browser(staff=self.staff, audit=self.staff.audit, signed_in=False)

    def signed_in(self, person: Person) -> Browser:
        """A browser of somebody who has come in."""
        browser = self.browser()
        cookie = self.staff.accounts.sessions.open(person, client="Firefox, Linux", method="password+totp")
        browser.cookies.set("turvakt_session", cookie)
        return browser

    def invited(self, person: Person) -> str:
        return self.staff.accounts.invitations.create(person, why="join")

    def acts(self, action: Action) -> list[tuple[str, str, str, str]]:
        found = self.staff.audit.read(actions=[action])
        return [(each.act.who, each.act.tenant, each.act.official, each.act.post) for each in found]


@pytest.fixture
def house(database: Database) -> House:
    world = World()
    index: Index = world.index
    index.write_verdicts([verdict("a", "om bron", severity="high", labels=("threat",))])
    house = House(world, staff(database, world.clock, officials=lambda: world.officials))
    for person in (RUT, KAJ, EVA):
        house.staff.accounts.people.add(person)
    return house


def join(house: House, browser: Browser, secret: str) -> tuple[str, list[str]]:
    """The secret of the app, and the recovery codes."""
    page = browser.page(f"/invitation/{secret}")
    assert "Rut Ek" in page.words
    assert "security officer, Ekviks kommun" in page.words
    answer = browser.submit(f"/invitation/{secret}", password=PASSWORD, again=PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/joining")
    page = browser.page("/joining")
    (picture,) = page.all("svg")
    assert picture["viewbox"], "without one, a picture of another size is cut"
    app = re.search(r"<code>([A-Z2-7]{16,})</code>", page.html)
    assert app is not None
    answer = browser.submit("/joining/app", code=pyotp.TOTP(app[1]).at(house.world.clock.now()))
    assert answer.status_code == 200
    codes = re.findall(r"<li><code>(.+?)</code>", answer.text)
    assert len(codes) == 10
    return app[1], codes


def test_an_invitation_leads_to_an_account_and_works_once(house: House) -> None:
    secret, browser = house.invited(RUT), house.browser()
    join(house, browser, secret)
    assert "om bron" in browser.page("/").words
    assert "Signed in as Rut Ek" in browser.page("/").words
    again = house.browser()
    assert again.get(f"/invitation/{secret}").status_code == 404
    assert "no longer works" in again.get(f"/invitation/{secret}").text
    assert house.acts("joined") == [("p-rut", "ekvik", "", "")]


@pytest.mark.parametrize(
    ("password", "again", "fault"),
    [
        ("kort", "kort", "too short"),
        (PASSWORD, "annat", "not the same"),
        ("qwertyuiop123", "qwertyuiop123", "easy to guess"),
    ],
)
def test_weak_passwords_are_refused(house: House, password: str, again: str, fault: str) -> None:
    secret, browser = house.invited(RUT), house.browser()
    answer = browser.submit(f"/invitation/{secret}", password=password, again=again)
    assert answer.status_code == 422
    assert fault in answer.text
    assert password not in Page(answer.text).words
    assert "set-cookie" not in answer.headers


def test_a_wrong_code_joins_nobody(house: House) -> None:
    secret, browser = house.invited(RUT), house.browser()
    browser.submit(f"/invitation/{secret}", password=PASSWORD, again=PASSWORD)
    answer = browser.submit("/joining/app", code="000000")
    assert answer.status_code == 422
    assert "did not match" in answer.text
    assert browser.get("/account").status_code == 401


def test_signing_in_takes_two_steps(house: House) -> None:
    app, codes = join(house, house.browser(), house.invited(RUT))
    browser = house.browser()
    answer = browser.get("/posts/jsonl:a")
    assert answer.status_code == 401
    assert 'value="/posts/jsonl:a"' in answer.text
    answer = browser.submit("/sign-in", email="RUT@ekvik.example", password=PASSWORD, back="/posts/jsonl:a")
    assert answer.status_code == 401
    assert "second step" in answer.text
    assert browser.get("/").status_code == 401
    house.world.clock.advance(60)
    code = pyotp.TOTP(app).at(house.world.clock.now())
    assert "did not match" in browser.submit("/sign-in/code", code="000000", back="/").text
    answer = browser.submit("/sign-in/code", code=code, back="/posts/jsonl:a")
    assert (answer.status_code, answer.headers["location"]) == (303, "/posts/jsonl:a")
    cookie = next(each for each in answer.headers.get_list("set-cookie") if each.startswith("turvakt_session"))
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "om bron" in browser.page("/").words
    assert house.acts("signed-in") == [("p-rut", "ekvik", "", "")]
    replay = house.browser()
    replay.submit("/sign-in", email=RUT.email, password=PASSWORD)
    assert replay.submit("/sign-in/code", code=code).status_code == 401
    assert replay.submit("/sign-in/code", code=codes[0]).status_code == 303
    assert browser.submit("/sign-out").headers["location"] == "/sign-in"
    assert browser.get("/").status_code == 401


def test_known_and_unknown_addresses_are_answered_alike(house: House) -> None:
    join(house, house.browser(), house.invited(RUT))
    known, unknown = (
        house.browser().submit("/sign-in", email=email, password="fel lösenord!")
        for email in (RUT.email, "x@y.example")
    )
    assert known.status_code == unknown.status_code == 401
    assert known.text.replace(RUT.email, "x@y.example") == unknown.text
    assert house.acts("sign-in-refused") == [("unknown", "", "", ""), ("p-rut", "ekvik", "", "")]


def test_guessing_is_slowed_down(house: House) -> None:
    answers = [house.browser().submit("/sign-in", email=RUT.email, password="fel lösenord!") for _ in range(30)]
    assert answers[0].status_code == 401
    assert answers[-1].status_code == 429
    assert "Too many attempts" in answers[-1].text


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example"])
def test_signing_in_leads_nowhere_else(house: House, back: str) -> None:
    _, codes = join(house, house.browser(), house.invited(RUT))
    browser = house.browser()
    browser.submit("/sign-in", email=RUT.email, password=PASSWORD, back=back)
    assert browser.submit("/sign-in/code", code=codes[0], back=back).headers["location"] == "/start"


def test_neither_token_nor_its_link_opens_the_pages_of_people(house: House) -> None:
    browser = house.browser()
    assert browser.get("/?token=a-token-for-tests").status_code == 401
    headers = {"authorization": "Bearer a-token-for-tests"}
    assert browser.get("/status.json", headers=headers).status_code == 200
    assert browser.get("/posts/jsonl:a", headers=headers).status_code == 403
    assert browser.get("/", headers=headers).headers["location"] == "/status"


def test_the_token_opens_no_break_glass_access(house: House) -> None:
    headers = {"authorization": "Bearer a-token-for-tests"}
    form = {"tenant": "ekvik", "reason": "Ett hot mot Anna i dag"}
    assert house.browser().post("/break-glass", data=form, headers=headers).status_code == 403
    assert house.acts("break-glass") == []
    assert house.staff.break_glass.of_tenant("ekvik") == []


def test_every_look_at_a_text_is_written_down(house: House) -> None:
    browser = house.signed_in(RUT)
    browser.page("/posts/jsonl:a")
    assert house.acts("text-read") == [("p-rut", "ekvik", "anna", "jsonl:a")]
    browser.page("/", texts="hide")
    assert house.acts("texts-listed") == []
    browser.page("/")
    assert house.acts("texts-listed") == [("p-rut", "ekvik", "anna", "")]


def test_her_name_stands_on_her_decision(house: House) -> None:
    browser = house.signed_in(RUT)
    assert browser.page("/posts/jsonl:a").all("input", id="by") == []
    assert browser.decide("/posts/jsonl:a", outcome="confirmed", by="Somebody Else").status_code == 303
    assert [decision.by for decision in house.world.decisions] == ["Rut Ek"]
    assert house.acts("decided") == [("p-rut", "ekvik", "anna", "jsonl:a")]


def test_sessions_can_be_seen_and_ended(house: House) -> None:
    here, there = house.signed_in(RUT), house.signed_in(RUT)
    page = here.page("/account")
    assert page.words.count("Firefox, Linux") == 2
    (other,) = page.all("button", name="session")
    stranger = house.signed_in(KAJ)
    stranger.submit("/account/sessions", session=str(other["value"]))
    assert there.get("/account").status_code == 200
    here.submit("/account/sessions", session=str(other["value"]))
    assert there.get("/account").status_code == 401
    assert here.get("/account").status_code == 200


@pytest.mark.parametrize(
    ("who", "path", "form"), [(RUT, "/account/sessions", {}), (KAJ, "/people/p-rut", {"act": "sign-out"})]
)
def test_who_is_signed_out_everywhere_has_no_link_left(
    house: House, who: Person, path: str, form: dict[str, str]
) -> None:
    there, link = house.signed_in(RUT), house.staff.accounts.invitations.create(RUT, why="reset")
    assert house.browser().get(f"/invitation/{link}").status_code == 200
    assert house.signed_in(who).submit(path, **form).status_code == 303
    assert there.get("/account").status_code == 401
    assert house.browser().get(f"/invitation/{link}").status_code == 404


def test_the_password_guards_what_she_signs_in_with(house: House) -> None:
    browser = house.browser()
    join(house, browser, house.invited(RUT))
    other = house.signed_in(RUT)
    assert "not right" in browser.submit("/account/factors", act="codes", present="fel lösenord!").text
    assert len(re.findall("<li><code>", browser.submit("/account/factors", act="codes", present=PASSWORD).text)) == 10
    assert [each.act.why for each in house.staff.audit.read(actions=["factor-added"])] == ["recovery codes"]
    assert "only second step" in browser.submit("/account/factors", act="remove-app", present=PASSWORD).text
    new = "sju gröna cyklar i regn"
    begun, link = house.browser(), house.staff.accounts.invitations.create(RUT, why="reset")
    assert begun.submit("/sign-in", email=RUT.email, password=PASSWORD).status_code == 401
    assert begun.cookies.get("turvakt_step")
    assert browser.submit("/account/password", present="fel lösenord!", password=new, again=new).status_code == 422
    assert browser.submit("/account/password", present=PASSWORD, password=new, again=new).status_code == 303
    assert browser.get("/account").status_code == 200
    assert other.get("/account").status_code == 401
    assert house.acts("password-changed") == [("p-rut", "ekvik", "", "")]
    assert house.staff.accounts.tickets.all("reset", "second-factor", person="p-rut") == []
    assert browser.get(f"/invitation/{link}").status_code == 404


def test_an_administrator_invites_by_letter_and_sees_no_link(house: House, database: Database) -> None:
    browser = house.signed_in(KAJ)
    answer = browser.submit(
        "/people", name="Lina Holm", email="lina@ekvik.example", language="sv", role="reviewer", tenant="ekvik"
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/people?done=invited")
    page = browser.page("/people")
    assert "Lina Holm" in page.words
    assert "Eva Berg" not in page.words
    assert "/invitation/" not in page.html
    lina = house.staff.accounts.people.by_email("lina@ekvik.example")
    assert lina is not None
    assert lina.grants == (Grant("reviewer", "ekvik"),)
    assert database.query("SELECT count(*) FROM access_letter")[0][0] == 1  # type: ignore[arg-type]
    assert "/invitation/" not in browser.page(f"/people/{lina.id}").html
    assert house.acts("invited") == [("p-kaj", "ekvik", "", "")]


def test_a_registered_official_is_invited_to_her_own_entry(house: House) -> None:
    browser = house.signed_in(KAJ)
    offered = {each["value"] for each in browser.page("/people").all("option")}
    assert {"", "anna", "bo"} <= offered
    asked = {"name": "Anna", "email": "anna@ekvik.example", "language": "sv", "tenant": "ekvik", "official": "anna"}
    assert browser.submit("/people", **asked, role="officer").status_code == 422
    assert browser.submit("/people", **asked, role="official").status_code == 303
    anna = house.staff.accounts.people.by_email("anna@ekvik.example")
    assert anna is not None
    assert anna.grants == (Grant("official", "ekvik", "anna"),)
    assert "anna" not in {each["value"] for each in browser.page("/people").all("option")}


def test_nobody_of_another_tenant_is_there_for_an_administrator(house: House) -> None:
    browser = house.signed_in(KAJ)
    assert browser.get("/people/p-eva").status_code == 404
    for act in ("link", "sign-out", "roles", "remove"):
        assert browser.submit("/people/p-eva", act=act, tenant="furuby", role="administrator").status_code == 404
    assert house.staff.accounts.people.get("p-eva") == EVA
    for role, tenant in (("officer", "furuby"), ("operator", ""), ("deputy", "ekvik")):
        answer = browser.submit("/people", name="X Y", email="x@y.example", language="sv", role=role, tenant=tenant)
        assert answer.status_code == 422
    assert house.staff.accounts.people.by_email("x@y.example") is None


def test_roles_are_given_and_taken(house: House) -> None:
    browser, hers = house.signed_in(KAJ), house.signed_in(RUT)
    assert hers.get("/").status_code == 200
    assert browser.submit("/people/p-rut", act="roles", tenant="ekvik", role="analyst").status_code == 303
    assert house.staff.accounts.people.get("p-rut").grants == (Grant("analyst", "ekvik"),)
    assert hers.get("/posts/jsonl:a").status_code == 403
    assert browser.submit("/people/p-kaj", act="roles", tenant="ekvik", role="officer").status_code == 422
    assert browser.submit("/people/p-rut", act="roles", tenant="ekvik", role="operator").status_code == 422
    assert browser.submit("/people/p-kaj", act="remove").status_code == 422
    assert browser.submit("/people/p-rut", act="remove").headers["location"] == "/people?done=removed"
    assert hers.get("/account").status_code == 401
    assert house.acts("person-removed") == [("p-kaj", "ekvik", "", "")]


def test_who_has_other_roles_keeps_them(house: House) -> None:
    both = Person("p-both", "Bo Alm", "bo@ekvik.example", "sv", (Grant("officer", "ekvik"), Grant("officer", "furuby")))
    house.staff.accounts.people.add(both)
    browser = house.signed_in(KAJ)
    assert "Furuby" not in browser.page("/people/p-both").words
    browser.submit("/people/p-both", act="remove")
    assert house.staff.accounts.people.get("p-both").grants == (Grant("officer", "furuby"),)


def test_a_link_of_the_demo_lets_its_guest_in(database: Database) -> None:
    world = World()
    people = staff(database, world.clock)
    people.accounts.people.add(RUT)
    opened = replace(people, guests={"knock": "p-rut"})
    browser = world.browser(staff=opened, signed_in=False)
    assert browser.get("/guests/other").status_code == 404
    for wanted, led in (
        ("/posts/jsonl:a", "/posts/jsonl:a"),
        ("//evil.example", "/start"),
        ("/\\evil.example", "/start"),
        ("%2F%2Fevil.example", "/start"),
    ):
        assert browser.get("/guests/knock", params={"back": wanted}).headers["location"] == led
    browser.cookies.clear()
    kept_from = browser.get("/incidents?show=late")
    assert kept_from.status_code == 401
    assert "Secure" not in kept_from.headers["set-cookie"]
    assert browser.get("/guests/knock").headers["location"] == "/incidents?show=late"
    assert browser.get("/guests/knock").headers["location"] == "/start"
    assert browser.get("/").status_code == 200


def test_over_https_the_page_that_was_wanted_is_kept_in_a_secure_cookie(database: Database) -> None:
    world = World()
    opened = replace(staff(database, world.clock), guests={"knock": "p-rut"})
    browser = world.browser(staff=opened, signed_in=False, base_url="https://vakt.ekvik.example/")
    answer = browser.get("/incidents?show=late", headers={"host": "vakt.ekvik.example"})
    assert re.match(r"turvakt_wanted=.*; Secure", answer.headers["set-cookie"])


def test_an_administrator_reads_who_did_what_in_her_tenant(house: House) -> None:
    house.signed_in(RUT).page("/posts/jsonl:a")
    house.staff.audit.write("p-eva", "text-read", tenant="furuby", official="bo", post="jsonl:b")
    browser = house.signed_in(KAJ)
    page = browser.page("/audit")
    assert "Rut Ek read a post Anna Lindqvist" in page.words
    assert "Eva Berg" not in page.words
    assert "p-eva" not in page.words
    assert "jsonl:a" not in page.html
    assert "Eva Berg" not in browser.page("/audit", tenant="furuby").words
    assert "Kaj Dahl read the log" in browser.page("/audit", after="nonsense").words
    assert browser.page("/audit", after="1").words.count("read a post") == 0


def test_a_long_log_has_pages(house: House) -> None:
    for _ in range(130):
        house.staff.audit.write("command", "exported", tenant="ekvik")
    browser = house.signed_in(KAJ)
    page = browser.page("/audit")
    assert page.words.count("command line exported") == 100
    (older,) = [link for link in page.links() if "after=" in link]
    assert browser.page(older).words.count("command line exported") == 30


def test_break_glass_opens_texts_for_an_hour_and_is_told(house: House, database: Database) -> None:
    browser = house.signed_in(KAJ)
    assert browser.get("/posts/jsonl:a").status_code == 403
    assert browser.submit("/break-glass", tenant="ekvik", reason="kort").status_code == 422
    assert browser.submit("/break-glass", tenant="furuby", reason="Ett hot mot Bo i dag").status_code == 404
    assert browser.submit("/break-glass", tenant="ekvik", reason="Ett hot mot Anna i dag").status_code == 303
    assert "om bron" in browser.page("/posts/jsonl:a").words
    browser.page("/")
    looks = house.staff.audit.read(actions=["text-read", "texts-listed"])
    assert [each.act.why for each in looks] == ["emergency: Ett hot mot Anna i dag"] * 2
    house.signed_in(RUT).page("/posts/jsonl:a")
    assert house.staff.audit.read(who="p-rut")[0].act.why == "", "an officer needs none"
    assert "Kaj Dahl, Ekviks kommun" in browser.page("/break-glass").words
    assert house.acts("break-glass") == [("p-kaj", "ekvik", "", "")]
    assert database.query("SELECT count(*) FROM access_letter WHERE kind = 'break-glass'")[0][0] == 1  # type: ignore[arg-type]
    assert browser.submit("/break-glass", tenant="ekvik", person="p-kaj").status_code == 303
    assert browser.get("/posts/jsonl:a").status_code == 403
    assert house.signed_in(RUT).get("/break-glass").status_code == 403
