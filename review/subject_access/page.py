"""What is held because of an official, as a page that she can read: in her language, whole in one file."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from alerts.messages.rendering import FOLDER as ALERTS
from alerts.messages.translations import Translations
from alerts.plans.hours import ZONES
from registry.official import Country, Language, Official

FOLDER = Path(__file__).parent / "translations"
_TEMPLATES = Path(__file__).parent / "templates"

Held = Mapping[str, Sequence[Mapping[str, Any]]]
"""Records by the name of their holder, see `registry.withdrawal.export`."""

LEFT_OUT = {"kind", "version", "extra"}
"""Fields that say nothing to her."""
_QUOTED = {"text", "content", "raw"}
_NAMES = {"flagged": "label", "label": "label"}  # fields whose values are called by another group's names
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Node:
    """One field: either a text, ``quoted`` if somebody else wrote it, or fields of its own."""

    name: str
    text: str = ""
    quoted: bool = False
    children: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """What one holder has."""

    name: str
    explained: str
    records: tuple[Node, ...]


def page(held: Held, *, official: str, language: Language, country: Country, at: datetime) -> str:
    """The page, as HTML without scripts and without anything from elsewhere.

    Args:
        held: what the holders have exported.
        official: her id.
        language: hers.
        country: hers: it decides which authority hears complaints, and the time zone.
        at: when it was exported.
    """
    translations = _translations()
    writing = _Writing(translations, language, ZoneInfo(ZONES[country]))
    return _template().render(
        language=language,
        t=lambda key, **values: translations.text(language, key, **values),
        official=official,
        authority=translations.text(language, f"authority.{country}"),
        moment=translations.moment(language, at, zone=ZoneInfo(ZONES[country])),
        places=[writing.place(name, records) for name, records in held.items()],
    )


def page_of(official: Official, held: Held, *, at: datetime) -> str:
    """The page in the language of an official who is registered."""
    return page(held, official=official.id, language=official.language, country=official.country, at=at)


@cache
def _translations() -> Translations:
    return Translations(ALERTS, FOLDER)


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")


class _Writing:
    """Writes records in one language."""

    def __init__(self, translations: Translations, language: Language, zone: tzinfo) -> None:
        self._translations = translations
        self._language = language
        self._zone = zone

    def place(self, name: str, records: Sequence[Mapping[str, Any]]) -> Place:
        written = (self._record(each) for each in records)
        return Place(self._named("place", name), self._named("explained", name), tuple(written))

    def _record(self, record: Mapping[str, Any]) -> Node:
        kind = record.get("kind") or record.get("topic") or "record"
        return Node(self._named("kind", str(kind)), children=tuple(self._fields(record)))

    def _fields(self, record: Mapping[str, Any]) -> Iterator[Node]:
        for name, value in record.items():
            if name not in LEFT_OUT and value not in (None, "", [], (), {}):
                yield self._field(str(name), value)

    def _field(self, name: str, value: Any) -> Node:
        title = self._named("field", name) if name else ""
        if isinstance(value, Mapping):
            if value.keys() >= {"probability", "flagged"}:
                return Node(self._named("label", name), f"{value['probability']:.0%}")
            return Node(title, children=tuple(self._fields(value)))
        if isinstance(value, list | tuple):
            if any(isinstance(each, Mapping) for each in value):
                return Node(title, children=tuple(self._field("", each) for each in value))
            return Node(title, ", ".join(self._text(name, each) for each in value))
        return Node(title, self._text(name, value), quoted=name in _QUOTED)

    def _text(self, name: str, value: Any) -> str:
        if isinstance(value, bool):
            return self._named("value", "yes" if value else "no")
        text = str(value)
        if _MOMENT.fullmatch(text) and name not in _QUOTED:
            return self._translations.moment(self._language, datetime.fromisoformat(text), zone=self._zone)
        if name in _QUOTED:
            return text
        if text == "*":
            return self._named("value", "all")
        return self._named(_NAMES.get(name, name), self._named("value", text))

    def _named(self, group: str, value: str) -> str:
        return self._translations.name(self._language, group, value)
