"""Whatever happens in whatever order: no urgent alert is lost, and nobody is told the same twice by the same channel."""

import asyncio
import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from itertools import repeat
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from alerts.alert import Alert, Recipient
from alerts.bulletin import Bulletin
from alerts.content import Content
from alerts.delivery.dispatcher import Dispatcher
from alerts.delivery.outbox import Result
from alerts.incidents.case import cases
from alerts.incidents.incident import ACTIONS
from alerts.messages.message import Message
from alerts.tables import INCIDENT, INCIDENT_POST, OUTBOX
from classify.verdict import Label, Severity
from flow.errors import BadInput, Broken, Unavailable
from tests.alerts.test_incidents import World
from turvakt.schema import open_file

GRADES: dict[str, tuple[Severity, tuple[Label, ...]]] = {
    "threat": ("high", ("threat",)),
    "critical": ("critical", ("hate",)),
    "other": ("medium", ("harassment",)),
}


def text(number: int) -> str:
    """Texts of which none is like another."""
    digest = hashlib.sha256(str(number).encode()).hexdigest().translate(str.maketrans("0123456789", "ghijklmnop"))
    return " ".join(digest[at : at + 6] for at in range(0, 60, 6))


async def step(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


class Fickle:
    """A channel that is up, down, or refuses all; it keeps what it has taken on."""

    def __init__(self, name: str, taken: list[tuple[str, str]]) -> None:
        self.name = name
        self.state = "up"
        self._taken = taken

    def check(self, address: str) -> None:
        """Takes any."""

    async def send(self, message: Message, *, recipient: Recipient, idempotency_key: str) -> None:
        if self.state == "down":
            raise Unavailable("is down", place="channel", remedy="wait")
        if self.state == "refuses":
            raise BadInput("refuses", place="channel", remedy="none")
        self._taken.append((idempotency_key, message.subject))

    async def retract(self, idempotency_key: str) -> None:
        """Cannot be done."""

    async def close(self) -> None:
        """Nothing is open."""


def render(told: Content, recipient: Recipient, delivery: str) -> Message:
    key = told.key if isinstance(told, Bulletin) else told.told.key if told.told else ""
    which = f"{told.incident} {type(told).__name__} {key} {recipient.channel} {recipient.address}"
    return Message(which, "", {}, told.official, delivery)


class Whatever(RuleBasedStateMachine):
    """Alerts, answers, time, channels that fail, and processes that are killed."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.database = open_file(Path(self.folder.name) / "t.db")
        self.world = World(self.database)
        self.taken: list[tuple[str, str]] = []
        self.channels = [Fickle("email", self.taken), Fickle("sms", self.taken)]
        self.alerts: list[Alert] = []
        self.crashes = 0
        self.answered: set[str] = set()

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()
            self.folder.cleanup()

    @rule(kinds=st.lists(st.sampled_from(sorted(GRADES)), min_size=1, max_size=8), author=st.integers(1, 3))
    def raise_alerts(self, kinds: list[str], author: int) -> None:
        new: list[Alert] = []
        for kind in kinds:
            number, (severity, labels) = len(self.alerts) + len(new), GRADES[kind]
            new.append(self.world.raised(number, text(number), severity=severity, labels=labels, author=str(author)))
        self.alerts += new
        self.world.incidents.take(new)

    @precondition(lambda self: self.alerts)
    @rule(at=st.integers(0, 1000), many=st.integers(1, 5))
    def replay(self, at: int, many: int) -> None:
        first = at % len(self.alerts)
        assert self.world.incidents.take(self.alerts[first : first + many]) == 0

    @rule()
    def killed_while_taking(self) -> None:
        class Killed(Exception):
            pass

        new = self.world.raised(len(self.alerts), text(len(self.alerts)), labels=("threat",))
        with suppress(Killed), self.database.transaction():
            self.world.incidents.take([new])
            raise Killed
        self.alerts.append(new)
        self.world.incidents.take([new])

    @precondition(lambda self: self.alerts)
    @rule(action=st.sampled_from(ACTIONS), at=st.integers(0, 1000))
    def answer(self, action: Any, at: int) -> None:
        found = self.world.incidents.of_official("anna-lindqvist")
        if found:
            incident = found[at % len(found)]
            self.world.incidents.answer(incident.id, action, by="Kim")
            self.answered.add(incident.id)

    @rule(minutes=st.sampled_from([1, 5, 10, 40, 600]))
    def time_passes(self, minutes: int) -> None:
        self.world.clock.advance(60 * minutes)
        self.world.escalator.turn(self.world.clock.now())

    @rule(which=st.integers(0, 1), state=st.sampled_from(["up", "down", "refuses"]))
    def channel_changes(self, which: int, state: str) -> None:
        self.channels[which].state = state

    @rule(killed=st.booleans())
    def deliver(self, killed: bool) -> None:
        def commit(results: Sequence[Result]) -> Collection[str]:
            if killed and any(result.delivery.state == "delivered" for result in results):
                self.crashes += 1
                raise Broken("killed")
            return self.world.telling.record(results)

        dispatcher = Dispatcher(
            outbox=self.world.outbox,
            channels={each.name: each for each in self.channels},
            render=render,
            commit=commit,
            allowed=lambda told, recipient: told,
            step=step,
            clock=self.world.clock,
            pauses=lambda: repeat(60.0),
            idle_seconds=0.001,
            grace_seconds=0.1,
        )

        async def run() -> None:
            running = asyncio.create_task(dispatcher.run())
            drained = asyncio.create_task(dispatcher.drained(at_most=5))
            await asyncio.wait({running, drained}, return_when=asyncio.FIRST_COMPLETED)
            running.cancel()
            drained.cancel()
            await asyncio.gather(running, drained, return_exceptions=True)

        asyncio.run(run())

    @invariant()
    def no_urgent_alert_is_lost(self) -> None:
        if not hasattr(self, "database"):
            return
        rows = self.database.query(select(OUTBOX.c.incident, OUTBOX.c.post, OUTBOX.c.state))
        told_of = {(incident, post) for incident, post, _ in rows}
        reached = {(incident, post) for incident, post, state in rows if state in ("waiting", "delivered")}
        found = {case.id: case for case in cases(self.database, INCIDENT.c.kind == "posts")}
        rows = self.database.query(select(INCIDENT_POST.c.alert, INCIDENT_POST.c.incident))
        of: dict[str, str] = {row[0]: row[1] for row in rows}
        for alert in self.alerts:
            case, post = found[of[alert.id]], alert.verdict.post.id
            if "threat" in alert.verdict.judgement.flagged:
                assert (case.id, post) in told_of, "a threat without a message of its own"
                there = (case.id, post) in reached
            elif alert.urgent:
                there = case.id in {incident for incident, _ in reached}
            else:
                continue
            if not there and case.escalate_at is None:
                events = {each.event for each in self.world.incidents.history.of(case.id)}
                assert case.id in self.answered or {"nobody-answered", "last-resort"} <= events

    @invariant()
    def nobody_is_told_the_same_twice_by_the_same_channel(self) -> None:
        if hasattr(self, "database"):
            again = Counter(which for _, which in self.taken)
            assert sum(again.values()) - len(again) <= sum(
                many - 1 for many in Counter(key for key, _ in self.taken).values()
            ), "two deliveries say the same"
            if not self.crashes:
                assert max(again.values(), default=1) == 1


TestWhatever = Whatever.TestCase
TestWhatever.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
