"""What is to be done about incidents: the steps of their routines, which people tick off."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, insert, or_, select, update

from alerts.alert import Alert
from alerts.incidents.case import Case, readable
from alerts.incidents.history import History, Transition
from alerts.incidents.incident import LOCK, OPEN, Incident
from alerts.routines.routines import Routines
from alerts.tables import INCIDENT, INCIDENT_TASK
from classify.verdict import SEVERITIES
from flow.clock import Clock, Moment
from flow.database import Database, Row
from flow.databases.columns import moment
from registry.official import Official

AGAIN = (timedelta(days=1), timedelta(days=3), timedelta(days=7))
"""How long after it was due somebody is reminded of a task once more. After the last one the console's list alone shows it."""


@dataclass(frozen=True, slots=True)
class Task:
    """A step of an incident's routine.

    Attributes:
        task: the id of the step, see `alerts.routines.routines.Routines.step`.
        owner: whose it is: the id of an owner.
        done_by: the name of a contact, or the id of a person; empty: nobody has done it.
    """

    incident: str
    task: str
    official: str
    owner: str
    due: Moment
    done_at: Moment | None = None
    done_by: str = field(default="", repr=False)

    def overdue(self, now: datetime) -> bool:
        """Whether it should have been done."""
        return self.done_at is None and self.due <= now

    def reminder(self, now: datetime) -> int:
        """Which reminder is to be sent now: 0 as it falls due, then one more after each of `AGAIN`."""
        return sum(self.due + each <= now for each in AGAIN)


class Tasks:
    """The table ``incident_task`` of ``database``; it is erased with the incidents, by `alerts.incidents.incidents.Incidents`.

    An incident has tasks from when somebody has acknowledged it, or if it is urgent from its beginning. When it becomes graver,
    or another post comes that wants an answer, it has those besides that are to be done about what it is then.

    Args:
        routines: which steps an incident takes.
        officials: the registry.
    """

    def __init__(
        self,
        database: Database,
        *,
        routines: Routines,
        officials: Callable[[str], Official | None],
        clock: Clock,
    ) -> None:
        self._database = database
        self._routines = routines
        self._officials = officials
        self._clock = clock
        self._history = History(database)
        self._looked_at: dict[str, Row] = {}  # how open incidents were when they had all their tasks

    def of(self, incident: str) -> list[Task]:
        """Those of an incident, in the order of their routine."""
        return self._found(INCIDENT_TASK.c.incident == incident)

    def expected(self, incident: Incident) -> list[Task]:
        """Those of an incident or, if it has none yet, those that it would have."""
        return self.of(incident.id) or list(self._planned(incident))

    def overdue(self, *, tenants: frozenset[str] | None = None) -> dict[str, int]:
        """How many are overdue, by incident, of some tenants or of all."""
        now = self._clock.now().timestamp()
        late = select(INCIDENT_TASK.c.incident, INCIDENT.c.tenant).join(
            INCIDENT, INCIDENT.c.id == INCIDENT_TASK.c.incident
        )
        rows = self._database.query(late.where(INCIDENT_TASK.c.done_at.is_(None), INCIDENT_TASK.c.due <= now))
        counts: dict[str, int] = {}
        for incident, tenant in rows:
            if tenants is None or tenant in tenants:
                counts[incident] = counts.get(incident, 0) + 1
        return counts

    def done(self, incident: Incident, task: str, *, by: str) -> bool:
        """Tick a task off; ``False``: it was done before, or there is none, or no such incident any more.

        Args:
            by: the name of a contact, or the id of a person.
        """
        now = self._clock.now()
        with self._database.transaction():
            self._database.lock(LOCK)
            if not self._stands(incident):
                return False
            self._make(incident)
            open_one = and_(
                INCIDENT_TASK.c.incident == incident.id, INCIDENT_TASK.c.task == task, INCIDENT_TASK.c.done_at.is_(None)
            )
            changed = update(INCIDENT_TASK).where(open_one).values(done_at=now.timestamp(), done_by=by)
            if not self._database.execute(changed):
                return False
            self._history.add([Transition(incident.id, incident.official, now, "task-done", actor=by, result=task)])
        return True

    def undone(self, incident: Incident, task: str, *, by: str) -> bool:
        """Take back that a task was done; ``False``: it was not. The history keeps both.

        Args:
            by: as for `done`.
        """
        now = self._clock.now()
        this = (
            INCIDENT_TASK.c.incident == incident.id,
            INCIDENT_TASK.c.task == task,
            INCIDENT_TASK.c.done_at.is_not(None),
        )
        with self._database.transaction():
            self._database.lock(LOCK)
            if not self._database.execute(update(INCIDENT_TASK).where(*this).values(done_at=None, done_by="")):
                return False
            self._history.add([Transition(incident.id, incident.official, now, "task-undone", actor=by, result=task)])
        return True

    def make_missing(self) -> None:
        """Make the tasks that incidents should have and have not yet; what has not changed since this was done last has them."""
        now = select(*_AS_IT_IS).where(*_MAY_HAVE).order_by(INCIDENT.c.opened_at, INCIDENT.c.id)
        there = {row[0]: row for row in self._database.query(now)}
        for id, row in there.items():
            if self._looked_at.get(id) == row:
                continue
            with self._database.transaction():
                self._database.lock(LOCK)
                for case in readable(self._database, INCIDENT.c.id == id, *_MAY_HAVE):
                    if _has_tasks(case):
                        self._make(case.incident())
            self._looked_at[id] = row
        self._looked_at = {id: row for id, row in self._looked_at.items() if id in there}

    def late(self, now: datetime, *, limit: int = 100) -> list[Task]:
        """Those that are overdue and to be reminded of: once when they are due, and again after each of `AGAIN`."""
        due, reminded, at = INCIDENT_TASK.c.due, INCIDENT_TASK.c.reminded_at, now.timestamp()
        again = (and_(due <= at - each.total_seconds(), reminded < due + each.total_seconds()) for each in AGAIN)
        return self._found(INCIDENT_TASK.c.done_at.is_(None), due <= at, or_(reminded.is_(None), *again))[:limit]

    def reminded(self, task: Task, at: datetime) -> None:
        """Somebody has been reminded of it, or need not be."""
        this = INCIDENT_TASK.c.incident == task.incident, INCIDENT_TASK.c.task == task.task
        self._database.execute(update(INCIDENT_TASK).where(*this).values(reminded_at=at.timestamp()))

    def _stands(self, incident: Incident) -> bool:
        """Whether it is still there; called while the incidents are locked."""
        return bool(self._database.query(select(INCIDENT.c.id).where(INCIDENT.c.id == incident.id)))

    def _make(self, incident: Incident) -> None:
        there = {each.task for each in self.of(incident.id)}
        if there and self._begun_again(incident) is None:
            return  # whatever its routine says by now
        rows = [
            {
                **{name: getattr(task, name) for name in ("incident", "task", "official", "owner")},
                "due": task.due.timestamp(),
                "done_by": "",
            }
            for task in self._planned(incident)
            if task.task not in there
        ]
        self._database.executemany(insert(INCIDENT_TASK), rows)

    def _planned(self, incident: Incident) -> Iterator[Task]:
        routines, official = self._routines, self._officials(incident.official)
        since = self._begun_again(incident) or incident.opened_at
        country = None if official is None else official.country
        for id, within in routines.of(incident, labels=self._labels(incident), country=country):
            step = routines.step(id)
            owner = "" if step is None else step.owner
            yield Task(incident.id, id, incident.official, owner, since + within)

    def _begun_again(self, incident: Incident) -> Moment | None:
        """When it last became graver, or another post came that wants an answer."""
        return next(
            (each.at for each in reversed(self._history.of(incident.id, events=("graver", "new-threat")))), None
        )

    def _labels(self, incident: Incident) -> tuple[str, ...]:
        """What its gravest post was flagged as."""
        case = next(iter(readable(self._database, INCIDENT.c.id == incident.id)), None)
        content = None if case is None else case.content
        return tuple(content.verdict.judgement.flagged) if isinstance(content, Alert) else ()

    def _found(self, *conditions: ColumnElement[bool]) -> list[Task]:
        found = select(*_COLUMNS).where(*conditions)
        rows = self._database.query(found.order_by(INCIDENT_TASK.c.due, INCIDENT_TASK.c.task))
        return [_task(row) for row in rows]


_COLUMNS = tuple(INCIDENT_TASK.c[name] for name in Task.__dataclass_fields__)
_AS_IT_IS = tuple(INCIDENT.c[name] for name in ("id", "changed_at", "state", "series", "posts"))
_MAY_HAVE = (
    INCIDENT.c.kind.in_(("posts", "campaign")),
    INCIDENT.c.state.in_(OPEN),
    # No exposed home is less grave.
    or_(INCIDENT.c.state == "acknowledged", INCIDENT.c.threat == 1, INCIDENT.c.severity >= SEVERITIES.index("high")),
)
"""The incidents that may have tasks."""


def _has_tasks(case: Case) -> bool:
    return case.state == "acknowledged" or case.wants_answer


def _task(row: Row) -> Task:
    incident, task, official, owner, due, done_at, done_by = row
    return Task(incident, task, official, owner, moment(due), None if done_at is None else moment(done_at), done_by)
