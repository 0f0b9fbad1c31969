"""The data folder: readable by its owner alone, and for one monitor at a time."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path
from typing import TypeVar

import msgspec

from flow.errors import Broken, Unavailable

LOCK = "monitor.lock"
Row = TypeVar("Row")


def private(folder: Path) -> Path:
    """``folder``, made for its owner alone where it is missing.

    Raises:
        Unavailable: the disk is full.
        Broken: it cannot be made.
    """
    with faults(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def write(file: Path, content: str) -> None:
    """The file is there as a whole or not at all, readable by its owner alone.

    Raises:
        Unavailable: the disk is full.
        Broken: it cannot be written.
    """
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    with faults(file):
        try:
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                out.write(content.encode())
                out.flush()
                os.fsync(out.fileno())
            temporary.replace(file)
        finally:
            with contextlib.suppress(OSError):  # the first error counts; there is nothing to remove after a success
                temporary.unlink()


def read_counts(file: Path, row: type[Row]) -> list[Row]:
    """The numbers that the monitor keeps in a file, a JSON array of ``row``; none, if nothing was counted yet.

    Raises:
        Broken: the file cannot be read.
    """
    with faults(file):
        content = file.read_bytes() if file.exists() else b"[]"
    try:
        return msgspec.json.decode(content, type=list[row])  # type: ignore[valid-type]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        remedy = "Remove the file: the counts begin anew"
        raise Broken("is not what the monitor writes", place=str(file), remedy=remedy) from error


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Only one monitor may run over a data folder: two would collect and deliver everything twice.

    Raises:
        Broken: another one does, or the folder cannot be used.
    """
    lock = private(folder) / LOCK
    with faults(lock):
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        remedy = "Stop the other one, or choose another folder with TURVAKT_DATA_DIR"
        raise Broken("another monitor runs over this folder", place=str(folder), remedy=remedy) from error
    try:
        yield
    finally:
        os.close(descriptor)


def clear(folder: Path) -> None:
    """Remove all that the folder holds; call it while `alone`, whose lock file stays."""
    with faults(folder):
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != LOCK:
                path.unlink()


@contextlib.contextmanager
def faults(path: Path) -> Iterator[None]:
    """Turn the system's errors about ``path`` into ours."""
    try:
        yield
    except OSError as error:
        if error.errno in (ENOSPC, EDQUOT, EFBIG):
            raise Unavailable("the disk is full", place=str(path), remedy="Free some space") from error
        reason = f"cannot be used ({error.strerror})"
        raise Broken(reason, place=str(path), remedy="Check path, owner and rights, or set TURVAKT_DATA_DIR") from error
