"""A disk that is full, and folders that cannot be used."""

import resource
import threading
from pathlib import Path

import pytest

from flow.errors import Unavailable
from tests.turvakt.process import Program, line, until
from tests.turvakt.test_monitor import indexed
from turvakt.folder import faults

THANKS = "Tack Anna Lindqvist för den nya bron"


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux to take a running program's room away")
def test_a_full_disk_is_waited_out(program: Program, tmp_path: Path) -> None:
    posts = tmp_path / "posts.jsonl"
    posts.write_text(line(1, THANKS), "utf-8")
    running = program.start("run", "--posts", str(posts))
    said: list[str] = []
    assert running.stderr is not None
    listener = threading.Thread(target=lambda: said.extend(running.stderr or ()))
    listener.start()
    try:
        until(lambda: "web:1" in indexed(program))
        # No file may grow beyond this: the system refuses to write, as where no room is left.
        resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))
        with posts.open("a", encoding="utf-8") as more:
            more.writelines(line(number, THANKS) for number in range(2, 500))
        until(lambda: any("waiting" in each and "disk" in each for each in said))
        assert any("Free some space" in each for each in said)
        assert running.poll() is None
        resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        until(lambda: len(indexed(program)) == 499)
    finally:
        running.terminate()
        listener.join(10)
        running.communicate(timeout=10)
    assert running.returncode == 0


@pytest.mark.parametrize("command", [["run"], ["run", "--once", "--posts", "-"], ["demo", "--once"], ["status"]])
def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "file").touch()
    done = Program(tmp_path / "file" / "data").finish(*command)
    assert done.returncode == 4
    said = done.stderr.decode()
    assert f"{tmp_path / 'file' / 'data'}" in said
    assert "cannot be used" in said
    assert "Check path, owner and rights" in said


def test_a_full_disk_is_something_to_wait_for(tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.symlink_to("/dev/full")
    with pytest.raises(Unavailable, match=r"the disk is full\. Free some space"), faults(full):
        full.write_bytes(b"token")
