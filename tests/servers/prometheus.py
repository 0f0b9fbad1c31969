"""Prometheus and Alertmanager, and the tools that check their files."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import httpx

from tests.servers.installing import program
from tests.servers.server import Server


class _Watcher(Server):
    """Runs over the file ``configuration``, which may name others beside it; ``address`` is where it answers HTTP."""

    programs: ClassVar[Sequence[str]]
    storage: ClassVar[str]

    def __init__(self, configuration: Path) -> None:
        super().__init__()
        self._configuration = configuration.resolve()
        self.address = f"http://127.0.0.1:{self.port}"

    def prepare(self) -> None:
        (self.folder / "data").mkdir()

    def command(self) -> Sequence[str]:
        options = [
            f"--config.file={self._configuration}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            f"{self.storage}=data",
        ]
        return [_either(*self.programs), *options]

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.address}/-/ready", timeout=5.0).status_code == 200
        except httpx.TransportError:
            return False


class Prometheus(_Watcher):
    name: ClassVar[str] = "prometheus"
    programs: ClassVar[Sequence[str]] = ("prometheus",)
    storage: ClassVar[str] = "--storage.tsdb.path"


class Alertmanager(_Watcher):
    name: ClassVar[str] = "alertmanager"
    programs: ClassVar[Sequence[str]] = ("prometheus-alertmanager", "alertmanager")  # Debian's name, everybody else's
    storage: ClassVar[str] = "--storage.path"

    def command(self) -> Sequence[str]:
        return [*super().command(), "--cluster.listen-address="]


def promtool(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """``promtool check rules FILE`` and so on, to its end.

    Raises:
        Missing: it is not installed.
    """
    return _run(program("promtool", package="prometheus"), *arguments)


def amtool(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """``amtool check-config FILE`` and so on, to its end.

    Raises:
        Missing: it is not installed.
    """
    return _run(program("amtool", package="prometheus-alertmanager"), *arguments)


def _run(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def _either(*names: str) -> str:
    installed = (path for path in map(shutil.which, names) if path is not None)
    return next(installed, None) or program(names[0], package=names[0])
