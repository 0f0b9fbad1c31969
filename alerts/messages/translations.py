"""Texts for people, in Swedish, Finnish and English, from one TOML file per language."""

import tomllib
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Any, get_args

from babel import Locale
from babel.dates import format_date, format_time

from flow.errors import Broken
from registry.official import Language

LANGUAGES: tuple[Language, ...] = get_args(Language)
_LOCALES: dict[Language, Locale] = {"sv": Locale("sv", "SE"), "fi": Locale("fi", "FI"), "en": Locale("en", "GB")}


class Translations:
    """The texts in ``folders``: in each ``sv.toml``, ``fi.toml`` and ``en.toml``, all with the same keys.

    A table in a file is a prefix: ``high`` in ``[severity]`` has the key ``severity.high``. ``{name}`` in a text is filled
    with the value of that name.

    Raises:
        Broken: a file is missing, is not valid TOML, or lacks a key that another one has.
    """

    def __init__(self, *folders: Path) -> None:
        self._texts: dict[Language, dict[str, str]] = {language: {} for language in LANGUAGES}
        for folder in folders:
            read = {language: _read(folder / f"{language}.toml") for language in LANGUAGES}
            every = {key for texts in read.values() for key in texts}
            for language, texts in read.items():
                missing = sorted(every - texts.keys())
                if missing:
                    raise Broken(f"the text '{missing[0]}' is missing", place=str(folder / f"{language}.toml"))
                self._texts[language] |= texts

    def text(self, language: Language, key: str, **values: object) -> str:
        """The text ``key`` with ``values`` filled in.

        Raises:
            KeyError: there is no such text, or it wants a value that is not given.
        """
        return self._texts[language][key].format(**values)

    def name(self, language: Language, group: str, value: str) -> str:
        """What ``value`` is called in ``group``; without a translation, ``value`` itself."""
        return self._texts[language].get(f"{group}.{value}", value)

    def keys(self) -> frozenset[str]:
        """Every key there is."""
        return frozenset(self._texts["en"])

    def day(self, language: Language, day: date) -> str:
        """A date as people write it: ``3 mars 2026``, ``3. maaliskuuta 2026``, ``3 March 2026``."""
        return format_date(day, "long", locale=_LOCALES[language])

    def moment(self, language: Language, at: datetime, *, zone: tzinfo) -> str:
        """A date and a time as people write them: ``3 mars 2026 kl. 14:05``. Needs the text ``moment``."""
        local = at.astimezone(zone)
        locale = _LOCALES[language]
        return self.text(
            language,
            "moment",
            date=format_date(local, "long", locale=locale),
            time=format_time(local.time(), "short", locale=locale),
        )


def _read(file: Path) -> dict[str, str]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise Broken("the translation cannot be read", place=str(file), remedy="Install Turvakt again") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Broken(f"is not valid TOML: {error}", place=str(file)) from None
    texts: dict[str, str] = {}
    _flatten(document, "", texts)
    return texts


def _flatten(table: dict[str, Any], prefix: str, texts: dict[str, str]) -> None:
    for key, value in table.items():
        if isinstance(value, dict):
            _flatten(value, f"{prefix}{key}.", texts)
        else:
            texts[prefix + key] = str(value)
