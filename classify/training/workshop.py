"""A model is made aside and takes its place when it is whole: a monitor can start from the old one all the while."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from flow.errors import Broken

PARTS: Final = ("linear", "encoder")
"""The folders that judge together; whatever else lies beside them is no part of a model."""


@contextmanager
def workshop(out: Path, *, keep: Path | None = None) -> Iterator[Path]:
    """An empty folder, whose folders replace those of the same name in ``out`` when the block ends, one after the other.

    After an error what lay in ``out`` lies there again. The folder is in ``out`` itself: whatever is mounted there, both are on
    one file system, so that moving copies nothing. Who is killed leaves it behind, and the old model in its place; between the
    two moves that replace a folder, in ``.training-*/old/``. If the new folders cannot be moved, it stays too, with them in it:
    hours of training are not thrown away.

    Args:
        keep: a folder in ``out``, not yet there, where a copy of what lay in ``out`` lies before anything is replaced: all of
            `PARTS`, also one that is not replaced, for they were made for each other. Without a model in ``out`` there is none.

    Raises:
        Broken: nothing can be written to ``out``, or the new folders cannot be moved there.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        aside = Path(mkdtemp(prefix=".training-", dir=out))
    except OSError as error:
        raise _unwritable(out) from error
    new, old = aside / "new", aside / "old"
    try:
        kept = _copied(out, aside / "kept") if keep else None  # a full disk is told before hours of training
        new.mkdir()
        old.mkdir()
        yield new
        moves = [(kept, keep)] if keep and kept else []
        for made in sorted(new.iterdir()):
            place = out / made.name
            if place.exists() or place.is_symlink():
                moves.append((place, old / made.name))
            moves.append((made, place))
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)  # the error that is under way counts
        raise
    _move(moves, out, aside)
    shutil.rmtree(aside, ignore_errors=True)


def _copied(models: Path, to: Path) -> Path | None:
    """The folder ``to`` with the parts of the model in ``models``; None if there are none."""
    for part in PARTS:
        if (models / part).is_dir():
            try:
                shutil.copytree(models / part, to / part)
            except OSError as error:
                raise _unwritable(models) from error
    return to if to.is_dir() else None


def _unwritable(out: Path) -> Broken:
    return Broken(
        "nothing can be written there", place=str(out), remedy="Name another folder with --out, or free space"
    )


def _move(moves: Sequence[tuple[Path, Path]], out: Path, aside: Path) -> None:
    """Make all ``moves``, from and to, or none: after an error what was moved goes back."""
    done: list[tuple[Path, Path]] = []
    try:
        for here, there in moves:
            there.parent.mkdir(parents=True, exist_ok=True)
            here.rename(there)
            done.append((here, there))
    except BaseException as error:
        remedy = f"See what holds it, then move there what lies in {aside / 'new'}, or train again, and remove {aside}"
        try:
            for here, there in reversed(done):
                there.rename(here)
        except OSError:
            remedy = f"Not all could be moved back: move what lies in {aside / 'old'} there, then remove {aside}"
        if not isinstance(error, OSError):
            raise
        reason = f"the new model cannot take its place ({error.strerror})"
        raise Broken(reason, place=str(out), remedy=remedy) from error
