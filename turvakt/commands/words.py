"""What 'turvakt alerts' says, in the language of who reads it."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from alerts.messages.translations import LANGUAGES, Translations
from alerts.messages.words import FOLDER as MESSAGES
from alerts.plans.hours import ZONES, zone
from flow.errors import BadInput
from registry.official import Language
from turvakt.commands.shared import printable, screen

FOLDER = Path(__file__).parent.parent / "translations" / "alerts"

Spoken = Annotated[str, typer.Option("--language", help="Language of what is shown: sv, fi or en.")]
Tenant = Annotated[str, typer.Option(help="Only the tenant with this id.", show_default=False)]


class Words:
    """The texts of ``turvakt alerts`` in one language, with moments in one time zone.

    Raises:
        BadInput: there is no such language.
    """

    def __init__(self, language: str, zone: str = ZONES["SE"]) -> None:
        self.language = spoken(language)
        self._texts = Translations(MESSAGES, FOLDER)
        self._zone = zone

    def at(self, zone: str) -> "Words":
        """The same in another time zone."""
        return Words(self.language, zone)

    def of(self, key: str, **values: object) -> str:
        """The text ``key`` with ``values`` filled in; moments as people write them."""
        told = {
            name: self._texts.moment(self.language, value, zone=zone(self._zone))
            if isinstance(value, datetime)
            else value
            for name, value in values.items()
        }
        return self._texts.text(self.language, key, **told)

    def many(self, key: str, number: int, **values: object) -> str:
        """The text ``key`` that says how many; where it is one, the text ``key_one``."""
        return self.of(f"{key}_one" if number == 1 else key, number=number, **values)

    def name(self, group: str, value: str) -> str:
        """What ``value`` is called in ``group``."""
        return self._texts.name(self.language, group, value)


def spoken(language: str) -> Language:
    """The language that was chosen.

    Raises:
        BadInput: there is no such language.
    """
    for each in LANGUAGES:
        if each == language:
            return each
    remedy = f"Choose from {', '.join(LANGUAGES)}"
    raise BadInput("there is no such language", place="--language", remedy=remedy)


def say(line: str) -> None:
    """One line on the screen; the terminal breaks it."""
    screen.print(printable(line), markup=False, highlight=False, soft_wrap=True)
