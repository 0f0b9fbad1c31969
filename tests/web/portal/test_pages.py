"""Each page of the portal, in each language, for an official and for her deputy."""

import re
import tomllib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update

import web
from alerts.alert import Recipient
from alerts.incidents.history import Transition
from alerts.incidents.incident import Action
from alerts.tables import DIGEST_ENTRY, INCIDENT_POST, OUTBOX
from classify.verdict import Span
from registry.holder import Part
from registry.official import Language
from review.index import Item
from tests.review.people import alert, delivery, verdict
from tests.web.building import Browser
from tests.web.portal.building import ID, Home
from web.portal.desk import VIEWS

DESK = Recipient("Beredskap", "email", "vakt@ekvik.example", "sv", show_text=False)
PAGES = ("", *(f"/{view}" for view in VIEWS), "/erase")


def flagged(home: Home, *, text: str = "Akta dig, Anna Lindqvist", spans: tuple[Span, ...] = ()) -> Item:
    judged = verdict("a", text, officials=(ID,), severity="high", labels=("threat",), spans=spans, collected=-10)
    home.parts.index.write_verdicts([judged])
    home.parts.index.write_alerts([alert(judged, official=ID, id="a1")])
    home.parts.index.write_deliveries([delivery(alert(judged, official=ID, id="a1"))])
    item = home.parts.index.get("jsonl:a")
    assert item is not None
    return item


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_every_page_is_in_her_language_and_every_field_has_a_label(home: Home, language: Language) -> None:
    flagged(home)
    browser = home.browser(language=language)
    for path in PAGES:
        page = browser.page(f"/me{path}")
        assert page.all("html")[0]["lang"] == language
        assert not re.findall(r"\bme\.[a-z_]+", page.words)
        named = {label["for"] for label in page.all("label") if "for" in label}
        for field in (*page.all("input"), *page.all("select"), *page.all("textarea")):
            assert field.get("type") == "hidden" or field["id"] in named, field


def test_a_deputy_sees_what_came_and_changes_nothing(home: Home) -> None:
    flagged(home)
    deputy = home.browser("deputy")
    for view in ("alerts", "accesses", "help"):
        assert deputy.get(f"/me/{view}").status_code == 200
    page = deputy.page("/me")
    assert "/me/erase" not in page.links()
    assert "/me/consent" not in page.links()
    assert deputy.submit("/me/erase").status_code == 403
    assert deputy.get("/me/download/json").status_code == 403


@pytest.mark.parametrize(
    ("state", "attempts", "minutes", "said"),
    [
        ("waiting", 0, 60, "It waits for quiet hours or a pause to end"),
        ("waiting", 2, 60, "It did not get through. Next try"),
        ("waiting", 0, 0, "It is being sent."),
        ("failed", 5, 0, "It could not be delivered."),
        ("delivered", 1, 0, "It belongs to an incident of which the recipients had been told already."),
        (None, 0, 0, "nobody is to be told of this"),
        ("digest", 0, 0, "in the next digest"),
        ("in-digest", 0, 0, "It was told in brief, with others, to 1 recipient."),
    ],
)
def test_she_reads_why_nobody_was_told(home: Home, state: str | None, attempts: int, minutes: float, said: str) -> None:
    """The post joined the incident of another one, ``a0``."""
    flagged(home)
    database, now = home.parts.database, home.clock.now().timestamp()
    its = {"incident": "i1", "official": ID, "post": "jsonl:a", "severity": 2}
    joined = its | {"alert": "a1", "account": "", "at": now, "posted_at": now, "threat": 1, "signature": b""}
    database.execute(insert(INCIDENT_POST), joined)
    if state == "digest":
        database.execute(insert(DIGEST_ENTRY), its | {"contact": "c1", "label": "threat", "at": now})
    elif state == "in-digest":
        told = Transition("i1", ID, home.clock.now(), "in-digest", contact="Eva Berg", delivery="d1")
        home.parts.incidents.history.add([told])
    elif state is not None:
        home.parts.outbox.add([replace(alert(verdict("0"), official=ID, id="a0"), incident="i1", recipients=(DESK,))])
        due = {"state": state, "attempts": attempts, "due": now + minutes * 60}
        database.execute(update(OUTBOX).values(due))
    browser = home.browser()
    for path in ("/me/alerts", "/me/alerts/a1"):
        assert said in browser.page(path).words


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_she_reads_who_took_closed_and_reopened_it(home: Home, language: Language) -> None:
    judged = verdict("a", "Akta dig", officials=(ID,), severity="high", labels=("threat",), collected=-10)
    raised = replace(alert(judged, official=ID, id="a1"), recipients=(DESK,))
    home.parts.index.write_verdicts([judged])
    home.parts.index.write_alerts([raised])
    home.parts.incidents.take([raised])
    browser = home.browser(language=language)
    undecided = {"sv": "Ingen har tagit ställning", "fi": "Kukaan ei ole vielä", "en": "Nobody has assessed"}[language]
    assert undecided in browser.page("/me/alerts/a1").words
    [incident] = home.parts.incidents.open()
    actions: tuple[Action, ...] = ("on-it", "resolve", "reopen")
    for action in actions:
        home.clock.advance(60)
        home.parts.incidents.answer(incident.id, action, by="Rut Ek")
    page = browser.page("/me/alerts/a1").words
    assert undecided not in page
    said = {
        "sv": ("Rut Ek tog hand om larmet", "Rut Ek avslutade händelsen", "Rut Ek öppnade händelsen igen"),
        "fi": ("Rut Ek otti asian hoitaakseen", "Rut Ek päätti tapauksen", "Rut Ek avasi tapauksen uudelleen"),
        "en": ("Rut Ek took care of it", "Rut Ek closed the incident", "Rut Ek opened the incident again"),
    }[language]
    assert [page.count(each) for each in said] == [1, 1, 1]
    counted = {
        "sv": "1 har hanterats av en människa",
        "fi": "1 ihmisen käsittelemä",
        "en": "1 was dealt with by a person",
    }
    assert counted[language] in browser.page("/me").words
    home.parts.incidents.history.erase(ID, Part("recipient", "Rut Ek"))
    unnamed = {
        "sv": "Någon vars namn är raderat tog hand om larmet",
        "fi": "Joku, jonka nimi on poistettu, otti asian hoitaakseen",
        "en": "Somebody whose name was erased took care of it",
    }
    page = browser.page("/me/alerts/a1").words
    assert "Rut Ek" not in page
    assert unnamed[language] in page


def test_an_answer_is_none_to_a_post_that_came_later(home: Home) -> None:
    def raise_alert(number: int) -> str:
        judged = verdict(
            str(number), "Akta dig", officials=(ID,), severity="medium", labels=("hate",), collected=number - 10
        )
        raised = replace(alert(judged, official=ID, id=f"a{number}"), recipients=(DESK,))
        home.parts.index.write_verdicts([judged])
        home.parts.index.write_alerts([raised])
        home.parts.incidents.take([raised])
        home.clock.advance(60)
        [incident] = home.parts.incidents.open()
        return incident.id

    def read() -> list[int]:
        """How often each page says that somebody took it, and how many posts the first page says were dealt with."""
        pages = [browser.page(f"/me/alerts/a{number}").words for number in (1, 2)]
        dealt = next(
            number
            for number in range(3)
            if f"{number} {'was' if number == 1 else 'were'} dealt with" in browser.page("/me").words
        )
        return [*(page.count("took care of it") for page in pages), dealt]

    browser = home.browser()
    home.parts.incidents.answer(raise_alert(1), "on-it", by="Rut Ek")
    home.clock.advance(60)
    incident = raise_alert(2)
    assert read() == [1, 0, 1]
    home.parts.incidents.answer(incident, "on-it", by="Eva Berg")
    assert read() == [2, 1, 2]


def test_a_text_is_shown_when_she_asks_and_both_are_written_down(home: Home) -> None:
    flagged(home)
    browser = home.browser()
    listed = browser.page("/me/alerts")
    assert "/me/alerts/a1" in listed.links()
    assert "Akta dig" not in listed.words
    assert "Akta dig" not in browser.page("/me/alerts/a1").words
    assert [notice.form for notice in home.parts.notices.of(ID)] == ["gist"]
    assert "Akta dig" in browser.page("/me/alerts/a1", text="1").words
    assert [notice.form for notice in home.parts.notices.of(ID)] == ["gist", "text"]
    assert [entry.act.action for entry in home.parts.audit.read(official=ID)] == ["text-read"]
    assert "You read a post" in browser.page("/me/accesses").words


def test_of_a_very_long_text_it_is_said_that_it_goes_on_and_what_was_found_there(home: Home) -> None:
    text = "Akta dig. ".ljust(30_000, "a") + "vi ses i natt"
    flagged(home, text=text, spans=(Span(30_000, len(text), "threat"),))
    words = home.browser().page("/me/alerts/a1", text="1").words
    assert "this is its beginning" in words
    assert "vi ses i natt" in words
    assert "this is its beginning" not in home.browser().page("/me/alerts/a1").words


def test_that_a_deputy_read_is_no_notice_to_the_official(home: Home) -> None:
    flagged(home)
    assert "Akta dig" in home.browser("deputy").page("/me/alerts/a1", text="1").words
    assert "read a post" in (hers := home.browser().page("/me/accesses").words)
    assert "As your deputy" in hers
    assert home.parts.notices.of(ID) == []
    assert [entry.act.who for entry in home.parts.audit.read(official=ID)] == ["siv"]


def test_who_read_is_named(home: Home) -> None:
    home.parts.audit.write("anna", "signed-in")
    home.parts.audit.write("somebody-else", "text-read", official=ID, why="police")
    home.parts.audit.write("olle", "texts-listed", official=ID, why="emergency: a threat tonight")
    home.parts.audit.write("command", "exported", official=ID)
    page = home.browser().page("/me/accesses")
    assert "somebody-else read a post" in page.words
    assert "Reason: police" in page.words
    assert "Emergency access: a threat tonight" in page.words
    assert "Whoever runs Turvakt here downloaded data" in page.words
    assert "signed" not in page.words


def test_she_sees_what_is_kept_as_evidence(home: Home) -> None:
    item = flagged(home)
    assert "Kept as evidence" not in home.browser().page("/me/alerts/a1").words
    until = home.clock.now() + timedelta(days=30)
    home.parts.holds.add(item.verdict, official=ID, reason="K-17", until=until, by="olle")
    home.parts.audit.write("olle", "hold-added", official=ID, post="jsonl:a", why="K-17")
    words = home.browser().page("/me/alerts/a1").words
    assert "Kept as evidence" in words
    assert "Kept by Ekvik" in words
    assert "Reason: K-17" in words
    assert "kept a post as evidence" in home.browser().page("/me/accesses").words


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_every_holder_has_a_name_for_people(home: Home, language: str) -> None:
    texts = tomllib.loads((Path(web.__path__[0]) / "translations" / "portal" / f"{language}.toml").read_text("utf-8"))
    assert texts["me"]["store_name"].keys() >= {each.name for each in home.parts.holders}


def test_alerts_of_others_are_not_there(home: Home) -> None:
    other = verdict("b", "Till Bo", officials=("bo",), severity="high", labels=("threat",))
    home.parts.index.write_verdicts([other])
    home.parts.index.write_alerts([alert(other, official="bo", id="b1")])
    browser: Browser = home.browser()
    assert browser.get("/me/alerts/b1").status_code == 404
    assert "/me/alerts/b1" not in browser.page("/me/alerts").links()
