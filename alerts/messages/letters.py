"""From a letter to the message that a person reads, in her language."""

from datetime import datetime
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

from access.letter import Letter
from alerts.alert import Recipient
from alerts.messages.message import Message, clean
from alerts.messages.translations import LANGUAGES, Translations
from alerts.plans.hours import ZONES
from registry.official import Language

FOLDER = Path(__file__).parent / "translations" / "letters"

_MOMENTS = ("at", "since", "until", "last_copy")
_ZONES: dict[Language, ZoneInfo] = {each: ZoneInfo(ZONES["FI" if each == "fi" else "SE"]) for each in LANGUAGES}
_PAGES = {
    "consent-ends": "/me",
    "break-glass": "/break-glass",
    "role-given": "/account",
    "role-offered": "/account",
    "role-texts": "/people",
    "names-waiting": "/names",
    "names-refused": "/names",
    "names-answered": "/me/names",
}


class LetterRenderer:
    """Turns letters into messages.

    Args:
        translations: of the texts in ``alerts/messages/translations/letters``.
        base_url: address of the pages to which links lead.
    """

    def __init__(self, translations: Translations, *, base_url: str) -> None:
        self._translations = translations
        self._base_url = base_url.rstrip("/")

    def render(self, letter: Letter) -> Message:
        """The message; its subject names nobody."""
        language, text = letter.language, self._translations.text
        values = {name: clean(value) for name, value in letter.values.items()}
        values |= {name: self._day(language, values[name]) for name in _MOMENTS if name in values}
        if letter.purpose in _PAGES:
            values["link"] = self._base_url + _PAGES[letter.purpose]
        if letter.purpose in ("role-offered", "role-texts"):
            values["by"] = values["by"] or text(language, "by_command")
        if letter.purpose == "role-texts":
            values["role"] = text(language, f"role.{letter.values['role']}")
        if letter.purpose == "break-glass":  # it lasts an hour
            at = datetime.fromisoformat(letter.values["at"])
            values["at"] = self._translations.moment(language, at, zone=_ZONES[language])
        if letter.purpose == "alert":
            values |= self._new(language, values)
        if letter.purpose == "task-overdue":
            values["link"] = f"{self._base_url}/incidents/{quote(letter.values['incident'], safe='')}"
        if letter.purpose == "erased":
            values["kept"] = self._kept(language, values)
        lines = (
            text(language, "greeting", name=clean(letter.name)),
            "",
            text(language, f"{letter.purpose}.body", **values),
            text(language, "footer"),
            "",
        )
        subject = text(language, f"{letter.purpose}.subject")
        return Message(subject=subject, text="\n".join(lines), facts={}, official="", post="")

    def _new(self, language: Language, values: dict[str, str]) -> dict[str, str]:
        one = values["alert"]
        new = self._translations.text(language, "alert.one" if one else "alert.several", number=values["number"])
        return {"new": new, "link": self._base_url + (f"/alerts/{quote(one, safe='')}" if one else "/me/alerts")}

    def _kept(self, language: Language, values: dict[str, str]) -> str:
        if values["kept"] == "0":
            return self._translations.text(language, "erased.nothing_kept")
        until = self._day(language, values["kept_until"])
        return self._translations.text(language, "erased.some_kept", number=values["kept"], until=until)

    def _day(self, language: Language, moment: str) -> str:
        return self._translations.day(language, datetime.fromisoformat(moment).astimezone(_ZONES[language]).date())


def recipient(letter: Letter, *, channel: str) -> Recipient:
    """To whom a channel carries it."""
    return Recipient(letter.name, channel, letter.email, letter.language, show_text=False)
