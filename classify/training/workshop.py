"""A model is made aside and takes its place when it is whole: a monitor can start from the old one all the while."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from flow.errors import Broken

PARTS: Final = ("linear", "encoder")
"""The folders that judge together; whatever else lies beside them is no part of a model."""


@contextmanager
def workshop(out: Path, *, keep: Path | None = None) -> Iterator[Path]:
    """An empty folder, whose folders replace those of the same name in ``out`` when the block ends, one after the other.

    After an error ``out`` is as it was. The folder lies in ``out`` itself: whatever is mounted there, both are on one file
    system, so that moving copies nothing. Who is killed leaves it behind, and the old model in its place; between the two moves
    that replace a folder, in ``.training-*/old/``.

    Args:
        keep: a folder in ``out``, not yet there, where a copy of what lay in ``out`` lies before anything is replaced: all of
            `PARTS`, also one that is not replaced, for they were made for each other. Without a model in ``out`` there is none.

    Raises:
        Broken: nothing can be written to ``out``.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        aside = TemporaryDirectory(prefix=".training-", dir=out)
    except OSError as error:
        raise _unwritable(out) from error
    with aside:
        kept = _copied(out, Path(aside.name, "kept")) if keep else None  # a full disk is told before hours of training
        new, old = Path(aside.name, "new"), Path(aside.name, "old")
        new.mkdir()
        old.mkdir()
        yield new
        if keep and kept:
            keep.parent.mkdir(parents=True, exist_ok=True)
            kept.rename(keep)
        for made in sorted(new.iterdir()):
            _replace(out / made.name, made, old / made.name)


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


def _replace(place: Path, new: Path, old: Path) -> None:
    """Move what lies at ``place`` to ``old``, and ``new`` there; back again if that fails."""
    try:
        if place.exists():
            place.rename(old)
        new.rename(place)
    finally:
        if old.exists() and not place.exists():
            old.rename(place)
