"""A model takes its place when it is whole; until then, and after any error, the old one lies there."""

from errno import EBUSY
from os import PathLike, strerror
from pathlib import Path, PosixPath
from typing import Self

import pytest

from classify.training.workshop import workshop
from flow.errors import Broken


def folder(path: Path, text: str) -> Path:
    path.mkdir(parents=True)
    (path / "model.json").write_text(text, encoding="utf-8")
    return path


def inside(models: Path) -> dict[str, str]:
    return {path.parent.name: path.read_text("utf-8") for path in sorted(models.rglob("*")) if path.is_file()}


def test_what_is_made_takes_the_place_of_what_was_there(tmp_path: Path) -> None:
    models = tmp_path / "some" / "models"
    with workshop(models) as new:
        folder(new / "linear", "1")
    with workshop(models) as new:
        folder(new / "linear", "2")
        folder(new / "encoder", "2")
        assert new.stat().st_dev == models.stat().st_dev
        assert (models / "linear" / "model.json").read_text("utf-8") == "1"
    with workshop(models) as new:
        folder(new / "linear", "3")
    assert inside(models) == {"linear": "3", "encoder": "2"}
    assert sorted(path.name for path in models.iterdir()) == ["encoder", "linear"]


def test_what_was_there_is_kept_as_a_whole(tmp_path: Path) -> None:
    """The encoder, too, though only the linear model is replaced: the two were made for each other."""
    models, keep = tmp_path / "models", tmp_path / "models" / "before" / "1"
    with workshop(models, keep=keep) as new:
        folder(new / "linear", "1")
    assert sorted(path.name for path in models.iterdir()) == ["linear"]
    elsewhere = folder(tmp_path / "elsewhere", "1")
    (models / "encoder").symlink_to(elsewhere)
    folder(models / "corpus", "no part of a model")
    with workshop(models, keep=keep) as new:
        folder(new / "linear", "2")
    assert inside(keep) == {"linear": "1", "encoder": "1"}
    assert not (keep / "encoder").is_symlink()
    assert (models / "linear" / "model.json").read_text("utf-8") == "2"
    assert sorted(path.name for path in models.iterdir()) == ["before", "corpus", "encoder", "linear"]


def test_what_cannot_be_kept_is_told_before_the_training(tmp_path: Path) -> None:
    folder(tmp_path / "linear", "old")
    (tmp_path / "linear" / "gone").symlink_to(tmp_path / "nothing")
    with pytest.raises(Broken, match="nothing can be written there"), workshop(tmp_path, keep=tmp_path / "before"):
        raise AssertionError


def test_nothing_is_replaced_that_cannot_be_kept(tmp_path: Path) -> None:
    folder(tmp_path / "linear", "old")
    keep = folder(tmp_path / "before" / "1", "older")
    with pytest.raises(Broken, match="not empty"), workshop(tmp_path, keep=keep) as new:
        folder(new / "linear", "new")
    assert (tmp_path / "linear" / "model.json").read_text("utf-8") == "old"
    assert inside(keep) == {"1": "older"}


class Held(PosixPath):
    """A folder in which, as with one that is mounted, what is called ``linear`` cannot be moved away."""

    def rename(self, target: str | PathLike[str]) -> Self:
        if self.name == "linear":
            raise OSError(EBUSY, strerror(EBUSY))
        return type(self)(super().rename(target))


class Stuck(Held):
    """The new ``encoder`` cannot be moved away from there, either."""

    def rename(self, target: str | PathLike[str]) -> Self:
        if self.name == "encoder" and Path(target).parent.name == "new":
            raise OSError(EBUSY, strerror(EBUSY))
        return type(self)(super().rename(target))


def test_where_one_cannot_be_moved_none_is_and_the_new_ones_are_not_lost(tmp_path: Path) -> None:
    models = Held(tmp_path)
    for name in ("encoder", "linear"):
        folder(models / name, f"old {name}")
    with (
        pytest.raises(Broken, match=r"cannot take its place.*\.training-.*/new") as told,
        workshop(models, keep=models / "before" / "1") as new,
    ):
        for name in ("encoder", "linear"):
            folder(new / name, f"new {name}")
    assert told.value.place == str(models)
    for name in ("encoder", "linear"):
        assert (tmp_path / name / "model.json").read_text("utf-8") == f"old {name}"
    assert inside(tmp_path / "before") == {}
    (aside,) = tmp_path.glob(".training-*")
    assert inside(aside / "new") == {"encoder": "new encoder", "linear": "new linear"}
    assert inside(aside / "old") == {}


def test_what_cannot_be_moved_back_is_not_removed(tmp_path: Path) -> None:
    models = Stuck(tmp_path)
    for name in ("encoder", "linear"):
        folder(models / name, f"old {name}")
    with pytest.raises(Broken, match=r"Not all could be moved back.*\.training-.*/old"), workshop(models) as new:
        for name in ("encoder", "linear"):
            folder(new / name, f"new {name}")
    (aside,) = tmp_path.glob(".training-*")
    assert inside(aside / "old") == {"encoder": "old encoder"}


@pytest.mark.parametrize("error", [Broken("no base"), KeyboardInterrupt()])
def test_an_error_leaves_the_old_model(tmp_path: Path, error: BaseException) -> None:
    folder(tmp_path / "linear", "old")
    with pytest.raises(type(error)), workshop(tmp_path, keep=tmp_path / "before" / "1") as new:
        folder(new / "linear", "half")
        raise error
    assert inside(tmp_path) == {"linear": "old"}
    assert [path.name for path in tmp_path.iterdir()] == ["linear"]


def test_a_link_to_a_model_elsewhere_is_replaced_and_not_followed(tmp_path: Path) -> None:
    elsewhere = folder(tmp_path / "elsewhere", "old")
    models = tmp_path / "models"
    models.mkdir()
    (models / "linear").symlink_to(elsewhere)
    with workshop(models) as new:
        folder(new / "linear", "new")
    assert inside(models) == {"linear": "new"}
    assert inside(elsewhere) == {"elsewhere": "old"}


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("", encoding="utf-8")
    with pytest.raises(Broken, match="nothing can be written there"), workshop(tmp_path / "models"):
        raise AssertionError
