"""The texts for officials and for the public say the same in all languages, as far as their form can tell."""

import re

import pytest

from turvakt.settings import ROOT

FOLDER = ROOT / "docs" / "information"
LANGUAGES = ("sv", "fi", "en")


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


def test_there_is_no_other_page() -> None:
    pages = {page.name for page in FOLDER.iterdir()}
    assert pages == {f"{subject}.{language}.md" for subject in ("officials", "public") for language in LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_officials_read_where_help_is(language: str) -> None:
    page = (FOLDER / f"officials.{language}.md").read_text("utf-8")
    for needed in ("114 14", "116 006", "poliisi.fi", "imy.se", "tietosuoja.fi"):
        assert needed in page
