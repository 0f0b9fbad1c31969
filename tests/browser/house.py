"""One Turvakt over a folder, with its pages served as the program serves them, and people who come in by a browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
from playwright.sync_api import Page

from access.person import Grant, Person
from flow.clock import ManualClock
from registry.official import Language
from tests.browser.conftest import overflow, running, violations
from tests.registry.people import NOW
from tests.web.portal.building import ID, at_once
from turvakt.console import Console
from turvakt.settings import Settings
from turvakt.wiring import Parts

PASSWORD = "tolv små kaffekoppar"
ANNA = Person("anna", "Anna Lindqvist", "anna@ekvik.example", "sv", (Grant("official", "ekvik", ID),))
KAJ = Person("kaj", "Kaj Dahl", "kaj@ekvik.example", "sv", (Grant("administrator", "ekvik"),))


@dataclass
class House:
    """Its parts, and the address of its pages."""

    parts: Parts
    clock: ManualClock
    address: str

    def invited(self, person: Person) -> str:
        """The address that her invitation leads to."""
        secret = self.parts.accounts.invitations.create(person, why="join")
        return f"{self.address}/invitation/{secret}"

    def speak(self, language: Language) -> None:
        """Everybody's language, which goes before the browser's."""
        for person in self.parts.accounts.people.all():
            self.parts.accounts.people.put(replace(person, language=language))

    def let_in(self, page: Page, person: Person) -> None:
        """Sign her in by a session of her own, without the way there."""
        cookie = self.parts.accounts.sessions.open(person, client="Firefox, Linux", method="password+totp")
        page.context.add_cookies([{"name": "turvakt_session", "value": cookie, "url": self.address}])


@contextmanager
def house(folder: Path, **sections: dict[str, str]) -> Iterator[House]:
    """Opened and served as long as the block lasts; Anna, an official, and Kaj, an administrator, are in it.

    Args:
        sections: of the settings.
    """
    clock = ManualClock(NOW)
    settings = {
        "data": {"dir": str(folder)},
        "web": {"port": 0},
        "retention": {"unflagged_days": 30},
        **sections,
    }
    with Parts(msgspec.convert(settings, Settings), clock=clock) as parts:
        for person in (ANNA, KAJ):
            parts.accounts.people.add(person)
        console = Console(parts, metrics=lambda: b"")
        try:
            with running(lambda: console.serve(at_once)):
                yield House(parts, clock, console.base_url)
        finally:
            console.close()


def inspect(page: Page, name: str, language: str) -> None:
    """Fail if axe finds something in the page, if it is wider than the screen, or in another language."""
    page.wait_for_load_state()  # what a selector finds may stand there before the style sheet does
    found = (name, page.get_attribute("html", "lang"), violations(page), max(overflow(page), 0))
    assert found == (name, language, [], 0), found


def go(page: Page, wanted: str, *keys: str, most: int = 90) -> None:
    """Move the focus by the Tab key to what the selector ``wanted`` names, and press ``keys`` there."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            break
    else:
        raise AssertionError(f"no way to '{wanted}' by the Tab key")
    for key in keys:
        page.keyboard.press(key)


def write(page: Page, wanted: str, text: str) -> None:
    """Type ``text`` in a field that the Tab key leads to, in the place of what stands there."""
    go(page, wanted, "ControlOrMeta+a")
    page.keyboard.type(text)
