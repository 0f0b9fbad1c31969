"""What docker-compose.yml promises."""

import os
import re
import shutil
import subprocess

import pytest

from turvakt.settings import ROOT, load

COMPOSE = ROOT / "docker-compose.yml"


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="docker-compose is not installed")
def test_the_file_is_valid_and_mounts_the_settings() -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TURVAKT_", "COMPOSE_"))}
    command = ["docker-compose", "-f", str(COMPOSE), "config"]
    done = subprocess.run(command, capture_output=True, text=True, env=kept, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "TURVAKT_CONFIG: /config/turvakt.toml" in done.stdout
    assert str(ROOT / "config") in done.stdout
    mine = kept | {"TURVAKT_CONFIG": "/config/turvakt.local.toml"}
    done = subprocess.run(command, capture_output=True, text=True, env=mine, timeout=60, check=True)
    assert "TURVAKT_CONFIG: /config/turvakt.local.toml" in done.stdout


def test_its_settings_exist() -> None:
    text = COMPOSE.read_text("utf-8")
    given = dict(re.findall(r"^      (TURVAKT_\w+):(?: (?:\$\{\w+:-)?([^\n}]*)\}?)?$", text, re.M))
    assert {"TURVAKT_CONFIG", "TURVAKT_DATA_DIR", "TURVAKT_WEB_HOST"} <= given.keys()
    inside = given.pop("TURVAKT_CONFIG")
    assert inside.startswith("/config/")
    file = ROOT / inside.removeprefix("/")
    settings = load(file=file, environ={name: value for name, value in given.items() if value})
    assert settings.web.host == "0.0.0.0"
    for example in re.findall(r"/(config/examples/\S+)", text):
        assert (ROOT / example).exists()
