"""Digests: what a budget has held back; the day or the week in brief, to contacts whose plan says so."""

from collections.abc import Callable, Iterable
from datetime import datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import func, select

from alerts.bulletin import Bulletin
from alerts.delivery.budget import contact_digest
from alerts.delivery.collected import send_collected
from alerts.incidents.incident import OPEN
from alerts.incidents.telling import Telling
from alerts.listing import open_ones, written
from alerts.plans.contacts import Contact, Digest
from alerts.plans.hours import ZONES, zone
from alerts.plans.plan import Plans
from alerts.routing import may_tell
from alerts.tables import DIGEST_ENTRY, INCIDENT, INCIDENT_POST
from flow.clock import Clock
from flow.database import Database
from registry.official import Official
from registry.tenant import tenant_of

MORNING = time(7)
"""When digests of a day are sent, in the contact's time; those of a week on Mondays."""
LATE = timedelta(hours=12)
"""So long after it a digest is still sent, where nothing ran at the time."""
_DAYS: dict[Digest, int] = {"daily": 1, "weekly": 7}
_KINDS: dict[Digest, Literal["digest-daily", "digest-weekly"]] = {"daily": "digest-daily", "weekly": "digest-weekly"}
_COUNTED = ("posts", "campaign")


class Digests:
    """Sends digests over the tables of incidents.

    Args:
        officials: everybody in the registry: of whom a contact may not be told is not counted for the contact.
    """

    def __init__(
        self,
        database: Database,
        *,
        telling: Telling,
        plans: Callable[[], Plans],
        officials: Callable[[], Iterable[Official]],
        clock: Clock,
    ) -> None:
        self._database = database
        self._telling = telling
        self._plans = plans
        self._officials = officials
        self._clock = clock
        self._sent: set[tuple[str, str, str]] = set()

    def send(self) -> int:
        """Send what is due; what was sent before is not sent again.

        Returns:
            How many messages are new.
        """
        now, plans = self._clock.now(), self._plans()
        told = send_collected(self._database, telling=self._telling, plans=plans, officials=self._officials, now=now)
        for tenant, plan in (("", plans.default), *plans.tenants.items()):
            for contact in plan.contacts.values():
                for period in contact.digests:
                    until = _last_morning(now, period, contact.timezone or ZONES["SE"])
                    if now - until <= LATE:
                        told += self._send_one(contact, period, tenant, plans, until)
        return told

    def _send_one(self, contact: Contact, period: Digest, tenant: str, plans: Plans, until: datetime) -> int:
        now = self._clock.now()
        recipient = contact.first(now)
        told = (contact_digest(recipient.channel, recipient.address), f"{tenant} {period}", until.isoformat())
        if told in self._sent:
            return 0
        length = timedelta(days=_DAYS[period])
        about = self._about(contact, tenant, plans)
        held = select(func.count()).where(DIGEST_ENTRY.c.contact == told[0])
        here = INCIDENT.c.kind.in_(_COUNTED), INCIDENT.c.official.in_(about)
        values = {
            "since": (until - length).isoformat(),
            "until": until.isoformat(),
            "incidents": str(self._opened(about, until - length, until)),
            "posts": str(self._posts(about, until - length, until)),
            "before": str(self._posts(about, until - 2 * length, until - length)),
            "open": str(self._open(about)),
            "held": str(self._database.query(held)[0][0]),
            "listed": written(open_ones(self._database, contact.name, *here)),
        }
        kind = _KINDS[period]
        bulletin = Bulletin(kind, "", "", tenant, "low", False, values, recipient, now, key=f"{until:%Y-%m-%d}")
        new = self._telling.tell([bulletin])
        self._sent.add(told)
        return len(new)

    def _about(self, contact: Contact, tenant: str, plans: Plans) -> frozenset[str]:
        """Of whom the contact is told: of the tenant or, by the plan for all, of those without one of their own."""
        now = self._clock.now()
        return frozenset(
            each.id
            for each in self._officials()
            if (tenant_of(each) == tenant if tenant else tenant_of(each) not in plans.tenants)
            and may_tell(each, contact.name, now)
        )

    def _posts(self, about: frozenset[str], since: datetime, until: datetime) -> int:
        during = INCIDENT_POST.c.at >= since.timestamp(), INCIDENT_POST.c.at < until.timestamp()
        many = func.count(INCIDENT_POST.c.post.distinct())
        return self._sum(select(INCIDENT_POST.c.official, many).where(*during), INCIDENT_POST.c.official, about)

    def _opened(self, about: frozenset[str], since: datetime, until: datetime) -> int:
        during = INCIDENT.c.opened_at >= since.timestamp(), INCIDENT.c.opened_at < until.timestamp()
        found = select(INCIDENT.c.official, func.count()).where(INCIDENT.c.kind.in_(_COUNTED), *during)
        return self._sum(found, INCIDENT.c.official, about)

    def _open(self, about: frozenset[str]) -> int:
        found = select(INCIDENT.c.official, func.count()).where(INCIDENT.c.kind.in_(_COUNTED))
        return self._sum(found.where(INCIDENT.c.state.in_(OPEN)), INCIDENT.c.official, about)

    def _sum(self, found: Any, official: Any, about: frozenset[str]) -> int:
        rows = self._database.query(found.group_by(official))
        return sum(many for id, many in rows if id in about)


def _last_morning(now: datetime, period: Digest, timezone: str) -> datetime:
    """The last moment up to now at which a digest of this kind was due, in UTC."""
    place = zone(timezone)
    day = now.astimezone(place).date()
    while True:
        due = datetime.combine(day, MORNING, place).astimezone(now.tzinfo)
        if due <= now and (period == "daily" or day.weekday() == 0):
            return due
        day -= timedelta(days=1)
