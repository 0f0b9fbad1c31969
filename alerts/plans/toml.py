"""Tables of a TOML file as structs: every mistake is found, not only the first, and told by its place and key."""

import tomllib
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from alerts.plans.hours import duration

T = TypeVar("T", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in a file, and where: its path, then table and key. Values are not repeated: they may be addresses.

    ``whose`` is the contact's name, for screens alone: what is wrong is logged, and logs name nobody.
    """

    place: str
    says: str
    whose: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.place}: {self.says}"


def read_toml(path: Path, *, setting: str, mistakes: list[Mistake]) -> dict[str, Any]:
    """The document in ``path``; empty, with a mistake added, if it cannot be read. ``setting`` is what names the file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        mistakes.append(Mistake(str(path), f"cannot be read. Check the setting {setting}"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        mistakes.append(Mistake(str(path), f"is not valid TOML: {error}"))
    except RecursionError:
        mistakes.append(Mistake(str(path), "is not valid TOML: its lists or tables are nested too deeply"))
    return {}


def read_table(kind: type[T], table: Any, *, place: str, mistakes: list[Mistake]) -> T | None:
    """The struct that ``table`` means; ``None``, with what is wrong added to ``mistakes``, if it means none.

    Moments may be written as TOML or as text like ``2026-11-30T08:00``, durations like ``10 min``.
    """
    if not isinstance(table, Mapping):
        mistakes.append(Mistake(place, "is not a table"))
        return None
    before = len(mistakes)
    fields = {each.encode_name: each for each in msgspec.structs.fields(kind)}
    for key in sorted(table.keys() - fields.keys()):
        mistakes.append(Mistake(place, f"unknown key `{key}`. There are {', '.join(fields)}"))
    given = {}
    for key, each in fields.items():
        if key in table:
            given[each.name] = _value(each.type, table[key], place=place, key=key, mistakes=mistakes)
        elif each.required:
            mistakes.append(Mistake(place, f"key `{key}` is missing"))
    if len(mistakes) > before:
        return None
    try:
        return kind(**given)
    except ValueError as error:
        mistakes += [Mistake(place, line) for line in str(error).splitlines()]
        return None


def _value(hint: Any, value: Any, *, place: str, key: str, mistakes: list[Mistake]) -> Any:
    if hint in _WRITTEN:
        try:
            return _WRITTEN[hint](value)
        except (TypeError, ValueError) as error:
            mistakes.append(Mistake(place, f"key '{key}': {error}"))
            return None
    inner = typing.get_args(hint)[0] if typing.get_origin(hint) is tuple else None
    if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
        if not isinstance(value, list):
            mistakes.append(Mistake(place, f"key '{key}': is not a list of tables"))
            return None
        return tuple(
            read_table(inner, each, place=f"{place}, key '{key}[{number}]'", mistakes=mistakes)
            for number, each in enumerate(value)
        )
    try:
        return msgspec.convert(value, hint)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        if message.startswith("Invalid enum value"):
            message = f"Invalid enum value. There are {', '.join(_choices(hint))}"
        mistakes.append(Mistake(place, f"key '{key}{path.strip('`')}': {message}"))
        return None


def _choices(hint: Any) -> tuple[str, ...]:
    inner = typing.get_args(hint)
    return inner if typing.get_origin(hint) is typing.Literal else tuple(c for each in inner for c in _choices(each))


def _wall(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        moment = None
    if not isinstance(moment, datetime) or moment.tzinfo is not None:
        raise ValueError("is not local time of the form '2026-11-30T08:00'")
    return moment


def _lasting(value: Any) -> timedelta:
    return duration(value if isinstance(value, str) else "")


_WRITTEN: dict[Any, Callable[[Any], Any]] = {datetime: _wall, timedelta: _lasting}
