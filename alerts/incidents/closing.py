"""That alerts of an official who is about to be erased are closed: a word to those who were alarmed, who else would work on."""

from collections.abc import Callable, Iterator, Sequence, Set
from datetime import datetime

from alerts.alert import Recipient, digest
from alerts.bulletin import Bulletin
from alerts.content import recipients_of
from alerts.incidents.case import Case, readable
from alerts.incidents.history import History
from alerts.incidents.incident import LOCK, OPEN
from alerts.incidents.telling import Telling
from alerts.incidents.whom import Operator, no_operator
from alerts.plans.contacts import contacts_of
from alerts.plans.plan import Plans
from alerts.tables import INCIDENT
from flow.clock import Clock
from flow.database import Database
from registry.official import Official

MOST = 5
"""Incidents that one message names at most."""


class Closing:
    """Over the tables of incidents.

    Args:
        officials: the registry.
        operator: who is told of what nobody else has answered.
    """

    def __init__(
        self,
        database: Database,
        *,
        telling: Telling,
        plans: Callable[[], Plans],
        officials: Callable[[str], Official | None],
        operator: Operator = no_operator,
        clock: Clock,
    ) -> None:
        self._database = database
        self._telling = telling
        self._plans = plans
        self._officials = officials
        self._operator = operator
        self._clock = clock
        self._history = History(database)

    def tell(self, official: str, *, withdrawn_at: datetime) -> int:
        """Tell each contact whom a message about an open incident of hers has reached, in one message for all of them. It says
        neither whom they are about nor why they are closed, so that it may outlive her erasure. Call it before that.

        Returns:
            How many messages are new: of one withdrawal each contact is told once.
        """
        now = self._clock.now()
        with self._database.transaction():
            self._database.lock(LOCK)
            found = readable(self._database, INCIDENT.c.official == official, INCIDENT.c.state.in_(OPEN))
            closed: dict[tuple[str, str], list[str]] = {}
            for case in found:
                for name in self._history.reached(case.id):
                    closed.setdefault((case.tenant, name), []).append(case.id)
            used = {address for case in found for address in _addresses(case)}
            messages = [
                # Names nobody, and is the same when an erasure that was interrupted goes on.
                _message(tenant, incidents, recipient, now, key=digest(official, withdrawn_at.isoformat(), name))
                for (tenant, name), incidents in closed.items()
                if (recipient := self._recipient(tenant, name, official, used, now)) is not None
            ]
            return len(self._telling.tell(messages))

    def _recipient(
        self, tenant: str, name: str, official: str, used: Set[tuple[str, str]], now: datetime
    ) -> Recipient | None:
        """How to tell the contact of this name what can wait; ``None``: there is none any more, or no way but by a call.

        Args:
            used: channels and addresses by which alerts went: hers and the plan's of one name may be two people.
        """
        known = self._officials(official)
        contacts = *self._plans().of(tenant).all_contacts, *(contacts_of(known) if known is not None else ())
        named = [each for each in contacts if each.name == name]
        hers = [each.first(now) for each in [each for each in named if each.addresses & used] or named]
        operator = [each for each in self._operator(at=now, severity="low") if each.name == name]
        ways = (each.without_calls() for each in (*hers, *operator))
        return next((each for each in ways if each is not None), None)


def _addresses(case: Case) -> Iterator[tuple[str, str]]:
    for each in recipients_of(case.content) if case.content is not None else ():
        yield each.channel, each.address
        yield from each.instead


def _message(tenant: str, incidents: Sequence[str], recipient: Recipient, now: datetime, *, key: str) -> Bulletin:
    values = {"closed": " ".join(incidents[-MOST:]), "more": str(max(len(incidents) - MOST, 0))}
    return Bulletin("closed", "", "", tenant, "none", False, values, recipient, now, key=key)
