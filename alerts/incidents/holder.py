"""What incidents hold of officials: how it is shown to them, erased, and kept no longer than needed."""

import logging
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, not_, or_, select, update

from alerts.alert import Alert
from alerts.content import without_content
from alerts.incidents.case import UNANSWERED, Case, cases, readable, save, unreadable
from alerts.incidents.grade import Grade, grade_of
from alerts.incidents.history import ANSWERS, DELETED, NOBODY_LEFT, Event, History, Transition
from alerts.incidents.incident import LOCK, Incident, State
from alerts.incidents.reading import IncidentReader
from alerts.incidents.remaining import remaining
from alerts.tables import (
    DIGEST_ENTRY,
    INCIDENT,
    INCIDENT_EVENT,
    INCIDENT_LINK,
    INCIDENT_POST,
    INCIDENT_TASK,
    OUTBOX,
)
from flow.clock import Clock
from flow.database import Database
from flow.databases.columns import moment
from registry.holder import Part

logger = logging.getLogger(__name__)
_OF_INCIDENTS: tuple[Table, ...] = (INCIDENT_POST, INCIDENT_LINK, INCIDENT_TASK, DIGEST_ENTRY)
"""What belongs to an incident, but for its history, which `alerts.incidents.history.History` holds."""
_WAITING: tuple[State, ...] = ("triggered", "escalated")
_STOOD_STILL = timedelta(days=30)
"""A step that has been due for so long, as Turvakt did not run, keeps nothing from being removed in its time."""
_ARRIVED: tuple[Event, ...] = ("delivered", "received", "in-digest")


class IncidentHolder(IncidentReader):
    """Removes from the table ``incident`` of ``database``, and from what belongs to it. Implements `registry.holder.Holder`."""

    name = "incidents"

    def __init__(self, database: Database, *, clock: Clock) -> None:
        super().__init__(database)
        self._clock = clock
        self._history = History(database)

    def erase(self, official: str, part: Part | None = None) -> int:
        """Remove what is about the official: all, what came from one source, or what names one recipient."""
        with self._database.transaction():
            self._database.lock(LOCK)
            if part is None:
                tables = (INCIDENT, *_OF_INCIDENTS)
                return sum(
                    self._database.execute(delete(table).where(table.c.official == official)) for table in tables
                )
            if part.kind == "recipient":
                return self._erase_recipient(official, part.name)
            removed = 0
            for table in (INCIDENT_POST, DIGEST_ENTRY):
                removed += self._database.execute(delete(table).where(*_from(table, official, part.name)))
            found, emptied = self._found_or_emptied(INCIDENT.c.official == official)
            return removed + emptied + self._tidy(found, of=part)

    def _found_or_emptied(self, condition: ColumnElement[bool]) -> tuple[list[Case], int]:
        """The incidents for which it holds, and how many of them cannot be read: the content of these is removed, as it may be
        just what must not stay.
        """
        lost = unreadable(self._database, condition)
        if lost:
            logger.error("incidents cannot be read, and what they hold is removed: %s", ", ".join(lost))
            self._database.execute(update(INCIDENT).where(INCIDENT.c.id.in_(lost)).values(content=None))
        found = cases(self._database, condition)
        save(self._database, [case for case in found if case.id in lost])  # what is due of it depends on its content
        return found, len(lost)

    def _erase_recipient(self, official: str, name: str) -> int:
        removed = sum(self._database.execute(delete(table).where(*its)) for table, its in _to(official, name))
        removed += self._database.execute(update(INCIDENT_TASK).where(*_done_by(official, name)).values(done_by=""))
        found, emptied = self._found_or_emptied(INCIDENT.c.official == official)
        left = [case for case in found if self._is_with(case, name) or self._only_told(case, name)]
        named = [case for case in found if _names(case, name)]
        for case in named:
            case.owner = "" if case.owner == name else case.owner
            if isinstance(case.content, Alert):
                case.content = case.content.not_to(official, name)
        self._begin_again(left)
        save(self._database, [case for case in found if case in named or case in left])
        return removed + emptied + len(named)

    def _is_with(self, case: Case, name: str) -> bool:
        """Whether nobody is told of it any more because of this contact."""
        who = self._who_has(case)
        return bool(who) and name in {who, *self._history.contacts_of(case.id, who)}

    def _who_has(self, case: Case) -> str:
        """Because of whom nobody is told of it any more: who has it, or has seen it while nobody had it; empty: nobody knows."""
        if case.state != "acknowledged":
            return ""
        if case.owner:
            return case.owner
        answers = self._history.of(case.id, events=ANSWERS.values())
        # A hand-over for which nobody was left has changed nothing.
        return next((each.actor for each in reversed(answers) if each.result != NOBODY_LEFT), "")

    def _only_told(self, case: Case, name: str) -> bool:
        """Whether this contact was told of it, since it last began, and nobody else has a message about it, or is to have one."""
        if case.state not in _WAITING:
            return False
        told = self._history.of(case.id)
        begun = max((at for at, each in enumerate(told) if each.event == "owner-gone"), default=0)
        hers = any(each.contact == name for each in told[begun:])
        if not hers or any(each.contact != name and each.event in _ARRIVED for each in told):
            return False
        of_others = (
            (OUTBOX, OUTBOX.c.state == "waiting", OUTBOX.c.contact != name),
            (DIGEST_ENTRY, DIGEST_ENTRY.c.name != name),
        )
        return not any(
            self._count(table, table.c.official == case.official, table.c.incident == case.id, *its)
            for table, *its in of_others
        )

    def _begin_again(self, left: Sequence[Case]) -> None:
        """Nobody who is left has these, or has heard of them: they are told anew, from the first step on."""
        now = self._clock.now()
        for case in left:
            _from_first_step(case, now)
        self._history.add([Transition(case.id, case.official, now, "owner-gone") for case in left])

    def _tidy(self, found: Sequence[Case], *, of: Part) -> int:
        """Remove the incidents that were told by a post of this source; others by what is left of theirs are told on, or anew if
        the messages that were to tell of it have gone with the source.
        """
        removed = 0
        for case in found:
            told_by = case.content if isinstance(case.content, Alert) else None
            if case.kind != "posts" or (told_by is not None and not of.covers(told_by.verdict.post.id)):
                continue
            left = [] if told_by is None else list(remaining(self._database, case.id, told_by))
            if left:
                case.content = left[0]
                grades = (grade_of(each.verdict.judgement) for each in left)
                case.severity, case.threat, case.exposes = reduce(Grade.joined, grades)
                if case.state in _WAITING and not self._history.of(case.id, events=_ARRIVED):
                    _from_first_step(case, self._clock.now())
                save(self._database, [case])
                removed += 1
            elif not self.posts_left(case.id):
                removed += self._remove(INCIDENT.c.id == case.id)
        return removed

    def _remove(self, condition: ColumnElement[bool]) -> int:
        """Remove incidents with all that belongs to them."""
        these = select(INCIDENT.c.id).where(condition).scalar_subquery()
        removed = 0
        for table in (*_OF_INCIDENTS, INCIDENT_EVENT):
            removed += self._database.execute(delete(table).where(table.c.incident.in_(these)))
        return removed + self._database.execute(delete(INCIDENT).where(condition))

    def forget(self, posts: Collection[str]) -> int:
        """Remove these posts. That there was a threat is told all the same, but of what the platform deleted nothing is kept."""
        return self._part_with(posts, deleted_at=self._clock.now())

    def release(self, posts: Collection[str]) -> int:
        """Remove these posts, which may not be kept any longer, as `forget` does; their platforms may still have them."""
        return self._part_with(posts, deleted_at=None)

    def _part_with(self, posts: Collection[str], *, deleted_at: datetime | None) -> int:
        changed = 0
        with self._database.transaction():
            self._database.lock(LOCK)
            for post in self._among(posts):
                of = select(INCIDENT_POST.c.incident).where(INCIDENT_POST.c.post == post).distinct()
                found = [row[0] for row in self._database.query(of)]
                for table in (INCIDENT_POST, DIGEST_ENTRY):
                    changed += self._database.execute(delete(table).where(table.c.post == post))
                if found:
                    left, emptied = self._found_or_emptied(INCIDENT.c.id.in_(found))
                    changed += emptied + sum(self._without(case, post, deleted_at) for case in left)
        return changed

    def _among(self, posts: Collection[str]) -> list[str]:
        """Those of ``posts`` that something is held of."""
        of = [select(table.c.post).where(table.c.post.in_(posts)) for table in (INCIDENT_POST, DIGEST_ENTRY)]
        return sorted({row[0] for each in of for row in self._database.query(each)}) if posts else []

    def _without(self, case: Case, post: str, deleted_at: datetime | None) -> int:
        if not case.wants_answer and case.is_open and not self.posts_left(case.id):
            case.close("expired")
            at = self._clock.now()
            self._history.add([Transition(case.id, case.official, at, "expired", result=DELETED if deleted_at else "")])
        elif isinstance(case.content, Alert) and case.content.verdict.post.id == post:
            gone = without_content(case.content, deleted_at)
            grade = grade_of(gone.verdict.judgement)
            left = remaining(self._database, case.id, gone)
            case.content = next((each for each in left if not grade.exceeds(grade_of(each.verdict.judgement))), gone)
        else:
            return 0
        save(self._database, [case])
        return 1

    def expire(self, before: datetime) -> int:
        """Remove incidents that nobody waits for any more and that have not changed since ``before``."""
        since, unanswered = before.timestamp(), (self._clock.now() - UNANSWERED).timestamp()
        # What cannot be read does not go on, and must not stay for that.
        lost = unreadable(self._database, INCIDENT.c.changed_at < since)
        stood_still = (self._clock.now() - _STOOD_STILL).timestamp()
        still_to_come = INCIDENT.c.escalate_at.is_not(None), INCIDENT.c.escalate_at >= stood_still
        goes_on = and_(*still_to_come, INCIDENT.c.id.not_in(lost))
        waits = and_(INCIDENT.c.state.in_(_WAITING), or_(INCIDENT.c.changed_at >= unanswered, goes_on))
        ended = and_(not_(waits), INCIDENT.c.changed_at < since)
        with self._database.transaction():
            self._database.lock(LOCK)
            removed = self._remove(ended)
            for table in (INCIDENT_POST, DIGEST_ENTRY):
                removed += self._database.execute(delete(table).where(table.c.at < since))
        return removed

    def export(self, official: str) -> list[dict[str, Any]]:
        """Her incidents, with their posts and tasks."""
        return [_shown(each) | self._parts(each.id) for each in self.of_official(official)]

    def _parts(self, incident: str) -> dict[str, Any]:
        posts = select(INCIDENT_POST.c.alert, INCIDENT_POST.c.post, INCIDENT_POST.c.at)
        tasks = select(*(INCIDENT_TASK.c[name] for name in ("task", "due", "done_at", "done_by")))
        found = self._database.query(posts.where(INCIDENT_POST.c.incident == incident).order_by(INCIDENT_POST.c.number))
        to_do = self._database.query(tasks.where(INCIDENT_TASK.c.incident == incident).order_by(INCIDENT_TASK.c.due))
        return {
            "alerts": [{"alert": alert, "post": post, "at": _iso(at)} for alert, post, at in found],
            "tasks": [
                {"task": task, "due": _iso(due), "done_at": _iso(done), "done_by": by} for task, due, done, by in to_do
            ],
        }

    def count(self, official: str, part: Part | None = None) -> int:
        """How many records there are; of a recipient, how many name him."""
        if part is None:
            return sum(self._count(table, table.c.official == official) for table in (INCIDENT, *_OF_INCIDENTS))
        if part.kind == "recipient":
            hers = INCIDENT.c.official == official
            # What cannot be read may name anybody.
            named = len(unreadable(self._database, hers))
            named += sum(_names(case, part.name) for case in readable(self._database, hers))
            to = sum(self._count(table, *its) for table, its in _to(official, part.name))
            done = self._count(INCIDENT_TASK, *_done_by(official, part.name))
            return to + done + named
        return sum(self._count(table, *_from(table, official, part.name)) for table in (INCIDENT_POST, DIGEST_ENTRY))


def _from_first_step(case: Case, now: datetime) -> None:
    """Tell it anew, at once."""
    case.state, case.owner, case.step, case.round, case.series = "escalated", "", 0, 0, case.series + 1
    case.changed_at = case.escalate_at = now.timestamp()


def _from(table: Table, official: str, source: str) -> tuple[ColumnElement[bool], ...]:
    return table.c.official == official, table.c.post.startswith(f"{source}:", autoescape=True)


def _to(official: str, contact: str) -> Iterator[tuple[Table, tuple[ColumnElement[bool], ...]]]:
    """What names one of the official's contacts in a row of its own."""
    for table, name in ((INCIDENT_LINK, INCIDENT_LINK.c.contact), (DIGEST_ENTRY, DIGEST_ENTRY.c.name)):
        yield table, (table.c.official == official, name == contact)


def _done_by(official: str, contact: str) -> tuple[ColumnElement[bool], ...]:
    return INCIDENT_TASK.c.official == official, INCIDENT_TASK.c.done_by == contact


def _names(case: Case, contact: str) -> bool:
    told = case.content.recipients if isinstance(case.content, Alert) else ()
    return case.owner == contact or any(each.name == contact for each in told)


def _iso(at: float | None) -> str | None:
    return None if at is None else moment(at).isoformat()


def _shown(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "kind": incident.kind,
        "severity": incident.severity,
        "threat": incident.threat,
        "state": incident.state,
        "opened_at": incident.opened_at.isoformat(),
        "changed_at": incident.changed_at.isoformat(),
        "posts": incident.posts,
        "authors": incident.accounts,
        "owner": incident.owner,
    }
