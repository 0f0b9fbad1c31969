"""Tasks of incidents, on each database: made once, ticked off once, and counted when they are late."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from alerts.incidents.case import Case, save
from alerts.incidents.history import History, Transition
from alerts.incidents.holder import IncidentHolder
from alerts.incidents.incident import Incident, State
from alerts.routines.routines import Routines, load_routines
from alerts.routines.tasks import Tasks
from alerts.tables import INCIDENT
from classify.verdict import Label
from flow.clock import ManualClock
from flow.database import Database
from registry.holder import Part
from tests import databases
from tests.alerts.people import alert, official, verdict
from tests.alerts.test_routines import FILE
from tests.review.people import START

pytestmark = pytest.mark.parametrize("database", databases.KINDS, indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    yield from databases.opened(request.param, request)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def tasks(database: Database, clock: ManualClock) -> Tasks:
    return Tasks(database, routines=load_routines(FILE), officials=lambda id: official(id), clock=clock)


def opened(
    database: Database,
    id: str,
    *,
    threat: bool = False,
    state: State = "triggered",
    tenant: str = "ekvik",
    labels: tuple[Label, ...] = (),
) -> Incident:
    at = START.timestamp()
    grave, told = 3 if threat or labels else 2, (1, 0)
    case = Case(
        *(
            id,
            "posts",
            tenant,
            "anna-lindqvist",
            "",
            grave,
            threat,
            False,
            state,
            "urgent",
            *told,
            at,
            at,
            1,
            1,
            "",
            0,
            1,
            at,
        ),
        escalate_at=None,
        grow_at=None,
        content=alert(verdict(labels=labels)) if labels else None,
        is_new=True,
    )
    save(database, [case])
    return case.incident()


def test_urgent_ones_have_tasks_at_once_and_others_when_somebody_has_answered(database: Database, tasks: Tasks) -> None:
    threat, abuse = opened(database, "threat", threat=True), opened(database, "abuse")
    answered, closed = opened(database, "answered", state="acknowledged"), opened(database, "closed", state="resolved")
    assert [each.task for each in tasks.expected(abuse)] == [
        "evidence",
        "talk",
        "report-or-not",
        "removal",
        "follow-up",
    ]
    for _ in range(2):
        tasks.make_missing()
    assert tasks.of(threat.id)[0].task == "safe"
    assert len(tasks.of(answered.id)) == 5
    assert tasks.of(abuse.id) == tasks.of(closed.id) == []
    home = opened(database, "home", labels=("doxxing",))
    tasks.make_missing()
    assert tasks.of(home.id) == tasks.expected(home) != []


def test_what_becomes_a_threat_has_the_tasks_of_one_from_then_on(
    database: Database, tasks: Tasks, clock: ManualClock
) -> None:
    abuse = opened(database, "abuse", state="acknowledged")
    tasks.make_missing()
    assert tasks.done(abuse, "evidence", by="rut")
    before = {each.task: each for each in tasks.of("abuse")}
    clock.advance(timedelta(days=2).total_seconds())
    tasks.make_missing()
    assert {each.task: each for each in tasks.of("abuse")} == before
    History(database).add([Transition("abuse", abuse.official, clock.now(), "graver")])
    graver = {"threat": 1, "severity": 4, "state": "triggered", "series": 1, "changed_at": clock.now().timestamp()}
    database.execute(update(INCIDENT).where(INCIDENT.c.id == "abuse").values(**graver))
    for _ in range(2):
        tasks.make_missing()
    after = {each.task: each for each in tasks.of("abuse")}
    assert after["safe"].due == clock.now() + timedelta(minutes=15)
    assert "police-se" in after
    assert {name: after[name] for name in before} == before, "what was there, and is done, stays as it was"


def test_incidents_for_which_there_is_no_routine_are_looked_at_once(database: Database, clock: ManualClock) -> None:
    asked: list[str] = []
    tasks = Tasks(database, routines=Routines((), {}, {}), officials=asked.append, clock=clock)
    for id in ("1", "2"):
        opened(database, id, state="acknowledged")
    for _ in range(3):
        tasks.make_missing()
    assert len(asked) == 2
    database.execute(update(INCIDENT).where(INCIDENT.c.id == "1").values(changed_at=START.timestamp() + 1))
    tasks.make_missing()
    assert len(asked) == 3


def test_an_incident_that_cannot_be_read_keeps_no_other_from_having_tasks(database: Database, tasks: Tasks) -> None:
    """While versions change, a newer program has written it."""
    newer, threat = opened(database, "newer", threat=True), opened(database, "threat", threat=True)
    written = update(INCIDENT).where(INCIDENT.c.id == newer.id)
    database.execute(written.values(content=b'{"kind": "alert", "version": 99}'))
    tasks.make_missing()
    assert tasks.of(newer.id) == []
    assert tasks.of(threat.id)[0].task == "safe"


def test_a_task_is_done_once_and_late_until_then(database: Database, tasks: Tasks, clock: ManualClock) -> None:
    threat = opened(database, "threat", threat=True)
    opened(database, "other", threat=True, tenant="furuby")
    tasks.make_missing()
    assert tasks.late(clock.now()) == []
    clock.advance(timedelta(minutes=15).total_seconds())
    assert [(each.incident, each.task) for each in tasks.late(clock.now())] == [("other", "safe"), ("threat", "safe")]
    assert tasks.overdue() == {"threat": 1, "other": 1}
    assert tasks.overdue(tenants=frozenset({"ekvik"})) == {"threat": 1}
    assert tasks.done(threat, "safe", by="rut")
    assert not tasks.done(threat, "safe", by="eva")
    assert not tasks.done(threat, "nothing", by="eva")
    [safe] = [each for each in tasks.of("threat") if each.task == "safe"]
    assert (safe.done_by, safe.done_at) == ("rut", clock.now())
    [late] = tasks.late(clock.now())
    tasks.reminded(late, clock.now())
    assert tasks.late(clock.now()) == []
    clock.advance(timedelta(days=1).total_seconds())
    # Once more after a day, however long nobody looked meanwhile; what was taken back is late again.
    assert tasks.undone(threat, "safe", by="rut")
    assert not tasks.undone(threat, "safe", by="rut")
    again = [each for each in tasks.late(clock.now()) if each.task == "safe"]
    assert [(each.incident, each.reminder(clock.now())) for each in again] == [("other", 1), ("threat", 1)]
    assert tasks.done(threat, "safe", by="rut")
    clock.advance(timedelta(days=-1).total_seconds())
    assert tasks.overdue() == {"other": 1}
    said, undone, _ = History(database).of("threat")
    assert (undone.event, undone.actor, undone.result) == ("task-undone", "rut", "safe")
    assert (said.event, said.actor, said.result) == ("task-done", "rut", "safe")


def test_who_has_done_a_task_is_exported_and_erased_as_a_recipient(database: Database, tasks: Tasks) -> None:
    threat, part = opened(database, "threat", threat=True), Part("recipient", "Kim")
    tasks.make_missing()
    assert tasks.done(threat, "safe", by="Kim")
    holder = IncidentHolder(database, clock=ManualClock(START))
    [exported] = holder.export(threat.official)
    assert [each["done_by"] for each in exported["tasks"] if each["task"] == "safe"] == ["Kim"]
    assert holder.count("somebody-else", part) == holder.erase("somebody-else", part) == 0
    assert holder.count(threat.official, part) == holder.erase(threat.official, part) == 1
    assert holder.count(threat.official, part) == 0
    [safe] = [each for each in tasks.of("threat") if each.task == "safe"]
    assert (safe.done_by, safe.done_at) == ("", START)  # that it is done stays


def test_an_incident_that_is_not_kept_as_urgent_gets_its_tasks_by_the_first_tick(
    database: Database, tasks: Tasks
) -> None:
    abuse = opened(database, "abuse")
    assert tasks.done(replace(abuse, posts=2), "talk", by="rut")
    assert len(tasks.of("abuse")) == 5
