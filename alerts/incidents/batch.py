"""What the alerts of one transaction change, and how it comes from the tables of incidents and into them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from alerts.alert import Alert, Occasion
from alerts.incidents.case import Case, readable, save
from alerts.incidents.grade import Grade
from alerts.incidents.grouping import TOGETHER, Recent
from alerts.incidents.history import History, Transition
from alerts.incidents.incident import OPEN
from alerts.incidents.memory import Memory
from alerts.tables import INCIDENT, INCIDENT_POST
from flow.database import Database, Row


@dataclass(slots=True)
class Batch:
    """Collects it, to be written at the end.

    Posts go by official and post, as ``(official, post)``. ``graded`` says how grave a post is by all its alerts, ``known`` by
    each of them, by id. ``closed`` says when incidents of these posts were closed, in seconds since 1970, ``of_alert`` to which
    one an alert belonged. ``occasions`` are those on which posts are told that are no news: a second rule's contacts hear the
    same as those of the first. ``quiet`` are posts that joined without a word of their own: only who has heard nothing of the
    incident yet is told of them by a second rule.
    """

    now: datetime
    of_post: dict[tuple[str, str], str]
    graded: dict[tuple[str, str], Grade]
    known: dict[str, Grade]
    closed: dict[str, float]
    of_alert: dict[str, str]
    recent: dict[str, Recent]
    cases: dict[str, Case] = field(default_factory=dict)
    by_official: dict[str, list[str]] = field(default_factory=dict)
    accounts: dict[str, set[str]] = field(default_factory=dict)
    changed: dict[str, Case] = field(default_factory=dict)
    grown: dict[str, Case] = field(default_factory=dict)
    occasions: dict[tuple[str, str], Occasion] = field(default_factory=dict)
    quiet: set[tuple[str, str]] = field(default_factory=set)
    joined: dict[str, int] = field(default_factory=dict)
    tells: list[Alert] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    graver: list[dict[str, Any]] = field(default_factory=list)
    events: list[Transition] = field(default_factory=list)

    def of_official(self, official: str) -> list[Case]:
        """The open incidents about an official."""
        return [self.cases[each] for each in self.by_official.get(official, ())]

    def add(self, case: Case) -> None:
        """One more open incident."""
        self.cases[case.id] = case
        self.by_official.setdefault(case.official, []).append(case.id)


class Batches:
    """Over the tables of incidents in ``database``; called while the incidents are locked."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._history = History(database)
        self._memory = Memory(database)

    def begin(self, alerts: Sequence[Alert], now: datetime) -> Batch:
        """What is known of the posts of ``alerts``, and the open incidents that they belong to or may join."""
        officials = {alert.official for alert in alerts}
        incidents: dict[tuple[str, str], list[str]] = {}
        graded: dict[tuple[str, str], Grade] = {}
        known: dict[str, Grade] = {}
        of_alert: dict[str, str] = {}
        for alert, incident, official, post, severity, threat, exposes in self._rows(alerts):
            incidents.setdefault((official, post), []).append(incident)
            of_alert[alert] = incident
            known[alert] = grade = Grade(severity, bool(threat), bool(exposes))
            graded[official, post] = grade.joined(graded.get((official, post), grade))
        lately = INCIDENT.c.last_post_at >= (now - TOGETHER).timestamp()
        here = INCIDENT.c.kind == "posts", INCIDENT.c.state.in_(OPEN)
        found = {case.id: case for case in readable(self._database, *here, lately, INCIDENT.c.official.in_(officials))}
        older = {each for those in incidents.values() for each in those if each not in found}
        closed: dict[str, float] = {}
        if older:
            found |= {case.id: case for case in readable(self._database, *here, INCIDENT.c.id.in_(older))}
            over = select(INCIDENT.c.id, INCIDENT.c.changed_at).where(
                INCIDENT.c.id.in_(older), INCIDENT.c.next_at.is_(None)
            )
            closed = {incident: at for incident, at in self._database.query(over) if incident not in found}
        # Where only some rules match an edited post anew, or its official has moved, its alerts belong to several incidents:
        # that counts which was opened last of those that are open.
        of_post = {
            place: max((each for each in those if each in found), key=lambda id: found[id].opened_at, default=those[-1])
            for place, those in incidents.items()
        }
        batch = Batch(now, of_post, graded, known, closed, of_alert, self._memory.recall(officials, now))
        for case in found.values():
            batch.add(case)
        return batch

    def accounts(self, case: Case, batch: Batch) -> set[str]:
        """Who wrote the posts of an incident, to which more may be added."""
        if case.id not in batch.accounts:
            rows = self._database.query(_ACCOUNTS, {"its_incident": case.id})
            batch.accounts[case.id] = {row[0] for row in rows if row[0]}
        return batch.accounts[case.id]

    def write(self, batch: Batch) -> None:
        """Write down all that it changes."""
        for case in batch.changed.values():
            if case.id in batch.accounts:
                case.accounts = len(batch.accounts[case.id])
        save(self._database, list(batch.changed.values()))
        self._database.executemany(_NEW, batch.rows)
        self._database.executemany(_GRAVER, batch.graver)
        self._history.add(batch.events)

    def _rows(self, alerts: Sequence[Alert]) -> Iterator[Row]:
        ids = sorted({alert.verdict.post.id for alert in alerts})
        for at in range(0, len(ids), _AT_ONCE):
            yield from self._database.query(_OF_POSTS, {"ids": ids[at : at + _AT_ONCE]})


_AT_ONCE = 500
_COLUMNS = (
    *(INCIDENT_POST.c.alert, INCIDENT_POST.c.incident, INCIDENT_POST.c.official, INCIDENT_POST.c.post),
    *(INCIDENT_POST.c.severity, INCIDENT_POST.c.threat, INCIDENT_POST.c.exposes),
)
_THESE = INCIDENT_POST.c.post.in_(bindparam("ids", expanding=True))
_OF_POSTS = select(*_COLUMNS).where(_THESE).order_by(INCIDENT_POST.c.number)
_NEW = insert(INCIDENT_POST)
_GRAVER = (
    update(INCIDENT_POST)
    .where(INCIDENT_POST.c.alert == bindparam("its_alert"))
    .values({each: bindparam(f"its_{each}") for each in ("incident", "severity", "threat", "exposes", "told")})
)
_ACCOUNTS = select(INCIDENT_POST.c.account).where(INCIDENT_POST.c.incident == bindparam("its_incident")).distinct()
