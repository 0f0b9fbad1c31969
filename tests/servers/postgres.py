"""PostgreSQL, of whichever major version is installed."""

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from tests.servers.installing import program
from tests.servers.process import run
from tests.servers.server import Server


class Postgres(Server):
    """A server with one superuser who needs no password; ``address`` is the URL of the database ``postgres``."""

    name: ClassVar[str] = "postgres"
    user: ClassVar[str | None] = "postgres"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # SIGTERM would wait for the clients to leave

    def __init__(self) -> None:
        super().__init__()
        self.address = f"postgresql://turvakt@127.0.0.1:{self.port}/postgres"

    def prepare(self) -> None:
        options = ["-D", "data", "-U", "turvakt", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        run([_program("initdb"), *options], folder=self.folder, user=self.as_user)
        with (self.folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.write("wal_recycle = off\n")  # see docs/postgresql.md
            # An analysis of its own is an old transaction for a moment: a scrub, asked once, would be refused now and then.
            configuration.write("autovacuum = off\n")
            configuration.write("fsync = off\n")  # only a machine that stops would lose something, no killed process

    def command(self) -> Sequence[str]:
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder}
        options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
        return [_program("postgres"), "-D", "data", *options]

    def ready(self) -> bool:
        command = [_program("pg_isready"), "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def kill(self) -> None:
        # Its children leave the group, and while one of them lives the next start is refused.
        children = [] if self._process is None else _children(self._process.pid)
        super().kill()
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)


def sql(address: str, statement: str) -> str:
    """Run ``statement`` and return what it answers, unaligned, columns parted by ``|``.

    Raises:
        subprocess.CalledProcessError: the server refused it or did not answer.
    """
    options = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"]
    command = [_program("psql"), *options, "--dbname", address, "--command", statement]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _program(name: str) -> str:
    """From PATH, else the newest that Debian keeps beside it."""
    versions = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    newest = max(versions, key=lambda path: int(path.parts[-3]), default=None)
    return str(newest) if newest else program(name, package="postgresql")


def _children(pid: int) -> list[int]:
    lines = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [line.split() for line in lines.splitlines()]
    return [int(child) for child, parent in pairs if int(parent) == pid]
