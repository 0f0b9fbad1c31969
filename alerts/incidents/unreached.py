"""A step in which every message has failed for good, or was withdrawn, is not waited for, as is one in which nobody may be told;
after the last resort nobody is left."""

import logging
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select, update

from alerts.delivery.replacing import REPLACED
from alerts.incidents.history import BEGUN_AGAIN, NOBODY_LEFT, Event, History, Transition
from alerts.incidents.incident import OPEN
from alerts.tables import INCIDENT, OUTBOX
from flow.database import Database

BEGINS: tuple[Event, ...] = ("opened", *BEGUN_AGAIN, "escalated", "repeated", "last-resort")
"""From these on people are told anew."""
_TOLD: tuple[Event, ...] = ("told", "failed-over", "digested")

logger = logging.getLogger(__name__)


def pass_over(database: Database, incidents: Iterable[str], now: datetime) -> None:
    """Let those go on ``now`` whose step has reached nobody, if they go on at all, and note of those that do not that nobody is
    left to tell; called while incidents are locked.
    """
    unreached = [incident for incident in incidents if _has_reached_nobody(database, incident)]
    if not unreached:
        return
    at_once = {"escalate_at": now.timestamp(), "next_at": now.timestamp()}
    waits = INCIDENT.c.id.in_(unreached), INCIDENT.c.state.in_(OPEN), INCIDENT.c.escalate_at > now.timestamp()
    database.execute(update(INCIDENT).where(*waits).values(**at_once))
    over = INCIDENT.c.id.in_(unreached), INCIDENT.c.state == "escalated", INCIDENT.c.escalate_at.is_(None)
    history = History(database)
    for incident, official in database.query(select(INCIDENT.c.id, INCIDENT.c.official).where(*over)):
        # That a budget's digest came to nobody names a contact, and ends nothing.
        last = [each for each in history.of(incident, events=(*BEGINS, NOBODY_LEFT)) if not each.contact][-1:]
        if [each.event for each in last] == ["last-resort"]:
            history.add([Transition(incident, official, now, NOBODY_LEFT)])
            logger.error("incident %s: the last resort could not be told", incident)


def _has_reached_nobody(database: Database, incident: str) -> bool:
    told: list[Transition] = []
    step = 1
    for each in History(database).of(incident, events=(*BEGINS, *_TOLD)):
        if each.event in BEGINS:
            told, step = [], each.step or step
        else:
            told.append(each)
    if any(each.event == "digested" and each.step == step for each in told):
        return False  # a digest will tell it
    is_there = OUTBOX.c.id.in_([each.delivery for each in told]), func.coalesce(OUTBOX.c.reason, "") != REPLACED
    which = select(OUTBOX.c.id, OUTBOX.c.state).where(*is_there)
    there: dict[str, str] = dict(database.query(which))
    states: set[str] = set()
    newest: dict[tuple[str, str], str] = {}
    for each in reversed(told):
        to = each.contact, each.channel
        if each.delivery in there:
            newest[to] = there[each.delivery]
        # How it grows is told to those of the first step. But what a newer message replaced is as that is.
        if each.step == step and to in newest:
            states.add(newest[to])
    return bool(states) and states <= {"failed", "withdrawn"}
