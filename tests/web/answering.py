"""An incident in real parts, the links that were sent about it, and browsers of those who got them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from access.permissions import Actor
from access.person import Grant, Person, Role
from alerts.alert import Alert, Recipient
from alerts.incidents.incident import Incident
from classify.verdict import Label, Severity, Verdict
from flow.clock import ManualClock
from flow.errors import Unavailable
from registry.official import Contact
from review.decision import DECISIONS, Decision
from review.stage import DECISIONS_TOPIC
from tests.alerts.people import AT, alert, official, verdict
from tests.web.building import Browser, FixedDoor
from tests.web.portal.building import at_once
from turvakt.answering import answers
from turvakt.settings import Settings
from turvakt.wiring import Parts
from web.app import create_app

ANNA = "anna-lindqvist"
TEXT = "Jag vet var du bor, sade han inte"
KAJ, EVA = "Kaj Dahl", "Eva Berg"
CONTACTS = (
    Contact(KAJ, "email", "kaj@ekvik.example", "sv"),
    Contact(EVA, "email", "eva@ekvik.example", "fi"),
)


class Away:
    """An index that does not answer."""

    def __getattr__(self, name: str) -> Any:
        raise Unavailable("it does not answer", place="index")


class Answerable:
    """One Turvakt with Anna Lindqvist, whose contacts are Kaj and Eva, and what is alerted about her."""

    def __init__(
        self, folder: Path, *, rules: str = "", new: bool = True, sections: Mapping[str, Any] = {}, **web: Any
    ) -> None:
        self.clock = ManualClock(AT)
        settings: dict[str, Any] = {"data": {"dir": str(folder)}, "web": web, "retention": {"unflagged_days": 30}}
        settings |= sections
        if rules:
            (folder.parent / "rules.toml").write_text(rules, "utf-8")
            settings["alerts"] = {"rules": str(folder.parent / "rules.toml")}
        self.parts = Parts(msgspec.convert(settings, Settings), clock=self.clock)
        self.her = official(ANNA, contacts=CONTACTS)
        if new:
            self.parts.store.add(self.her)
        self.clock.advance(1)

    def raised(
        self,
        *ids: str,
        text: str = TEXT,
        severity: Severity = "high",
        labels: tuple[Label, ...] = ("threat",),
        show_text: bool = True,
    ) -> Incident:
        """The incident of these posts, of which Kaj and Eva are told."""
        to = [Recipient(each.name, each.channel, each.address, each.language, show_text) for each in self.her.contacts]
        for id in ids or ("bluesky:1",):
            judged = verdict(id, text=text, severity=severity, labels=labels)
            self.take(judged, to)
        return self.parts.incidents.open()[0]

    def take(self, judged: Verdict, to: Sequence[Recipient]) -> None:
        judged = replace(judged, post=replace(judged.post, created_at=self.clock.now()))
        raised: Alert = alert(judged, *to)
        self.parts.index.write_verdicts([judged])
        self.parts.index.write_alerts([raised])
        self.parts.incidents.take([raised])

    def flood(self, *numbers: int) -> Incident:
        """The incident of the last of these posts: harmless, so many that they belong together."""
        for number in numbers:
            self.wait(seconds=10)
            text = f"Helt annan text nummer {number} om skolan och vägen {number * 7919}"
            self.raised(f"bluesky:{number}", text=text, severity="medium", labels=("harassment",))
        return max(self.parts.incidents.open(), key=lambda each: each.posts)

    def threatened(self, id: str = "bluesky:99", text: str = "Jag ska döda dig i natt, sade han inte") -> None:
        """One more post, a grave threat."""
        self.wait(seconds=10)
        self.raised(id, text=text, severity="critical")

    def lose_index(self) -> None:
        """The index answers nobody any more."""
        vars(self.parts)["_embedded_index"] = Away()

    def link(self, incident: Incident, contact: str = KAJ) -> str:
        """The path of the first link that this contact got."""
        told = [each for each in self.parts.incidents.history.of(incident.id) if each.event == "told"]
        delivery = next(each.delivery for each in told if each.contact == contact)
        return f"/a/{answers(self.parts, step=at_once).signer.token(delivery)}"

    def browser(self, who: Person | None = None, *, language: str = "en", **changes: Any) -> Browser:
        """Of somebody who has signed in, or of nobody; ``changes`` are of what the pages about incidents can do."""
        app = create_app(
            index=self.parts.index,
            officials=self.parts.officials.all,
            decide=self._decide,
            status=dict,
            metrics=lambda: b"",
            ready=list,
            token="token",
            audit=self.parts.audit,
            answers=replace(answers(self.parts, step=at_once), **changes),
            door=FixedDoor(None if who is None else Actor(who, "s1")),
            clock=self.clock,
        )
        browser = Browser(app)
        browser.cookies.set("turvakt_language", language)
        return browser

    async def _decide(self, decision: Decision) -> None:
        with self.parts.log.write() as writer:
            writer.append(DECISIONS_TOPIC, decision.post, DECISIONS.encode(decision))

    def person(self, role: Role = "officer", *, tenant: str = "ekvik", official: str = "", id: str = "rut") -> Person:
        """Somebody with an account."""
        person = Person(id, "Rut Ek", f"{id}@{tenant}.example", "en", (Grant(role, tenant, official),))
        if not any(each.id == id for each in self.parts.accounts.people.all()):
            self.parts.accounts.people.add(person)
        return person

    def index_decisions(self) -> None:
        """What was decided reaches the index."""
        self.parts.index.write_decisions(self.decided())

    def decisions(self) -> list[tuple[str, str, str]]:
        """Post, outcome and who said so, as they stand in the log."""
        return [(each.post, each.outcome, each.by) for each in self.decided()]

    def decided(self) -> list[Decision]:
        """The decisions in the log."""
        entries = self.parts.queue.read(DECISIONS_TOPIC, "test", 100).entries
        return [DECISIONS.decode(each.value) for each in entries]

    def state(self) -> list[Any]:
        """All that answering changes."""
        found = [*self.parts.incidents.open(), *self.parts.incidents.of_official(ANNA)]
        history = [self.parts.incidents.history.of(each.id) for each in found]
        return [found, history, self.decisions(), self.parts.audit.read(limit=1000), self.parts.notices.of(ANNA)]

    def wait(self, **span: float) -> None:
        self.clock.advance(timedelta(**span).total_seconds())


def erasing(world: Answerable) -> Callable[..., Awaitable[Any]]:
    """A step before which the official is erased: it was on its way when that happened."""

    async def step(function: Callable[..., Any], *args: Any, **named: Any) -> Any:
        world.parts.erasure.withdraw(ANNA)
        return function(*args, **named)

    return step


def form(browser: Browser, path: str) -> dict[str, str]:
    """What the page's form carries along."""
    return {"seal": str(browser.page(path).all("input", name="seal")[0]["value"])}
