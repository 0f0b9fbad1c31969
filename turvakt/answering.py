"""What the pages about incidents do, and reminders of what is to be done, out of the parts of one Turvakt."""

from collections.abc import Awaitable, Callable
from typing import Any

from access.audit_entry import CONTACT
from access.people import People
from alerts.incidents.answering import Answering
from alerts.incidents.links import Links
from alerts.incidents.receipts import Receipts
from alerts.routines.reminding import Reminding
from alerts.routines.routines import Routines, load_routines
from alerts.routines.tasks import Tasks
from flow.errors import BadInput
from flow.step import Step
from turvakt.access import signer
from turvakt.watch.troubles import details
from turvakt.wiring import Parts
from web.answer.answers import Answers


def routines(parts: Parts) -> Routines:
    """The response routines.

    Raises:
        Broken: something in their file is wrong; it stops the start, and not the first task.
    """
    return load_routines(parts.settings.routines_file)


def tasks(parts: Parts) -> Tasks:
    """What is to be done about incidents."""
    return Tasks(parts.database, routines=routines(parts), officials=parts.officials.get, clock=parts.clock)


def reminding(parts: Parts, step: Step, *, wake: Callable[[], None]) -> Reminding:
    """Reminds of what is to be done; ``wake`` is called when there is something to deliver."""
    return Reminding(
        parts.database,
        tasks=tasks(parts),
        incidents=parts.incidents,
        telling=parts.telling,
        plans=lambda: parts.plans,
        routines=routines(parts),
        officials=parts.officials.get,
        people=People(parts.database),
        letters=parts.letters,
        wake=wake,
        step=step,
        clock=parts.clock,
    )


def answers(parts: Parts, *, step: Callable[..., Awaitable[Any]]) -> Answers:
    """What the pages can do.

    Args:
        step: runs what must not run beside the collectors, see `flow.runtimes.embedded.Embedded.step`.
    """

    def person_name(id: str) -> str:
        named = id.removeprefix(CONTACT)
        try:
            return parts.accounts.people.get(named).name
        except BadInput:
            return named

    return Answers(
        answering=Answering(parts.database, parts.incidents),
        incidents=parts.incidents,
        history=parts.incidents.history,
        links=Links(parts.database, clock=parts.clock),
        receipts=Receipts(
            parts.database,
            parts.incidents,
            log=parts.log,
            clock=parts.clock,
            told=lambda delivery: parts.delivery_told(delivery),
        ),
        signer=signer(parts.settings),
        tasks=tasks(parts),
        routines=routines(parts),
        plan=lambda tenant: parts.plans.of(tenant),
        is_contact=parts.incidents.is_contact,
        official=parts.officials.get,
        person_name=person_name,
        details=lambda incident: details(parts.database, incident),
        index=parts.index,
        notices=parts.notices,
        audit=parts.audit,
        step=step,
    )
