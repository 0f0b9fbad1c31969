"""Reminds of what should have been done about incidents."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta

from access.letters import Letters
from access.people import People
from access.permissions import Actor
from access.person import Person
from alerts.bulletin import Bulletin
from alerts.incidents.history import Event, History, Transition
from alerts.incidents.incident import LOCK, Incident
from alerts.incidents.reading import IncidentReader
from alerts.incidents.telling import Telling
from alerts.plans.contacts import Contact
from alerts.plans.hours import ZONES
from alerts.plans.plan import Plan, Plans
from alerts.routines.routines import Routines
from alerts.routines.tasks import Task, Tasks
from alerts.routing import may_tell
from classify.verdict import Severity
from flow.clock import Clock
from flow.database import Database
from flow.step import Step
from registry.official import Language, Official

PRESSING = timedelta(hours=4)
"""A step that is to be done so soon after the beginning is told as urgently as the incident itself."""
_TOLD: tuple[Event, ...] = ("told",)


class Reminding:
    """Sees to it that tasks are made, and that overdue ones are told, and told again. One process does it for all.

    Told is whom the plan calls by the name of the task's owner, if consent allows it; else who has taken the incident, by a
    letter if she did so with her account; else whom step 1 told.

    Args:
        telling: the way into the outbox.
        plans: whom each tenant tells.
        officials: the registry.
        people: those who sign in.
        letters: to them.
        wake: is called when there is something to deliver.
        step: where the tables are read and written.
        idle_seconds: how often to look.
    """

    def __init__(
        self,
        database: Database,
        *,
        tasks: Tasks,
        incidents: IncidentReader,
        telling: Telling,
        plans: Callable[[], Plans],
        routines: Routines,
        officials: Callable[[str], Official | None],
        people: People,
        letters: Letters,
        wake: Callable[[], None],
        step: Step,
        clock: Clock,
        idle_seconds: float = 10.0,
    ) -> None:
        self._database = database
        self._tasks = tasks
        self._incidents = incidents
        self._telling = telling
        self._plans = plans
        self._routines = routines
        self._officials = officials
        self._people = people
        self._letters = letters
        self._wake = wake
        self._step = step
        self._clock = clock
        self._idle_seconds = idle_seconds
        self._history = History(database)

    async def run(self) -> None:
        """Work until cancelled.

        Raises:
            Broken: the tables cannot be read or written.
        """
        while True:
            if await self._step(self.turn, self._clock.now()):
                self._wake()
            await asyncio.sleep(self._idle_seconds)

    def turn(self, now: datetime) -> int:
        """Make what is missing and remind of what is overdue; returns how many deliveries are new."""
        self._tasks.make_missing()
        late: dict[str, list[Task]] = {}
        for task in self._tasks.late(now):
            late.setdefault(task.incident, []).append(task)
        return sum(self._remind(incident, tasks, now) for incident, tasks in late.items())

    def _remind(self, id: str, tasks: Sequence[Task], now: datetime) -> int:
        """Remind of tasks of one incident: each who is told of several has one message."""
        with self._database.transaction():
            # Whoever is erased meanwhile must not come back, and what is done meanwhile is not told.
            self._database.lock(LOCK)
            open_ones = {each.task for each in self._tasks.of(id) if each.done_at is None}
            tasks = [each for each in tasks if each.task in open_ones]
            for task in tasks:
                self._tasks.reminded(task, now)
            incident = self._incidents.get(id)
            if not tasks or incident is None or incident.state == "expired" or self._was_none(incident):
                return 0
            overdue = [Transition(id, incident.official, now, "task-overdue", result=each.task) for each in tasks]
            self._history.add(overdue)
            plan, official = self._plans().of(incident.tenant), self._officials(incident.official)
            account = self._account(incident, official, now)
            others = self._others(incident, plan, official, now)
            hers: list[Task] = []
            told: dict[str, tuple[Contact, list[Task]]] = {}
            for task in tasks:
                contacts = _tellable([task.owner], plan, official, now)
                if not contacts and account is not None:
                    hers.append(task)
                    continue
                for contact in contacts or others:
                    told.setdefault(contact.name, (contact, []))[1].append(task)
            letters = int(self._write(account, hers, incident, now)) if account is not None and hers else 0
            bulletins = [
                each
                for contact, its in told.values()
                for each in self._bulletins(its, incident, contact, official, now)
            ]
            return letters + len(self._telling.tell(bulletins))

    def _was_none(self, incident: Incident) -> bool:
        """Whether somebody has said that it was a false alarm, and nobody has taken it back."""
        found = self._history.of(incident.id) if incident.state == "resolved" else []
        said = [each.event for each in found if each.event in ("false-alarm", "reopened")]
        return said[-1:] == ["false-alarm"]

    def _bulletins(
        self, tasks: Sequence[Task], incident: Incident, contact: Contact, official: Official | None, now: datetime
    ) -> Iterator[Bulletin]:
        pressing = any(not task.reminder(now) and task.due - incident.opened_at <= PRESSING for task in tasks)
        severity: Severity = incident.severity if pressing else "medium"
        threat = incident.threat and pressing
        zone = ZONES[official.country if official is not None else "SE"]
        for recipient in contact.recipients(
            at=now, severity=severity, threat=threat, every=False, show_text=False, timezone=zone
        ):
            yield Bulletin(
                kind="task-overdue",
                incident=incident.id,
                official=incident.official,
                tenant=incident.tenant,
                severity=severity,
                threat=threat,
                values={
                    "task" if len(tasks) == 1 else "tasks": self._titles(tasks, recipient.language),
                    "due": min(task.due for task in tasks).isoformat(),
                    "state": incident.state,
                    "incident_severity": incident.severity,
                },
                recipient=recipient,
                at=now,
                key=_key(tasks, now),
            )

    def _account(self, incident: Incident, official: Official | None, now: datetime) -> Person | None:
        """Who has taken the incident with her account, and may still be told of it."""
        consents = official.consents if official is not None else ()
        if not any(each.in_force(now) for each in consents):
            return None
        person = self._people.find(incident.owner)
        return person if person is not None and Actor(person, "").may("decide", tenant=incident.tenant) else None

    def _write(self, person: Person, tasks: Sequence[Task], incident: Incident, now: datetime) -> bool:
        values = {"incident": incident.id, "task": self._titles(tasks, person.language)}
        once = f"{incident.id} {_key(tasks, now)}"
        return self._letters.add(person, "task-overdue", values, once=once, official=incident.official)

    def _titles(self, tasks: Sequence[Task], language: Language) -> str:
        return "; ".join(self._routines.title(task.task, language) for task in tasks)

    def _others(self, incident: Incident, plan: Plan, official: Official | None, now: datetime) -> list[Contact]:
        """Who has taken the incident; if that is no contact, or nobody has, whom the first step told."""
        owner = _tellable([incident.owner], plan, official, now)
        return owner or _tellable(self._told_first(incident.id), plan, official, now)

    def _told_first(self, incident: str) -> list[str]:
        """Whom the first step told: a deputy or the last resort need not do what she can."""
        told = self._history.of(incident, events=_TOLD)
        return sorted({each.contact for each in told if each.step == 1})


def _key(tasks: Sequence[Task], now: datetime) -> str:
    """Names one reminder of them: the next one is another occasion."""
    numbers = sorted((task.task, task.reminder(now)) for task in tasks)
    return ", ".join(f"task {task} {number}" if number else f"task {task}" for task, number in numbers)


def _tellable(names: Collection[str], plan: Plan, official: Official | None, now: datetime) -> list[Contact]:
    """The contacts of these names whom the official's consent allows to tell; in the place of others somebody else is told."""
    if official is None:
        return []
    found = (plan.contact(name, official) for name in names if name and may_tell(official, name, now))
    return [contact for contact in found if contact is not None]
