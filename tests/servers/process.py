"""A server's process: in a group of its own, its output in a file, its end certain."""

import os
import pwd
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

_GUARD = 'read _ || dead=1; kill -s KILL -- "-$1"; [ -z "$dead" ] || rm -rf -- "$2"'
"""Kills what is left of a group as soon as the pipe from its starter closes. Without a last word the starter has died: then
the folder goes too."""


class Failed(Exception):
    """A server ended or did not answer in time; the text has the end of its output."""


class Process:
    """Runs ``command``, its output appended to ``log``. Should this process die, that one and ``folder`` are removed.

    Args:
        working_folder: where it runs, if not in ``folder``.
        user: runs as this user where the caller is root.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        log: Path,
        working_folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> None:
        self.log = log
        self._name = command[0]
        self._before = log.stat().st_size if log.exists() else 0
        with log.open("ab") as output:
            self._server = subprocess.Popen(
                command,
                cwd=working_folder or folder,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **_identity(user),
            )
        self._guard = subprocess.Popen(
            ["sh", "-c", _GUARD, "guard", str(self.pid), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._server.pid

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> None:
        """Wait until ``ready``.

        Raises:
            Failed: the server ended, or was not ready within ``seconds``.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            ended = self._server.poll()
            if ended is None and time.monotonic() < deadline:
                time.sleep(0.05)
                continue
            what = f"did not answer within {seconds:.0f} s" if ended is None else f"ended with {ended}"
            raise Failed(f"{self._name} {what}; its output ends:\n{self.output()[-4000:]}")

    def output(self) -> str:
        """What it has written since it was started."""
        with self.log.open("rb") as file:
            file.seek(self._before)
            return file.read().decode("utf-8", "replace")

    def pause(self) -> None:
        """Let it hang: it keeps its connections and answers nobody until `resume`."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self, how: signal.Signals = signal.SIGTERM, *, seconds: float = 30.0) -> None:
        """Ask it to end, and kill it if it has not within ``seconds``."""
        with suppress(ProcessLookupError):
            self._server.send_signal(how)
        self.resume()
        with suppress(subprocess.TimeoutExpired):
            self._server.wait(timeout=seconds)
        self.kill()

    def kill(self) -> None:
        """``kill -9`` for the whole group; returns when all of it is gone."""
        self._signal(signal.SIGKILL)
        self._server.wait()
        self._guard.communicate(b"done\n")
        deadline = time.monotonic() + 10  # where nobody buries orphans, the dead stay in the group
        while self._signal(0) and time.monotonic() < deadline:
            time.sleep(0.01)

    def _signal(self, which: int) -> bool:
        """Whether there was anybody in the group to be told."""
        try:
            os.killpg(self.pid, which)
        except (ProcessLookupError, PermissionError):  # macOS refuses what concerns only the dead
            return False
        return True


def run(command: Sequence[str], *, folder: Path, user: str | None = None) -> None:
    """Run ``command`` in ``folder`` to its end.

    Raises:
        Failed: it ended with an error.
    """
    done = subprocess.run(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **_identity(user),
    )
    if done.returncode != 0:
        raise Failed(f"{command[0]} ended with {done.returncode}: {done.stdout[-4000:]}")


def _identity(user: str | None) -> dict[str, Any]:
    """The arguments that make a process run as ``user`` and in nobody else's groups."""
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}


def free_port() -> int:
    """A port of 127.0.0.1 where nobody listens.

    It lies below those that the system gives to outgoing connections: otherwise a client of a server that is down could be
    given the very port, which then would not be free when the server is back.
    """
    while True:
        port = random.randrange(12_000, 32_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
