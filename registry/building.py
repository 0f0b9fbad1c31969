"""From the plain values of an import file to an `Official`, gathering every problem on the way."""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from registry.checking import Problem, problems
from registry.official import EVERYTHING, Consent, Contact, Official, Wishes

_MOMENT = "a date such as 2026-01-31, or a time with its zone such as 2026-01-31T08:00:00+02:00"


def build(plain: Mapping[str, Any]) -> tuple[Official, list[Problem]]:
    """The official that a table in the TOML form describes (``docs/registry.md``), and all that is wrong with it.

    With any problem the official is not to be used. At most one problem is told of each field.
    """
    found: list[Problem] = []
    fields = _Fields(plain, "", found)
    official = Official(
        id=fields.text("id"),
        given_names=fields.texts("given_names"),
        family_names=fields.texts("family_names"),
        forms=fields.texts("forms"),
        language=fields.text("language"),  # type: ignore[arg-type]  # `problems` checks the choice
        role=fields.text("role"),
        party=fields.text("party"),
        municipality=fields.text("municipality"),
        country=fields.text("country"),  # type: ignore[arg-type]
        handles=fields.handles("handles"),
        consents=tuple(_consent(table) for table in fields.tables("consent")),
        contacts=tuple(_contact(table) for table in fields.tables("contacts")),
        is_function=fields.flag("is_function", default=False),
        responsible=fields.text("responsible"),
        tenant=fields.text("tenant"),
        wishes=next((_wishes(table) for table in fields.tables("wishes")), Wishes()),
    )
    fields.refuse_unknown()
    wrong = {problem.field for problem in found}
    found += [problem for problem in problems(official) if problem.field not in wrong]
    return official, list({problem.field: problem for problem in reversed(found)}.values())[::-1]


def _consent(fields: "_Fields") -> Consent:
    since = fields.moment("from", required=True)
    consent = Consent(
        scope=fields.texts("scope"),
        since=since or datetime.min.replace(tzinfo=UTC),
        until=fields.moment("until", required=False),
        labels=fields.texts("labels", default=(EVERYTHING,)),
        recipients=fields.texts("recipients", default=(EVERYTHING,)),
        text=fields.flag("text", default=True),
        evidence=fields.flag("evidence", default=True),
        statistics=fields.flag("statistics", default=True),
        sample=fields.flag("sample", default=False),
    )
    fields.refuse_unknown()
    return consent


def _contact(fields: "_Fields") -> Contact:
    contact = Contact(
        name=fields.text("name"),
        channel=fields.text("channel"),
        address=fields.text("address"),
        language=fields.text("language"),  # type: ignore[arg-type]
    )
    fields.refuse_unknown()
    return contact


def _wishes(fields: "_Fields") -> Wishes:
    wishes = Wishes(
        notice=fields.text("notice", default="at-once"),  # type: ignore[arg-type]
        text=fields.flag("text", default=False),
        through=fields.text("through"),
        quiet=fields.text("quiet"),
    )
    fields.refuse_unknown()
    return wishes


class _Fields:
    """Takes the fields of one table by their type. A wrong one is noted in ``found`` and read as if it were empty."""

    def __init__(self, plain: Mapping[str, Any], at: str, found: list[Problem]) -> None:
        self._plain = dict(plain)
        self._at = at
        self._found = found

    def text(self, key: str, *, default: str = "") -> str:
        value = self._plain.pop(key, default)
        if isinstance(value, str):
            return _clean(value)
        self._wrong(key, "is no text", "put it in quotation marks")
        return ""

    def flag(self, key: str, *, default: bool) -> bool:
        value = self._plain.pop(key, default)
        if isinstance(value, bool):
            return value
        self._wrong(key, "is neither true nor false", "write true or false, without quotation marks")
        return default

    def texts(self, key: str, *, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A list of texts, or one text alone."""
        return self._texts(key, self._plain.pop(key, list(default)))

    def handles(self, key: str) -> dict[str, tuple[str, ...]]:
        value = self._plain.pop(key, {})
        if not isinstance(value, dict):
            self._wrong(key, "is no table", "a table from platforms to handles")
            return {}
        return {platform: self._texts(key, handles) for platform, handles in value.items()}

    def moment(self, key: str, *, required: bool) -> datetime | None:
        """A time, or a date as its midnight in UTC."""
        value = self._plain.pop(key, None)
        if value is None or value == "":
            if required:
                self._wrong(key, "is missing", _MOMENT)
            return None
        if isinstance(value, str):
            value = _parsed(value.strip())
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time(tzinfo=UTC))
        if not isinstance(value, datetime):
            self._wrong(key, "is no date or time", _MOMENT)
            return None
        if value.tzinfo is None:
            self._wrong(key, "has no time zone", _MOMENT)
            return None
        return _in_utc(value)

    def tables(self, key: str) -> list["_Fields"]:
        """A list of tables, or one table alone."""
        value = self._plain.pop(key, [])
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(each, dict) for each in values):
            self._wrong(key, "is no table", f"write [official.{key}] or [[official.{key}]]")
            return []
        names = [key] if len(values) == 1 else [f"{key} {number}" for number in range(1, len(values) + 1)]
        return [_Fields(each, f"{name}.", self._found) for name, each in zip(names, values, strict=True)]

    def refuse_unknown(self) -> None:
        """Note every key that was not taken. Keys are the file's structure, but a slip may make one of a name."""
        for key in self._plain:
            shown = key if key.isascii() and key.isidentifier() and key.islower() else "(a key that is no plain word)"
            self._wrong(shown, "is an unknown key", "see docs/registry.md; perhaps it is misspelt")

    def _texts(self, key: str, value: Any) -> tuple[str, ...]:
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
            self._wrong(key, "is no list of texts", 'write ["one", "two"]')
            return ()
        return tuple(map(_clean, values))

    def _wrong(self, key: str, reason: str, remedy: str) -> None:
        self._found.append(Problem(f"{self._at}{key}", reason, remedy))


def _clean(value: str) -> str:
    """Composed letters (some systems write a with a separate ring) and no space around."""
    return unicodedata.normalize("NFC", value).strip()


def _parsed(value: str) -> date | datetime | None:
    for parse in (date.fromisoformat, datetime.fromisoformat):
        try:
            return parse(value)
        except ValueError:
            continue
    return None


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:  # the first or last day that there is
        return value.replace(tzinfo=UTC)
