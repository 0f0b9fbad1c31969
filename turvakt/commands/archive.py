"""turvakt backup, restore, migrate: all that one Turvakt holds, kept apart or moved elsewhere."""

import gzip
import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from flow.errors import BadInput, Broken
from turvakt import archive, earlier, since
from turvakt.commands.noting import COMMAND
from turvakt.commands.shared import AsJson, Globals, Yes, aside, confirm, screen, settings, table, write_json
from turvakt.folder import faults
from turvakt.settings import load
from turvakt.wiring import Parts


def backup(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help='File to write, compressed by gzip; "-": standard output.')],
    withdrawals: Annotated[
        bool,
        typer.Option(
            "--withdrawals",
            help="Only who withdrew, objected or was removed, by digests that name nobody: small, to be kept apart.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write all that is held to a file: registry, outbox, index, dead letters, cursors. Works beside a running monitor.

    The file holds personal data, and no erasure reaches it: encrypt it (write to "-" and pipe it), keep it no longer than you
    must, and write "--withdrawals" every hour to another place: "turvakt restore" does again what it tells.

    Example: turvakt backup - | age -r age1... > new.part && mv new.part turvakt.jsonl.gz.age (after "set -o pipefail")
    """
    with Parts(settings(context)) as opened:
        if not withdrawals:  # first: no text leaves that is not written down
            opened.audit.write(COMMAND, "exported", why="backup")
        lines = since.dump(opened) if withdrawals else archive.dump(opened)
        with _written(file) as out:
            sums = archive.sums(_through(out, lines))
    _tell(sums, "records are in the archive", as_json=as_json, screened=file != "-")


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help='File that "turvakt backup" wrote.', show_default=False)],
    withdrawals: Annotated[
        Path | None, typer.Option(help='What "turvakt backup --withdrawals" wrote last.', show_default=False)
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup into an empty Turvakt, embedded or cluster, and compare what is there then with the archive.

    The archive is read to its end before anything is written. Nothing may run meanwhile. Ends with 4 if anything differs.
    """
    _verified(file)
    if withdrawals is not None:
        _verified(withdrawals)
    else:
        aside.print("Who withdrew, objected or was removed after this backup was made comes back: see --withdrawals.")
        confirm("Restore it all the same?", yes=yes)
    with Parts(settings(context)) as opened, opened.alone():
        archive.must_be_empty(opened)
        tables = earlier.tables_of(_lines(file))
        lines = earlier.current(_lines(file), tables=tables, folder=opened.settings.data_dir)
        wanted: archive.Sums = {}
        try:
            archive.load(opened, archive.read(_noting(lines, wanted)))
            archive.compare(opened, wanted)
        finally:
            # Whatever has failed: nobody who withdrew stays in what is there now.
            if withdrawals is not None:
                _do_again(opened, withdrawals, made=archive.head_of(_lines(file)).at)
    _tell(wanted, "records are restored, and compared", as_json=as_json)


def migrate(
    context: typer.Context,
    to: Annotated[Path, typer.Option(help="Settings file of the Turvakt to move to, which must be empty.")],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Move all that is held from the embedded runtime to a cluster, or back, and compare both. Nothing may run meanwhile.

    The old one keeps everything: delete its data once the new one works, since no erasure in the new one reaches it.

    Example: turvakt --config embedded.toml migrate --to cluster.toml
    """
    chosen: Globals = context.obj
    # Variables of the environment are for one of the two: the new one is told by its file alone.
    kept = {name: value for name, value in chosen.environ.items() if not name.startswith("TURVAKT_")}
    target = load(file=to, environ=kept)
    with ExitStack() as stack:
        old, new = (stack.enter_context(Parts(each)) for each in (settings(context), target))
        if old.database.place == new.database.place:
            raise BadInput(
                "is where everything is already", place=str(to), remedy="Name the settings of another Turvakt"
            )
        for each in (old, new):
            stack.enter_context(each.alone())
        confirm(f"Move everything from {old.database.place} to {new.database.place}?", yes=yes)
        archive.must_be_empty(new)
        wanted: archive.Sums = {}
        archive.load(new, archive.read(_noting(archive.dump(old), wanted)))
        archive.compare(new, wanted)
    _tell(wanted, "records are moved, and compared", as_json=as_json)


@contextmanager
def _written(file: str) -> Iterator[gzip.GzipFile]:
    """What is written is there as a whole or not at all, readable by its owner alone."""
    if file == "-":
        with gzip.GzipFile(fileobj=sys.stdout.buffer, mode="wb", mtime=0) as out:
            yield out
        sys.stdout.buffer.flush()
        return
    target = Path(file)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    with faults(target):
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with faults(target), os.fdopen(descriptor, "wb") as raw:
            with gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as out:
                yield out
            raw.flush()
            os.fsync(raw.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _through(out: gzip.GzipFile, lines: Iterable[bytes]) -> Iterator[bytes]:
    for line in lines:
        out.write(line + b"\n")
        yield line


def _do_again(opened: Parts, file: Path, *, made: float) -> None:
    newer = archive.head_of(_lines(file)).at > made
    again = since.do_again(opened, archive.read(_lines(file)), newer=newer)
    if again.officials:
        aside.print(f"{again.officials} officials had withdrawn after the backup and were erased again.")
    if again.people:
        aside.print(f"{again.people} people had been removed, or had lost a role, after the backup, and did again.")
    if again.posts:
        aside.print(f"{again.posts} posts of authors who objected are erased when the stages read it: start Turvakt.")


def _verified(file: Path) -> None:
    """Read an archive to its end."""
    for _ in archive.read(_lines(file)):
        pass


def _noting(lines: Iterable[bytes], sums: archive.Sums) -> Iterator[bytes]:
    for line in lines:
        if line.startswith(b'["end",'):
            sums.update(archive.sums([line]))
        yield line


def _lines(file: Path) -> Iterator[bytes]:
    try:
        with gzip.open(file, "rb") as lines:
            yield from lines
    except EOFError:
        raise BadInput("is cut short", place=str(file), remedy="Take another copy of the archive") from None
    except zlib.error:
        raise BadInput("is damaged", place=str(file), remedy="Take another copy of the archive") from None
    except gzip.BadGzipFile:
        raise BadInput("is not compressed by gzip", place=str(file), remedy="Decrypt it first") from None
    except OSError as error:
        raise Broken(f"cannot be read ({error.strerror})", place=str(file), remedy="Check path and rights") from error


def _tell(sums: archive.Sums, done: str, *, as_json: bool, screened: bool = True) -> None:
    counts = {part: count for part, (count, _) in sorted(sums.items())}
    if as_json and screened:
        write_json({"records": counts})
    elif screened:
        screen.print(f"{sum(counts.values())} {done}:", highlight=False)
        screen.print(table("part", "records", rows=list(counts.items()) or [("nothing", 0)]))


def withdrawals_in(file: Path) -> Iterator[archive.Record]:
    """The records of what ``backup --withdrawals`` wrote, once it has been read to its end.

    Raises:
        BadInput, Broken: it cannot be read, or not to its end.
    """
    _verified(file)
    return archive.read(_lines(file))
