"""The portal over real parts in a folder, and a browser for an official of it."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from access.permissions import Actor
from access.person import Grant, Person, Role
from flow.clock import ManualClock
from tests.registry.people import NOW, official
from tests.web.building import Browser, FixedDoor
from turvakt.portal import portal
from turvakt.settings import Settings
from turvakt.staffing import staff
from turvakt.wiring import Parts
from web.app import create_app

ID = "ekvik-07"


async def at_once(act: Callable[..., Any], *args: Any, **options: Any) -> Any:
    return act(*args, **options)


class Home:
    """One Turvakt, with Anna Lindqvist in its registry unless ``empty``."""

    def __init__(self, folder: Path, *, empty: bool = False, **sections: dict[str, Any]) -> None:
        self.clock = ManualClock(NOW)
        settings = {"data": {"dir": str(folder)}, "retention": {"unflagged_days": 30}, **sections}
        self.parts = Parts(msgspec.convert(settings, Settings), clock=self.clock)
        self.anna = Person("anna", "Anna Lindqvist", "anna@ekvik.example", "en", (Grant("official", "ekvik", ID),))
        self.parts.accounts.people.add(self.anna)
        if not empty:
            self.parts.store.add(official(ID))
            self.clock.advance(1)

    def browser(self, role: Role = "official", *, language: str = "en", grants: tuple[Grant, ...] = ()) -> Browser:
        """A browser of Anna, of who has another role about her, or of somebody with these ``grants``."""
        person = self.anna
        if grants:
            person = Person("eva", "Eva Berg", "eva@ekvik.example", "en", grants)
        elif role != "official":
            person = Person("siv", "Siv Ek", "siv@ekvik.example", "en", (Grant(role, "ekvik", ID),))
        step: Callable[..., Awaitable[Any]] = at_once
        app = create_app(
            index=self.parts.index,
            officials=self.parts.officials.all,
            decide=lambda decision: at_once(lambda: None),
            status=dict,
            metrics=lambda: b"",
            ready=list,
            token="token",
            audit=self.parts.audit,
            portal=portal(self.parts, base_url="http://127.0.0.1:8477", step=step),
            door=FixedDoor(Actor(person, "s1")),
            clock=self.clock,
        )
        browser = Browser(app)
        browser.headers["accept-language"] = language
        browser.cookies.set("turvakt_language", language)
        return browser

    def house(self) -> Callable[[], Browser]:
        """Makes browsers of people who sign in themselves, with all pages."""
        step: Callable[..., Awaitable[Any]] = at_once
        address = "http://127.0.0.1:8477"
        app = create_app(
            index=self.parts.index,
            officials=self.parts.officials.all,
            decide=lambda decision: at_once(lambda: None),
            status=dict,
            metrics=lambda: b"",
            ready=list,
            token="token",
            audit=self.parts.audit,
            staff=staff(self.parts, base_url=address),
            portal=portal(self.parts, base_url=address, step=step),
            clock=self.clock,
        )
        return lambda: Browser(app)

    def signed_in(self, browser: Browser, person: Person) -> Browser:
        """The same browser, in which she has come in."""
        cookie = self.parts.accounts.sessions.open(person, client="Firefox, Linux", method="password+totp")
        browser.cookies.set("turvakt_session", cookie)
        return browser

    def consent_form(self, browser: Browser, path: str = "/me/consent") -> dict[str, Any]:
        """What the browser would send if nothing were changed in it."""
        page = browser.page(path)
        [wording], [until] = page.all("input", name="wording"), page.all("input", name="until")
        ticked = [each for each in page.all("input", type="checkbox") if "checked" in each]
        return {
            "wording": wording["value"],
            "until": until.get("value", ""),
            "source": [each["value"] for each in ticked if each["name"] == "source"],
            "label": [each["value"] for each in ticked if each["name"] == "label"],
            "scope": "all",
            "labels": "all",
            "text": "1",
            "evidence": "1",
            "statistics": "1",
        }
