"""Names with their preview, contacts, wishes, deputies, submissions, the download."""

from pathlib import Path
from typing import Any

from registry.holder import Part
from registry.ledger import Given
from registry.official import Consent, Proposed, Wishes
from registry.tenant import tenant_of
from tests.registry.people import NOW, official
from tests.review.people import verdict
from tests.web.building import Page
from tests.web.portal.building import ID, Home
from web.portal.preview import preview

NAMES = {
    "given": "Anna Maria",
    "family": "Ek",
    "role": "kommunalråd",
    "party": "",
    "municipality": "Ekvik",
    "country": "FI",
    "forms": "Ekan",
    "handle_x": "annaek",
}


def test_the_preview_finds_what_the_matcher_finds(home: Home) -> None:
    texts = ["Anna Lindqvist har fel", "Lindqvist har fel", "@anna.example svara"]
    posts = [verdict("a", "Anna Lindqvist", officials=(ID,)), verdict("b", "Anna Ek", officials=(ID,))]
    home.parts.index.write_verdicts(posts)
    shown = preview(official(ID), texts, posts=home.parts.index, at=home.clock.now())
    assert [example.found for example in shown.examples] == [True, False, True]
    assert ["".join(p.text for p in example.pieces) for example in shown.examples] == texts
    assert [piece.text for piece in shown.examples[0].pieces if piece.mention] == ["Anna Lindqvist"]
    assert (shown.kept.tried, shown.kept.found) == (2, 1)


def test_names_are_tried_before_they_are_saved(home: Home) -> None:
    browser, before = home.browser(), home.parts.store.get(ID)
    answer = browser.submit("/me/names", **NAMES, act="preview", own="Nu åker Ekan")
    assert "<mark>Anna Ek</mark>" in answer.text
    assert "<mark>Ekan</mark>" in answer.text
    assert "Nothing has been saved yet" in answer.text
    assert home.parts.store.get(ID) == before
    assert browser.submit("/me/names", **NAMES, act="save").headers["location"] == "/me/names?done=saved"
    after = home.parts.store.get(ID)
    assert (after.given_names, after.family_names, after.forms) == (("Anna",), ("Lindqvist",), ())
    assert (after.handles, after.country, after.consents) == ({}, "FI", before.consents)
    assert after.proposed == Proposed(("Anna", "Maria"), ("Ek",), ("Ekan",), {"x": ("annaek",)})
    page = browser.page("/me/names")
    assert "Waiting for confirmation An administrator looks at these first" in page.words
    assert [each["value"] for each in page.all("input", id="family")] == ["Ek"]
    moved = browser.submit("/me/names", **NAMES | {"municipality": "Håby"}, act="save")
    assert moved.headers["location"] == "/me/names?done=saved"
    after = home.parts.store.get(ID)
    assert (after.municipality, tenant_of(after)) == ("Håby", "ekvik")
    assert browser.submit("/me/names", **NAMES | {"given": "", "forms": ""}, act="save").status_code == 422
    assert home.parts.store.get(ID) == after


def test_she_is_offered_the_channels_whose_addresses_anybody_can_give(tmp_path: Path) -> None:
    sections: dict[str, Any] = {
        "email": {"host": "127.0.0.1", "sender": "turvakt@ekvik.example"},
        "sms": {"username": "u", "password": "p"},
        "voice": {"sender": "+46766860000"},
        "teams": {"enabled": True},
        "webpush": {"contact": "mailto:operator@ekvik.example"},
    }
    home = Home(tmp_path / "all", **sections)
    with home.parts:
        browser = home.browser()
        page = browser.page("/me/contacts")
        offered = [str(each["value"]) for each in page.all("option") if each["value"] not in ("sv", "fi", "en")]
        assert offered == ["email", "sms", "webpush"]
        assert "e-mail text message browser notification" in page.words
        for channel, address in (
            ("teams", "https://ekvik.example/"),
            ("outbox", "vakt"),
            ("", "vakt"),
            ("sms", "vakt"),
        ):
            answer = browser.submit("/me/contacts", contact_name="Jour", channel=channel, address=address)
            assert answer.status_code == 422, (channel, address)
        added = browser.submit("/me/contacts", contact_name="Jour", channel="sms", address="+46701740605")
        assert added.status_code == 303
        assert home.parts.store.get(ID).contacts[-1].channel == "sms"


def test_whom_to_tell_is_hers_to_choose(home: Home) -> None:
    browser = home.browser()
    added = {"contact_name": "Partikansliet", "channel": "outbox", "address": "kansli"}
    assert browser.submit("/me/contacts", **added).headers["location"] == "/me/contacts?done=saved"
    assert browser.submit("/me/contacts", **added).status_code == 422
    for name in ("p-3f2a9c77c0ff", "contact:Beredskap"):  # who would answer as somebody else
        assert browser.submit("/me/contacts", **added | {"contact_name": name}).status_code == 422
    assert [contact.name for contact in home.parts.store.get(ID).contacts] == ["Beredskap", "Partikansliet"]
    assert browser.submit("/me/contacts", remove="Beredskap").headers["location"] == "/me/contacts?done=removed"
    assert [contact.name for contact in home.parts.store.get(ID).contacts] == ["Partikansliet"]
    assert home.parts.partial.withdrawal(ID, Part("recipient", "Beredskap")) is not None
    assert [(entry.how, entry.by) for entry in home.parts.store.ledger(ID)[1:]] == [("portal", "anna")] * 2
    back = {"contact_name": "Beredskap", "channel": "outbox", "address": "its new address"}
    home.clock.advance(1)
    assert browser.submit("/me/contacts", **back).headers["location"] == "/me/contacts?done=saved"
    assert home.parts.store.get(ID).consents == (Consent(("*",), home.clock.now()),)
    assert browser.submit("/me/contacts", remove="Beredskap").headers["location"] == "/me/contacts?done=removed"
    answer = browser.submit("/me/contacts", remove="Partikansliet")
    assert "at least one recipient" in answer.text
    assert [contact.name for contact in home.parts.store.get(ID).contacts] == ["Partikansliet"]


PLAN = """
contact = [
    { name = "Rut Ek", language = "sv", channels = [{ channel = "outbox", address = "rut" }] },
    { name = "Veikko Aho", language = "fi", channels = [{ channel = "outbox", address = "veikko" }] },
    { name = "Chief", language = "sv", channels = [{ channel = "outbox", address = "chief" }] },
]
last_resort = ["contact:Chief"]
rule = [{ name = "all", severity = "low", contacts = ["schedule:duty"] }]
[[schedule]]
name = "duty"
timezone = "Europe/Stockholm"
rotation = ["Rut Ek", "Veikko Aho"]
from = "2026-01-05T08:00"
"""


def test_she_sees_whom_the_plan_tells_and_whether_it_tells_her_own(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(PLAN, "utf-8")
    home = Home(tmp_path / "data", alerts={"rules": str(file)})
    with home.parts:
        browser = home.browser()
        page = browser.page("/me/contacts").words
        assert "They get alerts about you." not in page
        assert "they get no alerts about you" in page
        assert all(name in page for name in ("Rut Ek", "Veikko Aho", "Chief"))
        chosen = Consent(("*",), NOW, recipients=("Beredskap", "Veikko Aho"))
        home.parts.store.change(official(ID, consents=(chosen,)), given=Given("paper"))
        page = browser.page("/me/contacts").words
        assert "Veikko Aho" in page
        assert not any(name in page for name in ("Rut Ek", "Chief")), "her consent does not let them be told"
        file.write_text(PLAN.replace('["schedule:duty"]', '["schedule:duty", "official"]'), "utf-8")
        home.clock.advance(5)
        assert "They get alerts about you." in browser.page("/me/contacts").words


def test_whom_her_office_names_is_told_when_one_of_her_own_is_not_any_more(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(PLAN, "utf-8")
    home = Home(tmp_path / "data", alerts={"rules": str(file)})
    with home.parts:
        browser, office = home.browser(), ("Rut Ek", "Veikko Aho", "Chief")
        for name in ("Siv", "Chief"):
            added = browser.submit("/me/contacts", contact_name=name, channel="outbox", address="hers")
            assert added.headers["location"] == "/me/contacts?done=saved"
        page = browser.page("/me/contacts").words
        assert page.count("Your office names somebody of this name as well.") == 1, "of the Chief"
        assert browser.submit("/me/contacts", remove="Siv").headers["location"] == "/me/contacts?done=removed"
        page = browser.page("/me/contacts?done=removed").words
        assert all(name in page for name in office)
        assert "Siv" not in page
        [consent] = home.parts.store.get(ID).consents
        assert all(consent.tells(name) for name in (*office, "whom the plan names next"))
        assert not consent.tells("Siv"), "what waits for her is not sent either"
        browser.submit("/me/contacts", remove="Chief")
        page = browser.page("/me/contacts").words
        assert [name in page for name in office] == [True, True, False]


def test_before_she_consents_she_sees_whom_the_plan_tells(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(PLAN, "utf-8")
    home = Home(tmp_path / "data", empty=True, alerts={"rules": str(file)})
    with home.parts:
        page = home.browser().page("/me/begin").words
        assert all(name in page for name in ("Rut Ek", "Veikko Aho", "Chief", "whoever you name here gets no alerts"))


def test_wishes(home: Home) -> None:
    browser = home.browser()
    form = {"notice": "never", "text": "1", "through": "Beredskap", "quiet_from": "22:00", "quiet_to": "07:00"}
    refused = browser.submit("/me/wishes", **form | {"quiet_to": ""})
    assert refused.status_code == 422
    shown = Page(refused.text)
    assert [shown.all("input", id=each)[0]["value"] for each in ("through", "quiet_from")] == ["Beredskap", "22:00"]
    assert [each["id"] for each in shown.all("input") if "checked" in each] == ["notice-never", "text-1"]
    assert home.parts.store.get(ID).wishes == Wishes()
    assert browser.submit("/me/wishes", **form).headers["location"] == "/me/wishes?done=saved"
    assert home.parts.store.get(ID).wishes == Wishes("never", True, "Beredskap", "22:00-07:00")


def test_whoever_is_to_tell_her_must_be_somebody_who_hears_of_alerts(tmp_path: Path) -> None:
    """Officers are shown the name, and would rely on somebody who is not there."""
    file = tmp_path / "plan.toml"
    file.write_text(PLAN, "utf-8")
    home = Home(tmp_path / "data", alerts={"rules": str(file)})
    with home.parts:
        browser = home.browser()
        form = {"notice": "at-once", "through": "Rut Ekk", "quiet_from": "", "quiet_to": ""}
        refused = browser.submit("/me/wishes", **form)
        assert (refused.status_code, home.parts.store.get(ID).wishes) == (422, Wishes())
        page = Page(refused.text)
        assert "Nobody of that name may get alerts about you" in page.words
        assert [each["value"] for each in page.all("option")][:2] == ["Rut Ek", "Veikko Aho"]
        assert [each["value"] for each in page.all("input", id="through")] == ["Rut Ekk"]
        assert browser.submit("/me/wishes", **form | {"through": "rut  EK"}).status_code == 303
        assert home.parts.store.get(ID).wishes.through == "Rut Ek"
        assert browser.submit("/me/wishes", **form | {"through": ""}).status_code == 303


def test_a_deputy_is_invited_by_letter_and_removed(home: Home) -> None:
    browser, people = home.browser(), home.parts.accounts.people
    invited = {"name": "Siv Ek", "email": "siv@ekvik.example", "language": "fi"}
    assert browser.submit("/me/deputies", **invited).headers["location"] == "/me/deputies?done=invited"
    [siv] = [each for each in people.all() if each.id != "anna"]
    assert [(grant.role, grant.official) for grant in siv.grants] == [("deputy", ID)]
    assert [each.letter.email for each in home.parts.letters.due()] == ["siv@ekvik.example"]
    assert browser.submit("/me/deputies", **invited).status_code == 422
    assert browser.submit("/me/deputies", **invited | {"email": "anna@ekvik.example"}).status_code == 422
    assert browser.submit("/me/deputies", remove="anna").status_code == 422
    assert browser.submit("/me/deputies", remove=siv.id).headers["location"] == "/me/deputies?done=removed"
    assert [each.id for each in people.all()] == ["anna"]


def test_a_text_is_handed_in(home: Home) -> None:
    browser = home.browser()
    answer = browser.submit("/me/submit", text="Du ska få", seen="brev", link="")
    assert answer.headers["location"] == "/me/submit?done=submitted"
    assert browser.submit("/me/submit", text="Du ska få", seen="brev", link="").status_code == 422
    assert browser.submit("/me/submit", text=" ", seen="", link="").status_code == 422
    [entry] = home.parts.queue.read("posts", "classify", 10).entries
    assert "Du ska få" in entry.value.decode()
    assert ID in entry.value.decode()


def test_everything_is_hers_to_take_along(home: Home) -> None:
    home.parts.index.write_verdicts([verdict("a", "Akta dig", officials=(ID,))])
    browser = home.browser()
    assert "/me/download/json" in browser.page("/me/download").links()
    answer = browser.get("/me/download/json")
    assert answer.headers["content-disposition"] == f'attachment; filename="turvakt-{ID}.json"'
    assert "Akta dig" in answer.text
    assert "Lindqvist" in answer.text
    page = browser.get("/me/download/html")
    assert page.headers["content-disposition"] == f'attachment; filename="turvakt-{ID}.html"'
    assert "<h1>" in page.text
    assert "Lindqvist" in page.text
    assert "<script" not in page.text
    assert browser.get("/me/download/exe").status_code == 404
    assert [entry.act.action for entry in home.parts.audit.read(official=ID)] == ["exported", "exported"]
