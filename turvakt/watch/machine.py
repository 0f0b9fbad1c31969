"""Probes of the machine: its disk, its clock, its certificate and its backup."""

import shutil
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from turvakt.folder import faults
from turvakt.watch.trouble import Detail, Trouble

HOURS_LEFT = 24.0
"""A disk that is full within so long, as it fills, needs somebody today."""
OBSERVED = timedelta(hours=6)
JUMP = timedelta(seconds=30)
"""More than that no clock is put right by in one go while it works."""
JUMP_TOLD = timedelta(hours=1)
CERTIFICATE = timedelta(days=14)
"""They are renewed 30 days before they end, as a rule: then something has failed for a fortnight."""
LEAST = 1024
"""Bytes. No backup of anything is smaller, also encrypted; what a failed one leaves is."""
UNFINISHED = (".part", ".tmp")
"""So end the names of files that are still being written, or were left over."""
_SECONDS = 5.0


class Disk:
    """The disk where ``folder`` lies.

    Args:
        free: percent that must be free.
        usage: of a folder, as `shutil.disk_usage` has it.
    """

    def __init__(
        self, folder: Path, *, free: float, usage: Callable[[Path], tuple[int, int, int]] = shutil.disk_usage
    ) -> None:
        self._folder = folder
        self._least = free
        self._usage = usage
        self._seen: deque[tuple[datetime, int]] = deque()

    def __call__(self, now: datetime) -> Iterator[Trouble]:
        with faults(self._folder):
            total, _, free = self._usage(self._folder)
        self._seen.append((now, free))
        # Not what was seen later than now, before the clock was put back.
        self._seen = deque((at, free) for at, free in self._seen if timedelta(0) <= now - at <= OBSERVED)
        percent, left = 100 * free / total, self._left(now, free)
        if percent < self._least or (left is not None and left < HOURS_LEFT):
            details: dict[Detail, str] = {"free": f"{percent:.0f}"}
            if left is not None:
                details["full-in"] = f"{left:.0f}"
            yield Trouble("disk-full", "disk", now, details)

    def _left(self, now: datetime, free: int) -> float | None:
        """Hours until it is full, as it filled in the last hours; ``None``: not known, or it does not fill."""
        (at, before) = self._seen[0]
        if now - at < timedelta(hours=1) or before <= free:
            return None
        return free / ((before - free) / ((now - at) / timedelta(hours=1)))


class Clocks:
    """The machine's clock, against one that only counts seconds. What jumped stays a trouble for an hour, so that it is seen."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._before: tuple[datetime, float] | None = None
        self._jump: tuple[datetime, float] | None = None

    def __call__(self, now: datetime) -> Iterator[Trouble]:
        seconds = self._monotonic()
        if self._before is not None:
            by = (now - self._before[0]).total_seconds() - (seconds - self._before[1])
            if abs(by) >= JUMP.total_seconds():
                self._jump = (now, by)
        self._before = (now, seconds)
        if self._jump is not None and timedelta(0) <= now - self._jump[0] < JUMP_TOLD:
            at, by = self._jump
            yield Trouble("clock-jumped", "clock", at, {"put-forward" if by > 0 else "put-back": f"{abs(by):.0f}"})


def certificate_end(host: str, port: int) -> datetime | None:
    """When the certificate that a server shows ends; ``None``: it is not valid now.

    Raises:
        OSError: there is no answer.
    """
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, port), timeout=_SECONDS) as connection,
            context.wrap_socket(connection, server_hostname=host) as secured,
        ):
            shown = secured.getpeercert() or {}
    except ssl.SSLCertVerificationError:
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)


class Certificate:
    """The certificate of the address that people reach the pages by; looked at every hour.

    Args:
        base_url: that address; one without ``https`` has none.
        end: says when the certificate of a host and port ends; ``None``: it is not valid.
    """

    def __init__(self, base_url: str, *, end: Callable[[str, int], datetime | None] = certificate_end) -> None:
        self._parts = urlsplit(base_url)
        self._end = end
        self._asked_at: datetime | None = None
        self._found: list[Trouble] = []

    def __call__(self, now: datetime) -> Iterator[Trouble]:
        host = self._parts.hostname
        if self._parts.scheme == "https" and host:
            if self._asked_at is None or abs(now - self._asked_at) >= timedelta(hours=1):
                # An address that does not answer from here may still do so from elsewhere.
                with suppress(OSError):
                    self._found = list(self._look(now, self._end(host, self._parts.port or 443)))
                self._asked_at = now
            yield from self._found

    @staticmethod
    def _look(now: datetime, end: datetime | None) -> Iterator[Trouble]:
        if end is None:
            yield Trouble("certificate-ends", "certificate", now, {"invalid": ""})
        elif end - now < CERTIFICATE:
            yield Trouble("certificate-ends", "certificate", now, {"ends": end.isoformat()})


class Backup:
    """The newest file of a backup. One that is `UNFINISHED`, or smaller than `LEAST`, is none.

    Args:
        path: the file, or the folder that it is in.
        hours: how old it may be.
    """

    def __init__(self, path: Path, *, hours: float) -> None:
        self._path = path
        self._most = timedelta(hours=hours)

    def __call__(self, now: datetime) -> Iterator[Trouble]:
        with faults(self._path):
            files = [each for each in self._path.rglob("*") if each.is_file()] if self._path.is_dir() else [self._path]
            found = [each.stat() for each in files if each.exists() and each.suffix not in UNFINISHED]
        times = [each.st_mtime for each in found if each.st_size >= LEAST]
        if not times:
            yield Trouble("backup-old", "backup", now, {"missing": ""})
            return
        newest = datetime.fromtimestamp(max(times), UTC)
        if now - newest > self._most:
            yield Trouble("backup-old", "backup", newest + self._most, {"newest": newest.isoformat()})
