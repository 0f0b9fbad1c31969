"""What officials, the public and those who get alerts read says the same in all languages, as far as its form can tell."""

import re
import tomllib

import pytest

from turvakt.settings import ROOT

FOLDER = ROOT / "docs" / "information"
LANGUAGES = ("sv", "fi", "en")
GUIDE = {each: ROOT / "docs" / ("incidents.md" if each == "en" else f"incidents.{each}.md") for each in LANGUAGES}


def form(page: str) -> dict[str, int]:
    """How many headings, list items, rows of tables, phrases in bold and places to fill in a page has."""
    patterns = {
        "headings": r"^#+ ",
        "items": r"^- ",
        "rows": r"^\| ",
        "bold": r"\*\*[^*]+\*\*",
        "places": r"\[[^\]]+\](?!\()",
        "authorities": r"\]\(https://",
        "emergency": r"\b112\b",
    }
    return {name: len(re.findall(pattern, page, re.M)) for name, pattern in patterns.items()}


@pytest.mark.parametrize("subject", ["officials", "public"])
def test_all_languages_have_the_same_form(subject: str) -> None:
    forms = {language: form((FOLDER / f"{subject}.{language}.md").read_text("utf-8")) for language in LANGUAGES}
    assert forms["fi"] == forms["sv"]
    assert forms["en"] == forms["sv"]


def test_the_guide_to_alerts_has_the_same_form_in_all_languages_and_leads_to_the_others() -> None:
    pages = {language: page.read_text("utf-8") for language, page in GUIDE.items()}
    assert form(pages["fi"]) == form(pages["sv"]) == form(pages["en"])
    assert len({page.count("\n\n") for page in pages.values()}) == 1
    for language, page in pages.items():
        others = {GUIDE[each].name for each in LANGUAGES if each != language}
        linked = set(re.findall(r"\]\((?!http)([^)]+)\)", page))
        assert linked == others | {"alerts.md", "routines.md", "decisions/0027-answer-links.md"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_guide_to_alerts_calls_buttons_as_the_page_does(language: str) -> None:
    words = tomllib.loads((ROOT / "web" / "translations" / "answer" / f"{language}.toml").read_text("utf-8"))
    buttons = re.findall(r"^\| ([^|]+) \|", GUIDE[language].read_text("utf-8"), re.M)[2:]
    shown = words["answer"]["do"]
    assert buttons == [shown[each] for each in ("on-it", "acknowledge", "hand-over", "false-alarm", "resolve")]
    assert f'"{shown["reopen"]}"' in GUIDE[language].read_text("utf-8")


def test_there_is_no_other_page() -> None:
    pages = {page.name for page in FOLDER.iterdir()}
    assert pages == {f"{subject}.{language}.md" for subject in ("officials", "public") for language in LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_officials_read_where_help_is(language: str) -> None:
    page = (FOLDER / f"officials.{language}.md").read_text("utf-8")
    for needed in ("114 14", "116 006", "poliisi.fi", "imy.se", "tietosuoja.fi"):
        assert needed in page
