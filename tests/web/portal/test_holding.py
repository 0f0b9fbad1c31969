"""A post is kept for the police on its page, and no longer there; by those who decide on it, of her tenant alone."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from access.person import Grant, Person, Role
from registry.official import Consent
from registry.tenant import tenant_of
from tests.registry.people import START, official
from tests.review.people import verdict
from tests.web.building import Browser
from tests.web.portal.building import ID, Home

PAGE = "/posts/jsonl:1"
FORM = {"post": "jsonl:1", "official": ID, "reason": "Reported", "report": "5000-K1-26", "until": "2028-01-31"}


@pytest.fixture(autouse=True)
def post(home: Home) -> None:
    threat = verdict("1", "Akta dig", officials=(ID, "elsewhere-1"), severity="high", labels=("threat",))
    home.parts.index.write_verdicts([threat])


def staff(home: Home, role: Role = "officer", tenant: str = "") -> Browser:
    grant = Grant(role, tenant or tenant_of(official(ID)))
    home.anna = Person("vera", "Vera Vakt", "vera@ekvik.example", "en", (grant,))
    return home.browser()


def entries(home: Home) -> list[tuple[str, str, str, str]]:
    found = [each.act for each in home.parts.audit.read() if each.act.action.startswith("hold-")]
    return [(act.who, act.action, act.official, act.why) for act in found]


@pytest.mark.parametrize("role", ["officer", "reviewer"])
def test_it_is_kept_shown_and_ended(home: Home, role: Role) -> None:
    browser = staff(home, role)
    answer = browser.submit("/holds", **FORM)
    assert (answer.status_code, answer.headers["location"]) == (303, "/posts/jsonl%3A1?hold=kept#hold")
    (hold,) = home.parts.holds.all()
    assert (hold.official, hold.by, hold.reason) == (ID, "vera", "Reported, 5000-K1-26")
    assert hold.verdict.post.officials == {ID}
    page = browser.page(PAGE, hold="kept")
    for words in ("The post is kept.", "until 31 January 2028", "Reported, 5000-K1-26", ", vera"):
        assert words in page.words
    assert browser.submit("/holds", **FORM).headers["location"].endswith("?hold=refused#hold")
    number = str(page.all("input", name="number")[0]["value"])
    assert browser.submit("/holds/end", post="jsonl:1", number=number).headers["location"].endswith("?hold=ended#hold")
    assert home.parts.holds.all() == []
    assert browser.submit("/holds/end", post="jsonl:1", number=number).status_code == 404
    added, ended = ("hold-added", ID, "Reported, 5000-K1-26"), ("hold-ended", ID, f"hold {number}")
    assert entries(home) == [("vera", *ended), ("vera", *added)]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reason": " ", "report": ""}, "give a reason"),
        ({"reason": "x" * 301}, "give a reason"),
        ({"until": "2026-09-14"}, "choose a day to come"),
        ({"until": "2037-01-01"}, "choose a day to come"),
        ({"until": "soon"}, "choose a day to come"),
    ],
)
def test_what_is_wrong_with_the_form_is_said(home: Home, changes: dict[str, str], said: str) -> None:
    browser = staff(home)
    answer = browser.submit("/holds", **FORM | changes)
    assert said in browser.page(answer.headers["location"].partition("#")[0]).words
    assert (home.parts.holds.all(), entries(home)) == ([], [])


def test_without_consent_to_evidence_there_is_no_form(home: Home) -> None:
    home.parts.store.put_all([replace(official(ID), consents=(Consent(("*",), START, evidence=False),))])
    browser = staff(home)
    page = browser.page(PAGE)
    assert "does not let posts from this source be kept" in page.words
    assert page.all("form", action="/holds") == []
    assert browser.submit("/holds", **FORM).headers["location"].endswith("?hold=refused#hold")
    assert home.parts.holds.all() == []


def test_nobody_keeps_or_ends_what_is_not_hers(home: Home) -> None:
    """The second official of the post is another tenant's, as is all of it for staff of that one."""
    assert staff(home).submit("/holds", **FORM | {"official": "elsewhere-1"}).status_code == 404
    item, until = home.parts.index.get("jsonl:1"), home.clock.now() + timedelta(days=1)
    assert item is not None
    hold = home.parts.holds.add(item.verdict, official=ID, reason="K-1", until=until)
    stranger = staff(home, tenant="furuby")
    assert stranger.submit("/holds", **FORM).status_code == 404
    assert stranger.submit("/holds/end", post="jsonl:1", number=str(hold.number)).status_code == 404
    for role in ("analyst", "administrator"):
        assert staff(home, role).submit("/holds/end", post="jsonl:1", number=str(hold.number)).status_code == 403
    assert home.parts.holds.all() == [hold]


def test_what_is_kept_nowhere_else_is_listed_and_lifted(home: Home) -> None:
    item, until = home.parts.index.get("jsonl:1"), home.clock.now() + timedelta(days=1)
    assert item is not None
    hold = home.parts.holds.add(item.verdict, official=ID, reason="K-1", until=until)
    page = staff(home).page("/holds")
    assert ("K-1" in page.words, len(page.all("a", href="/posts/jsonl%3A1"))) == (True, 1)
    home.parts.index.forget(["jsonl:1"])
    assert "Only this copy is left" in staff(home).page("/holds").words
    stranger, number = staff(home, tenant="furuby"), str(hold.number)
    assert "Nothing is kept." in stranger.page("/holds").words
    assert stranger.submit("/holds/lift", number=number).status_code == 404
    browser = staff(home, "administrator")
    page = browser.page("/holds")
    assert ("K-1" in page.words, "Akta dig" in page.words, page.all("a", href="/posts/jsonl%3A1")) == (True, False, [])
    assert browser.submit("/holds/lift", number=number).headers["location"] == "/holds?done=ended"
    assert "The copy has been removed." in browser.page("/holds", done="ended").words
    assert home.parts.holds.all() == []
    assert entries(home) == [("vera", "hold-ended", ID, f"hold {number}")]


def test_what_is_kept_of_who_has_withdrawn_is_her_tenants_to_end(home: Home) -> None:
    item, until = home.parts.index.get("jsonl:1"), home.clock.now() + timedelta(days=1)
    assert item is not None
    number = str(home.parts.holds.add(item.verdict, official=ID, reason="K-1", until=until).number)
    home.parts.store.remove(ID)
    stranger = staff(home, tenant="furuby")
    assert "Nothing is kept." in stranger.page("/holds").words
    assert stranger.submit("/holds/lift", number=number).status_code == 404
    browser = staff(home)
    assert "An official who has withdrawn" in browser.page("/holds").words
    assert browser.submit("/holds/lift", number=number).headers["location"] == "/holds?done=ended"
    assert (home.parts.holds.all(), entries(home)) == ([], [("vera", "hold-ended", "", f"hold {number}")])


@pytest.mark.parametrize(("language", "said"), [("sv", "Spara för polisen"), ("fi", "Säilytä poliisia varten")])
def test_it_is_said_in_the_languages_of_the_pages(home: Home, language: str, said: str) -> None:
    browser = staff(home)
    browser.cookies.set("turvakt_language", language)
    page = browser.page(PAGE)
    assert said in page.words
    assert not re.search(r"\bhold\.[a-z_]+", page.words)
