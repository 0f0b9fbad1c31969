"""What dashboards and panels say in each language; names of labels, severities and sources come from the alerts."""

from functools import cache
from pathlib import Path

from alerts.messages.rendering import FOLDER as ALERTS_FOLDER
from alerts.messages.translations import Translations
from registry.official import Language

FOLDER = Path(__file__).parent / "translations"

_read = cache(Translations)


class Wording:
    """One language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._own = _read(FOLDER)
        self._alerts = _read(ALERTS_FOLDER)
        self._keys = self._own.keys()

    def text(self, key: str, **values: object) -> str:
        """A text of the dashboards.

        Raises:
            KeyError: there is no such text.
        """
        return self._own.text(self.language, key, **values)

    def column(self, panel: str, id: str) -> str:
        """What a column of a panel is called."""
        if id == "number":
            return self.text(f"panel.{panel}.title")
        for key in (f"panel.{panel}.{id}", f"column.{id}"):
            if key in self._keys:
                return self.text(key)
        return self.name("label", id)

    def field(self, name: str) -> str:
        """What a field is called."""
        group, _, value = name.partition(".")
        if not value:
            return self.text(f"field.{name}")
        return self.text(f"field.{group}", name=self.name("label" if group == "probability" else "state", value))

    def name(self, group: str, value: str) -> str:
        """What a value is called; ``value`` itself if it has no name."""
        own = self._own.name(self.language, group, value)
        return self._alerts.name(self.language, group, value) if own == value else own
