"""An erasure in the midst of load is killed again and again, and so is the monitor: in the end no file has a byte of her."""

import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.turvakt.process import OFFICIALS, Program, line, until
from tests.turvakt.test_places import HER, OFFICIAL

PART = ("--source", "feed")
PATIENCE = 180.0


def text(number: int) -> str:
    return f"Zqxanna Zqxberg, kommunalråd i Ekvik, jag ska döda dig i natt. Jag vet var du bor, nummer {number}."


class Feed:
    """Lines that a monitor follows: about her, from two sources, and about somebody else, without end."""

    def __init__(self, file: Path) -> None:
        self._file, self._stop, self.written = file, threading.Event(), 0
        file.touch()

    def _write(self) -> None:
        with self._file.open("a", encoding="utf-8") as out:
            while not self._stop.wait(0.1):
                number = self.written
                for source in ("feed", "web"):
                    out.write(line(number, text(number), source=source))
                out.write(
                    line(number, f"Anna Lindqvist, kommunalråd i Ekvik, jag ska döda dig, nummer {number}", source="x")
                )
                out.flush()
                self.written += 1

    @contextmanager
    def flowing(self) -> Iterator[None]:
        writer = threading.Thread(target=self._write)
        writer.start()
        try:
            yield
        finally:
            self._stop.set()
            writer.join()


def running(monitor: "subprocess.Popen[str]") -> bool:
    assert monitor.poll() is None, "the monitor ended"
    return True


def ask(folder: Path, what: str) -> int:
    """How many rows there are; 0 while there is no such table."""
    try:
        with closing(sqlite3.connect(f"file:{folder / 'turvakt.db'}?mode=ro", uri=True)) as database:
            return int(database.execute(f"SELECT count(*) FROM {what}").fetchone()[0])  # noqa: S608
    except sqlite3.OperationalError:
        return 0


def left(folder: Path, *markers: bytes) -> dict[str, int]:
    files = {file.name: file.read_bytes().lower() for file in folder.rglob("*") if file.is_file()}
    return {name: content.count(each) for name, content in files.items() for each in markers if each in content}


@pytest.mark.parametrize("part", [(), PART], ids=["all", "a part"])
def test_killed_again_and_again_it_is_completed(tmp_path: Path, part: tuple[str, ...]) -> None:
    program = Program(tmp_path / "data", TURVAKT_FLOW_BATCH_SIZE="25")
    (tmp_path / "marked.toml").write_text(OFFICIAL, "utf-8")
    for file in (tmp_path / "marked.toml", OFFICIALS):
        program.run("officials", "import", str(file))
    feed = Feed(tmp_path / "posts.jsonl")
    with feed.flowing(), (tmp_path / "log").open("wb") as log:
        monitor = program.start("run", "--posts", str(tmp_path / "posts.jsonl"), log=log)
        try:
            until(lambda: running(monitor) and ask(program.folder, "index_alert WHERE official = 'marker-id'") > 10)
            table = "registry_partial" if part else "registry_withdrawal"
            for moment in (
                table,
                "registry_removed",
                "registry_removed WHERE holder = 'index'",
                f"{table} WHERE id IS NULL",
            ):
                withdrawing = program.start("officials", "withdraw", HER, *part, "--yes")
                until(lambda moment=moment, it=withdrawing: ask(program.folder, moment) or it.poll() is not None)
                withdrawing.kill()
                withdrawing.communicate()
            monitor.kill()
            monitor.wait()
            before = feed.written
            monitor = program.start("run", "--posts", str(tmp_path / "posts.jsonl"), log=log)
            # What has been completed meanwhile, by the monitor's start too, is told as wrong input.
            until(lambda: program.finish("officials", "withdraw", HER, *part, "--yes").returncode in (0, 2))
            later = f"index_post WHERE id = 'x:{max(before, feed.written) + 10}'"
            until(lambda: running(monitor) and ask(program.folder, later) > 0, seconds=PATIENCE)
        finally:
            monitor.kill()
            monitor.wait()
    (status,) = program.json("status")
    assert status["officials"]["erasures_pending"] == 0
    if part:
        assert left(program.folder, b'"id":"feed:', b"x-turvakt-source: feed\n") == {}
        assert left(program.folder, b'"id":"web:')
    else:
        assert left(program.folder, b"marker-id", b"zqx") == {}
        # Her contact was told that the alert is closed, in a message that names nobody else.
        told = {name for name in left(program.folder, b"marker") if name.endswith(".eml")}
        files = [file.read_text("utf-8") for file in program.folder.rglob("*.eml") if file.name in told]
        assert ["X-Turvakt-Official: \n" in file for file in files] == [True]
    assert left(program.folder, b"anna-lindqvist")
