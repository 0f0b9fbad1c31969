"""Where the servers' programs come from. What is installed once stays in a folder of its own beside the code."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

CACHE = Path(os.environ.get("TURVAKT_TEST_CACHE") or Path(__file__).parents[2] / ".cache" / "servers")
POMS = Path(__file__).parent / "poms"


class Missing(Exception):
    """A server cannot be had on this machine; the text says what to install."""


def program(name: str, *, package: str) -> str:
    """The path of the program ``name``.

    Raises:
        Missing: it is not installed; ``package`` is what to install.
    """
    path = shutil.which(name)
    if path is None:
        raise Missing(f"{name} is not installed: install {package}")
    return path


def java() -> str:
    """The path of Java 17 or later.

    Raises:
        Missing: there is none.
    """
    home = os.environ.get("JAVA_HOME")
    path = str(Path(home, "bin", "java")) if home else shutil.which("java")
    if path is not None:
        with_version = subprocess.run([path, "-version"], capture_output=True, text=True, check=False).stderr
        version = re.search(r'version "(\d+)', with_version)
        if version and int(version[1]) >= 17:
            return path
    raise Missing("Java 17 or later is not installed: install a JRE (Debian: default-jre-headless), or set JAVA_HOME")


def from_maven(name: str, finish: Callable[[Path], None] = lambda folder: None) -> Path:
    """The folder with what ``poms/<name>.xml`` lists; the first call fetches it, `finish` completes it.

    Raises:
        Missing: Maven is not installed, or could not fetch it.
    """
    pom = POMS / f"{name}.xml"
    version = hashlib.sha256(pom.read_bytes()).hexdigest()[:12]
    folder = CACHE / f"{name}-{version}"
    if folder.exists():
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    with locked(CACHE / f"{name}.lock"):
        if folder.exists():
            return folder
        maven = program("mvn", package="maven")
        unfinished = CACHE / f"{name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        command = [maven, "-B", "-ntp", "-q", "-f", str(pom), "package", f"-Dfolder={unfinished}"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise Missing(f"Maven could not fetch {name}: is there a network?\n{done.stdout[-2000:]}")
        finish(unfinished)
        unfinished.rename(folder)
    return folder


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the lock on ``file``; who comes second waits. The system lets go of it when its holder dies."""
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
