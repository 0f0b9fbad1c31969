"""The channel ``outbox``: one file per message, for demonstrations and for mail systems that pick up files."""

import asyncio
import hashlib
import logging
import os
import re
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from alerts.alert import Recipient
from alerts.channels.addresses import check_address
from alerts.messages.message import Message, clean
from flow.clock import Clock
from flow.errors import BadInput, Broken, Unavailable
from registry.holder import Part

logger = logging.getLogger(__name__)

_KEY = re.compile(r"[A-Za-z0-9_-]{1,100}")
_OFFICIAL, _POST, _SOURCE, _TO = "X-Turvakt-Official", "X-Turvakt-Post", "X-Turvakt-Source", "To"
_REMEDY = "Check the folder's owner and rights, and free space; it is tried again"


class Files:
    """Writes each message into ``folder``, named by its idempotency key: the same message again replaces itself.

    Implements `registry.holder.Holder` besides `alerts.channel.Channel`; the official's id stands percent-encoded in the files'
    headers, and the post's as a digest, since an id may hold the author's.

    Raises:
        Broken: the folder cannot be made.
    """

    name = "outbox"

    def __init__(self, folder: Path, *, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Broken("the folder of the outbox cannot be used", place=str(folder), remedy=_REMEDY) from error

    def check(self, address: str) -> None:
        """Any address on one line will do."""
        check_address(self.name, address)

    async def send(self, message: Message, *, recipient: Recipient, idempotency_key: str) -> None:
        """Return once the file is on the disk.

        Raises:
            BadInput: the address or the key is unfit.
            Unavailable: the disk is full or the folder is not to be written.
        """
        self.check(recipient.address)
        if not _KEY.fullmatch(idempotency_key):
            raise BadInput("the key is unfit for the name of a file", place="channel outbox")
        content = self._content(message, recipient, idempotency_key).encode(errors="replace")
        try:
            await asyncio.to_thread(self._write, f"{idempotency_key}.eml", content)
        except OSError as error:
            raise Unavailable("the file cannot be written", place=str(self._folder), remedy=_REMEDY) from error

    async def retract(self, idempotency_key: str) -> None:
        """Remove the file. One that stays, as the folder is not to be written, goes by `sweep` at the next start."""
        if _KEY.fullmatch(idempotency_key):
            try:
                (self._folder / f"{idempotency_key}.eml").unlink(missing_ok=True)
            except OSError as error:
                logger.error(
                    "the file of message %s, which was erased, cannot be removed before the next start (%s). "
                    "Check the owner and rights of the folder of the outbox",
                    idempotency_key,
                    type(error).__name__,
                )

    async def close(self) -> None:
        """Nothing is open."""

    def erase(self, official: str, part: Part | None = None) -> int:
        """Remove the files about ``official``."""
        return self._remove(lambda file: _is_about(file, official, part) or _cut_off(file))

    def forget(self, posts: Collection[str]) -> int:
        """Remove the files about these posts."""
        gone = frozenset(map(_digest, posts))
        return self._remove(lambda file: _header(file, _POST) in gone or _cut_off(file))

    def expire(self, before: datetime) -> int:
        """Remove files written before ``before``."""
        return self._remove(lambda file: file.stat().st_mtime < before.timestamp())

    def sweep(self, known: Callable[[Collection[str]], Collection[str]]) -> int:
        """Remove the files whose keys are not ``known``, and those that were never finished; call it before any `send`."""
        kept = {f"{key}.eml" for key in known([file.stem for file in self._files() if file.suffix == ".eml"])}
        return self._remove(lambda file: file.name not in kept)

    def export(self, official: str) -> list[dict[str, Any]]:
        """The files about ``official``: name and content."""
        files = (file for file in self._files() if _header(file, _OFFICIAL) == official)
        return [{"file": file.name, "content": file.read_text(encoding="utf-8")} for file in files]

    def count(self, official: str, part: Part | None = None) -> int:
        """How many files there are about ``official``."""
        return sum(_is_about(file, official, part) for file in self._files())

    def total(self) -> int:
        """How many messages about posts there are; letters to people who sign in are about none."""
        return sum(file.suffix == ".eml" and _header(file, _POST) != _digest("") for file in self._files())

    def _files(self) -> Iterator[Path]:
        yield from sorted(file for file in self._folder.iterdir() if file.suffix in {".eml", ".tmp"})

    def _remove(self, wanted: Callable[[Path], bool]) -> int:
        removed = 0
        for file in self._files():
            try:
                if wanted(file):
                    file.unlink()
                    removed += 1
            except FileNotFoundError:
                continue  # renamed or taken away meanwhile
        return removed

    def _write(self, name: str, content: bytes) -> None:
        """The file is there as a whole or not at all, whenever the power goes."""
        temporary = self._folder / f".{name}.tmp"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._folder / name)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _content(self, message: Message, recipient: Recipient, key: str) -> str:
        headers = (
            f"{_TO}: {clean(recipient.name)} <{recipient.address}>",
            f"Subject: {clean(message.subject)}",
            f"Date: {format_datetime(self._clock.now())}",
            f"Message-ID: <{key}@turvakt.invalid>",
            "Auto-Submitted: auto-generated",
            f"{_OFFICIAL}: {quote(message.official, safe='')}",
            f"{_POST}: {_digest(message.post)}",
            f"{_SOURCE}: {quote(message.post.partition(':')[0], safe='')}",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 8bit",
        )
        return "\n".join((*headers, "", message.text))


def _digest(post: str) -> str:
    return hashlib.sha256(post.encode()).hexdigest()[:24]


def _is_about(file: Path, official: str, part: Part | None) -> bool:
    if _header(file, _OFFICIAL) != official:
        return False
    if part is None:
        return True
    if part.kind == "source":
        return _header(file, _SOURCE) in (part.name, None)  # an older file does not tell
    to = _header(file, _TO) or ""
    return to.rpartition(" <")[0] == unquote(clean(part.name))  # as the header was read


def _cut_off(file: Path) -> bool:
    """Whether a killed process left ``file`` before it said whom it is about. One in the making is simply made again."""
    return file.suffix == ".tmp" and _header(file, _POST) is None


def _header(file: Path, name: str) -> str | None:
    """The value of a header; ``None`` if the file has none, or has just gone."""
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if not line.strip():
                    return None
                if line.startswith(f"{name}: "):
                    return unquote(line.partition(": ")[2].strip())
    except FileNotFoundError:
        pass
    return None
