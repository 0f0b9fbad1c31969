"""Texts in three languages: the same keys, the same values, dates as people write them."""

import string
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alerts.messages.rendering import FOLDERS
from alerts.messages.translations import Translations
from flow.errors import Broken
from registry.official import Language

TRANSLATIONS = Translations(*FOLDERS)
KEYS = TRANSLATIONS.keys()


def test_the_languages_fill_in_the_same_values() -> None:
    def wanted(language: Language, key: str) -> set[str | None]:
        names = (
            "name",
            "section",
            "severity",
            "size",
            "posts",
            "number",
            "per_hour",
            "held",
            "reference",
            "date",
            "time",
            "moment",
            "reason",
            "remedy",
        )
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
