"""Whoever told an official of an alert writes it down on the post's page; the official sees it, and nobody else's."""

from pathlib import Path

import pytest

from access.person import Grant, Person
from alerts.notices import Notice
from registry.tenant import tenant_of
from tests.registry.people import official
from tests.review.people import alert, verdict
from tests.web.building import Browser
from tests.web.portal.building import ID, Home

VERA = ("vera", "Vera Vakt", "vera@ekvik.example")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    threat = verdict("1", "Akta dig", officials=(ID, "elsewhere-1"), severity="high", labels=("threat",))
    home.parts.index.write_verdicts([threat])
    home.parts.index.write_alerts([alert(threat, official=ID, id="a1"), alert(threat, official="elsewhere-1", id="b1")])
    return home


def staff(home: Home, tenant: str = "") -> Browser:
    id, name, email = VERA
    home.anna = Person(id, name, email, "en", (Grant("officer", tenant or tenant_of(official(ID))),))
    return home.browser()


def test_what_was_told_is_on_record_for_both(home: Home) -> None:
    browser = staff(home)
    page = browser.page("/posts/jsonl:1").words
    assert "Nobody has noted" in page
    assert "no other wish is known" in page, "nobody has asked her"
    answer = browser.submit("/notices", alert="a1", how="phone/gist", seen="0")
    assert (answer.status_code, answer.headers["location"]) == (303, "/posts/jsonl%3A1?told=1#told")
    told = home.parts.notices.about(["a1"])
    assert told == [Notice("a1", ID, home.clock.now(), "phone", "vera", "gist", "at-once")]
    page = browser.page("/posts/jsonl:1", told="1").words
    assert "Told by phone (was told what it is about)" in page
    assert "The note is saved" in page
    (entry,) = [each for each in home.parts.audit.read(limit=100) if each.act.action == "told-official"]
    assert (entry.act.who, entry.act.official, entry.act.post) == ("vera", ID, "jsonl:1")


def test_that_she_was_written_to_is_shown_and_does_not_stand_for_telling_her(home: Home) -> None:
    home.parts.notices.add(Notice("a1", ID, home.clock.now(), "letter", "turvakt", "none", "daily"))
    herself = home.anna
    page = staff(home).page("/posts/jsonl:1").words
    assert "Turvakt has written that there is something new to read, but not what" in page
    assert "Nobody has noted" in page
    home.anna = herself
    assert "Turvakt wrote to you that there was something new to read" in home.browser().page("/me/alerts/a1").words


@pytest.mark.parametrize(
    "form",
    [
        {"alert": "b1", "how": "phone/gist"},  # an official of another tenant
        {"alert": "nothing", "how": "phone/gist"},
        {"alert": "a1", "how": "portal/text"},  # she alone can have read it there
        {"alert": "a1", "how": "wish/none"},  # it is not her wish
        {"alert": "a1", "how": "phone/gist", "seen": ""},  # not of the page's form
        {},
    ],
)
def test_nothing_else_can_be_written_down(home: Home, form: dict[str, str]) -> None:
    assert staff(home).submit("/notices", **{"seen": "0"} | form).status_code == 404
    assert home.parts.notices.about(["a1", "b1"]) == []


def test_nothing_is_chosen_beforehand_and_where_nothing_is_it_says_so(home: Home) -> None:
    browser = staff(home)
    page = browser.page("/posts/jsonl:1")
    assert "required" in page.all("select", name="how")[0]
    options = [each for each in page.all("option") if "/" in str(each.get("value")) or each.get("value") == ""]
    assert options[0]["value"] == ""
    assert not any("selected" in each for each in options)
    sent = browser.submit("/notices", alert="a1", how="", seen="0")
    assert (sent.status_code, "choose how the official learnt of it" in sent.text) == (400, True)
    assert home.parts.notices.about(["a1"]) == []


def test_a_form_that_is_sent_twice_is_one_note_and_whoever_tells_her_again_writes_another(home: Home) -> None:
    browser = staff(home)
    for how, times in (("phone/gist", 2), ("phone/text", 1), ("phone/gist", 1)):
        [seen] = browser.page("/posts/jsonl:1").all("input", name="seen")
        for _ in range(times):
            sent = browser.submit("/notices", alert="a1", how=how, seen=str(seen["value"]))
            assert (sent.status_code, sent.headers["location"]) == (303, "/posts/jsonl%3A1?told=1#told")
    assert [each.form for each in home.parts.notices.about(["a1"])] == ["gist", "text", "gist"]


def test_staff_of_another_tenant_reach_no_alert_of_hers(home: Home) -> None:
    browser = staff(home, "furuby")
    assert browser.get("/posts/jsonl:1").status_code == 404
    assert browser.submit("/notices", alert="a1", how="phone/gist", seen="0").status_code == 404
    assert home.parts.notices.about(["a1"]) == []
