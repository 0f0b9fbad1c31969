"""Runs the real program in a process of its own, over a data folder of its own."""

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, cast

from turvakt.cli import main

ROOT = Path(__file__).parent.parent.parent
OFFICIALS = ROOT / "config" / "examples" / "officials.toml"
START = datetime(2026, 9, 14, 6, tzinfo=UTC)
DEMO_POSTS = ROOT / "config" / "examples" / "demo-posts.jsonl"

UNFLAGGED = {"TURVAKT_RETENTION_UNFLAGGED_DAYS": "30"}
"""Most tests look at posts that nothing was found in, too, which by default come into no index."""
LINEAR = {"TURVAKT_CLASSIFIER_NAME": "linear"}
"""For tests that start many processes or judge many posts, and of which the encoder is no part."""


class Program:
    """``turvakt`` over ``folder``; keyword arguments are environment variables."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TURVAKT_", "COV_"))}
        self.environment = {
            **kept,
            "TURVAKT_DATA_DIR": str(folder),
            "TURVAKT_WEB_PORT": "0",
            "TURVAKT_OPERATOR_DRILL": "",  # on a Monday, too, nothing comes that a test does not send
            **UNFLAGGED,
            **environment,
        }

    def besides(self, **environment: str) -> "Program":
        """The same with more environment variables."""
        mine = {name: value for name, value in self.environment.items() if name.startswith("TURVAKT_")}
        return Program(self.folder, **{**mine, **environment})

    def start(
        self, *arguments: str, log: IO[bytes] | None = None, module: str = "turvakt", **options: Any
    ) -> "subprocess.Popen[str]":
        """``log`` takes all that it writes; by default there are pipes, which somebody must read."""
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=self.environment,
            stdin=options.pop("stdin", subprocess.DEVNULL),
            stdout=log or subprocess.PIPE,
            stderr=log or subprocess.PIPE,
            text=True,
            **options,
        )

    def run(self, *arguments: str, code: int = 0, given: str | None = None) -> str:
        """Run to the end and return standard output; the exit code must be ``code``."""
        done = self.finish(*arguments, given=given)
        assert done.returncode == code, done.stderr.decode()
        return done.stdout.decode()

    def finish(self, *arguments: str, given: str | None = None) -> "subprocess.CompletedProcess[bytes]":
        """Run to the end: in this process, which spares the start of another, or, where it reads standard input, in one."""
        if given is not None:
            command = [sys.executable, "-m", "turvakt", *arguments]
            return subprocess.run(
                command,
                env=self.environment,
                input=given.encode("utf-8", "surrogateescape"),
                capture_output=True,
                timeout=60,
                check=False,
            )
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with redirect_stdout(out), redirect_stderr(err):
            try:
                main(arguments, environ=self.environment)
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
        written = [cast(io.BytesIO, each.buffer).getvalue() for each in (out, err)]
        return subprocess.CompletedProcess(arguments, code, *written)

    def json(self, *arguments: str, given: str | None = None) -> list[Any]:
        """Run to the end and return what it wrote, one JSON value a line."""
        return [json.loads(line) for line in self.run(*arguments, "--json", given=given).splitlines()]


def until(condition: Callable[[], bool], *, seconds: float = 60.0) -> float:
    """Wait until something has become true; returns how long that took."""
    started = time.monotonic()
    while not condition():
        passed = time.monotonic() - started
        assert passed < seconds, f"not within {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - started


def line(number: int, text: str, **fields: Any) -> str:
    """A line of JSON lines."""
    post = {"source": "web", "id": str(number), "text": text, "created_at": "2026-09-14T06:00:00Z", **fields}
    return json.dumps(post, ensure_ascii=False) + "\n"
