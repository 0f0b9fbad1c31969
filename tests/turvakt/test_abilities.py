"""What the classifier does on held-out posts and what it can do, as a table, as JSON and on a page."""

import shutil
from pathlib import Path

import pytest

from classify.corpus import Example, line, read
from classify.evaluation.groups import Gap, GroupReport
from classify.evaluation.variations import VARIATIONS
from flow.errors import Broken
from tests.classify.material import HERE, MODELS, TRAINING
from tests.turvakt.process import ROOT, Program
from turvakt.commands.abilities import BEGIN, END, check, write

ON_TOPICS = [
    Example("p-1", "sv", "Vi ses i parken på söndag, ta med kaffe.", frozenset(), "none", "sv-1", topic="parks"),
    Example("p-2", "sv", "Vem klipper gräset nu?", frozenset(), "none", "sv-1", topic="parks", contrast="t-019"),
]
"""By an author who is trained on, on a topic that is not; the second has a twin that is."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Over a suite of eight cases and the corpus of the tests, of which 18 Swedish posts are held out, and `ON_TOPICS`."""
    models = tmp_path_factory.mktemp("models")
    (models / "linear").symlink_to(MODELS / "linear")
    (models / "suite").mkdir()
    (models / "corpus").mkdir()
    shutil.copy(TRAINING, models / "corpus")
    (models / "corpus" / "topics.jsonl").write_text("\n".join(map(line, ON_TOPICS)), "utf-8")
    shutil.copy(MODELS / "suite" / "identities.toml", models / "suite")
    shutil.copy(HERE / "abusive_suite.jsonl", models / "suite" / "sv.jsonl")
    return Program(tmp_path_factory.mktemp("data"), TURVAKT_CLASSIFIER_MODELS=str(models))


def test_held_out_posts(program: Program) -> None:
    ((found),) = program.json("evaluate", "--curve", "--passages")
    assert set(found) == {"authors", "curve", "passages"}
    assert found["authors"]["examples"] == 18
    assert {each["question"] for each in found["authors"]["overall"]} >= {"lawful: flagged", "high or above: AP"}
    assert all(sum(bin["texts"] for bin in each["bins"]) == 18 for each in found["curve"]["curves"])
    ((found),) = program.json("evaluate", "--topics")
    assert (found["topics"]["of"], found["topics"]["examples"]) == ("held-out topics", 2)
    ((found),) = program.json("evaluate", "--topics", "--apart")
    assert (found["topics"]["of"], found["topics"]["examples"]) == ("held-out topics, without twins", 1)
    ((found),) = program.json("evaluate", "--all")
    assert found["all"]["examples"] == len(read(TRAINING)) + len(ON_TOPICS)


def test_held_out_posts_for_people(program: Program) -> None:
    shown = program.run("evaluate", "--curve")
    for text in (
        "Verdicts on held-out authors",
        "lawful: judged high or above",
        "Labels of held-out authors",
        "Calibration on held-out authors",
    ):
        assert text in shown


@pytest.mark.parametrize("page", [False, True])
def test_where_nothing_is_held_out(program: Program, tmp_path: Path, page: bool) -> None:
    """Which is told at once, before the posts of the authors are judged."""
    (tmp_path / "page.md").write_text(f"{BEGIN}\n{END}\n", "utf-8")
    options = ("--page", str(tmp_path / "page.md")) if page else ("--topics",)
    done = program.finish("evaluate", "--corpus", str(TRAINING), *options)
    assert done.returncode == 4
    assert b"no posts of held-out topics there. Name a corpus of more authors and topics" in done.stderr
    assert done.stdout == b""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("--all", "--topics"),
        *(
            (measure, option)
            for measure in ("--suite", "--variations", "--groups")
            for option in ("--all", "--topics", "--apart", "--curve", "--passages", "--corpus=x", "--open=x")
        ),
        *(
            ("--page=x", option)
            for option in (
                "--all",
                "--topics",
                "--json",
                "--curve",
                "--passages",
                "--suite",
                "--variations",
                "--groups",
            )
        ),
    ],
)
def test_options_of_which_one_would_be_dropped(program: Program, one: str, other: str) -> None:
    names = [option.partition("=")[0] for option in (one, other)]
    done = program.finish("evaluate", one, other)
    assert done.returncode == 2
    assert f"{names[0]} and {names[1]} exclude each other. Leave one of them out".encode() in done.stderr


def test_each_measure_alone_or_with_another(program: Program) -> None:
    ((found),) = program.json("evaluate", "--suite", "--groups")
    assert set(found) == {"suite", "groups"}
    assert sum(each["cases"] for each in found["suite"]["results"]) == 8
    assert found["suite"]["labels"]["of"] == "the functional suite"
    assert {each["language"] for each in found["groups"]["gaps"]} == {"sv", "fi"}
    assert found["suite"]["model"] == found["groups"]["model"]
    ((found),) = program.json("evaluate", "--variations")
    movements = found["variations"]["movements"]
    texts = {(each.name, language): number for each in VARIATIONS for language, number in (("sv", 5), ("fi", 3))}
    assert {(each["variation"], each["language"]): each["texts"] for each in movements} == texts


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
        assert written.count("### ") == written.count("| --- |\n") == 13
        assert written.count("\n### Calibration on held-out authors\n") == 1
        assert written.count("\n### Marked passages of held-out authors\n") == 1
        assert "stands above every one" in written
        assert "No open corpus was measured" in written


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


def unwritable(folder: Path) -> Path:
    """A page that can be read, but nothing can be written beside it: the name would be too long."""
    page = folder / f"{'p' * 250}.md"
    page.write_text(f"{BEGIN}\n{END}\n", "utf-8")
    return page


def test_a_page_that_cannot_be_written_is_refused_at_once(program: Program, tmp_path: Path) -> None:
    done = program.finish("evaluate", "--page", str(unwritable(tmp_path)))
    assert done.returncode == 4
    assert b"the page cannot be written (File name too long). Check the rights of its folder" in done.stderr
    assert done.stdout == b""


def test_figures_that_cannot_be_written_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, gaps = unwritable(tmp_path), (Gap("sv", "jews", "refugees", 0.2847, 0.25),)
    with pytest.raises(Broken, match="cannot be written"):
        write({"groups": GroupReport("cascade@1", (), gaps)}, page, with_open=False)
    shown = capsys.readouterr().out
    assert "Gaps between groups" in shown
    assert "refugees" in shown
    assert page.read_text("utf-8") == f"{BEGIN}\n{END}\n"


def test_a_page_keeps_its_rights_and_its_link(tmp_path: Path) -> None:
    page, link = tmp_path / "page.md", tmp_path / "link.md"
    page.write_text(f"{BEGIN}\n{END}\n", "utf-8")
    page.chmod(0o640)
    link.symlink_to(page)
    check(link)
    write({}, link, with_open=False)
    assert link.is_symlink()
    assert page.stat().st_mode & 0o777 == 0o640
    assert "No open corpus was measured" in page.read_text("utf-8")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link.md", "page.md"]


def test_the_page_in_the_repository_has_a_place() -> None:
    page = (ROOT / "docs" / "evaluation.md").read_text("utf-8")
    assert page.index(BEGIN) < page.index(END)
