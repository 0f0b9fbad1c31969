"""What a page says and how it writes numbers and times, in the reader's language."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_skeleton, format_time
from babel.numbers import format_decimal, format_percent

from access.person import Role
from alerts.messages.rendering import FOLDERS as ALERTS_FOLDERS
from alerts.messages.translations import LANGUAGES, Translations
from alerts.messages.words import Words
from alerts.plans.hours import ZONES
from registry.official import Country, Language
from web.readiness import Reason
from web.zones import USUAL

FOLDER = Path(__file__).parent / "translations"
FOLDERS = (FOLDER, *sorted(path for path in FOLDER.iterdir() if (path / "en.toml").exists()))
"""Those of the console, and of each other part of the pages."""

LAST_SECOND = time(23, 59, 59)
"""Of a day: until when something holds that ends with it."""

_HOW = {each: each for each in ("deputy", "begun", "pending", "failed")} | {
    "password+totp": "app",
    "password+passkey": "passkey",
    "password+recovery": "recovery",
    "recovery codes": "codes",
}
"""What the audit log says of how something was done, and the text for it."""
_INCIDENT = re.compile(r"incident ([0-9a-f]{6})[0-9a-f]*")
_PERSON = re.compile(r"person ([a-z0-9-]+)(?:: (.+))?")
_LOCALES: dict[Language, Locale] = {"sv": Locale("sv", "SE"), "fi": Locale("fi", "FI"), "en": Locale("en", "GB")}


class Texts:
    """All texts of the pages: the console's own, and the names of labels, severities and sources from the alerts."""

    def __init__(self) -> None:
        self._own = Translations(*FOLDERS)
        self._alerts = Translations(*ALERTS_FOLDERS)
        self._wordings = {
            (language, country): Wording(language, country, self._own, self._alerts)
            for language in LANGUAGES
            for country in get_args(Country)
        }

    def wording(self, language: Language, country: Country | None = None) -> "Wording":
        """The texts in one language.

        Args:
            country: in whose time moments are written (`web.zones`); ``None``: where the language is spoken.
        """
        return self._wordings[language, country or USUAL[language]]


class Wording:
    """One language, and the time of one country."""

    def __init__(self, language: Language, country: Country, own: Translations, alerts: Translations) -> None:
        self.language = language
        self.country = country
        self.zone = ZoneInfo(ZONES[country])
        self._locale = _LOCALES[language]
        self._own = own
        self._alerts = alerts
        self._words = Words(alerts, language)

    def text(self, key: str, **values: object) -> str:
        """A text of the console."""
        return self._own.text(self.language, key, **values)

    def count(self, key: str, number: int, *, shown: str | None = None) -> str:
        """A text that says how many; ``shown`` stands in the place of the number."""
        form = "one" if number == 1 else "other"
        return self.text(f"{key}.{form}", n=shown or self.number(number))

    def reason(self, reason: Reason) -> str:
        """Why a process does not do its job in time, but for an error message, which is in English."""
        if reason.number is None:
            return self.text(reason.key, **reason.values)
        form = "one" if reason.number == 1 else "other"
        return self.text(f"{reason.key}.{form}", n=self.number(reason.number), **reason.values)

    def why(self, why: str, *, name: Callable[[str], str] = str) -> str:
        """Why something was done, or how, as the audit log has it: in words, where it is a code of ours.

        Args:
            name: what a person is called, given her id.
        """
        if why in _HOW:
            return self.text(f"audit.how_{_HOW[why]}")
        if incident := _INCIDENT.fullmatch(why):
            return self.text("audit.of_incident", reference=incident[1])
        if person := _PERSON.fullmatch(why):
            roles = [each for each in get_args(Role) if each in (person[2] or "").split(", ")]
            said = [self.text(f"role.{each}") for each in roles] or [self.text("audit.no_role")]
            return f"{name(person[1])}: {', '.join(said)}" if person[2] else name(person[1])
        return why

    def named(self, group: str, value: str) -> str:
        """The name of a label, severity or source; ``value`` itself if it has none."""
        return self._alerts.name(self.language, group, value)

    def channel(self, name: str) -> str:
        """The name of a channel; ``name`` itself if it is none of Turvakt's own."""
        return self._own.name(self.language, "channel", name)

    def details(self, details: Mapping[str, str]) -> str:
        """What is to be said of a trouble, but for an error message, which is in English."""
        return self._words.details({name: value for name, value in details.items() if name != "reason"}, self.zone)

    def number(self, number: int) -> str:
        """A whole number."""
        return format_decimal(number, locale=self._locale)

    def percent(self, share: float) -> str:
        """A share of 1 in whole percent."""
        return format_percent(share, "#,##0\xa0%" if self.language != "en" else "#,##0%", locale=self._locale)

    def day(self, day: date) -> str:
        """A date with its year."""
        return self._alerts.day(self.language, day)

    def moment(self, at: datetime) -> str:
        """A date with its year and a time."""
        return self._alerts.moment(self.language, at, zone=self.zone)

    def end(self, at: datetime) -> str:
        """When something ends: the day alone where only a day was given, as the first or last second of one."""
        local = at.astimezone(self.zone)
        # A file's date is a midnight of UTC: here an hour of the night, of the same day.
        whole = at.astimezone(UTC).time() == time.min or local.time() in (time.min, LAST_SECOND)
        return self.day(local.date()) if whole else self.moment(at)

    def short(self, at: datetime, *, now: datetime) -> str:
        """The time, with the date unless that is today's, and the year unless that is this one."""
        local, today = at.astimezone(self.zone), now.astimezone(self.zone)
        clock = format_time(local.time(), "short", locale=self._locale)
        if local.date() == today.date():
            return clock
        day = format_skeleton("MMMd" if local.year == today.year else "yMMMd", local, locale=self._locale)
        return f"{day} {clock}"

    def hour(self, at: datetime) -> str:
        """The time alone."""
        return format_time(at.astimezone(self.zone).time(), "short", locale=self._locale)


def choose_language(cookie: str | None, accept: str) -> Language:
    """The language that the reader chose or else, by her browser's ``Accept-Language``, prefers; Swedish if neither.

    The header is read as RFC 9110, section 12.5.4, has it; what cannot be read counts as not preferred.
    """
    for language in LANGUAGES:
        if cookie == language:
            return language
    preferred = sorted(map(_weighed, accept.split(",")), key=lambda each: -each[0])
    for weight, tag in preferred:
        for language in LANGUAGES:
            if weight > 0 and tag == language:
                return language
    return "sv"


def _weighed(choice: str) -> tuple[float, str]:
    tag, _, parameter = choice.partition(";")
    name, _, value = parameter.strip().partition("=")
    try:
        weight = float(value) if name.strip() == "q" else 1.0
    except ValueError:
        weight = 0.0
    return weight, tag.strip().lower().partition("-")[0]
