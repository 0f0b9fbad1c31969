"""Which provisions of criminal law a post may touch: hints to a human, never a verdict on anybody; read from TOML."""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec

from classify.verdict import Judgement, Label, Severity, at_least
from flow.errors import BadInput
from registry.official import Country, Language

COUNTRY_OF: Final[Mapping[str, Country]] = {"sv": "SE", "fi": "FI"}
"""Whose law is meant where only the language of a text is known. Posts about Finland-Swedish officials need the official."""
_SEE = "See docs/law.md"


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A text in each language that a reader may have."""

    sv: str
    fi: str
    en: str


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A provision as lawyers cite it, in the languages of the law: Swedish law has one, Finnish law has two."""

    sv: str
    fi: str | None = None


class Provision(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One provision, and the posts that it is a hint for: those with one of ``labels`` that are at least ``severity``.

    ``mandate``: only for what happened because of the office, or in the exercise of public authority. ``in_alerts`` is false for
    what one post can never show by itself, and for honour. ``note`` says what limits the provision, and who must report.
    ``checked`` is when somebody last compared it with ``source``.
    """

    country: Country
    section: Section
    name: Texts
    labels: tuple[Label, ...]
    severity: Severity
    note: Texts
    source: str
    checked: date
    mandate: bool = False
    in_alerts: bool = True

    def __post_init__(self) -> None:
        texts = {"section": self.section, "name": self.name, "note": self.note}
        for key, value in texts.items():
            for language, text in msgspec.structs.asdict(value).items():
                if text is not None and not text.strip():
                    raise ValueError(f"key '{key}.{language}': is empty")
        if self.country == "FI" and self.section.fi is None:
            raise ValueError("key 'section.fi': is missing, though the law of Finland is cited in both languages")
        if self.country == "SE" and self.section.fi is not None:
            raise ValueError("key 'section.fi': the law of Sweden is cited in Swedish only")
        if not self.labels:
            raise ValueError("key 'labels': is empty")
        if self.severity == "none":
            raise ValueError("key 'severity': 'none' would be a hint on every post; the least is 'low'")
        if not self.source.startswith("https://"):
            raise ValueError("key 'source': is not an https address")

    @property
    def tongue(self) -> Language:
        """The language that its country's law is cited in first."""
        return "fi" if self.section.fi else "sv"

    def cited(self, language: Language) -> tuple[str, Language]:
        """Its section for a reader of ``language``, and the language that it is written in."""
        chosen: Language = "sv" if language == "sv" else self.tongue
        return (self.section.fi or self.section.sv, "fi") if chosen == "fi" else (self.section.sv, "sv")


def hints(
    provisions: Sequence[Provision], judgement: Judgement, *, countries: Collection[Country] = ()
) -> list[Provision]:
    """The provisions that a human may want to think of, in the order of the file.

    They follow from the labels and the severity alone. ``countries`` are those of the officials concerned; without one, the
    language of the text decides.
    """
    known: Collection[Country | None] = countries or (COUNTRY_OF.get(judgement.language),)
    return [
        provision
        for provision in provisions
        if provision.country in known
        and at_least(judgement.severity, provision.severity)
        and any(label in provision.labels for label in judgement.flagged)
    ]


def as_json(provisions: Sequence[Provision]) -> list[dict[str, str | bool]]:
    """Country and section of each, and whether it is there for the mandate alone, for programs."""
    return [
        {"country": each.country, "section": each.cited(each.tongue)[0], "mandate": each.mandate} for each in provisions
    ]


def load_law(path: Path) -> tuple[Provision, ...]:
    """The provisions in the TOML file ``path``, in order; none is allowed, and gives no hints.

    Raises:
        BadInput: it cannot be read or something in it is wrong; the message names file, entry and key.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput("cannot be read", place=str(path), remedy="Check the setting classifier.law") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"is not valid TOML: {error}", place=str(path), remedy=_SEE) from None
    unknown = sorted(document.keys() - {"provision"})
    if unknown:
        raise BadInput(f"unknown key '{unknown[0]}'", place=str(path), remedy=_SEE)
    tables = document.get("provision", [])
    if not isinstance(tables, list):
        raise BadInput("'provision' is no list: write [[provision]]", place=str(path), remedy=_SEE)
    provisions: list[Provision] = []
    for number, table in enumerate(tables, 1):
        place = f"{path}, {_called(table, number)}"
        provision = _provision(table, place=place)
        if any((each.country, each.section) == (provision.country, provision.section) for each in provisions):
            raise BadInput("the section is that of an earlier provision", place=place, remedy=_SEE)
        provisions.append(provision)
    return tuple(provisions)


def _called(table: Any, number: int) -> str:
    section = table.get("section") if isinstance(table, dict) else None
    name = section.get("sv") if isinstance(section, dict) else None
    return f"provision '{name}'" if isinstance(name, str) and name.strip() else f"provision number {number}"


def _provision(table: Any, *, place: str) -> Provision:
    try:
        return msgspec.convert(table, Provision)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        key = path.strip("`.")
        raise BadInput(f"key '{key}': {message}" if key else message, place=place, remedy=_SEE) from None
