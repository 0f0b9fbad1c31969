"""What a budget has held back: an hour later each contact is told how much it is."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete, func, select

from alerts.alert import Recipient
from alerts.bulletin import Bulletin
from alerts.delivery.budget import HOUR, contact_digest, hour_of
from alerts.incidents.telling import Telling
from alerts.listing import open_ones, written
from alerts.plans.contacts import Contact, contacts_of
from alerts.plans.plan import Plan, Plans
from alerts.routing import may_tell
from alerts.tables import DIGEST_ENTRY, INCIDENT
from flow.database import Database
from registry.official import Official
from registry.tenant import tenant_of


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
        # Whoever holds more back meanwhile begins the next digest.
        database.lock("outbox")
        of = DIGEST_ENTRY.c.contact == contact
        entries = select(DIGEST_ENTRY.c.official, DIGEST_ENTRY.c.label, DIGEST_ENTRY.c.incident)
        rows = database.query(entries.where(of))
        database.execute(delete(DIGEST_ENTRY).where(of))
        if way is None:  # nobody has this address any more
            return 0
        name = way.recipient.name
        held = [
            incident for official, label, incident in rows if may_tell(officials.get(official), name, now, label=label)
        ]
        if not held:
            return 0
        values = {
            "per_hour": str(way.per_hour),
            "held": str(len(held)),
            "until": now.isoformat(),
            "contact": "",
            "listed": written(open_ones(database, name, INCIDENT.c.id.in_(set(held)))),
        }
        told = Bulletin("budget", "", "", way.tenant, "low", False, values, way.recipient, now, key=hour_of(now))
        return len(telling.tell([told]))


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
