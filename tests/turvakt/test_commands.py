"""The commands as somebody meets them who does something wrong, or at the wrong moment."""

import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flow.clock import ManualClock
from tests.turvakt.process import OFFICIALS, Program, line, until
from turvakt.commands.shared import printable
from web.gate import Gate

THANKS = "Tack Anna Lindqvist för den nya bron"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    program = Program(tmp_path / "data")
    program.run("officials", "import", str(OFFICIALS))
    return program


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    posts = tmp_path / "posts.jsonl"
    posts.write_text(line(1, THANKS), "utf-8")
    return posts


@contextmanager
def running(program: Program, *arguments: str) -> Iterator[str]:
    """A monitor beside the test, once it serves; gives the line that tells its address."""
    process = program.start(*arguments)
    try:
        assert process.stderr is not None
        shown = ""
        while "Console:" not in shown:
            shown = process.stderr.readline()
        yield shown
    finally:
        process.terminate()
        process.communicate(timeout=10)


class TestOneMonitorPerFolder:
    def test_a_second_demo_leaves_the_first_one_alone(self, tmp_path: Path) -> None:
        program = Program(tmp_path)
        with running(program, "demo"):
            until(lambda: any((tmp_path / "demo" / "outbox").glob("*.eml")))
            sent = set((tmp_path / "demo" / "outbox").glob("*.eml"))
            done = program.finish("demo", "--once")
            assert done.returncode == 4
            assert b"another monitor runs over this folder" in done.stderr
            assert sent <= set((tmp_path / "demo" / "outbox").glob("*.eml"))

    def test_a_demo_starts_anew(self, tmp_path: Path) -> None:
        program = Program(tmp_path)
        (first,), (second,) = (program.json("demo", "--once") for _ in range(2))
        assert first["read"] == second["read"] == 560

    def test_the_second_is_told_of_the_first_and_not_of_the_port(self, program: Program, posts: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        program = Program(program.folder, TURVAKT_WEB_PORT=str(port))
        with running(program, "run", "--posts", str(posts)):
            done = program.finish("run", "--posts", str(posts))
        assert done.returncode == 4
        assert b"another monitor runs over this folder" in done.stderr

    def test_the_folder_is_its_owners_alone(self, tmp_path: Path, posts: Path) -> None:
        program = Program(tmp_path / "data")
        program.run("status")
        program.run("run", "--once", "--posts", str(posts))
        assert stat.S_IMODE(program.folder.stat().st_mode) == 0o700
        for path in program.folder.rglob("*"):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_the_token_stays_out_of_journals(program: Program, posts: Path) -> None:
    with running(program, "run", "--posts", str(posts)) as shown:
        assert "http://127.0.0.1:" in shown
        assert "turvakt status" in shown
        assert "token" not in shown
    assert "/?token=" in program.run("status")


def test_once_ends_with_a_path_from_the_settings(program: Program, posts: Path) -> None:
    program = Program(program.folder, TURVAKT_JSONL_PATH=str(posts))
    assert program.json("run", "--once")[0]["read"] == 1


class TestTextsOnATerminal:
    WICKED = "Anna Lindqvist \x1b]0;title\x07\x9b2J\u202eback\nnext :bomb: [red]line[/red]"

    def test_control_characters_are_shown_and_not_obeyed(self, program: Program, tmp_path: Path) -> None:
        posts = tmp_path / "posts.jsonl"
        posts.write_text(line(1, self.WICKED), "utf-8")
        program.run("run", "--once", "--posts", str(posts))
        for shown in (program.run("search"), program.run("classify", given=self.WICKED)):
            assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(shown)
            assert "\ufffd]0;title\ufffd\ufffd2J\ufffdback" in shown
            assert ":bomb: [red]line[/red]" in shown

    def test_what_is_harmless_stays(self) -> None:
        text = "å\tb\n👩\u200d🚒\u00a0!"
        assert printable(text) == text


class TestToken:
    def test_one_that_was_cut_off_is_made_anew(self, program: Program) -> None:
        (program.folder / "console.token").touch(mode=0o600)
        first, second = (program.run("status").partition("/?token=")[2].strip() for _ in range(2))
        assert len(first) > 20
        assert first == second

    def test_an_empty_one_opens_nothing(self) -> None:
        for empty in ("", " "):
            with pytest.raises(ValueError, match="the token is empty"):
                Gate(empty, clock=ManualClock(datetime(2026, 9, 14, tzinfo=UTC)))

    def test_any_one_survives_the_link(self, tmp_path: Path) -> None:
        shown = Program(tmp_path, TURVAKT_WEB_TOKEN="a&b#c +").run("status")
        assert shown.strip().endswith("/?token=a%26b%23c%20%2B")

    def test_where_it_cannot_be_kept_the_rest_is_told(self, program: Program) -> None:
        program.run("status", "--json")
        (program.folder / "console.token").mkdir()
        done = program.finish("status")
        assert done.returncode == 4
        assert b"officials: registered" in done.stdout
        assert b"console.token: cannot be used" in done.stderr
