"""Reads officials from CSV and TOML files; the forms are described in ``docs/registry.md``."""

import csv
import io
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flow.errors import BadInput
from registry.building import build
from registry.checking import Problem, is_id, refusal
from registry.official import Official

COLUMNS = (
    "id",
    "given_names",
    "family_names",
    "forms",
    "language",
    "role",
    "party",
    "municipality",
    "country",
    "handles",
    "consent_scope",
    "consent_from",
    "consent_until",
    "contacts",
)
"""The columns of a CSV file, in any order."""

_NEEDED = {"id", "language", "country", "consent_scope", "consent_from", "contacts"}
_TEXTS = ("id", "language", "role", "party", "municipality", "country")
_LISTS = ("given_names", "family_names", "forms")
_CONTACT = ("name", "channel", "address", "language")
_SEE = "The form is described in docs/registry.md"


def read_officials(path: Path) -> list[Official]:
    """The officials in the file at ``path``: TOML if its name ends in ``.toml``, else CSV.

    Raises:
        BadInput: the file cannot be read, or anything in it is wrong. All that is wrong is told in one error, each with
            row and column (TOML: line, position, id and key), and nothing of it quotes a name or an address.
    """
    read = _toml if path.suffix.lower() == ".toml" else _csv
    return read(_text(path), path.name)


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BadInput(f"cannot be read: {reason}", place=path.name, remedy="Check name and rights") from error
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadInput("the file is in UTF-16", place=path.name, remedy="Save it as 'CSV UTF-8'")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        reason = "the file is not UTF-8, probably Windows-1252 or Latin-1"
        remedy = "Save it as 'CSV UTF-8' (Excel) or with the character set UTF-8 (LibreOffice)"
        raise BadInput(reason, place=f"{path.name}, row {line}", remedy=remedy) from None


@dataclass(frozen=True, slots=True)
class _Row:
    """One official as the file gives her. ``column`` turns the path of a field into what the file calls it."""

    place: str
    plain: dict[str, Any]
    column: Callable[[str], str]
    wrong: tuple[Problem, ...] = ()

    def build(self) -> tuple[Official, list[Problem]]:
        official, found = build(self.plain)
        known = {problem.field for problem in self.wrong}
        return official, [*self.wrong, *(problem for problem in found if problem.field not in known)]


def _built(rows: Iterable[_Row | str], *, place: str) -> list[Official]:
    """The officials of all ``rows``; a row that is a text says why it is none.

    Raises:
        BadInput: anything is wrong with any row.
    """
    officials: list[Official] = []
    reasons: list[str] = []
    seen: dict[str, str] = {}
    for row in rows:
        if isinstance(row, str):
            reasons.append(row)
            continue
        official, found = row.build()
        reasons += [f"{row.place}, {row.column(each.field)} {each.reason} ({each.remedy})" for each in found]
        if official.id in seen and is_id(official.id):
            reasons.append(f"{row.place}, id is taken by {seen[official.id]} (ids are unique)")
        seen.setdefault(official.id, row.place)
        officials.append(official)
    if reasons:
        raise refusal(reasons, place=place)
    if not officials:
        raise BadInput("there is no official in it", place=place, remedy=_SEE)
    return officials


# ---------------------------------------------------------------- TOML

_TOML_PLACE = re.compile(r"\(at (line \d+, column \d+|end of document)\)")
_TOML_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*official[ \t]*\]\]", re.MULTILINE)


def _toml(text: str, name: str) -> list[Official]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # Its message may quote the file; the place in it never does.
        found = _TOML_PLACE.search(str(error))
        where = f", {found[1]}" if found else ""
        remedy = "A quotation mark, bracket or = is missing there or just before it, or a key stands twice"
        raise BadInput("not valid TOML", place=f"{name}{where}", remedy=remedy) from None
    except RecursionError:
        raise BadInput("nested too deeply", place=name, remedy=_SEE) from None
    tables = document.pop("official", [])
    if document or not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise BadInput("something stands outside the [[official]] tables", place=name, remedy=_SEE)
    return _built(_toml_rows(text, tables), place=name)


def _toml_rows(text: str, tables: list[dict[str, Any]]) -> Iterator[_Row]:
    lines = [text.count("\n", 0, header.start()) + 1 for header in _TOML_HEADER.finditer(text)]
    for position, table in enumerate(tables, start=1):
        # Only where every table has its header line is it certain which line belongs to which table.
        line = f"line {lines[position - 1]}, " if len(lines) == len(tables) else ""
        known = table.get("id")
        named = f" ({known})" if isinstance(known, str) and is_id(known) else ""
        yield _Row(f"{line}official {position}{named}", table, str)


# ---------------------------------------------------------------- CSV


def _csv(text: str, name: str) -> list[Official]:
    head, _, _ = text.partition("\n")
    # The header holds no values, so what separates its names is certain.
    delimiter = max(",;\t", key=head.count)
    records = _records(text, delimiter, name)
    _, header = next(records, (1, []))
    columns = [column.strip().lower() for column in header]
    reasons = [f"column '{column}' is missing" for column in COLUMNS if column in _NEEDED - set(columns)]
    reasons += [
        f"column {number} has an unknown name" for number, each in enumerate(columns, start=1) if each not in COLUMNS
    ]
    reasons += [f"column '{each}' stands twice" for each in COLUMNS if columns.count(each) > 1]
    if reasons:
        reasons.append(f"the columns are {', '.join(COLUMNS)}; between them a comma, a semicolon or a tab")
        raise refusal(reasons, place=f"{name}, row 1")
    return _built((_csv_row(row, columns, cells) for row, cells in records), place=name)


def _records(text: str, delimiter: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not empty, with the number of its first line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    row = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            reason = "a quotation mark is not closed or stands inside a cell, or a cell is far too long"
            remedy = 'A quotation mark inside a quoted cell is doubled: ""'
            raise BadInput(reason, place=f"{name}, row {row}", remedy=remedy) from error
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield row, cells
        row = reader.line_num + 1


def _csv_row(row: int, columns: list[str], cells: list[str]) -> _Row | str:
    if len(cells) != len(columns):
        cure = "a cell with the separator in it needs quotation marks around it"
        return f"row {row} has {len(cells)} cells for {len(columns)} columns ({cure})"
    values = dict.fromkeys(COLUMNS, "") | dict(zip(columns, cells, strict=True))
    wrong: list[Problem] = []
    plain: dict[str, Any] = {column: values[column] for column in _TEXTS}
    plain |= {column: _split(values[column]) for column in _LISTS}
    plain["handles"] = _csv_handles(_split(values["handles"]), wrong)
    plain["contacts"] = _csv_contacts(_split(values["contacts"]), wrong)
    plain["consent"] = {
        "scope": _split(values["consent_scope"]),
        "from": values["consent_from"],
        "until": values["consent_until"],
    }
    return _Row(f"row {row}", plain, _csv_column, tuple(wrong))


def _csv_handles(values: list[str], wrong: list[Problem]) -> dict[str, list[str]]:
    handles: dict[str, list[str]] = {}
    for value in values:
        platform, _, handle = value.partition(":")
        handles.setdefault(platform.strip(), []).append(handle.strip())
    if not all(":" in value for value in values):
        wrong.append(Problem("handles", "has a handle without its platform", "write bluesky:anna.example;x:anna"))
    return handles


def _csv_contacts(values: list[str], wrong: list[Problem]) -> list[dict[str, str]]:
    contacts = [value.split("|") for value in values]
    if all(len(parts) == len(_CONTACT) for parts in contacts):
        return [dict(zip(_CONTACT, parts, strict=True)) for parts in contacts]
    wrong.append(Problem("contacts", "has a contact without exactly four parts", "write name|channel|address|language"))
    return []


def _split(cell: str) -> list[str]:
    return [value for value in (part.strip() for part in cell.split(";")) if value]


def _csv_column(field: str) -> str:
    """``consent.from`` is the column consent_from; ``contacts 2.address`` is a part of the column contacts."""
    if field.startswith("consent."):
        return f"column {field.replace('.', '_')}"
    top = re.split(r"[ .]", field, maxsplit=1)[0]
    part = f" ({field})" if top != field else ""
    top = "consent_scope" if top == "consent" else top
    return f"column {top}{part}"
