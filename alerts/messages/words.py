"""What all messages in one language have in common: how they are called, how much there is, when it was."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from pathlib import Path

from alerts.messages.layout import Layout
from alerts.messages.message import clean
from alerts.messages.translations import Translations
from alerts.plans.hours import ZONES
from classify.verdict import Severity
from registry.official import Language

FOLDER = Path(__file__).parent / "translations"
FOLDERS = (FOLDER, FOLDER / "bulletins")
REFERENCE_LETTERS = 6
"""Letters of an id that people see: enough to talk about it."""
HOMES: dict[Language, str] = {"sv": ZONES["SE"], "fi": ZONES["FI"], "en": ZONES["SE"]}
"""The time zone in which readers of a language take a moment to be told."""

_FORMS = {"0": "_none", "1": "_one"}
"""Where a text has another form for a number of its own."""


class Words:
    """The texts in one language.

    Args:
        translations: of the texts in `FOLDERS`.
    """

    def __init__(self, translations: Translations, language: Language) -> None:
        self.language = language
        self._translations = translations

    def text(self, key: str, **values: object) -> str:
        """The text ``key`` with ``values`` filled in."""
        return self._translations.text(self.language, key, **values)

    def name(self, group: str, value: str) -> str:
        """What ``value`` is called in ``group``, on one line."""
        return clean(self._translations.name(self.language, group, value))

    def severity(self, severity: Severity) -> str:
        """What it is called."""
        return self.name("severity", severity)

    def moment(self, at: datetime, zone: tzinfo) -> str:
        """Date and time; of which zone, where readers of this language would take it for another one's."""
        moment = self._translations.moment(self.language, at, zone=zone)
        return moment if str(zone) == HOMES[self.language] else f"{moment} {self.name('zone', str(zone))}"

    def size(self, *, posts: int, accounts: int, minutes: int) -> str:
        """How much there is: "42 posts from 17 accounts in 10 minutes"; of ``accounts`` nothing is said where there are none."""
        size = self.posts(posts)
        if accounts:
            size = self._many("accounts", accounts, posts=size)
        if minutes >= 120:
            return self.text("size.hours", size=size, number=round(minutes / 60))
        return self._many("minutes", max(minutes, 1), size=size)

    def posts(self, number: int) -> str:
        """So many posts."""
        return self._many("posts", number)

    def _many(self, noun: str, number: int, **values: str) -> str:
        return self.text(f"size.{noun}_one" if number == 1 else f"size.{noun}", number=number, **values)

    def details(self, details: Mapping[str, str], zone: tzinfo) -> str:
        """What is to be said of a trouble, sentence after sentence: a value by the name of each text; others are left out."""
        known, said = self._translations.keys(), []
        for name, value in details.items():
            exact = f"detail.{name}{_FORMS.get(value, '')}"
            key = exact if exact in known else f"detail.{name}"
            if key in known:
                at = read_moment(value)
                moment = self.moment(at, zone) if at else value
                said.append(self.text(key, name=value, number=value, reason=value.rstrip("."), moment=moment))
        return " ".join(said)

    def subject(self, title: str, reference: str) -> str:
        """The subject of a mail."""
        return f"Turvakt: {title} [{reference[:REFERENCE_LETTERS]}]" if reference else f"Turvakt: {title}"

    def short(self, layout: Layout, referred: str) -> str:
        """What a lock screen shows; ``referred`` is what it is about, by references alone."""
        whole = f"Turvakt: {layout.title} ({referred})." if referred else f"Turvakt: {layout.title}."
        return f"{whole} {layout.button}." if layout.link else whole

    def reference(self, reference: str) -> tuple[str, ...]:
        """The note that tells the reference, if there is one."""
        return (self.text("reference", reference=reference[:REFERENCE_LETTERS]),) if reference else ()


def read_moment(moment: str) -> datetime | None:
    """A moment in RFC 3339; ``None``: it is none."""
    try:
        return datetime.fromisoformat(moment)
    except ValueError:
        return None
