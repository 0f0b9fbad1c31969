"""The stages over a real log and the real runtime: from a verdict in the log to a file in the outbox."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.alert import ALERTS, Recipient
from alerts.channels.files import Files
from alerts.content import Content, to_one
from alerts.delivery.dispatcher import Dispatcher
from alerts.delivery.outbox import Outbox
from alerts.incidents.incidents import Incidents
from alerts.incidents.telling import Telling
from alerts.messages.rendering import FOLDER, Renderer
from alerts.messages.translations import Translations
from alerts.plans.plan import Plan, Plans
from alerts.plans.rules import Rule
from alerts.routing import permitted
from alerts.stage import DELIVERIES_TOPIC, TOPIC, deliver_stage, recording, route_stage
from classify.stage import TOPIC as VERDICTS_TOPIC
from classify.verdict import VERDICTS, Verdict
from flow.clock import ManualClock
from flow.databases.sqlite import Sqlite
from flow.errors import Unavailable
from flow.logs.sqlite import SqliteLog
from flow.runtimes.embedded import Embedded
from flow.stage import Outcome, Stage
from registry.official import Contact, Official
from tests.alerts.people import AT, official, verdict
from tests.databases import open_file

OUTBOX = Contact("Beredskap Ekvik", "outbox", "vakt@ekvik.example", "sv")


class Quiet:
    """An observer that says nothing."""

    def committed(self, stage: str, outcome: Outcome, seconds: float) -> None:
        """Nothing."""

    def waiting(self, place: str, error: Unavailable) -> None:
        """Nothing."""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Sqlite]:
    database = open_file(tmp_path / "turvakt.db")
    yield database
    database.close()


async def run(database: Sqlite, folder: Path, *verdicts: Verdict, known: Official) -> Outbox:
    clock = ManualClock(AT)
    log = SqliteLog(database, clock=clock)
    outbox = Outbox(database, clock=clock)
    with log.write() as writer:
        for each in verdicts:
            writer.append(VERDICTS_TOPIC, each.post.id, VERDICTS.encode(each))

    def officials(id: str) -> Official | None:
        return known if id == known.id else None

    telling = Telling(database, outbox=outbox, clock=clock)
    plans = Plans(Plan((Rule(name="any", severity="low"),)))
    incidents = Incidents(database, telling=telling, plans=lambda: plans, officials=officials, clock=clock)
    renderer = Renderer(Translations(FOLDER), base_url="http://127.0.0.1:8000", officials=officials)

    def allowed(told: Content, recipient: Recipient) -> Content | None:
        found = permitted(told, recipient, official=known, at=clock.now())
        return None if found is None else to_one(told, found)

    stages: list[Stage[Any]] = [
        route_stage(plans=plans, officials=officials, clock=clock),
        deliver_stage(incidents=incidents, clock=clock, wake=lambda: dispatcher.wake()),
    ]
    runtime = Embedded(log=log, stages=stages, observer=Quiet())
    dispatcher = Dispatcher(
        outbox=outbox,
        channels={"outbox": Files(folder, clock=clock)},
        render=lambda told, recipient, delivery: renderer.render(told, recipient, delivery=delivery),
        commit=recording(telling=telling, log=log),
        allowed=allowed,
        step=runtime.at("deliveries"),
        clock=clock,
    )

    async def until_delivered() -> None:
        await runtime.drained()
        assert await dispatcher.drained(at_most=5)

    sources = {"until-delivered": until_delivered}
    await asyncio.wait_for(runtime.run(sources=sources, services={"deliver": dispatcher.run}, once=True), 10)
    return outbox


async def test_from_the_log_to_a_file(database: Sqlite, tmp_path: Path) -> None:
    judged = [verdict("bluesky:1"), verdict("bluesky:2", text="Något helt annat om vägen till sjön.")]
    outbox = await run(database, tmp_path / "outbox", *judged, verdict("feed:1"), known=official(contacts=(OUTBOX,)))
    assert outbox.counts() == {"waiting": 0, "delivered": 2, "failed": 0, "withdrawn": 0}
    files = sorted((tmp_path / "outbox").iterdir())
    assert len(files) == 2
    assert "Anna Lindqvist" in files[0].read_text(encoding="utf-8")
    log = SqliteLog(database, clock=ManualClock(AT))
    assert len(log.browse(DELIVERIES_TOPIC)) == 2
    assert {ALERTS.decode(entry.value).verdict.post.id == entry.key for entry in log.browse(TOPIC)} == {True}


async def test_a_second_run_over_the_same_verdicts_sends_nothing(database: Sqlite, tmp_path: Path) -> None:
    known = official(contacts=(OUTBOX,))
    await run(database, tmp_path / "outbox", verdict(), known=known)
    (file,) = (tmp_path / "outbox").iterdir()
    file.unlink()
    await run(database, tmp_path / "outbox", verdict(), known=known)
    assert list((tmp_path / "outbox").iterdir()) == []


async def test_nobody_is_told_without_consent(database: Sqlite, tmp_path: Path) -> None:
    gone = official(contacts=(OUTBOX,), until=AT - timedelta(days=1))
    outbox = await run(database, tmp_path / "outbox", verdict(), known=gone)
    assert sum(outbox.counts().values()) == 0
