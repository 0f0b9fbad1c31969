"""A model is made aside and takes its place when it is whole: a monitor can start from the old one all the while."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from flow.errors import Broken


@contextmanager
def workshop(out: Path) -> Iterator[Path]:
    """An empty folder, whose folders replace those of the same name in ``out`` when the block ends, one after the other.

    After an error ``out`` is as it was. The folder lies in ``out`` itself: whatever is mounted there, both are on one file
    system, so that moving copies nothing. Who is killed leaves it behind, and the old model in its place; between the two moves
    that replace a folder, in ``.training-*/old/``.

    Raises:
        Broken: nothing can be written to ``out``.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        aside = TemporaryDirectory(prefix=".training-", dir=out)
    except OSError as error:
        raise Broken(
            "nothing can be written there", place=str(out), remedy="Name another folder with --out, or free space"
        ) from error
    with aside:
        new, old = Path(aside.name, "new"), Path(aside.name, "old")
        new.mkdir()
        old.mkdir()
        yield new
        for made in sorted(new.iterdir()):
            _replace(out / made.name, made, old / made.name)


def _replace(place: Path, new: Path, old: Path) -> None:
    """Move what lies at ``place`` to ``old``, and ``new`` there; back again if that fails."""
    try:
        if place.exists():
            place.rename(old)
        new.rename(place)
    finally:
        if old.exists() and not place.exists():
            old.rename(place)
