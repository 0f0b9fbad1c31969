"""What officials are shown: every version whole in every language, and what was shown is known again."""

import tomllib
from pathlib import Path

import pytest

from flow.errors import BadInput, Broken
from registry.official import Language
from registry.retention import KINDS, Kind
from registry.wording import SECTIONS, load_wordings

FOLDER = Path(__file__).parents[2] / "config" / "consent"
DAYS = {"unflagged": 0.0, "low": 30.0, "flagged": 365.0, "case": 500.0, "open-case": 730.0, "sample": 30.0}
LANGUAGES: tuple[Language, ...] = ("sv", "fi", "en")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in FOLDER.glob("*.toml"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_shown_names_tenant_and_days(language: Language) -> None:
    shown = load_wordings(FOLDER).shown(language, tenant="Ekvik", days=DAYS)
    assert "Ekvik" in shown.texts.summary
    for days in ("30", "365", "500", "730"):
        assert days in shown.texts.kept
    assert "30" in shown.texts.sample
    assert [len(each) for each in shown.sections] == [2] * len(SECTIONS)
    assert ("{" in str(shown.sections), "{" in shown.texts.title + shown.texts.summary) == (False, False)


def test_all_languages_tell_the_same_figures() -> None:
    wordings = load_wordings(FOLDER)
    days = {"unflagged": 0.0, "low": 1111.0, "flagged": 2222.0, "case": 3333.0, "open-case": 5555.0, "sample": 4444.0}
    texts = [wordings.shown(language, tenant="<T>", days=days).texts for language in LANGUAGES]
    for key in SECTIONS:
        marks = [
            {mark for mark in ("<T>", "1111", "2222", "3333", "4444", "5555") if mark in getattr(each, key)}
            for each in texts
        ]
        assert marks[0] == marks[1] == marks[2], key


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.toml")), ids=lambda path: path.name)
def test_each_kind_that_is_kept_is_told(path: Path, kind: Kind) -> None:
    texts = tomllib.loads(path.read_text(encoding="utf-8"))
    days = f"{{{kind.replace('-', '_')}}}"
    for key in {"sample": ("sample",), "unflagged": ("kept_too",)}.get(kind, ("kept", "kept_too")):
        assert days in texts[key]


@pytest.mark.parametrize("language", LANGUAGES)
def test_that_posts_without_a_flag_are_kept_is_said(language: Language) -> None:
    wordings = load_wordings(FOLDER)
    assert "77" not in wordings.shown(language, tenant="Ekvik", days=DAYS).texts.kept
    kept = wordings.shown(language, tenant="Ekvik", days=DAYS | {"unflagged": 77.0}).texts.kept
    assert all(days in kept for days in ("77", "30", "365", "500", "730"))


def test_the_reference_is_of_exactly_what_was_shown() -> None:
    wordings = load_wordings(FOLDER)
    shown = wordings.shown("sv", tenant="Ekvik", days=DAYS)
    assert shown.reference.startswith(f"{wordings.newest}-")
    assert wordings.shown("sv", tenant="Ekvik", days=DAYS, version=wordings.newest) == shown
    others = [
        wordings.shown("fi", tenant="Ekvik", days=DAYS),
        wordings.shown("sv", tenant="Håby", days=DAYS),
        wordings.shown("sv", tenant="Ekvik", days=DAYS | {"low": 14.0}),
    ]
    assert len({shown.reference, *(each.reference for each in others)}) == 4


def test_the_newest_is_shown_and_older_ones_are_there(folder: Path) -> None:
    for language in LANGUAGES:
        text = (folder / f"2026-11.{language}.toml").read_text(encoding="utf-8")
        (folder / f"2027-01.{language}.toml").write_text(text + "\n", encoding="utf-8")
    wordings = load_wordings(folder)
    assert wordings.newest == "2027-01"
    assert wordings.shown("sv", tenant="E", days=DAYS, version="2026-11").reference.startswith("2026-11-")
    with pytest.raises(BadInput, match="no wording of this version"):
        wordings.shown("sv", tenant="E", days=DAYS, version="2025-01")


def test_what_is_not_whole_is_refused(folder: Path) -> None:
    path = folder / "2026-11.sv.toml"
    text = path.read_text(encoding="utf-8")
    for wrong, expected in [
        (text.replace("{low}", "{lowest}"), "'kept' names something else"),
        (text.replace("{low}", "{low:5}"), "'kept' names something else"),
        (text.replace("title = ", "titel = "), "titel"),
        (text.replace('"Ditt samtycke"', '" "'), "'title' is empty"),
        (text + "more", "is no wording"),
        (text.replace('where = "Var vi letar"', ""), "'headings' are not those of"),
    ]:
        path.write_text(wrong, encoding="utf-8")
        with pytest.raises(Broken, match=expected):
            load_wordings(folder)
    path.unlink()
    with pytest.raises(Broken, match="is missing in 'sv'"):
        load_wordings(folder)
    (folder / "new.sv.toml").write_text(text, encoding="utf-8")
    with pytest.raises(Broken, match="is not called like"):
        load_wordings(folder)


def test_a_folder_without_any_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="no wording of the consent"):
        load_wordings(tmp_path)
