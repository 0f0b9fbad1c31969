"""Messages: as a person reads them, in three languages, and nothing where it does not belong.

The golden files in ``messages/`` are invented. To look at them after a change: ``TURVAKT_TEST_WRITE=1 pytest`` writes them anew.
"""

import json
import os
import re
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from alerts.alert import Alert, Occasion, Recipient
from alerts.bulletin import KINDS, VALUES, Bulletin
from alerts.messages.message import Message, clean, units
from alerts.messages.rendering import FOLDERS, MOST_HINTS, Renderer
from alerts.messages.translations import LANGUAGES, Translations
from alerts.messages.words import Words
from classify.law import load_law
from classify.verdict import LABELS, SEVERITIES
from registry.official import Language, Official
from tests.alerts.people import AT, alert, official, recipient, verdict
from tests.alerts.told import CASES, INCIDENT, bulletin, incident, told
from turvakt.watch.trouble import DETAILS
from turvakt.watch.trouble import KINDS as TROUBLES

GOLDEN = Path(__file__).parent / "messages"
TRANSLATIONS = Translations(*FOLDERS)
KEYS = TRANSLATIONS.keys()
FINN = official("aino-koivumaki", name=("Aino", "Koivumäki"), country="FI")
KNOWN = {each.id: each for each in (official(), FINN)}
LAW = load_law(Path(__file__).parents[2] / "config" / "law.toml")
BASE = "https://turvakt.ekvik.example"
LINK = f"{BASE}/a/{'k' * 38}"
LISTED = {INCIDENT: incident("anna-lindqvist", "escalated"), INCIDENT[::-1]: incident(FINN.id, "acknowledged")}
RENDERER = Renderer(
    TRANSLATIONS,
    base_url=f"{BASE}/",
    officials=KNOWN.get,
    law=LAW,
    link_of=lambda delivery: f"{BASE}/a/{delivery}",
    incidents=LISTED.get,
)
PREVIEW = 150
DELIVERY = LINK.rpartition("/")[2]


def render(given: Alert | Bulletin, told: Recipient) -> Message:
    return RENDERER.render(given, told, DELIVERY)


def test_the_end_of_what_was_grave_is_not_grave() -> None:
    begins = bulletin("operation", severity="critical")
    over = replace(begins, values=begins.values | {"event": "over"})
    assert [render(each, recipient()).severity for each in (begins, over)] == ["critical", "none"]


EVERY = pytest.mark.parametrize("case", sorted(CASES))


def read_by(message: Message, language: Language) -> str:
    heads = f"[{language}]\nSubject: {message.subject}\nShort: {message.short}\nSpoken: {message.spoken}"
    return f"{heads}\n\n{message.text}"


@EVERY
def test_as_people_read_it(case: str) -> None:
    # Some who are told may read the post, others may not.
    to = [recipient(language=language, show_text=case.startswith("raised")) for language in LANGUAGES]
    messages = [read_by(render(CASES[case], each), each.language) for each in to]
    written = "\n".join(("(An invented message about nobody.)\n", *messages))
    file = GOLDEN / f"{case}.txt"
    if os.environ.get("TURVAKT_TEST_WRITE"):
        file.write_text(written, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == written


@pytest.mark.parametrize(
    ("occasion", "severity"), [("graver", "critical"), ("reminder", "critical"), ("raised", "high")]
)
def test_what_is_told_of_a_whole_incident_is_as_grave_as_the_gravest_of_it(occasion: Occasion, severity: str) -> None:
    threat = told(occasion, posts=3, labels=("threat",))
    assert threat.told is not None
    message = render(replace(threat, told=replace(threat.told, severity="critical")), recipient(language="en"))
    assert f"severity {severity}" in message.subject
    assert f"Severity: {severity}" in message.text
    assert (message.severity, message.facts["data"]["severity"]) == (severity, severity)


@EVERY
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_others_see_or_hear_gives_nothing_away(case: str, language: Language) -> None:
    """Lock screens, lists of mails, voices: neither text nor name nor handle nor label nor source."""
    message = render(CASES[case], recipient(language=language, show_text=True))
    page = LexborHTMLParser(message.html)
    assert page.body is not None
    hidden = page.css_first("div[aria-hidden]")
    whole = seen(page.body)
    visible = whole.removeprefix(seen(hidden)).strip()
    previews = [message.text[:PREVIEW], whole[:PREVIEW], visible[:PREVIEW]]
    secrets = ["Anna", "Lindqvist", "Aino", "bron", "kalle", "social.example", "Bluesky", "Mastodon", *LABELS]
    if isinstance(CASES[case], Alert) or case == "campaign":
        secrets += [TRANSLATIONS.name(language, "label", label) for label in LABELS]
    for shown in (message.subject, message.short, message.spoken, seen(page.css_first("title")), *previews):
        assert [secret for secret in secrets if re.search(rf"\b{re.escape(secret)}", shown)] == []


@EVERY
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_says_what_the_plain_text_says_and_loads_nothing(case: str, language: Language) -> None:
    message = render(CASES[case], recipient(language=language))
    page = LexborHTMLParser(message.html)
    said = seen(page.body)
    for line in message.text.splitlines():
        for part in line.removeprefix("- ").split(": ", maxsplit=1):
            assert part.startswith(f"{BASE}/") or part.rstrip(":") in said
    assert [each.attributes["lang"] for each in page.css("html")] == [language]
    assert [each.attributes["href"] for each in page.css("a")] == re.findall(rf"{BASE}/\S+", message.text)
    for loaded in ("<img", "<script", "<link", "src=", "url(", "@import"):
        assert loaded not in message.html


@EVERY
@pytest.mark.parametrize("language", LANGUAGES)
def test_short_and_link_fit_into_one_short_message_of_a_telephone(case: str, language: Language) -> None:
    message = render(CASES[case], recipient(language=language))
    taken, room = units(f"{message.short} {message.link or LINK}")
    assert (taken <= room, room) == (True, 160)


def test_a_short_message_that_alerts_are_closed_says_which() -> None:
    """All that a telephone shows: other alerts of the reader may still be open."""
    five = [f"{number}{INCIDENT[1:]}" for number in range(5)]
    several = bulletin("closed", incident="", severity="none", closed=" ".join(five), more="12")
    for language in LANGUAGES:
        short = render(several, recipient(language=language)).short
        assert [each[:6] for each in five if each[:6] not in short] == []
        assert "12" in short
        taken, room = units(short)
        assert (taken <= room, room) == (True, 160)


def seen(node: LexborNode | None) -> str:
    return " ".join(node.text(separator=" ").split()) if node else ""


def test_units_of_a_short_message() -> None:
    assert units("Hot mot någon: läs nu. €") == (25, 160)
    assert units("š") == (1, 70)
    assert units("👩 ok") == (5, 70)


def test_a_post_is_quoted_only_for_who_may_see_it_and_never_in_the_message_itself() -> None:
    hidden, shown = (render(alert(), recipient(show_text=allowed)) for allowed in (False, True))
    assert (hidden.quote, shown.quote) == (None, alert().verdict.post.text)
    assert "text" not in hidden.with_quote()["data"]
    assert shown.with_quote()["data"]["text"] == shown.quote
    for message in (hidden, shown):
        assert "bron" not in message.text + message.html + json.dumps(message.facts) + repr(message)


def test_nothing_names_the_author() -> None:
    """On Bluesky the id of a post holds the author's."""
    message = render(alert(verdict("bluesky:did:plc:kalle/3k")), recipient(show_text=True))
    for secret in ("did:plc", "kalle", "3k", "social.example"):
        assert secret not in message.subject + message.text + message.html + json.dumps(message.facts)


def test_a_name_cannot_be_more_than_text_on_a_page() -> None:
    named = replace(alert(), official_name="<script>x</script> & Ek")
    assert "&lt;script&gt;x&lt;/script&gt; &amp; Ek" in render(named, recipient()).html


def test_the_facts_for_machines() -> None:
    message = render(told("grown", posts=42, accounts=17, minutes=10), recipient())
    assert message.facts["type"] == "alert.grown"
    assert message.facts["timestamp"] == AT.isoformat()
    data = message.facts["data"]
    assert data["official"] == {"id": "anna-lindqvist", "name": "Anna Lindqvist"}
    assert data["labels"] == {"harassment": 0.9}
    assert (data["incident"], data["posts"], data["accounts"], data["minutes"]) == (INCIDENT, 42, 17, 10)
    assert data["link"] == message.link == LINK
    assert data["law"][0] == {"country": "SE", "section": "4 kap. 7 § brottsbalken", "mandate": False}
    assert (message.official, message.post, message.thread) == ("anna-lindqvist", "bluesky:1", INCIDENT)
    assert (message.severity, message.threat) == ("high", False)


def test_what_a_digest_lists_is_told_to_machines_as_objects() -> None:
    message = render(CASES["digest-daily"], recipient())
    listed = message.facts["data"]["listed"]
    assert [(each["incident"], each["severity"], each["posts"]) for each in listed] == [
        (INCIDENT, "critical", 7),
        (INCIDENT[::-1], "medium", 1),
    ]
    assert [(each["official"]["name"], each["state"]) for each in listed] == [
        ("Anna Lindqvist", "escalated"),
        ("Aino Koivumäki", "acknowledged"),
    ]
    assert [each["link"] for each in listed] == re.findall(rf"{BASE}/a/\S+", message.text)
    assert "listed" not in render(CASES["drill"], recipient()).facts["data"]


def test_without_answers_links_lead_into_the_console() -> None:
    bare = Renderer(TRANSLATIONS, base_url=BASE, officials=KNOWN.get)
    digest = bare.render(CASES["digest-daily"], recipient(language="en"), "k1")
    assert "- Severity critical, 7 posts [3f2a9c]" in digest.text, "nothing is known of it, nor made up"
    assert bare.render(alert(), recipient(), "k1").link == f"{BASE}/alerts/{alert().id}"
    assert bare.render(CASES["raised-deleted"], recipient(), "k1").link == ""
    assert bare.render(CASES["campaign"], recipient(), "k1").link == f"{BASE}/incidents/{INCIDENT}"


def test_bulletins_are_told_by_the_values_that_they_have() -> None:
    told = [each for each in CASES.values() if isinstance(each, Bulletin)]
    assert {each.kind for each in told} == VALUES.keys()
    assert all(each.values.keys() <= {*VALUES[each.kind], *(f"detail.{name}" for name in DETAILS)} for each in told)
    assert {f"{what}.{kind}" for what in ("trouble", "remedy") for kind in TROUBLES} | {
        f"detail.{name}" for name in DETAILS
    } <= KEYS


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("sv", "I den här takten är den full inom en halvtimme. Felmeddelande: Prova igen."),
        ("fi", "Tätä vauhtia se on täynnä puolen tunnin kuluessa. Virheilmoitus: Prova igen."),
        ("en", "At this rate it is full within half an hour. Error message: Prova igen."),
    ],
)
def test_no_number_of_hours_and_no_second_full_stop_is_told(language: Language, said: str) -> None:
    details = {"full-in": "0", "reason": "Prova igen.", "of-tomorrow": "7"}
    assert Words(TRANSLATIONS, language).details(details, UTC) == said


def test_a_bulletin_without_its_values_is_told_all_the_same() -> None:
    for kind in KINDS:
        assert render(bulletin(kind), recipient()).text


def test_a_law_hint_follows_the_official_and_is_no_verdict() -> None:
    judged = verdict(severity="critical", labels=("threat", "hate"))
    swede, finn = (replace(alert(judged), official=each) for each in ("anna-lindqvist", "aino-koivumaki"))
    assert "olaga hot, 4 kap. 5 § brottsbalken" in render(swede, recipient()).text
    finnish = render(finn, recipient(language="sv")).text
    assert "olaga hot, 25 kap. 7 § i strafflagen" in finnish
    assert "brottsbalken" not in finnish
    caution: dict[Language, str] = {"sv": "innebär inte att", "fi": "eivät tarkoita, että", "en": "do not say that"}
    for language, words in caution.items():
        shown = render(finn, recipient(language=language)).text
        law = shown[shown.index(TRANSLATIONS.text(language, "law")) :]
        assert words in law
        assert law.count("\n- ") == MOST_HINTS


@pytest.mark.parametrize("task", ["task", "tasks"])
def test_a_task_of_what_nobody_has_answered_says_so_and_how_grave_that_is(task: str) -> None:
    told = bulletin("task-overdue", severity="medium", **{task: "(a task)"}, due=AT.isoformat(), state="escalated")
    told = replace(told, values=told.values | {"incident_severity": "critical"})
    message = render(told, recipient(language="en"))
    for said in (message.text, message.spoken):
        assert "Nobody has answered the alert yet" in said
        assert "yours" not in said
    assert "- Severity of the alert: critical\n" in message.text
    taken = render(replace(told, values=told.values | {"state": "acknowledged"}), recipient(language="en"))
    assert "yours" in taken.text


@pytest.mark.parametrize(
    ("about", "language", "when"),
    [
        (FINN, "sv", "kl. 15:05 finsk tid"),
        (FINN, "fi", "klo 15.05"),
        (FINN, "en", "at 15:05 Finnish time"),
        (official(), "sv", "kl. 14:05"),
        (official(), "fi", "klo 14.05 Ruotsin aikaa"),
    ],
)
def test_times_of_another_country_than_the_readers_say_so(about: Official, language: Language, when: str) -> None:
    text = render(replace(alert(), official=about.id), recipient(language=language)).text
    assert f"2026 {when}\n" in text


def test_honour_is_no_hint_in_a_message() -> None:
    for language in LANGUAGES:
        text = render(replace(alert(), official=FINN.id), recipient(language=language)).text
        assert "24 luku 9" not in text
        assert TRANSLATIONS.text(language, "law") not in text


def test_without_provisions_nothing_is_said_of_law() -> None:
    bare = Renderer(TRANSLATIONS, base_url=BASE, officials=KNOWN.get)
    message = bare.render(alert(verdict(labels=("threat",))), recipient())
    assert TRANSLATIONS.text("sv", "law") not in message.text
    assert message.facts["data"]["law"] == []


def test_times_are_those_of_the_officials_country() -> None:
    swede, finn = (replace(alert(), official=each) for each in ("anna-lindqvist", "aino-koivumaki"))
    assert "14:05" in render(swede, recipient()).text
    assert "15:05" in render(finn, recipient()).text
    assert "13:05" in render(replace(alert(), official="nobody"), recipient()).text


@given(st.text())
def test_names_cannot_break_lines_or_turn_the_writing(name: str) -> None:
    shown = clean(name)
    assert len(shown.splitlines()) <= 1
    assert not re.search("[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200e\u200f]", shown)
    assert clean(shown) == shown


def test_ordinary_names_and_emoji_stay() -> None:
    for name in ("Åsa Öberg-Nyström", "Jukka Koivumäki", "👩\u200d🚒", "Łukasz O'Hara"):
        assert clean(name) == name
    assert clean("Lind\u00adqvist\u202e\r\nBcc: x") == "Lindqvist Bcc: x"


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_can_be_named_has_a_name(language: Language) -> None:
    occasions = get_args(Occasion)
    for group, values in (("severity", SEVERITIES), ("label", LABELS), ("title", occasions), ("lead", occasions)):
        for value in values:
            assert f"{group}.{value}" in KEYS
    assert TRANSLATIONS.name(language, "source", "new-source") == "new-source"


def test_that_somebody_else_has_answered_about_a_campaign_asks_for_nothing() -> None:
    overtaken = bulletin(
        "campaign", severity="critical", posts="230", accounts="85", minutes="10", occasion="overtaken"
    )
    message = render(overtaken, recipient(language="en"))
    assert message.text.startswith("You were taking care of the alert. Now somebody else has answered it.")
    assert (message.severity, message.threat) == ("none", False)
    assert "and answer" not in message.text
    assert "First" not in message.text
