"""The Dockerfile, the scripts that containers start with, and the check of a container's health."""

import re
import subprocess
import sys
import sysconfig
import threading
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from turvakt.healthy import healthy
from turvakt.settings import ROOT

SCRIPTS = Path(sysconfig.get_path("scripts"))
PACKAGES = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"][
    "packages"
]


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_hadolint_finds_nothing() -> None:
    done = run(SCRIPTS / "hadolint", "Dockerfile")
    assert done.returncode == 0, done.stdout


def test_shellcheck_finds_nothing() -> None:
    scripts = [*ROOT.glob("scripts/*.sh"), *ROOT.glob("config/containers/*/*.sh"), ROOT / ".ci" / "run"]
    assert len(scripts) > 4
    done = run(SCRIPTS / "shellcheck", *scripts)
    assert done.returncode == 0, done.stdout


def test_the_build_gets_all_that_the_image_is_made_of() -> None:
    first, *allowed = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert first == "*"
    given = {line.removeprefix("!") for line in allowed if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text("utf-8"), re.M)
    named = {name for line in copied for name in line.split()} - {"."}
    assert given == {"pyproject.toml", "LICENSE", "README.md", *PACKAGES} | named
    assert all((ROOT / name).exists() for name in given)


def test_the_wheel_holds_every_file_of_the_packages(tmp_path: Path) -> None:
    """Templates, translations and word lists, too: the image has no other copy of them."""
    done = run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    tracked = run("git", "ls-files", *PACKAGES).stdout.split()
    there = {path for path in tracked if (ROOT / path).exists()}
    assert there
    assert there <= held


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A port where ``/healthz`` is answered with ``status``."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("variable", ["TURVAKT_METRICS_PORT", "TURVAKT_WEB_PORT"])
@pytest.mark.parametrize(("status", "expected"), [(200, True), (503, False)])
def test_health_is_asked_where_the_settings_say(variable: str, status: int, expected: bool) -> None:
    with answering(status) as port:
        assert healthy({variable: str(port)}) is expected


def test_a_worker_is_asked_at_its_own_port_and_not_at_the_consoles() -> None:
    with answering(200) as worker, answering(503) as console:
        assert healthy({"TURVAKT_METRICS_PORT": str(worker), "TURVAKT_WEB_PORT": str(console)})


def test_nobody_there_is_not_healthy() -> None:
    with answering(200) as port:
        pass
    command = [sys.executable, "-m", "turvakt.healthy"]
    done = subprocess.run(command, env={"TURVAKT_WEB_PORT": str(port)}, cwd=ROOT, check=False)
    assert done.returncode == 1


def test_settings_that_cannot_be_read_are_told() -> None:
    command = [sys.executable, "-m", "turvakt.healthy"]
    environment = {"TURVAKT_WEB_PORT": "many"}
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "TURVAKT_WEB_PORT" in done.stderr
    assert "Traceback" not in done.stderr
