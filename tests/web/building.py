"""Builds the application over an index in memory, and a browser for it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx

from access.accounts import Accounts
from access.administration import Administration
from access.audit import Audit
from access.break_glass import BreakGlass
from access.letters import Letters
from access.permissions import Actor
from access.person import Grant, Person, Role
from access.push import Subscriptions
from classify.law import Provision
from classify.verdict import LABELS, Label
from flow.clock import Clock, ManualClock
from flow.database import Database
from flow.errors import Unavailable
from registry.official import Official
from registry.tenant import Tenant
from review.decision import Decision
from review.index import Index
from review.indexes.memory import MemoryIndex
from tests.access.people import CHEAP, seal
from tests.review.people import at
from web.account.notifications import Push
from web.app import create_app
from web.staff import Staff

TOKEN = "a-token-for-tests"
ADDRESS = "http://127.0.0.1:8477"


def official(id: str, given: str, family: str) -> Official:
    return Official(id, (given,), (family,), (), "sv", "ledamot", "Partiet", "Ekvik", "SE", {}, (), ())


def actor(role: Role, *, tenant: str = "ekvik", official: str = "", id: str = "rut") -> Actor:
    """Somebody with one role, who has come in."""
    person = Person(id, "Rut Ek", f"{id}@ekvik.example", "en", (Grant(role, tenant, official),))
    return Actor(person, session="s1")


class FixedDoor:
    """Everybody who comes is ``actor``."""

    def __init__(self, actor: Actor | None) -> None:
        self._actor = actor

    def browser(self, cookie: str | None) -> Actor | None:
        return self._actor

    def program(self) -> Actor:
        raise AssertionError("no program asks")


WATCH = {
    "troubles": [
        {
            "kind": "source-silent",
            "place": "collector:bluesky",
            "since": "2026-08-30T01:00:00+00:00",
            "details": {"usual": "400"},
        },
        {
            "kind": "store-away",
            "place": "index",
            "since": "2026-08-30T01:00:00+00:00",
            "details": {"reason": "no answer"},
        },
        {
            "kind": "channel-failing",
            "place": "channel:email",
            "since": "2026-08-30T01:00:00+00:00",
            "details": {"tried-again": "2", "reason": "the mailbox is full"},
        },
    ],
    "parts": [
        {
            "place": "worker:run",
            "at": "2026-08-30T07:59:50+00:00",
            "worked_at": None,
            "fails": "",
            "noticed_hours": None,
            "stopped": True,
            "left_alone": None,
        },
        {
            "place": "collector:bluesky",
            "at": "2026-08-30T07:59:50+00:00",
            "worked_at": "2026-08-30T01:00:00+00:00",
            "fails": "the server answers 503",
            "noticed_hours": 6.5,
            "stopped": False,
            "left_alone": None,
        },
        {
            "place": "channel:email",
            "at": "2026-08-30T07:59:50+00:00",
            "worked_at": None,
            "fails": "",
            "noticed_hours": None,
            "stopped": False,
            "left_alone": "2026-08-30T06:00:00+00:00",
        },
        {
            "place": "collector:feed",
            "at": "2026-08-30T07:59:50+00:00",
            "worked_at": None,
            "fails": "",
            "noticed_hours": "unknown",
            "stopped": False,
            "left_alone": None,
        },
    ],
}


@dataclass
class World:
    """Everything that the application is given, within reach of the test."""

    index: Index = field(default_factory=MemoryIndex)
    officials: list[Official] = field(
        default_factory=lambda: [official("anna", "Anna", "Lindqvist"), official("bo", "Bo", "Ek")]
    )
    decisions: list[Decision] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    clock: ManualClock = field(default_factory=lambda: ManualClock(at(30)))
    down: bool = False
    thresholds: dict[Label, float] = field(default_factory=dict)
    law: tuple[Provision, ...] = ()

    async def decide(self, decision: Decision) -> None:
        if self.down:
            raise Unavailable("the log is locked")
        self.decisions.append(decision)

    def browser(self, *, token: str | None = TOKEN, signed_in: bool = True, **overrides: Any) -> "Browser":
        status = {
            "lag": {"classify": 3},
            "dead": {},
            "model": "linear@1",
            "model_lacks": ["encoder", "blend"],
            "not_ready": ["a", "b"],
            "watch": WATCH,
        }
        asked: dict[str, Any] = {"status": lambda: status, "ready": lambda: self.reasons, **overrides}
        app = create_app(
            index=self.index,
            officials=lambda: self.officials,
            decide=self.decide,
            metrics=lambda: b"turvakt_posts_total 3\n",
            token=token,
            thresholds=lambda verdict: self.thresholds,
            law=self.law,
            clock=self.clock,
            **asked,
        )
        browser = Browser(app)
        if signed_in and token is not None and "door" not in overrides:
            assert browser.get("/", params={"token": token}).status_code == 303
        return browser


def staff(database: Database, clock: Clock, *, officials: Callable[[], list[Official]] = list) -> Staff:
    """People in a real database; letters stay in it."""
    accounts = Accounts.over(database, key="a key", origin=ADDRESS, clock=clock, hasher=CHEAP)
    names = {"ekvik": "Ekviks kommun", "furuby": "Furuby kommun"}
    audit = Audit(database, clock=clock)
    administration = Administration(
        accounts.people,
        accounts.sessions,
        accounts.invitations,
        Letters(database, seal=seal, clock=clock),
        audit,
        link=lambda secret: f"{ADDRESS}/invitation/{secret}",
        tenant_name=lambda id: names.get(id, id),
        officials=officials,
        clock=clock,
    )
    letters = Letters(database, seal=seal, clock=clock)
    return Staff(
        accounts,
        administration,
        audit,
        tenant_names=lambda: names,
        tenant=lambda id: Tenant(id, "municipality", names[id], "SE"),
        push=Push(Subscriptions(database, clock=clock), public_key=lambda: "BA"),
        break_glass=BreakGlass(database, people=accounts.people, letters=letters, audit=audit, clock=clock),
    )


class Browser:
    """Asks the application without a network, keeps cookies, follows no redirects, sends forms as browsers do."""

    def __init__(self, app: Any, *, client: str = "127.0.0.1") -> None:
        self.app = app
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app, client=(client, 50000)), base_url=ADDRESS)
        self.headers = self._client.headers
        self.cookies = self._client.cookies
        self.headers["accept-language"] = "en"

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return asyncio.run(self._client.request(method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def submit(self, path: str, **form: str) -> httpx.Response:
        return self.post(path, data=form, headers={"origin": ADDRESS})

    def hidden(self, path: str) -> dict[str, list[str]]:
        """What the form on the page of a post carries along."""
        found: dict[str, list[str]] = {"judged": [], "seen": []}
        for tag, attributes in self.page(path).tags:
            name = attributes.get("name")
            if tag == "input" and name in found:
                found[name].append(attributes["value"] or "")
        return found

    def decide(self, path: str, **form: str) -> httpx.Response:
        """Send the decision on a post, with what its page carries along."""
        return self.post(path, data={**self.hidden(path), **form}, headers={"origin": ADDRESS})

    def page(self, path: str, **parameters: str) -> "Page":
        response = self.get(path, params=parameters or None)
        assert response.status_code == 200, response.text
        return Page(response.text)


_APART = {"td", "th", "dd", "dt", "li", "p", "option", "label", "button", "caption"}


class Page(HTMLParser):
    """What a test asks of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.text = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._silent = 0
        self.feed(html)
        self.words = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.text += " " if tag in _APART else ""
        self._silent += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.text += data

    def all(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        found = [attributes for each, attributes in self.tags if each == tag]
        return [each for each in found if all(each.get(name.rstrip("_")) == value for name, value in wanted.items())]

    def links(self) -> list[str]:
        return [link["href"] or "" for link in self.all("a")]


EVERY_LABEL = dict.fromkeys(LABELS, 0.5)
