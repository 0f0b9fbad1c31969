"""What the files say that start Turvakt: read as their tools read them."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer.main
import yaml

from turvakt.cli import app
from turvakt.settings import ROOT, Settings, load
from turvakt.topics import READERS
from turvakt.workers import NAMES

COMPOSE = ROOT / "docker-compose.yml"
KUBERNETES = ROOT / "config" / "kubernetes"
STAGES = {stage for stages in READERS.values() for stage in stages}
SERVICES = set(NAMES) - STAGES
OUTBOX = {"dispatch", "house", "index-verdicts"}
"""Who needs the files of the channel ``outbox``: who writes them, and who removes what is erased, expired or deleted upstream."""


def compose() -> dict[str, Any]:
    """``docker-compose.yml`` with the defaults in place of its variables."""
    text = re.sub(r"(?<!\$)\$\{\w+:-([^}]*)\}", r"\1", COMPOSE.read_text("utf-8"))
    read: dict[str, Any] = yaml.safe_load(text)
    return read


def check_command(arguments: Sequence[str]) -> None:
    """Let the command line parse ``arguments`` without running them; it raises its own error if it does not know them."""
    command: Any = typer.main.get_command(app)
    rest = list(arguments)
    while hasattr(command, "commands"):
        command = command.commands[rest.pop(0)]
    command.make_context(command.name, rest)
    if command.name == "work":
        assert arguments[-1] in STAGES | SERVICES


def check_script(script: str) -> None:
    """As `check_command`, for a line of a shell that runs several one after the other."""
    for line in script.split(";"):
        program, *arguments = line.split()
        assert program == "turvakt"
        check_command(arguments)


def settings_in(container: Mapping[str, str], *, files: Mapping[str, Path]) -> Settings:
    """The settings that a container's environment leads to.

    Args:
        files: what lies in the container, by its path there.
    """
    environ = {name: value for name, value in container.items() if name.startswith("TURVAKT_")}
    for name, value in environ.items():
        if name.endswith("_FILE") or name == "TURVAKT_CONFIG":
            environ[name] = str(files[value])
    return load(file=None, environ=environ)
