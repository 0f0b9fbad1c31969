"""What a budget has held back: an hour later each contact is told how much it is."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete, func, select

from alerts.alert import Recipient
from alerts.bulletin import Bulletin
from alerts.delivery.budget import HOUR, contact_digest, hour_of
from alerts.delivery.tellable import listing, tellable
from alerts.incidents.case import Case, readable
from alerts.incidents.incident import LOCK, OPEN
from alerts.incidents.telling import Telling
from alerts.plans.contacts import Contact, contacts_of
from alerts.plans.plan import Plan, Plans
from alerts.tables import DIGEST_ENTRY, INCIDENT
from flow.database import Database
from registry.official import Official
from registry.tenant import tenant_of

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Way:
    recipient: Recipient
    tenant: str
    per_hour: int


def send_collected(
    database: Database, *, telling: Telling, plans: Plans, officials: Callable[[], Iterable[Official]], now: datetime
) -> int:
    """Send what `alerts.delivery.budget.Budgets` has held back for an hour.

    Args:
        officials: everybody in the registry: of whom a contact may not be told any more is not counted.

    Returns:
        How many messages are new.
    """
    oldest = func.min(DIGEST_ENTRY.c.at)
    due = select(DIGEST_ENTRY.c.contact).group_by(DIGEST_ENTRY.c.contact)
    contacts = [row[0] for row in database.query(due.having(oldest <= (now - HOUR).timestamp()))]
    if not contacts:
        return 0
    known = {each.id: each for each in officials()}
    ways = _ways(plans, known.values(), now)
    return sum(_send(database, telling, contact, ways.get(contact), known, now) for contact in contacts)


def _send(
    database: Database, telling: Telling, contact: str, way: _Way | None, officials: dict[str, Official], now: datetime
) -> int:
    with database.transaction():
        # Whoever is erased meanwhile must not stay in what is listed, nor in its links.
        database.lock(LOCK)
        # Whoever holds more back meanwhile begins the next digest.
        database.lock("outbox")
        of = DIGEST_ENTRY.c.contact == contact
        entries = select(DIGEST_ENTRY.c.official, DIGEST_ENTRY.c.post, DIGEST_ENTRY.c.label, DIGEST_ENTRY.c.incident)
        rows = database.query(entries.where(of))
        database.execute(delete(DIGEST_ENTRY).where(of))
        if way is None:  # nobody has this address any more
            return 0
        name = way.recipient.name
        held = [
            incident
            for official, post, labels, incident in rows
            if _may_tell(officials.get(official), name, post, labels, now)
        ]
        if not held:
            return 0
        found = _open(database, sorted(set(held)))
        values = {
            "per_hour": str(way.per_hour),
            "held": str(len(held)),
            "until": now.isoformat(),
            "contact": "",
            **listing(database, tellable(found, way.recipient, officials=officials.get, at=now), name),
        }
        told = Bulletin("budget", "", "", way.tenant, "low", False, values, way.recipient, now, key=hour_of(now))
        return len(telling.tell([told]))


def _open(database: Database, incidents: Sequence[str]) -> list[Case]:
    """Those of these incidents, given by id, that are open; in parts, as no database takes any number of parameters."""
    parts = (incidents[at : at + _AT_ONCE] for at in range(0, len(incidents), _AT_ONCE))
    still = INCIDENT.c.state.in_(OPEN)
    return [case for part in parts for case in readable(database, INCIDENT.c.id.in_(part), still)]


def _may_tell(official: Official | None, contact: str, post: str, labels: str, at: datetime) -> bool:
    """Whether a consent in force covers what was held back."""
    consents = official.consents_for(post.partition(":")[0], at) if official is not None else ()
    return any(each.tells(contact) and each.tells_of(labels.split()) for each in consents)


def _ways(plans: Plans, officials: Iterable[Official], now: datetime) -> dict[str, _Way]:
    """How each address can be told, by its digest: addresses themselves are kept with plan and registry alone."""
    ways: dict[str, _Way] = {}
    for tenant, plan in (*plans.tenants.items(), ("", plans.default)):
        named = [*plan.contacts.values(), *(to.contact for rule in plan.rules for to in rule.named)]
        ways |= _each_way(named, tenant, plan, now)
    for official in officials:
        tenant = tenant_of(official)
        ways |= _each_way(contacts_of(official), tenant, plans.of(tenant), now)
    return ways


def _each_way(contacts: Iterable[Contact], tenant: str, plan: Plan, now: datetime) -> dict[str, _Way]:
    return {
        contact_digest(each.channel, each.address): _Way(each, tenant, plan.budget.per_hour)
        for contact in contacts
        for each in _every(contact, now)
    }


def _every(contact: Contact, now: datetime) -> Iterator[Recipient]:
    """Every way to the contact; quiet hours hold it back."""
    first = contact.first(now)
    for way in contact.channels:
        yield replace(first, channel=way.channel, address=way.address, instead=())
