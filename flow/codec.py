"""The wire form of every record: one line of versioned JSON.

``{"kind": "post", "version": 1, ...the record's own fields...}``. A field that this version does not know is kept in the
record's ``extra`` and written back in its place, so an older worker between two newer ones loses nothing. A
version or kind that this program does not know is refused.
"""

import typing
from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec

from flow.errors import BadInput

Record = TypeVar("Record")


class Codec(Generic[Record]):
    """Encodes and decodes one kind of record.

    A record is a frozen, slotted dataclass with a last field ``extra: dict[str, Any]``; records may be nested
    directly, as optional values, in tuples and as values of dicts.
    """

    def __init__(self, kind: str, record: type[Record], *, version: int = 1) -> None:
        self.kind = kind
        self.version = version
        self._record = record
        self._head = msgspec.json.encode({"kind": kind, "version": version})[:-1] + b","
        self._shape: _Shape = _shape(record)  # type: ignore[arg-type]  # a class is hashable; mypy cannot tell

    def encode(self, record: Record) -> bytes:
        """The record as one line of JSON in UTF-8, without line feed."""
        # Nearly always there is nothing unknown to put back, and then the record can be written as it stands. A quotation
        # mark inside a text is escaped: these bytes can be nothing but a field.
        wire = msgspec.json.encode(record).replace(b',"extra":{}', b"")
        if b'"extra":{' not in wire:
            return self._head + wire[1:]
        plain = msgspec.to_builtins(record)
        _flatten(plain, self._shape)
        return msgspec.json.encode({"kind": self.kind, "version": self.version, **plain})

    def decode(self, value: bytes) -> Record:
        """The record that ``value`` holds.

        Raises:
            BadInput: not JSON, another kind, an unknown version, a missing field or one of the wrong type.
        """
        try:
            plain = msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadInput("not valid JSON", place=self.kind, remedy=_SEE) from error
        if not isinstance(plain, dict):
            raise BadInput("not a JSON object", place=self.kind, remedy=_SEE)
        kind, version = plain.pop("kind", None), plain.pop("version", None)
        if kind != self.kind:
            raise BadInput(f"the entry is not of kind '{self.kind}'", place=self.kind, remedy=_SEE)
        if version != self.version:
            known = f"this program reads version {self.version}"
            shown = version if isinstance(version, int) else "missing or not a number"
            raise BadInput(f"wire version {shown}, but {known}", place=self.kind, remedy="Upgrade Turvakt")
        _lift(plain, self._shape)
        try:
            return msgspec.convert(plain, self._record)
        except (msgspec.ValidationError, ValueError) as error:
            raise BadInput(_without_values(error), place=self.kind, remedy=_SEE) from None


_SEE = "The wire form is described in docs/architecture.md"


def _without_values(error: Exception) -> str:
    """A validation message names field and type; some also quote the value, which may be post text."""
    message = str(error)
    if message.startswith("Invalid enum value"):
        return "Invalid value" + message[message.rfind(" - at") :] if " - at" in message else "Invalid value"
    return message


@dataclass(frozen=True, slots=True)
class _Shape:
    """The field names of a record and, for the fields that hold records, how they hold them and the shape of these."""

    known: frozenset[str]
    nested: tuple[tuple[str, type, "_Shape"], ...]


@cache
def _shape(record: type[Any]) -> _Shape:
    hints = typing.get_type_hints(record)
    nested = []
    for each in fields(record):
        found = _nested(hints[each.name])
        if found is not None:
            nested.append((each.name, *found))
    return _Shape(frozenset(each.name for each in fields(record)) - {"extra"}, tuple(nested))


def _nested(hint: Any) -> tuple[type, _Shape] | None:
    """Whether a field holds a record itself (``object``), several (``tuple``) or several by name (``dict``)."""
    if isinstance(hint, type) and is_dataclass(hint):
        return object, _shape(hint)
    origin = typing.get_origin(hint)
    for argument in typing.get_args(hint):
        if isinstance(argument, type) and is_dataclass(argument):
            return origin if origin in (dict, tuple) else object, _shape(argument)
    return None


def _inside(value: Any, holding: type) -> Iterable[Any]:
    if holding is object:
        return (value,)
    return value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()


def _flatten(plain: dict[str, Any], shape: _Shape) -> None:
    for name, holding, inner in shape.nested:
        for value in _inside(plain[name], holding):
            if value is not None:
                _flatten(value, inner)
    plain.update(plain.pop("extra"))


def _lift(plain: dict[str, Any], shape: _Shape) -> None:
    """Move what is unknown into ``extra``. What has the wrong type stays: the conversion that follows refuses it."""
    for name, holding, inner in shape.nested:
        held = plain.get(name)
        if held:
            for value in _inside(held, holding):
                if isinstance(value, dict) and (inner.nested or not value.keys() <= inner.known):
                    _lift(value, inner)
    if not plain.keys() <= shape.known:
        plain["extra"] = {name: plain.pop(name) for name in sorted(plain.keys() - shape.known)}
