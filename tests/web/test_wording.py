"""Three languages: the same keys, nothing untranslated, times and numbers as the reader writes them."""

import re
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from access.audit_entry import ACTIONS
from access.person import ROLES
from alerts.messages.translations import LANGUAGES, Translations
from classify.law import load_law
from classify.verdict import LABELS, SEVERITIES, Aim, Unable
from ingest.post import Sign
from registry.official import Country, Language
from tests.review.people import alert, decision, delivery, verdict
from tests.web.building import EVERY_LABEL, Page, World
from web.wording import FOLDER, FOLDERS, Texts, choose_language

TEMPLATES = Path(FOLDER).parent / "templates"


@pytest.fixture(scope="module")
def own() -> Translations:
    return Translations(*FOLDERS)


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_text_wants_the_same_values_in_each_language(own: Translations) -> None:
    for key in own.keys():  # noqa: SIM118  not a dict
        wanted = {
            language: {name for _, name, _, _ in Formatter().parse(own._texts[language][key]) if name}
            for language in LANGUAGES
        }
        assert wanted["sv"] == wanted["fi"] == wanted["en"], key


def test_every_text_is_used_and_every_used_text_exists(own: Translations) -> None:
    sources = [*TEMPLATES.rglob("*.html"), *TEMPLATES.parent.rglob("*.py")]
    source = "\n".join(path.read_text("utf-8") for path in sources)
    quoted = set(re.findall(r"""["']([a-z_]+(?:\.[a-z_-]+)*\.?)(?=["'{])""", source))
    groups = {key: key.rpartition(".")[0] for key in own.keys()}  # noqa: SIM118  not a dict
    assert {key for key, group in groups.items() if not {key, group, f"{group}."} & quoted} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_false_alarm_is_called_the_same_of_posts_and_of_incidents(language: Language) -> None:
    wording = Texts().wording(language)
    said = {wording.text(f"{where}.false-alarm").lower() for where in ("decision", "incidents.event", "answer.do")}
    assert len(said) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_value_of_the_records_has_a_name(own: Translations, language: Language) -> None:
    wording = Texts().wording(language)
    for sign in get_args(Sign):
        assert wording.text(f"sign.{sign}")
    for reason in get_args(Unable):
        assert wording.text(f"unable.{reason}")
    for aim in get_args(Aim):
        assert wording.text(f"aimed_at.{aim}")
    for action in ACTIONS:
        assert wording.text(f"act.{action}")
    for role in ROLES:
        assert wording.text(f"role.{role}")
    for country in get_args(Country):
        assert wording.text(f"law.{country}")
    assert all(wording.named("label", label) for label in LABELS)
    assert all(wording.named("severity", severity) for severity in SEVERITIES)
    assert wording.named("source", "elsewhere") == wording.channel("elsewhere") == "elsewhere"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_shows_a_key_or_another_language(own: Translations, language: Language) -> None:
    world = World(thresholds=EVERY_LABEL, law=load_law(TEMPLATES.parents[1] / "config" / "law.toml"))
    first = verdict("a", "", severity="high", labels=LABELS)
    unable = verdict("b", "", unable="no-text", language="other")
    world.index.write_verdicts([first, unable])
    world.index.write_alerts([alert(first)])
    world.index.write_deliveries([delivery(alert(first), state="waiting")])
    world.index.write_decisions([decision("jsonl:a")])
    browser = world.browser()
    browser.headers["accept-language"] = language
    others = {own._texts[other][key] for other in LANGUAGES if other != language for key in own.keys()}  # noqa: SIM118
    hers = {own._texts[language][key] for key in own.keys()}  # noqa: SIM118
    strange = {text for text in others - hers if len(text) > 14 and "{" not in text}
    for path in (
        "/",
        "/?view=all&q=x&texts=hide",
        "/?view=alerts",
        "/posts/jsonl:a",
        "/posts/jsonl:b",
        "/status",
        "/trends",
        "/sign-in",
        "/nothing",
    ):
        answer = browser.get(path)
        page = Page(answer.text)
        assert page.all("html")[0]["lang"] == answer.headers["content-language"] == language
        assert not re.findall(
            r"\b(?:nav|title|filter|list|empty|about|why|aimed_at|law|decision|alert|status|sign_in|summary|trends|hold)\.[a-z_]+",
            page.words,
        )
        assert [text for text in strange if text in page.words] == []


def test_the_language_can_be_chosen(own: Translations) -> None:
    browser = World().browser()
    link = next(link for link in browser.page("/?view=all&q=å").links() if link.startswith("/language/fi"))
    answer = browser.get(link)
    assert answer.headers["location"] == "/?view=all&q=%C3%A5"
    assert browser.page("/").all("html")[0]["lang"] == "fi"
    assert "set-cookie" not in browser.get("/language/de").headers
    assert browser.page("/").all("html")[0]["lang"] == "fi"


@pytest.mark.parametrize(
    ("cookie", "accept", "expected"),
    [
        (None, "", "sv"),
        (None, "de, *", "sv"),
        (None, "fi-FI, fi;q=0.9, en;q=0.8", "fi"),
        (None, "en;q=0.2, fi;q=0.3", "fi"),
        (None, "en-GB", "en"),
        (None, "fi;q=0, en;q=0.1", "en"),
        (None, "fi;q=x, en;q=0.1", "en"),
        (None, ";;=,;q=", "sv"),
        ("fi", "sv", "fi"),
        ("de", "en", "en"),
    ],
)
def test_language_of_the_browser(cookie: str | None, accept: str, expected: str) -> None:
    assert choose_language(cookie, accept) == expected


def test_numbers_and_times() -> None:
    texts = Texts()
    sv, fi, en = (texts.wording(language) for language in ("sv", "fi", "en"))
    noon = datetime(2026, 9, 14, 9, 5, tzinfo=UTC)
    assert (sv.number(12345), fi.number(12345), en.number(12345)) == ("12\xa0345", "12\xa0345", "12,345")
    assert (sv.percent(0.914), fi.percent(0.9), en.percent(1)) == ("91\xa0%", "90\xa0%", "100%")
    assert (sv.hour(noon), fi.hour(noon), en.hour(noon)) == ("11:05", "12.05", "11:05")
    assert sv.moment(noon) == "14 september 2026 kl. 11:05"
    assert fi.moment(noon) == "14. syyskuuta 2026 klo 12.05"
    assert (sv.count("list.new", 1), sv.count("list.new", 2)) == ("1 nytt inlägg – visa", "2 nya inlägg – visa")


def test_an_end_that_is_a_day_has_no_time() -> None:
    sv = Texts().wording("sv")
    for at in (datetime(2027, 1, 31, tzinfo=UTC), datetime(2027, 1, 31, 22, 59, 59, tzinfo=UTC)):
        assert sv.end(at) == "31 januari 2027"
    assert sv.end(datetime(2027, 1, 31, 11, 30, tzinfo=UTC)) == "31 januari 2027 kl. 12:30"


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("password+totp", "med lösenord och en kod ur appen"),
        ("begun", "påbörjat"),
        ("incident 3f2a9c0d1e", "händelse 3f2a9c"),
        ("person p-17", "Rut Ek"),
        ("person p-17: officer, reviewer", "Rut Ek: säkerhetsansvarig, granskare"),
        ("person p-17: no role", "Rut Ek: ingen roll"),
        ("emergency: incident at the school", "emergency: incident at the school"),
        ("K-17", "K-17"),
    ],
)
def test_what_the_audit_log_has_as_a_code_is_said_in_words(why: str, said: str) -> None:
    assert Texts().wording("sv").why(why, name={"p-17": "Rut Ek"}.__getitem__) == said
