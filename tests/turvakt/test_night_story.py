"""One night: a threat, nobody answers, mail fails, somebody takes it on, what is to be done is done, and all is written down."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path
from typing import Any

from access.people import People
from access.person import Grant, Person
from alerts.incidents.incident import Incident
from alerts.messages.words import REFERENCE_LETTERS
from classify.stage import TOPIC as VERDICTS_TOPIC
from classify.verdict import VERDICTS
from registry.official import Wishes
from tests.alerts.people import verdict
from tests.alerts.servers import SmtpServer
from tests.alerts.services import Elks
from tests.turvakt.process import Program
from tests.web.answering import ANNA, TEXT, Answerable, form
from turvakt.answering import reminding
from turvakt.monitor import Monitor
from turvakt.tally import Observed
from turvakt.telling import Teller
from turvakt.watch.setup import watcher
from turvakt.wiring import Parts

WATCH, CHIEF, LAST = "vakt@ekvik.example", "pomo@ekvik.example", "last@ekvik.example"
NUMBER, OPERATOR = "+46701740605", "+46701740699"
RULES = f"""
last_resort = ["contact:Eve Dell"]

[[rule]]
name = "threat"
severity = "low"
labels = ["threat"]
contacts = ["contact:Kaj Dahl"]
show_text = true
policy = "night"

[[policy]]
name = "night"
repeat = 2
[[policy.step]]
tell = ["contact:Kaj Dahl"]
wait = "5 min"
[[policy.step]]
tell = ["contact:Päivi Laine"]
wait = "5 min"

[[contact]]
name = "Kaj Dahl"
language = "sv"
channels = [{{ channel = "email", address = "{WATCH}" }}, {{ channel = "sms", address = "{NUMBER}" }}]

[[contact]]
name = "Päivi Laine"
language = "fi"
channels = [{{ channel = "email", address = "{CHIEF}" }}]

[[contact]]
name = "Eve Dell"
language = "en"
channels = [{{ channel = "email", address = "{LAST}" }}]
"""
MILESTONES = (
    *("opened", "escalated", "repeated", "repeated", "task-overdue", "nobody-answered", "last-resort"),
    *("task-overdue", "task-overdue", "task-overdue", "on-it", "task-done", *["task-overdue"] * 6, "resolved"),
)
HERS = ("anna@ekvik.example", "nytt på dina sidor")
HERSELF = Person("anna", "Anna Lindqvist", "anna@ekvik.example", "sv", (Grant("official", "ekvik", ANNA),))


async def step(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


class Night(Answerable):
    """One Turvakt whose clock is moved by hand, with a real mail server and a strict stand-in of 46elks."""

    def __init__(self, folder: Path, mails: SmtpServer, elks: Elks, *, ping_url: str = "") -> None:
        email = {"host": "127.0.0.1", "port": mails.port, "security": "none", "sender": "turvakt@ekvik.example"}
        operator = {"name": "Drift", "channel": "sms", "address": OPERATOR, "language": "en"}
        sections = {
            "classifier": {"name": "patterns"},
            "email": email,
            "sms": {"username": "user", "password": "secret", "url": f"{elks.url}/a1"},
            "operator": {"contacts": [operator], "ping_url": ping_url},
        }
        super().__init__(folder, rules=RULES, sections=sections)
        self.mails, self.elks = mails, elks
        self.parts.store.put_all([replace(self.her, wishes=Wishes(notice="at-once"))])
        People(self.parts.database).add(HERSELF)
        self.parts.accounts.passwords.store(HERSELF.id, "digest")
        self._read = self._heard = 0

    async def post(self, id: str, text: str) -> None:
        """A threat comes in."""
        judged = verdict(id, text=text, labels=("threat",))
        with self.parts.queue.write() as writer:
            writer.append(VERDICTS_TOPIC, id, VERDICTS.encode(judged))
        await self.go_on()

    async def go_on(self) -> None:
        """All that is due now is done, by a process that is then stopped: what is to come must not hang on its memory."""
        now, begun = self.clock.now(), self.clock.now().timestamp()
        with Parts(self.parts.settings, clock=self.clock) as parts:
            for incident in parts.incidents.due(now):
                parts.incidents.advance(incident)
            reminding(parts, step, wake=lambda: None).turn(now)
            await watcher(parts, step=step, monotonic=lambda: begun).look()
            await Monitor(parts, observed=Observed(), collectors=[], once=True).run()
            Teller(parts).tell()

    async def later(self, minutes: float) -> None:
        self.wait(minutes=minutes)
        await self.go_on()

    def incident(self, post: str) -> Incident:
        """The incident that this post opened."""
        found = self.parts.incidents.of_official(ANNA)
        return next(each for each in found if post in {post for _, post in self.parts.incidents.alerts_of(each.id)})

    @property
    def reference(self) -> str:
        """What messages call the first incident."""
        return self.incident("bluesky:1").id[:6]

    def mailed(self) -> list[tuple[str, EmailMessage]]:
        """The mails that have come since."""
        new = [(to[0], mail) for (_, to), mail in zip(self.mails.envelopes, self.mails.mails, strict=True)][
            self._read :
        ]
        self._read += len(new)
        return new

    def texted(self) -> list[tuple[str, str]]:
        """The short messages that have come since."""
        new = self.elks.taken[self._heard :]
        self._heard += len(new)
        return new


def text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def said(mails: list[tuple[str, EmailMessage]]) -> list[tuple[str, str]]:
    """To whom, and what the subject says before the severity."""
    return [(to, mail["Subject"].removeprefix("Turvakt: ").partition(",")[0]) for to, mail in mails]


async def nobody_answers(night: Night) -> str:
    """The duty officer is told twice, the chief twice, and then the last resort; returns the officer's link."""
    await night.post("bluesky:1", TEXT)
    [(to, mail)] = night.mailed()
    [(number, short)] = night.texted()
    assert (to, number) == (WATCH, NUMBER)
    for shown in (mail["Subject"], short.partition("http")[0]):
        assert not re.search(r"Anna|Lindqvist|\bhot\b|var du bor", shown)
    assert TEXT not in text(mail)
    steps = []
    for _ in range(4):
        await night.later(5)
        steps.append(said(night.mailed()))
    assert HERS in steps[0]  # as she wished, and without what it is about
    assert (CHIEF, "hälytys siirtyy sinulle") in steps[0]
    assert steps[1] == [(WATCH, "ingen har svarat")]
    assert (CHIEF, "kukaan ei ole vastannut") in steps[2]
    assert (WATCH, "en uppgift väntar [" + night.reference + "]") in steps[2]  # whether she is safe: after 15 minutes
    assert steps[3] == [(LAST, "nobody else has answered")]
    assert [to for to, _ in night.texted()] == [NUMBER]
    await night.later(30)
    assert night.mailed() == []
    (link,) = re.findall(r"http\S+(/a/\S+)", text(mail))
    return str(link)


async def mail_fails(night: Night) -> None:
    """For an hour; a threat comes by telephone meanwhile, the operator is told of the end, too, and then the mail arrives."""
    await night.mails.stop()
    await night.post("bluesky:2", "Vi ses vid bilen i morgon, räkna med det")
    assert [to for to, _ in night.texted()] == [NUMBER]
    texts = []
    for _ in range(12):
        await night.later(5)
        texts += night.texted()
    assert {short.partition(",")[0] for to, short in texts if to == OPERATOR} == {"Turvakt: something is not working"}
    assert night.mailed() == []
    await night.mails.start()
    await night.later(6)
    mailed = said(night.mailed())
    # The chief had heard nothing of it before: to her it is not told again.
    assert {(WATCH, "ingen har svarat"), (CHIEF, "hälytys siirtyy sinulle"), (LAST, "nobody else has answered")} <= set(
        mailed
    )
    await night.later(1)
    await night.later(11)
    over = [short for to, short in night.texted() if to == OPERATOR and "it works again" in short]
    assert len(over) == 2  # the channel, and what was late


async def somebody_takes_it(night: Night, link: str) -> None:
    """By the link, on a telephone, without an account; what is to be done is seen to in the console."""
    first = night.incident("bluesky:1")
    browser = night.browser(language="sv")
    before = night.state()
    for _ in range(2):
        assert (await asyncio.to_thread(browser.get, link)).status_code == 200
    assert night.state() == before
    sent = await asyncio.to_thread(form, browser, link)
    assert (await asyncio.to_thread(browser.submit, link, do="on-it", **sent)).status_code == 303
    answered = night.state()
    assert (await asyncio.to_thread(browser.submit, link, do="on-it", **sent)).status_code == 303
    assert night.state() == answered  # the same form once more is no second answer
    taken = night.incident("bluesky:1")
    assert (taken.state, taken.owner) == ("acknowledged", "Kaj Dahl")
    officer, path = night.browser(night.person()), f"/incidents/{first.id}"
    [seen, *_] = (await asyncio.to_thread(officer.page, path)).all("input", name="seen")
    ticked = await asyncio.to_thread(officer.submit, path, do="task/group-leader", seen=str(seen["value"]))
    assert ticked.status_code == 303
    night.mailed()
    await night.later(24 * 60)
    events = night.parts.incidents.history.of(first.id)
    late = {each.result for each in events if each.event == "task-overdue" and each.at == night.clock.now()}
    # Two fall due; four were due yesterday, and are told once more.
    assert late == {"police-se", "protection", "safe", "evidence", "talk", "security-manager"}
    # All of them in one message.
    [reminded] = [text(mail) for to, mail in night.mailed() if to == WATCH and night.reference in mail["Subject"]]
    assert reminded.count(";") == len(late) - 1
    assert "Polisanmäl" in reminded
    [seen, *_] = (await asyncio.to_thread(officer.page, path)).all("input", name="seen")
    asked = await asyncio.to_thread(officer.submit, path, do="resolve", seen=str(seen["value"]))
    assert asked.status_code == 200  # first she is asked: tasks are open
    closed = await asyncio.to_thread(officer.submit, path, do="resolve/sure", seen=str(seen["value"]))
    assert closed.status_code == 303
    assert night.incident("bluesky:1").state == "resolved"
    night.mailed()
    await night.later(1)
    [told] = [mail for to, mail in night.mailed() if to == WATCH]  # who had it hears that somebody else has closed it
    assert night.reference in told["Subject"]


def exported(folder: Path, incident: str) -> list[tuple[str, str]]:
    """What the command says of it: what happened, and by whom or to whom."""
    lines = [json.loads(line) for line in Program(folder).run("alerts", "export", incident).splitlines()]
    assert TEXT not in json.dumps(lines, ensure_ascii=False)
    assert all(earlier["at"] <= later["at"] for earlier, later in pairwise(lines))
    return [(line["event"], line["contact"] or line["actor"]) for line in lines]


async def night(folder: Path) -> str:
    async with SmtpServer() as mails, Elks() as elks:
        world = Night(folder, mails, elks)
        try:
            link = await nobody_answers(world)
            await mail_fails(world)
            await somebody_takes_it(world, link)
            assert world.parts.outbox.counts().get("waiting", 0) == 0
            assert world.parts.outbox.counts().get("failed", 0) == 0
            return world.incident("bluesky:1").id
        finally:
            world.parts.close()


def test_a_night(tmp_path: Path) -> None:
    incident = asyncio.run(night(tmp_path / "data"))
    written = exported(tmp_path / "data", incident)
    assert exported(tmp_path / "data", incident[:REFERENCE_LETTERS]) == written, "as messages call it"
    assert [event for event, _ in written if event in MILESTONES] == list(MILESTONES)
    assert ("on-it", "Kaj Dahl") in written
    assert {who for event, who in written if event == "delivered"} == {"Kaj Dahl", "Päivi Laine", "Eve Dell"}
