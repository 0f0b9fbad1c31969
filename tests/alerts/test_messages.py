"""Messages: as a person reads them, in three languages, and nothing where it does not belong.

The golden files in ``messages/`` are invented. To look at them after a change: ``TURVAKT_TEST_WRITE=1 pytest`` writes them anew.
"""

import json
import os
import re
import string
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Alert, Recipient
from alerts.message import Message, clean
from alerts.rendering import FOLDER, MOST_HINTS, MOST_SHOWN, Renderer
from alerts.translations import LANGUAGES, Translations
from classify.law import load_law
from classify.verdict import LABELS, SEVERITIES
from flow.errors import Broken
from registry.official import Language
from tests.alerts.people import AT, alert, official, recipient, verdict

GOLDEN = Path(__file__).parent / "messages"
TRANSLATIONS = Translations(FOLDER)
KEYS = TRANSLATIONS.keys()
FINN = official("aino-koivumaki", name=("Aino", "Koivumäki"), country="FI")
KNOWN = {each.id: each for each in (official(), FINN)}
LAW = load_law(Path(__file__).parents[2] / "config" / "law.toml")
RENDERER = Renderer(TRANSLATIONS, base_url="https://turvakt.ekvik.example/", officials=KNOWN.get, law=LAW)


def render(given: Alert, told: Recipient) -> Message:
    return RENDERER.render(given, told)


CASES = {
    "threat": (verdict(severity="critical", labels=("threat", "hate")), False),
    "doxxing-with-text": (verdict("mastodon:1", text="Rad ett.\n\nRad två.", labels=("doxxing",)), True),
    "abuse": (verdict("feed:https://tidning.example/a?b=1", severity="medium"), False),
    "unlabelled": (verdict("jsonl:1", severity="medium", labels=()), False),
    "deleted-threat": (verdict(text="", labels=("threat",), deleted_at=AT), True),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", sorted(CASES))
def test_as_people_read_it(case: str, language: Language) -> None:
    judged, show_text = CASES[case]
    about = replace(alert(judged), id="3f2a9c77c0ffee", official=FINN.id if language == "fi" else "anna-lindqvist")
    message = render(about, recipient(language=language, show_text=show_text))
    written = f"(An invented alert about nobody.)\n\nSubject: {message.subject}\n\n{message.text}"
    file = GOLDEN / f"{case}.{language}.txt"
    if os.environ.get("TURVAKT_TEST_WRITE"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(written, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == written


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_subject_carries_neither_name_nor_label_nor_text_nor_address(language: Language) -> None:
    message = render(alert(verdict(labels=LABELS)), recipient(language=language, show_text=True))
    names = [TRANSLATIONS.name(language, "label", label) for label in LABELS]
    for secret in ("Anna", "Lindqvist", "bron", "ekvik", "bluesky", "Bluesky", *LABELS, *names):
        assert secret not in message.subject
    assert TRANSLATIONS.name(language, "severity", "high") in message.subject


def test_the_text_shows_only_where_the_rule_allows_it() -> None:
    hidden, shown = (render(alert(), recipient(show_text=allowed)) for allowed in (False, True))
    for message, visible in ((hidden, False), (shown, True)):
        assert ("bron" in message.text) is visible
        assert ("bron" in json.dumps(message.facts)) is visible
    for secret in ("kalle", "social.example"):
        assert secret not in shown.text + json.dumps(shown.facts)


@pytest.mark.parametrize("allowed", [False, True])
def test_nothing_names_the_author(allowed: bool) -> None:
    """On Bluesky the id of a post holds the author's."""
    message = render(alert(verdict("bluesky:did:plc:kalle/3k")), recipient(show_text=allowed))
    for secret in ("did:plc", "kalle", "3k", "social.example"):
        assert secret not in message.subject + message.text + json.dumps(message.facts)


def test_a_long_text_is_shortened() -> None:
    message = render(alert(verdict(text="¤" * 10_000_000)), recipient(show_text=True))
    assert message.text.count("¤") == MOST_SHOWN
    assert "avkortad" in message.text


def test_the_facts_for_machines() -> None:
    message = render(alert(), recipient())
    assert message.facts["type"] == "alert.raised"
    assert message.facts["timestamp"] == AT.isoformat()
    data = message.facts["data"]
    assert data["official"] == {"id": "anna-lindqvist", "name": "Anna Lindqvist"}
    assert data["labels"] == {"harassment": 0.9}
    assert data["link"] == f"https://turvakt.ekvik.example/alerts/{alert().id}"
    assert data["law"][0] == {"country": "SE", "section": "4 kap. 7 § brottsbalken"}
    assert (message.official, message.post) == ("anna-lindqvist", "bluesky:1")


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
        assert words in shown
        assert shown.count("\n- ") == MOST_HINTS


def test_honour_is_no_hint_in_a_message() -> None:
    for language in LANGUAGES:
        text = render(replace(alert(), official=FINN.id), recipient(language=language)).text
        assert "24 luku 9" not in text
        assert TRANSLATIONS.text(language, "law") not in text


def test_without_provisions_nothing_is_said_of_law() -> None:
    bare = Renderer(TRANSLATIONS, base_url="https://turvakt.ekvik.example", officials=KNOWN.get)
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
    for group, values in (("severity", SEVERITIES), ("label", LABELS)):
        for value in values:
            assert f"{group}.{value}" in KEYS
    assert TRANSLATIONS.name(language, "source", "new-source") == "new-source"


def test_the_languages_fill_in_the_same_values() -> None:
    def wanted(language: Language, key: str) -> set[str | None]:
        names = ("name", "section", "severity", "labels", "source", "moment", "step", "reference", "date", "time")
        text = TRANSLATIONS.text(language, key, **{name: "{" + name + "}" for name in names})
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for key in KEYS:
        assert wanted("sv", key) == wanted("fi", key) == wanted("en", key)


def test_dates_as_people_write_them() -> None:
    day = datetime(2026, 3, 3, 13, 5, tzinfo=UTC)
    assert TRANSLATIONS.day("sv", day.date()) == "3 mars 2026"
    assert TRANSLATIONS.day("fi", day.date()) == "3. maaliskuuta 2026"
    assert TRANSLATIONS.day("en", day.date()) == "3 March 2026"
    helsinki = ZoneInfo("Europe/Helsinki")
    assert TRANSLATIONS.moment("fi", day, zone=helsinki) == "3. maaliskuuta 2026 klo 15.05"


def folder(path: Path, **files: str) -> Path:
    for language, text in files.items():
        (path / f"{language}.toml").write_text(text, encoding="utf-8")
    return path


def test_a_missing_text_stops(tmp_path: Path) -> None:
    with pytest.raises(Broken, match=r"fi\.toml: the text 'b\.c' is missing"):
        Translations(folder(tmp_path, sv='a = "x"\nb.c = "y"', fi='a = "x"', en='a = "x"\n[b]\nc = "y"'))


def test_a_damaged_or_missing_file_stops(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="cannot be read"):
        Translations(tmp_path)
    with pytest.raises(Broken, match="not valid TOML"):
        Translations(folder(tmp_path, sv="a ="))


def test_values_are_filled_in_as_they_are(tmp_path: Path) -> None:
    texts = Translations(folder(tmp_path, sv='a = "<{x}>"', fi='a = "{x}"', en='a = "{x}"'))
    assert texts.text("sv", "a", x="{y}") == "<{y}>"
    with pytest.raises(KeyError):
        texts.text("sv", "b")
