"""What the classifier can do, as a table, as JSON and on a page."""

import shutil
from pathlib import Path

import pytest

from classify.evaluation.variations import VARIATIONS
from tests.classify.material import HERE, MODELS
from tests.turvakt.process import ROOT, Program
from turvakt.commands.abilities import BEGIN, END


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Over a suite of eight cases."""
    models = tmp_path_factory.mktemp("models")
    (models / "linear").symlink_to(MODELS / "linear")
    (models / "suite").mkdir()
    shutil.copy(MODELS / "suite" / "identities.toml", models / "suite")
    shutil.copy(HERE / "abusive_suite.jsonl", models / "suite" / "sv.jsonl")
    return Program(tmp_path_factory.mktemp("data"), TURVAKT_CLASSIFIER_MODELS=str(models))


def test_each_measure_alone_or_with_another(program: Program) -> None:
    ((found),) = program.json("evaluate", "--suite", "--groups")
    assert set(found) == {"suite", "groups"}
    assert sum(each["cases"] for each in found["suite"]["results"]) == 8
    assert {each["language"] for each in found["groups"]["gaps"]} == {"sv", "fi"}
    assert found["suite"]["model"] == found["groups"]["model"]
    ((found),) = program.json("evaluate", "--variations")
    assert {each["variation"] for each in found["variations"]["movements"]} <= {each.name for each in VARIATIONS}


def test_tables_for_people(program: Program) -> None:
    shown = program.run("evaluate", "--suite", "--groups")
    for title in ("Functional suite", "By functionality", "Gaps between groups"):
        assert title in shown
    assert "threat-direct" in shown


def test_a_page_takes_all_tables_between_its_marks(program: Program, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n{BEGIN}\n\nOld.\n\n{END}\n\nMore.\n", "utf-8")
    for _ in range(2):
        program.run("evaluate", "--page", str(page))
        written = page.read_text("utf-8")
        assert written.startswith(f"# Page\n\n{BEGIN}\n\nOf `cascade@")
        assert written.endswith(f"|\n\n{END}\n\nMore.\n")
        assert "Old." not in written
        assert written.count("### ") == written.count("| --- |\n") == 7


@pytest.mark.parametrize("written", [None, "# Page\n", f"{BEGIN}\n"])
def test_a_page_without_a_place_for_them_is_refused_at_once(
    program: Program, tmp_path: Path, written: str | None
) -> None:
    page = tmp_path / "page.md"
    if written is not None:
        page.write_text(written, "utf-8")
    done = program.finish("evaluate", "--page", str(page))
    assert done.returncode == 2
    assert b"page.md" in done.stderr


def test_the_page_in_the_repository_has_a_place() -> None:
    page = (ROOT / "docs" / "evaluation.md").read_text("utf-8")
    assert page.index(BEGIN) < page.index(END)
