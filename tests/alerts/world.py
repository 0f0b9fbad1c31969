"""Incidents over a database and an injected clock, and what is told of them: for the tests that go through them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from alerts.alert import Alert, Recipient
from alerts.bulletin import Bulletin
from alerts.delivery.outbox import Item, Outbox, Result
from alerts.incidents.escalator import Escalator
from alerts.incidents.history import Transition
from alerts.incidents.incident import Incident
from alerts.incidents.incidents import Incidents
from alerts.incidents.telling import Telling
from alerts.plans.plan import Plan, Plans
from alerts.plans.rules import Rule
from classify.verdict import Label, Severity
from flow.clock import ManualClock
from flow.database import Database
from registry.official import Contact, Official
from tests import databases
from tests.alerts.people import AT, alert, official, verdict

DESK = "vakt@ekvik.example"
SMS = Contact("Beredskap Ekvik", "sms", "+46700000000", "sv")
DEPUTY = Contact("Kansliet", "email", "kansli@ekvik.example", "sv")
CHIEF = Recipient("Jouren", "email", "jour@turvakt.example", "sv", show_text=False)
TEXTS = (
    "Vägen till sjön är stängd hela veckan",
    "Budgeten behandlas på måndag i fullmäktige",
    "Skolan i Ekvik får en ny matsal till hösten",
    "Biblioteket har öppet även på söndagar",
    "Simhallen renoveras för tolv miljoner",
    "Bussen mot stationen går nu varje kvart",
    "Elljusspåret är tänt till klockan elva",
    "Fritidsgården söker tre nya ledare",
)
"""Texts that have nothing in common."""


class World:
    """Incidents over a database, and what is told of them."""

    def __init__(self, database: Database, plan: Plan | None = None) -> None:
        self.database = database
        self.clock = ManualClock(AT)
        self.outbox = Outbox(database, clock=self.clock)
        self.her: Official = official(contacts=(official().contacts[0], SMS))
        self.judged: list[tuple[str, str]] = []
        self.people = {"p-1", "Kim"}
        self.plans = Plans(plan or Plan((Rule(name="grave", severity="low"),)))
        self.telling = Telling(database, outbox=self.outbox, clock=self.clock)
        self.incidents = self.opened()
        self.escalator = Escalator(incidents=self.incidents, wake=lambda: None, step=None, clock=self.clock)  # type: ignore[arg-type]

    def opened(self) -> Incidents:
        """As another process has them."""

        def decide(posts: Sequence[str], *, tenant: str, by: str, at: datetime, taken_back: str | None = None) -> None:
            self.judged += [(post, by if taken_back is None else f"{by}, taken back of {taken_back}") for post in posts]

        return Incidents(
            self.database,
            telling=self.telling,
            plans=lambda: self.plans,
            officials=lambda id: self.her if id == self.her.id else None,
            account=lambda post: post.author.id or "",
            operator=lambda at, severity: (CHIEF,),
            email_of=lambda by: "Vakt@Ekvik.example" if by == "p-1" else "",
            signs_in=lambda by: by in self.people,
            decide=decide,
            clock=self.clock,
        )

    def raised(
        self,
        number: int,
        text: str = "",
        *,
        severity: Severity = "high",
        labels: tuple[Label, ...] = ("harassment",),
        author: str = "1",
        to: tuple[Recipient, ...] = (),
        rule: str = "grave",
    ) -> Alert:
        judged = verdict(f"bluesky:{number}", text=text or TEXTS[number % 8], severity=severity, labels=labels)
        post = judged.post
        post = replace(post, author=replace(post.author, id=author), created_at=self.clock.now())
        return alert(replace(judged, post=post), *to, rule=rule)

    def take(self, *alerts: Alert) -> list[tuple[str, int, str]]:
        """Occasion, number of posts and address of what is told of them."""
        before = set(self.waiting())
        self.incidents.take(alerts)
        return sorted(told(item) for key, item in self.waiting().items() if key not in before)

    def pass_time(self, minutes: float, *, by: float = 0.5) -> list[tuple[str, int, str]]:
        """What is told meanwhile."""
        before = set(self.waiting())
        seen: dict[str, Item] = {}
        for _ in range(round(minutes / by)):
            self.clock.advance(60 * by)
            self.escalator.turn(self.clock.now())
            seen |= self.waiting()
        return sorted(told(item) for key, item in seen.items() if key not in before)

    def waiting(self) -> dict[str, Item]:
        items = [item for name in ("email", "sms") for item in self.outbox.due(1000, channel=name)]
        return {item.delivery.id: item for item in items}

    def deliver(self) -> None:
        """All that waits is delivered."""
        now = self.clock.now()
        results = [
            Result(replace(item.delivery, state="delivered", attempts=1, at=now), contact=item.recipient.name)
            for item in self.waiting().values()
        ]
        self.telling.record(results)

    @property
    def one(self) -> Incident:
        """The only open incident."""
        (incident,) = self.incidents.open()
        return incident

    def events(self, incident: Incident | None = None) -> list[str]:
        return [each.event for each in self.history(incident)]

    def history(self, incident: Incident | None = None) -> list[Transition]:
        return self.incidents.history.of((incident or self.one).id)


def told(item: Item) -> tuple[str, int, str]:
    content = item.content
    if isinstance(content, Bulletin):
        return content.kind, int(content.values.get("posts", "0")), item.recipient.address
    assert content.told is not None
    return content.told.occasion, content.told.posts, item.recipient.address


both = pytest.mark.parametrize("database", databases.KINDS, indirect=True)
"""For what the databases may do in different ways."""
