"""Lines of files that grow, are rotated and truncated, and where in them we are.

A file is recognised by its inode and a fingerprint of its first bytes, since file systems give a freed inode to the next
new file. The unread rest of a file that was renamed is still read, wherever in the folder it went.
"""

import contextlib
import json
import logging
import stat
import zlib
from collections import deque
from pathlib import Path
from typing import NamedTuple

from flow.errors import Broken

_BLOCK = 256 * 1024
_HEAD = 256
_log = logging.getLogger(__name__)


class Line(NamedTuple):
    """One line without its line feed; ``raw`` is ``None`` where it was longer than allowed.

    ``start`` and ``end`` are offsets in bytes, ``number`` counts from 1.
    """

    raw: bytes | None
    start: int
    end: int
    number: int


class Splitter:
    """Cuts chunks of bytes into lines; holds at most one unfinished line, and of a too long one nothing."""

    def __init__(self, *, longest: int, offset: int = 0, number: int = 0) -> None:
        self._longest = longest
        self._start = offset
        self._number = number
        self._held: list[bytes] = []
        self._length = 0

    def feed(self, chunk: bytes) -> list[Line]:
        """The lines that ``chunk`` completes."""
        *complete, rest = chunk.split(b"\n")
        lines = [self._finished(piece, feed=1) for piece in complete]
        self._hold(rest)
        return lines

    def finish(self) -> list[Line]:
        """The last line, if the input ended without a line feed."""
        return [self._finished(b"", feed=0)] if self._length else []

    def _hold(self, piece: bytes) -> None:
        self._length += len(piece)
        if self._length > self._longest:
            self._held.clear()
        elif piece:
            self._held.append(piece)

    def _finished(self, piece: bytes, *, feed: int) -> Line:
        self._hold(piece)
        start, end = self._start, self._start + self._length + feed
        raw = None if self._length > self._longest else b"".join(self._held)
        self._number += 1
        self._start, self._length = end, 0
        self._held.clear()
        return Line(raw, start, end, self._number)


class _Reader:
    """One file, read from where we are in it."""

    def __init__(
        self, path: Path, *, longest: int, inode: int, offset: int = 0, number: int = 0, head: int = 0
    ) -> None:
        self.path = path
        self.final = False
        self.inode = inode
        self.offset = offset
        self.number = number
        self._head = head
        self._fed = offset
        self._seen: tuple[int, int] | None = None
        self._splitter = Splitter(longest=longest, offset=offset, number=number)
        self._pending: deque[Line] = deque()

    def position(self) -> list[int]:
        """Inode, offset in bytes, lines read, and the fingerprint of what stands before the offset."""
        return [self.inode, self.offset, self.number, self._head]

    def is_still(self, path: Path) -> bool:
        """Whether the file at ``path`` is this one, grown or unchanged."""
        try:
            found = path.stat()
            if found.st_ino != self.inode or found.st_size < self._fed:
                return False
            if self._seen != (found.st_size, found.st_mtime_ns):
                with path.open("rb") as file:
                    if _fingerprint(file.read(_HEAD), self.offset) != self._head:
                        return False
                self._seen = (found.st_size, found.st_mtime_ns)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _unreadable(path, error) from error
        return True

    def read(self, most: int, *, finish: bool) -> list[Line]:
        """Up to ``most`` further lines; with ``finish`` the last one counts even without line feed."""
        if not self._pending:
            self._fill(finish or self.final)
        lines = [self._pending.popleft() for _ in range(min(most, len(self._pending)))]
        if lines:
            self.offset, self.number = lines[-1].end, lines[-1].number
            if lines[0].start < _HEAD:
                with self.path.open("rb") as file:
                    self._head = _fingerprint(file.read(_HEAD), self.offset)
        return lines

    def _fill(self, finish: bool) -> None:
        with self.path.open("rb") as file:
            file.seek(self._fed)
            while not self._pending:
                block = file.read(_BLOCK)
                self._fed += len(block)
                if not block:
                    if finish:
                        self._pending.extend(self._splitter.finish())
                    return
                self._pending.extend(self._splitter.feed(block))


class Tail:
    """All files of a path: one file, or those in a folder that match ``*.jsonl``, in the order of their names.

    Blocking: to be called from a worker thread, by one caller at a time.
    """

    def __init__(self, path: Path, *, longest: int, follow: bool, cursor: str | None = None) -> None:
        """Go on from ``cursor``, as `cursor` gave it.

        Raises:
            Broken: nothing is at ``path``, or the cursor is none of ours.
        """
        if not path.exists():
            raise Broken(
                "no such file or folder", place=f"jsonl collector, {path.name}", remedy="Check the setting path"
            )
        self._path = path
        self._folder = path if path.is_dir() else path.parent
        self._longest = longest
        self._follow = follow
        self._readers = {
            name: _Reader(self._folder / name, longest=longest, inode=inode, offset=offset, number=number, head=head)
            for name, (inode, offset, number, head) in _decode(cursor).items()
        }
        self._survey()

    def cursor(self) -> str:
        """Where we are in every file: ``{name: [inode, offset, lines, fingerprint]}``."""
        return json.dumps({name: reader.position() for name, reader in sorted(self._readers.items())})

    def read(self, most: int) -> tuple[str, list[Line]]:
        """The name of a file and up to ``most`` further lines of it; no lines where all files are read for now."""
        while True:
            for name in sorted(self._readers):
                lines = self._lines(name, most)
                if lines:
                    return name, lines
            before = len(self._readers)
            self._readers = {name: reader for name, reader in self._readers.items() if not reader.final}
            if len(self._readers) == before:
                return "", []
            self._survey()  # a finished file may have left its name to a new one

    def look(self) -> None:
        """Notice new, rotated and truncated files."""
        self._survey()

    def _lines(self, name: str, most: int) -> list[Line]:
        reader = self._readers[name]
        try:
            return reader.read(most, finish=not self._follow)
        except FileNotFoundError:
            return []  # rotated this moment: the next survey finds it
        except OSError as error:
            raise _unreadable(reader.path, error) from error

    def _survey(self) -> None:
        present = {path.name: path for path in self._matching()}
        for name, reader in sorted(self._readers.items()):
            here = present.get(name)
            if reader.final or (here is not None and reader.is_still(here)):
                continue
            moved = self._moved(reader, here)
            if moved is None:
                # Without its name: a file may be named after a person.
                _log.warning("a file was truncated or removed; what it held after byte %d is lost", reader.offset)
                del self._readers[name]
            else:
                reader.path = moved
                if moved.name in present and moved.name not in self._readers:
                    self._readers[moved.name] = self._readers.pop(name)
                else:
                    reader.final = True
        for name, path in present.items():
            if name not in self._readers:
                with contextlib.suppress(FileNotFoundError):
                    self._readers[name] = _Reader(path, longest=self._longest, inode=path.stat().st_ino)

    def _matching(self) -> list[Path]:
        paths = self._path.glob("*.jsonl") if self._path.is_dir() else [self._path]
        return [path for path in paths if path.is_file()]

    def _moved(self, reader: _Reader, here: Path | None) -> Path | None:
        for path in sorted(self._folder.glob("*")):  # nothing where the folder itself is gone
            if path != here and _regular_with(path, reader.inode) and reader.is_still(path):
                return path
        return None


def _regular_with(path: Path, inode: int) -> bool:
    try:
        found = path.stat()
    except OSError:
        return False
    return found.st_ino == inode and stat.S_ISREG(found.st_mode)


def _unreadable(path: Path, error: OSError) -> Broken:
    return Broken(f"cannot be read ({error.strerror})", place=f"file {path.name}", remedy="Let Turvakt read the file")


def _fingerprint(start_of_file: bytes, offset: int) -> int:
    return zlib.crc32(start_of_file[: min(offset, _HEAD)])


def _decode(cursor: str | None) -> dict[str, tuple[int, int, int, int]]:
    if cursor is None:
        return {}
    try:
        read = json.loads(cursor)
        return {str(name): (int(i), int(o), int(n), int(h)) for name, (i, o, n, h) in read.items()}
    except (ValueError, TypeError, AttributeError) as error:
        remedy = "Remove the cursor to read from the start; nothing is stored twice"
        raise Broken("the cursor is damaged", place="jsonl collector", remedy=remedy) from error
