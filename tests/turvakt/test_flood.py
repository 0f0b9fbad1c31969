"""Ten thousand flagged posts against one official within a minute, through the monitor to a real SMTP server."""

import asyncio
import resource
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import msgspec
from sqlalchemy import func, select

from alerts.alert import DELIVERIES
from alerts.delivery.digests import Digests
from alerts.stage import DELIVERIES_TOPIC
from alerts.tables import DIGEST_ENTRY, INCIDENT, INCIDENT_EVENT
from classify.stage import TOPIC as VERDICTS_TOPIC
from classify.verdict import VERDICTS, Verdict
from flow.clock import ManualClock
from registry.importing import read_officials
from registry.official import Contact
from tests.alerts.servers import SmtpServer
from tests.turvakt.abusive_flood import POSTS, flood, judged, threats
from tests.turvakt.process import OFFICIALS
from turvakt.monitor import Monitor
from turvakt.settings import Settings
from turvakt.tally import Observed
from turvakt.wiring import Parts

EVENING = datetime(2026, 9, 14, 4, 10, tzinfo=UTC)
"""An hour before the desk gets the day in brief."""
HER = "anna-lindqvist"
DESK, OPERATOR = "vakt@ekvik.example", "drift@ekvik.example"
OTHERS = 30
"""So many other officials whose desk it is, too, each with one post: what belongs to nothing else uses up the desk's budget."""
PER_HOUR = 12
RULES = """
[[rule]]
name = "all"
severity = "low"

[[contact]]
name = "Vakt Ekvik"
language = "sv"
digests = ["daily"]
channels = [{ channel = "email", address = "vakt@ekvik.example" }]
"""
MEMORY = 200_000
"""Kilobytes by which the process may grow at most."""


def settings(folder: Path, port: int) -> Settings:
    rules = folder / "rules.toml"
    rules.write_text(RULES, "utf-8")
    operator = {"name": "Drift", "channel": "email", "address": OPERATOR, "language": "fi"}
    return msgspec.convert(
        {
            "data": {"dir": str(folder / "data")},
            "classifier": {"name": "patterns"},
            "alerts": {"rules": str(rules)},
            "email": {"host": "127.0.0.1", "port": port, "security": "none", "sender": "turvakt@ekvik.example"},
            "operator": {"contacts": [operator]},
        },
        Settings,
    )


def register(parts: Parts) -> None:
    """Her, and others who have the same desk."""
    (her,) = (each for each in read_officials(OFFICIALS) if each.id == HER)
    her = replace(her, contacts=(Contact("Vakt Ekvik", "email", DESK, "sv"),))
    others = [replace(her, id=f"other-{number}", handles={}) for number in range(OTHERS)]
    parts.store.put_all([her, *others])


async def watch(parts: Parts, *verdicts: Verdict) -> None:
    """Let the monitor go on from judged posts to their end."""
    with parts.queue.write() as writer:
        for verdict in verdicts:
            writer.append(VERDICTS_TOPIC, verdict.post.id, VERDICTS.encode(verdict))
    await Monitor(parts, observed=Observed(), collectors=[], once=True).run()


def summaries(parts: Parts) -> None:
    """What a budget held back an hour ago, and the day in brief."""
    Digests(
        parts.database,
        telling=parts.telling,
        plans=lambda: parts.plans,
        officials=parts.officials.all,
        clock=parts.clock,
    ).send()


@dataclass
class Morning:
    """What had come of it by the morning."""

    threats: dict[str, str]
    told: list[str]
    """The posts of the messages that were delivered by then, the five minutes after the flood included."""
    growth: str
    """All mails until then."""
    incidents: list[tuple[str, bool, int]]
    events: dict[str, Counter[str]]
    held: int
    keys: list[str]
    addressed: Counter[str]
    mails: dict[str, str]
    """The last mail of each subject."""
    grew: int


async def watched(folder: Path) -> Morning:
    clock = ManualClock(EVENING)
    posts = flood(HER, EVENING)
    others = [judged(POSTS + n, f"other-{n}", "Kassa beslut", EVENING, threat=False) for n in range(OTHERS)]
    async with SmtpServer() as mails:
        with Parts(settings(folder, mails.port), clock=clock) as parts:
            register(parts)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            await watch(parts, *others, *posts.verdicts)
            grew = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            clock.advance(301)
            await watch(parts)
            growth = " ".join(map(_text, mails.mails))
            delivered = [
                DELIVERIES.decode(entry.value) for entry in parts.queue.browse(DELIVERIES_TOPIC, limit=2 * POSTS)
            ]
            held = parts.database.query(select(func.count()).select_from(DIGEST_ENTRY))[0][0]
            clock.advance(3600)
            summaries(parts)
            await watch(parts)
            events: dict[str, Counter[str]] = {}
            for incident, event in parts.database.query(select(INCIDENT_EVENT.c.incident, INCIDENT_EVENT.c.event)):
                events.setdefault(incident, Counter())[event] += 1
            incidents = parts.database.query(select(INCIDENT.c.kind, INCIDENT.c.threat, INCIDENT.c.posts))
    return Morning(
        threats=posts.threats,
        told=[each.post for each in delivered if each.state == "delivered"],
        growth=growth,
        incidents=[(kind, bool(threat), many) for kind, threat, many in incidents],
        events=events,
        held=held,
        keys=[mail["Message-ID"] for mail in mails.mails],
        addressed=Counter(address for _, addresses in mails.envelopes for address in addresses),
        mails={mail["Subject"]: _text(mail) for mail in mails.mails},
        grew=grew,
    )


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_no_threat_is_lost_in_a_flood(tmp_path: Path) -> None:
    morning = asyncio.run(watched(tmp_path))
    campaigns = [each for each in morning.incidents if each[0] == "campaign"]
    assert len(campaigns) == 1
    (large,) = (many for kind, threat, many in morning.incidents if kind == "posts" and threat)
    # Each threat has a message of its own, or is a copy of one that has; the copies are counted in what is told at the end.
    assert {morning.threats[post] for post in morning.told if post in morning.threats} == set(threats())
    assert f"{large} inlägg från 900 konton" in " ".join(morning.growth.split())
    assert len(morning.keys) == len(set(morning.keys))
    # Of the rest the desk has what its budget allows; all beyond is collected, and both are told so.
    others = [post for post in morning.told if post not in morning.threats and post]
    assert len(others) == PER_HOUR
    assert morning.addressed[OPERATOR] == 1
    assert all(each["delivered"] or each["digested"] for each in morning.events.values())
    assert sum(each["digested"] for each in morning.events.values()) == morning.held > 0
    assert f"Turvakt: samlade larm: {morning.held}" in morning.mails
    assert f"Flaggade inlägg: {POSTS + OTHERS}" in morning.mails["Turvakt: dygnet i korthet"]
    assert morning.grew < MEMORY
