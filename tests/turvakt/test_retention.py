"""Retention at work: by command, every night, over both databases."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alerts.alert import Alert
from flow.clock import ManualClock
from flow.database import Database
from flow.errors import Unavailable
from registry.retention import RetentionReport
from registry.stores.retention import RetentionReports, sample_key
from tests import databases
from tests.alerts.people import alert, recipient
from tests.turvakt.process import START, Program, line
from tests.turvakt.test_parts import THREAT, held, post, watch
from turvakt.housekeeping import finish_erasures, keep_erasing, keep_house
from turvakt.wiring import Parts

DEFAULT = {"TURVAKT_RETENTION_UNFLAGGED_DAYS": "0"}


def test_what_is_not_flagged_is_counted_and_never_stored(program: Program) -> None:
    program = program.besides(**DEFAULT)
    given = line(1, THREAT) + line(2, "Tack Anna Lindqvist för den nya bron")
    (counted,) = program.json("run", "--once", "--posts", "-", given=given)
    assert counted["matched"] == 2
    found = program.json("search")
    assert [each["verdict"]["post"]["id"] for each in found] == ["web:1"]


def test_the_commands(program: Program) -> None:
    program = program.besides(TURVAKT_RETENTION_LOW_DAYS="14", **DEFAULT)
    program.run("run", "--once", "--posts", "-", given=line(1, THREAT))
    (shown,) = program.json("retention", "show")
    assert shown["days"] == {
        "unflagged": 0, "sample": 30, "low": 14, "flagged": 365, "case": 365, "open-case": 730,
    }  # fmt: skip
    assert "open-case" in program.run("retention", "show")
    (report,) = program.json("retention", "run")
    assert (report["posts"], report["held"]) == ({}, 0)
    before, after = program.json("retention", "reports")  # the monitor made one when it started
    assert before == report
    assert after["at"] < before["at"]
    assert program.run("retention", "reports").count("records removed") == 2


def test_a_tenant_may_have_its_own_days(parts: Parts, clock: ManualClock) -> None:
    parts.store.put_tenant(replace(parts.store.tenant("ekvik"), retention={"open-case": 10, "unflagged": 0}))
    watch(parts, post(1, THREAT), post(2, "Tack Anna Lindqvist för den nya bron"))
    assert set(parts.index.ids()) == {"web:1"}
    clock.advance(timedelta(days=11).total_seconds())
    assert parts.expire().posts == {"ekvik": {"open-case": 1}}
    clock.advance(timedelta(days=4).total_seconds())
    assert parts.expire().records["log"] > 0
    assert held(parts, "döda dig") == []


def test_a_message_that_still_waits_tells_that_there_was_something(parts: Parts, clock: ManualClock) -> None:
    watch(parts, post(1, THREAT))
    item = parts.index.get("web:1")
    assert item is not None
    parts.outbox.add([alert(item.verdict, recipient("late@ekvik.example"))])
    clock.advance(timedelta(days=731).total_seconds())
    assert parts.expire().posts == {"ekvik": {"open-case": 1}}
    (waiting,) = parts.outbox.due(9, channel="email")
    assert isinstance(waiting.content, Alert)
    assert (waiting.content.verdict.post.text, waiting.content.verdict.post.deleted_at) == ("", None)
    assert held(parts, "döda dig") == []


def test_what_is_held_as_evidence_is_exempt(parts: Parts, clock: ManualClock) -> None:
    watch(parts, post(1, THREAT))
    item = parts.index.get("web:1")
    assert item is not None
    until = clock.now() + timedelta(days=1000)
    parts.holds.add(item.verdict, official="anna-lindqvist", reason="5000-K1-26", until=until)
    clock.advance(timedelta(days=731).total_seconds())
    report = parts.expire()
    assert (report.posts, report.held) == ({}, 1)
    assert parts.index.get("web:1") is not None
    clock.advance(timedelta(days=270).total_seconds())
    assert parts.expire().posts == {"ekvik": {"open-case": 1}}
    assert held(parts, "döda dig") == []


async def test_every_night_and_not_every_hour(parts: Parts, clock: ManualClock) -> None:
    told: list[int] = []
    parts.house_told = told.append

    async def step(function: Any, *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    async def an_hour(seconds: float) -> None:
        if len(told) == 49:
            raise asyncio.CancelledError
        clock.advance(seconds)

    with suppress(asyncio.CancelledError):
        await keep_house(parts, step=step, sleep=an_hour)
    reports = parts.retention_reports.newest(100)
    assert [(START - report.at) // timedelta(hours=-1) for report in reports] == [42, 18, 0]  # it begins at six


async def test_an_erasure_that_cannot_end_holds_up_nothing_else(parts: Parts) -> None:
    tries, pauses, told = 0, list[float](), list[int]()
    parts.house_told = told.append

    def scrub() -> None:
        nonlocal tries
        tries += 1
        if tries < 10:
            raise Unavailable("a replica has not caught up with the erasure", place="database")

    async def step(function: Any, *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    async def until_the_end(seconds: float) -> None:
        pauses.append(seconds)
        if told or not parts.store.erasures().pending:
            raise asyncio.CancelledError

    parts.store.withdraw("anna-lindqvist", parts.clock.now())
    parts.__dict__["erasure"] = replace(parts.erasure, scrub=scrub)
    assert not finish_erasures(parts)
    with suppress(asyncio.CancelledError):
        await keep_house(parts, step=step, sleep=until_the_end)
    assert (len(told), parts.store.erasures().pending) == (1, 1)
    told.clear()
    pauses.clear()
    with suppress(asyncio.CancelledError):
        await keep_erasing(parts, step=step, sleep=until_the_end)
    assert (tries, parts.store.erasures().pending) == (10, 0)
    *waiting, last = pauses
    assert len(waiting) == 8
    assert waiting[0] < 60 < waiting[4] <= max(waiting) <= 600  # each try costs all servers much
    assert last == 60


@pytest.fixture(params=databases.KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    yield from databases.opened(request.param, request)


def test_reports_are_kept_for_a_while(database: Database) -> None:
    reports = RetentionReports(database)
    assert reports.newest() == []
    made = [RetentionReport(START + timedelta(days=day), {"ekvik": {"low": day}}, {"index": 1}) for day in range(3)]
    for report in (*made, made[1]):
        reports.add(report)
    assert reports.newest(10) == made[::-1]
    assert reports.newest() == [made[2]]
    assert reports.expire(made[1].at) == 1
    assert reports.newest(10) == [made[2], made[1]]


def test_the_secret_of_the_sample_stays(database: Database) -> None:
    assert len(sample_key(database)) == 32
    assert sample_key(database) == sample_key(database)
