"""Whatever happens in whatever order: no urgent alert is lost, and nobody is told the same twice by the same channel."""

import asyncio
import hashlib
import tempfile
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import repeat
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from alerts.alert import Alert, Recipient
from alerts.bulletin import Bulletin
from alerts.content import Content, decoded, recipients_of
from alerts.delivery.budget import Budgets
from alerts.delivery.dispatcher import Dispatcher
from alerts.delivery.outbox import Result
from alerts.incidents.case import Case, cases
from alerts.incidents.escalator import Escalator
from alerts.incidents.grade import Grade, grade_of
from alerts.incidents.history import ANSWERS, NOBODY_LEFT, Event
from alerts.incidents.incident import ACTIONS
from alerts.incidents.telling import Telling
from alerts.messages.message import Message
from alerts.plans.contacts import Contact, Way
from alerts.plans.plan import Budget, Plan
from alerts.plans.rules import Rule
from alerts.routing import alerts_about, permitted
from alerts.tables import DIGEST_ENTRY, INCIDENT, INCIDENT_POST, OUTBOX
from alerts.urgency import wants_answer
from classify.verdict import SEVERITIES, Label, Severity, Verdict
from flow.errors import BadInput, Broken, Unavailable
from registry.holder import Part
from registry.official import Consent
from tests.alerts.people import AT, official
from tests.alerts.world import CHIEF, DEPUTY, World
from tests.databases import open_file

GRADES: dict[str, tuple[Severity, tuple[Label, ...]]] = {
    "other": ("medium", ("harassment",)),
    "doxxing": ("high", ("doxxing",)),
    "critical": ("critical", ("hate",)),
    "threat": ("high", ("threat",)),
    "worst": ("critical", ("threat", "harassment")),
    "exposing": ("high", ("harassment", "doxxing")),
}
LOG, HEAD = (
    Contact(name=name, language="sv", channels=(Way(channel="email", address=f"{name}@ekvik.example"),))
    for name in ("log", "head")
)
PLAN = Plan(
    (
        Rule(
            name="log",
            severity="low",
            labels=("harassment",),
            contacts=("contact:log",),
            policy="usual",
            quiet="22:00-07:00",
        ),
        Rule(name="grave", severity="high", quiet="22:00-07:00"),
    ),
    contacts={each.name: each for each in (LOG, HEAD)},
    last_resort=("contact:head",),
    budget=Budget(per_hour=3),
)
CONSENTS = {
    "to all": Consent(("*",), AT),
    "to the last resort": Consent(("*",), AT, recipients=("head",)),
    "to the log": Consent(("*",), AT, recipients=("log",)),
    "of threats": Consent(("*",), AT, labels=("threat",)),
    "to nobody": Consent(("*",), AT, recipients=("Nobody",)),
}
_BEGINS: tuple[Event, ...] = ("opened", "graver", "new-threat", "owner-gone", "handed-over")


def text(number: int) -> str:
    """Texts of which none is like another."""
    digest = hashlib.sha256(str(number).encode()).hexdigest().translate(str.maketrans("0123456789", "ghijklmnop"))
    return " ".join(digest[at : at + 6] for at in range(0, 60, 6))


async def step(function: Any, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


class Fickle:
    """A channel that is up, down, or refuses all; it keeps the keys of what it has taken on."""

    def __init__(self, name: str, taken: list[str]) -> None:
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
        self._taken.append(idempotency_key)

    async def retract(self, idempotency_key: str) -> None:
        """Cannot be done."""

    async def close(self) -> None:
        """Nothing is open."""


def render(told: Content, recipient: Recipient, delivery: str) -> Message:
    return Message("", "", {}, told.official, delivery)


class Whatever(RuleBasedStateMachine):
    """Posts, copies, edits, deletions, answers, time, consents, erasures, channels that fail, and processes that are killed.

    What happened is counted in `turns`: people are to be told of a post in the turn in which it came, or later, but not before.
    """

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.database = open_file(Path(self.folder.name) / "t.db")
        self.world = World(self.database, PLAN)
        budgets = Budgets(
            self.database,
            plans=lambda: self.world.plans,
            officials=lambda id: self.world.her if id == self.world.her.id else None,
            operator=lambda *, at, severity: (CHIEF,),
            clock=self.world.clock,
        )
        self.world.telling = Telling(self.database, outbox=self.world.outbox, clock=self.world.clock, budgets=budgets)
        self.world.incidents = self.world.opened()
        self.world.escalator = Escalator(
            incidents=self.world.incidents,
            wake=lambda: None,
            step=None,  # type: ignore[arg-type]
            clock=self.world.clock,
        )
        self.taken: list[str] = []
        self.channels = [Fickle("email", self.taken), Fickle("sms", self.taken)]
        self.numbers = self.turns = self.crashes = 0
        self.verdicts: dict[str, Verdict] = {}
        self.deleted: dict[str, Verdict] = {}
        self.grades: dict[str, Grade] = {}
        self.alerts: dict[str, Alert] = {}
        self.of: dict[str, str] = {}
        self.came: dict[str, int] = {}
        self.told: dict[str, int] = {}
        self.said: Counter[tuple[object, ...]] = Counter()
        self.known: set[str] = set()
        self.closed: set[str] = set()

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()
            self.folder.cleanup()

    # ---------------------------------------------------------------- what happens

    def new(self, kind: str, *, author: str, copy_of: int = 0) -> Verdict:
        self.numbers += 1
        severity, labels = GRADES[kind]
        said = f"{text(self.numbers - copy_of)}!" if 0 < copy_of < self.numbers else text(self.numbers)
        return self.world.raised(self.numbers, said, severity=severity, labels=labels, author=author).verdict

    def take(self, verdicts: Sequence[Verdict], *, killed: bool = False) -> None:
        class Killed(Exception):
            pass

        alerts = alerts_about(
            verdicts, plans=self.world.plans, officials={self.world.her.id: self.world.her}.get, clock=self.world.clock
        )
        if killed:
            with suppress(Killed), self.database.transaction():
                self.world.incidents.take(alerts)
                raise Killed
        self.world.incidents.take(alerts)
        self.turns += 1
        self.verdicts |= {each.post.id: each for each in verdicts}
        for each in verdicts:
            grade = grade_of(each.judgement)
            self.grades[each.post.id] = grade.joined(self.grades.get(each.post.id, grade))
        self.alerts |= {alert.id: alert for alert in alerts}
        self.of |= {
            row[0]: row[1] for row in self.database.query(select(INCIDENT_POST.c.alert, INCIDENT_POST.c.incident))
        }
        for alert in alerts:  # which may have come before, and tell nobody now
            self.came.pop(alert.id, None)
        self.came |= {alert.id: self.turns for alert in alerts if alert.recipients}
        self.look()

    @rule(
        posts=st.lists(st.tuples(st.sampled_from(sorted(GRADES)), st.integers(0, 3)), min_size=1, max_size=8),
        author=st.integers(1, 3),
        killed=st.booleans(),
    )
    def posts_come(self, posts: list[tuple[str, int]], author: int, killed: bool) -> None:
        new = [self.new(kind, author=str(author), copy_of=copy_of) for kind, copy_of in posts]
        self.take(new, killed=killed)
        told_of = {row[0] for row in self.database.query(select(OUTBOX.c.post))}
        for verdict, (kind, copy_of) in zip(new, posts, strict=True):
            hers = [
                each for each in self.alerts.values() if each.verdict.post.id == verdict.post.id and each.recipients
            ]
            if kind in ("threat", "worst") and not copy_of and hers:
                assert verdict.post.id in told_of, "a threat without a message of its own"

    @precondition(lambda self: self.verdicts)
    @rule(at=st.integers(0, 1000), kind=st.sampled_from(["worst", "exposing"]))
    def a_post_is_edited_for_the_worse(self, at: int, kind: str) -> None:
        verdict = list(self.verdicts.values())[at % len(self.verdicts)]
        graver = self.new(kind, author="1")
        known, new = self.grades[verdict.post.id], grade_of(graver.judgement)
        if new.exceeds(known):
            post = replace(
                graver.post, id=verdict.post.id, source=verdict.post.source, collected_at=self.world.clock.now()
            )
            self.take([replace(graver, post=post)])

    @precondition(lambda self: self.deleted)
    @rule(at=st.integers(0, 1000))
    def what_was_deleted_comes_back(self, at: int) -> None:
        verdict = self.deleted.pop(list(self.deleted)[at % len(self.deleted)])
        self.world.clock.advance(1)
        self.take([replace(verdict, post=replace(verdict.post, collected_at=self.world.clock.now()))])

    @precondition(lambda self: self.alerts)
    @rule(at=st.integers(0, 1000), many=st.integers(1, 5))
    def replay(self, at: int, many: int) -> None:
        first = at % len(self.alerts)
        assert self.world.incidents.take(list(self.alerts.values())[first : first + many]) == 0

    @precondition(lambda self: self.alerts)
    @rule(
        action=st.sampled_from(ACTIONS), at=st.integers(0, 1000), by=st.sampled_from(["Kim", "Beredskap Ekvik", "head"])
    )
    def answer(self, action: Any, at: int, by: str) -> None:
        found = self.world.incidents.of_official(self.world.her.id)
        if found:
            incident = found[at % len(found)]
            now = self.world.incidents.answer(incident.id, action, by=by)
            if now is not None and not now.is_open:
                self.closed.add(incident.id)

    @rule(minutes=st.sampled_from([1, 5, 10, 40, 600]))
    def time_passes(self, minutes: int) -> None:
        self.world.clock.advance(60 * minutes)
        self.world.escalator.turn(self.world.clock.now())
        for case in cases(self.database):
            assert case.grow_at is None or case.grow_at > self.world.clock.now().timestamp(), "growth that nobody tells"

    @rule(consent=st.sampled_from(sorted(CONSENTS)))
    def consent_changes(self, consent: str) -> None:
        self.world.her = replace(self.world.her, consents=(CONSENTS[consent],))

    @precondition(lambda self: self.verdicts)
    @rule(at=st.integers(0, 1000))
    def the_platform_deletes(self, at: int) -> None:
        post = list(self.verdicts)[at % len(self.verdicts)]
        self.deleted[post] = self.verdicts.pop(post)
        del self.grades[post]
        self.alerts = {id: alert for id, alert in self.alerts.items() if alert.verdict.post.id != post}
        before = {case.id: case for case in self.cases()}
        for holder in (self.world.incidents, self.world.outbox):
            holder.forget([post])
        for case in self.cases():
            assert case.is_open == before[case.id].is_open or not self.urgent(case), "a threat ended by a deletion"
            if isinstance(case.content, Alert) and case.content.verdict.post.id == post:
                assert case.content.verdict.post.text == ""
            if case.is_open != before[case.id].is_open:
                self.closed.add(case.id)
                assert self.events(case.id)[-1] == "expired"

    @rule()
    def she_is_erased_and_comes_back(self) -> None:
        holders = (self.world.incidents, self.world.outbox, self.world.incidents.history)
        for holder in holders:
            holder.erase(self.world.her.id)
        self.time_passes(600)
        assert [holder.count(self.world.her.id) for holder in holders] == [0, 0, 0]
        for kept in (self.verdicts, self.deleted, self.grades, self.alerts, self.of, self.came, self.told):
            kept.clear()

    @rule()
    def she_exchanges_her_contact(self) -> None:
        """Whoever was to be told is withdrawn, perhaps while all waits; somebody else is told, if anybody may be."""
        gone = self.world.her.contacts[0].name
        self.world.her = replace(self.world.her, contacts=official().contacts if gone == DEPUTY.name else (DEPUTY,))
        for holder in (self.world.outbox, self.world.incidents, self.world.incidents.history):
            holder.erase(self.world.her.id, Part("recipient", gone))
        self.world.escalator.turn(self.world.clock.now())
        for case in self.cases():
            if case.state in ("triggered", "escalated") and case.id in self.told:
                told = self.world.incidents.history.of(case.id)
                assert any(each.contact or each.event == "nobody-answered" for each in told), (
                    "told to nobody who is left"
                )

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
        # Another channel of the same contact takes over on the same occasion.
        self.known |= {row[0] for row in self.database.query(select(OUTBOX.c.id))}

    # ---------------------------------------------------------------- what holds

    def cases(self) -> list[Case]:
        return cases(self.database, INCIDENT.c.kind == "posts")

    def urgent(self, case: Case) -> bool:
        flagged = case.content.verdict.judgement.flagged if isinstance(case.content, Alert) else ()
        return case.threat or wants_answer(SEVERITIES[case.severity], flagged)

    def events(self, incident: str) -> list[Event]:
        of = self.world.incidents.history.of(incident)
        return [each.event for each in of if each.result != NOBODY_LEFT]

    @invariant()
    def look(self) -> None:
        """Take note of what is told since; of this nothing was told before to the same address by the same channel."""
        if not hasattr(self, "database"):
            return
        here = {case.id: case for case in cases(self.database)}
        rows = self.database.query(select(OUTBOX.c.id, OUTBOX.c.incident, OUTBOX.c.alert))
        for id, incident, value in rows:
            if id in self.known or value is None:
                continue
            self.known.add(id)
            content = decoded(value)
            (recipient,) = recipients_of(content)
            if incident in here:
                self.told[incident] = self.turns
                occasion = self.occasion(content, here[incident], recipient)
                self.said[(incident, recipient.channel, recipient.address, *occasion)] += 1
        assert max(self.said.values(), default=1) == 1, "the same is told twice"
        if not self.crashes:
            assert max(Counter(self.taken).values(), default=1) == 1, "the same is sent twice"

    def occasion(self, content: Content, case: Case, recipient: Recipient) -> tuple[object, ...]:
        """On which occasion it is told, by what is told and by where the incident stands."""
        if isinstance(content, Bulletin):
            occasion = content.values.get("occasion", "raised")
        else:
            assert content.told is not None
            occasion = content.told.occasion
            if occasion == "grown":
                return "grown", content.told.posts
            if content.asks_nothing:
                return occasion, sum(each in ANSWERS.values() for each in self.events(case.id))
            if occasion in ("raised", "graver"):
                post, judgement = content.verdict.post, content.verdict.judgement
                return post.id, post.collected_at, *grade_of(judgement)
        if case.kind == "posts" and occasion != "raised":
            may = permitted(content, recipient, official=self.world.her, at=self.world.clock.now())
            assert may is not None, "told against consent"
        events = self.events(case.id)
        began = max((at for at, event in enumerate(events) if event in _BEGINS), default=0)
        ends = events[began:].count("last-resort")
        return ("last", case.series, ends) if ends else (case.series, case.round, case.step)

    @invariant()
    def no_urgent_alert_is_lost(self) -> None:
        if not hasattr(self, "database"):
            return
        found = {case.id: case for case in self.cases()}
        now = self.world.clock.now()
        for alert, turn in self.came.items():
            case = found.get(self.of[alert])
            if case is None or case.id in self.closed or self.told.get(case.id, -1) >= turn:
                continue
            assert case.grow_at is not None, "an alert that nobody is told of"
        for case in filter(self.urgent, found.values()):
            if case.grow_at is not None:
                assert case.grow_at <= (now + timedelta(minutes=5)).timestamp(), "what is urgent waits for the morning"
            if case.state in ("triggered", "escalated") and case.escalate_at is None:
                events = self.events(case.id)
                last = max(at for at, event in enumerate(events) if event in _BEGINS)
                assert "nobody-answered" in events[last:], "nobody goes on"

    @invariant()
    def what_is_urgent_is_not_held_back(self) -> None:
        if hasattr(self, "database"):
            held = self.database.query(select(DIGEST_ENTRY.c.severity, DIGEST_ENTRY.c.label))
            assert not [label for severity, label in held if wants_answer(SEVERITIES[severity], (label,))]


TestWhatever = Whatever.TestCase
TestWhatever.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
