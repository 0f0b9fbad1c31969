"""What a budget has held back: an hour later each contact is told how much it is."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, select

from alerts.alert import Recipient
from alerts.bulletin import Bulletin
from alerts.content import to_one
from alerts.delivery.budget import HOUR, OPERATOR, contact_digest
from alerts.delivery.holder import LOCK as OUTBOX_LOCK
from alerts.delivery.tellable import listing, tellable
from alerts.incidents.case import Case, readable
from alerts.incidents.history import NOBODY_LEFT, History, Transition
from alerts.incidents.incident import LOCK, OPEN
from alerts.incidents.telling import Telling
from alerts.plans.contacts import Contact, contacts_of
from alerts.plans.plan import Plan, Plans
from alerts.tables import DIGEST_ENTRY, INCIDENT
from flow.database import Database
from flow.databases.columns import moment
from registry.official import Official
from registry.tenant import tenant_of

_AT_ONCE = 500


class Entry(NamedTuple):
    """One alert that was held back.

    Attributes:
        name: the contact's; empty where a program of before there were names wrote it.
        tenant: that of the incident; ``None``: there is none any more.
    """

    number: int
    name: str
    incident: str
    official: str
    post: str
    label: str
    at: float
    tenant: str | None


_COLUMNS = *(DIGEST_ENTRY.c[name] for name in Entry._fields[:-1]), INCIDENT.c.tenant
_WITH_INCIDENT = DIGEST_ENTRY.outerjoin(INCIDENT, INCIDENT.c.id == DIGEST_ENTRY.c.incident)
_SETTLED = delete(DIGEST_ENTRY).where(DIGEST_ENTRY.c.number == bindparam("its_number"))


class Collected:
    """Sends what `alerts.delivery.budget.Budgets` has held back for an hour.

    Args:
        officials: everybody in the registry: of whom a contact may not be told any more is not counted.
        operator: who is told where a contact cannot be told any more.
    """

    def __init__(
        self,
        database: Database,
        *,
        telling: Telling,
        plans: Callable[[], Plans],
        officials: Callable[[], Iterable[Official]],
        operator: Callable[..., Sequence[Recipient]],
    ) -> None:
        self._database = database
        self._telling = telling
        self._plans = plans
        self._officials = officials
        self._operator = operator
        self._history = History(database)

    def send(self, now: datetime) -> int:
        """Send what is due; returns how many messages are new."""
        oldest = func.min(DIGEST_ENTRY.c.at)
        due = select(DIGEST_ENTRY.c.contact).group_by(DIGEST_ENTRY.c.contact)
        addresses = [row[0] for row in self._database.query(due.having(oldest <= (now - HOUR).timestamp()))]
        if not addresses:
            return 0
        plans, officials = self._plans(), {each.id: each for each in self._officials()}
        return sum(self._send(address, plans, officials, now) for address in addresses)

    def _send(self, address: str, plans: Plans, officials: Mapping[str, Official], now: datetime) -> int:
        """Tell each contact who has the address of its own: consents name contacts."""
        with self._database.transaction():
            # Whoever is erased meanwhile must not stay in what is listed, nor in its links.
            self._database.lock(LOCK)
            # Whoever holds more back meanwhile begins the next digest.
            self._database.lock(OUTBOX_LOCK)
            held: dict[tuple[str, str], list[Entry]] = {}
            for entry in _entries(self._database, address):
                held.setdefault((entry.name, _by(entry, plans, officials)), []).append(entry)
            return sum(
                self._tell(address, tenant, plans.of(tenant), entries, officials, now)
                for (_, tenant), entries in held.items()
            )

    def _tell(
        self,
        address: str,
        tenant: str,
        plan: Plan,
        entries: Sequence[Entry],
        officials: Mapping[str, Official],
        now: datetime,
    ) -> int:
        to = _recipient(address, entries, plan, officials, now)
        name = entries[0].name or (to.name if to is not None else "")
        held = [each for each in entries if covered(each, officials, to.name if to is not None else name, now)]
        if to is not None and to.name != name and not held:
            # Whoever has the address by now may not be told.
            to, held = None, [each for each in entries if covered(each, officials, name, now)]
        values = {"per_hour": str(plan.budget.per_hour), "held": str(len(held)), "contact": ""}
        # No clock that is put back gives it to another message.
        key = f"{moment(min(each.at for each in entries)).isoformat()} {entries[0].number}"
        told = Bulletin("budget", "", "", tenant, "low", False, values, to, now, key=f"collected {key}")
        new = 0
        if held and to is not None:
            found = _open(self._database, sorted({each.incident for each in held}))
            listed = listing(self._database, tellable(found, to, officials=officials.get, at=now), name)
            new = len(self._telling.tell([replace(told, values=values | {"until": now.isoformat(), **listed})]))
            if not new:
                return 0
        elif held:
            lost = {each.incident: each.official for each in held if each.incident}
            self._history.add([Transition(*each, now, NOBODY_LEFT, contact=name) for each in lost.items()])
            whose = replace(told, values=values | {"contact": name, "untold": "yes"}, key=f"untold {key}")
            operators = self._operator(at=now, severity=OPERATOR) if name else ()
            new = len(self._telling.tell(to_one(whose, each) for each in operators))
        self._database.executemany(_SETTLED, [{"its_number": each.number} for each in entries])
        return new


def held_for(
    database: Database,
    recipient: Recipient,
    officials: Mapping[str, Official],
    now: datetime,
    *,
    tenant: str,
    plans: Plans,
) -> int:
    """How much is held back for the recipient about these officials that consent covers now, by the plan of this tenant or, if
    empty, by that of everybody else.
    """
    entries = _entries(database, contact_digest(recipient.channel, recipient.address))
    hers = [each for each in entries if each.name in ("", recipient.name) and _by(each, plans, officials) == tenant]
    return sum(covered(each, officials, recipient.name, now) for each in hers)


def _by(entry: Entry, plans: Plans, officials: Mapping[str, Official]) -> str:
    """By whose plan it was to be told: that of its incident, wherever the official belongs by now."""
    if entry.tenant is not None:
        return plans.whose(entry.tenant)
    her = officials.get(entry.official)
    return plans.whose(tenant_of(her)) if her is not None else ""


def covered(entry: Entry, officials: Mapping[str, Official], contact: str, at: datetime) -> bool:
    """Whether a consent in force covers that the contact of this name is told of what was held back."""
    official = officials.get(entry.official)
    consents = official.consents_for(entry.post.partition(":")[0], at) if official is not None else ()
    return any(each.tells(contact) and each.tells_of(entry.label.split()) for each in consents)


def _entries(database: Database, address: str) -> list[Entry]:
    found = select(*_COLUMNS).select_from(_WITH_INCIDENT).where(DIGEST_ENTRY.c.contact == address)
    return [Entry(*row) for row in database.query(found.order_by(DIGEST_ENTRY.c.number))]


def _open(database: Database, incidents: Sequence[str]) -> list[Case]:
    """Those of these incidents, given by id, that are open; in parts, as no database takes any number of parameters."""
    parts = (incidents[at : at + _AT_ONCE] for at in range(0, len(incidents), _AT_ONCE))
    still = INCIDENT.c.state.in_(OPEN)
    return [case for part in parts for case in readable(database, INCIDENT.c.id.in_(part), still)]


def _recipient(
    address: str, entries: Collection[Entry], plan: Plan, officials: Mapping[str, Official], now: datetime
) -> Recipient | None:
    """How to tell the contact for whom these were held back: by that address, or by its own of now; if no contact has this name
    any more, whoever has the address. ``None``: nobody has either. Addresses are kept with plan and registry alone.
    """
    names = {each.name for each in entries}
    about = dict.fromkeys(each.official for each in entries if each.official in officials)
    known = [
        *plan.all_contacts,
        *(contact for id in about for contact in contacts_of(officials[id])),
    ]
    named = [each for each in known if each.name in names]
    hers = next(_at(address, named, now), None)
    if hers is None and named:
        return named[0].first(now)
    return hers or next(_at(address, known, now), None)


def _at(address: str, contacts: Iterable[Contact], now: datetime) -> Iterator[Recipient]:
    """The contacts who have this address, each to be told by it, and by the others if it fails; quiet hours hold it back."""
    for contact in contacts:
        first = contact.first(now)
        ways = (first.channel, first.address), *first.instead
        for way in contact.channels:
            if contact_digest(way.channel, way.address) == address:
                others = tuple(each for each in ways if each != (way.channel, way.address))
                yield replace(first, channel=way.channel, address=way.address, instead=others)
