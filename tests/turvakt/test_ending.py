"""How a run ends: within five seconds, and with what it has done and what not."""

import json
import re
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.turvakt.process import OFFICIALS, Program, line, until

THANKS = "Tack Anna Lindqvist för den nya bron"
THREAT = "Anna Lindqvist, jag ska döda dig i natt. Jag vet var du bor."
SECRET = "whsec_" + "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    """Takes calls and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(60)
        yield listening


def program(folder: Path, port: int) -> Program:
    """Anna's contact is told by way of ``port``."""
    officials = folder / "officials.toml"
    first, contact, rest = OFFICIALS.read_text("utf-8").partition("[[official.contacts]]")
    rest = re.sub(r'channel = "[^"]*"', 'channel = "webhook"', rest, count=1)
    rest = re.sub(r'address = "[^"]*"', f'address = "http://127.0.0.1:{port}/"', rest, count=1)
    officials.write_text(first + contact + rest, "utf-8")
    made = Program(folder / "data", TURVAKT_WEBHOOK_SECRET=SECRET)
    made.run("officials", "import", str(officials))
    return made


def test_within_five_seconds_though_a_receiver_hangs_and_the_database_is_locked(
    tmp_path: Path, receiver: socket.socket
) -> None:
    hanging = program(tmp_path, receiver.getsockname()[1])
    posts = tmp_path / "posts.jsonl"
    posts.write_text(line(1, THREAT), "utf-8")
    running = hanging.start("run", "--posts", str(posts))
    called, _ = receiver.accept()
    other = sqlite3.connect(hanging.folder / "turvakt.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with posts.open("a", encoding="utf-8") as more:
        more.write(line(2, THANKS))
    assert running.stderr is not None
    shown = ""
    while "waiting" not in shown:
        shown = running.stderr.readline()
    started = time.monotonic()
    running.terminate()
    _, errors = running.communicate(timeout=20)
    took = time.monotonic() - started
    called.close()
    other.close()
    assert took < 5
    assert running.returncode == 0
    assert "stopped in order" in errors


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_run_with_an_end_says_so(tmp_path: Path, sent: signal.Signals) -> None:
    calm = Program(tmp_path / "data")
    calm.run("officials", "import", str(OFFICIALS))
    running = calm.start("run", "--once", "--posts", "-", "--json", stdin=subprocess.PIPE)
    assert running.stdin is not None
    running.stdin.write(line(1, THANKS))
    running.stdin.flush()

    def indexed() -> bool:
        database = sqlite3.connect(f"file:{calm.folder / 'turvakt.db'}?mode=ro", uri=True)
        try:
            return bool(database.execute("SELECT count(*) FROM index_post").fetchone()[0])
        except sqlite3.OperationalError:
            return False  # the monitor has not made it yet
        finally:
            database.close()

    until(indexed, seconds=60)
    running.send_signal(sent)
    output, errors = running.communicate(timeout=30)
    assert running.returncode == 128 + sent
    assert "interrupted" in errors
    assert output == ""


def test_alerts_that_could_not_be_sent_are_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        away = program(tmp_path, taken.getsockname()[1])
        posts = tmp_path / "posts.jsonl"
        posts.write_text(line(1, THREAT), "utf-8")
        done = away.finish("run", "--once", "--posts", str(posts), "--json")
    assert done.returncode == 3
    assert b"1 deliveries could not be made yet" in done.stderr
    assert json.loads(done.stdout)["deliveries"] == {"delivered": 0, "failed": 0, "waiting": 1}
