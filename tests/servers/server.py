"""What all servers have in common: a folder, an address, and a process that can be stopped, killed and started again."""

import os
import shutil
import signal
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from tests.servers.process import Process, free_port


class Server(ABC):
    """A server of one's own on 127.0.0.1, as a context manager: started, and in the end stopped and its data removed.

    The address is known before it starts, and stays.

    Attributes:
        name: what its folder and errors are called.
        user: whom it runs as where the caller is root, as some servers refuse that.
        port: where it listens.
        address: how a client reaches it.
    """

    name: ClassVar[str]
    user: ClassVar[str | None] = None
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    start_seconds: ClassVar[float] = 180.0

    address: str

    def __init__(self) -> None:
        self.port = free_port()
        self._folder: Path | None = None
        self._process: Process | None = None

    @abstractmethod
    def prepare(self) -> None:
        """Write configuration and an empty data folder into `folder`.

        Raises:
            Missing: the server is not installed and cannot be.
        """

    @abstractmethod
    def command(self) -> Sequence[str]:
        """What starts it, after `prepare`."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether it answers."""

    @property
    def working_folder(self) -> Path:
        return self.folder

    def environment(self) -> Mapping[str, str]:
        return {}

    @property
    def folder(self) -> Path:
        """Its configuration, its data and its output."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix=f"turvakt-{self.name}-"))
        return self._folder

    @property
    def log(self) -> Path:
        """What it wrote to its output, over all starts."""
        return self.folder / "log"

    @property
    def process(self) -> Process:
        """
        Raises:
            RuntimeError: it does not run.
        """
        if self._process is None:
            raise RuntimeError(f"{self.name} does not run: call start() first")
        return self._process

    @property
    def as_user(self) -> str | None:
        return self.user if os.geteuid() == 0 else None

    def start(self) -> None:
        """Start it with the data that it had, and return when it answers.

        Raises:
            Missing: it is not installed and cannot be; the text says what to install.
            Failed: it did not start.
        """
        if self._process is not None:
            raise RuntimeError(f"{self.name} runs already")
        if not any(self.folder.iterdir()):
            self.hand_over()
            self.prepare()
            self.hand_over()
        self._process = Process(
            self.command(),
            folder=self.folder,
            working_folder=self.working_folder,
            log=self.log,
            environment=self.environment(),
            user=self.as_user,
        )
        try:
            self._process.wait_until(self.ready, seconds=self.start_seconds)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """End it in order; its data stays. Nothing happens if it does not run."""
        if self._process is not None:
            self._process.stop(self.stop_signal)
            self._process = None

    def kill(self) -> None:
        """``kill -9``; its data stays as it is at that moment. Nothing happens if it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def restart(self) -> None:
        """Stop it if it runs, and start it at the same address with the same data."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Let it hang: connections stay, nothing is answered until `resume`."""
        self.process.pause()

    def resume(self) -> None:
        self.process.resume()

    def close(self) -> None:
        """Stop it and remove its data."""
        self.stop()
        if self._folder is not None:
            shutil.rmtree(self._folder)
            self._folder = None

    def hand_over(self) -> None:
        """Make the folder its user's."""
        if self.as_user is not None:
            for path in (self.folder, *self.folder.rglob("*")):
                shutil.chown(path, user=self.as_user)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
