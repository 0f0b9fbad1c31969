"""Digests: what a budget has held back; the day or the week in brief, to contacts whose plan says so."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Literal

from sqlalchemy import func, or_, select

from alerts.alert import Recipient
from alerts.bulletin import Bulletin
from alerts.delivery.budget import contact_digest
from alerts.delivery.collected import Collected, held_for
from alerts.delivery.tellable import listing, tellable
from alerts.incidents.case import Case, readable
from alerts.incidents.incident import LOCK, OPEN
from alerts.incidents.telling import Telling
from alerts.incidents.whom import no_operator
from alerts.listing import read, written
from alerts.plans.contacts import Contact, Digest
from alerts.plans.hours import ZONES, zone
from alerts.plans.plan import Plans
from alerts.routing import may_tell
from alerts.tables import INCIDENT, INCIDENT_POST
from flow.clock import Clock
from flow.database import Database
from registry.official import Official

MORNING = time(7)
"""When digests of a day are sent, in the contact's time; those of a week on Mondays."""
LATE = timedelta(hours=12)
"""So long after it a digest is still sent, where nothing ran at the time."""
_DAYS: dict[Digest, int] = {"daily": 1, "weekly": 7}
_KINDS: dict[Digest, Literal["digest-daily", "digest-weekly"]] = {"daily": "digest-daily", "weekly": "digest-weekly"}
_AT_ONCE = 500
_COUNTED = ("posts", "campaign")


class Digests:
    """Sends digests over the tables of incidents.

    Args:
        officials: everybody in the registry: of whom a contact may not be told is not counted for the contact.
        operator: as for `alerts.delivery.collected.Collected`.
    """

    def __init__(
        self,
        database: Database,
        *,
        telling: Telling,
        plans: Callable[[], Plans],
        officials: Callable[[], Iterable[Official]],
        operator: Callable[..., Sequence[Recipient]] = no_operator,
        clock: Clock,
    ) -> None:
        self._database = database
        self._telling = telling
        self._plans = plans
        self._officials = officials
        self._clock = clock
        self._collected = Collected(database, telling=telling, plans=plans, officials=officials, operator=operator)
        self._sent: set[tuple[str, str, str]] = set()

    def send(self) -> int:
        """Send what is due; what was sent before is not sent again.

        Returns:
            How many messages are new.
        """
        now, plans = self._clock.now(), self._plans()
        told = self._collected.send(now)
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
        kind = _KINDS[period]
        # Before the lock, for which alerts wait.
        values = self._values(recipient, timedelta(days=_DAYS[period]), tenant, plans, until)
        with self._database.transaction():
            # Whoever was erased meanwhile must not stay in what is listed, nor in its links.
            self._database.lock(LOCK)
            values["listed"] = self._still_there(values["listed"])
            bulletin = Bulletin(kind, "", "", tenant, "low", False, values, recipient, now, key=f"{until:%Y-%m-%d}")
            new = self._telling.tell([bulletin])
        self._sent.add(told)
        return len(new)

    def _still_there(self, listed: str) -> str:
        """Those of ``listed``, as in a bulletin, that have not been erased."""
        found = list(read(listed))
        there = select(INCIDENT.c.id).where(INCIDENT.c.id.in_([each.incident for each in found]))
        left = {id for (id,) in self._database.query(there)} if found else set()
        return written(each for each in found if each.incident in left)

    def _values(
        self, recipient: Recipient, length: timedelta, tenant: str, plans: Plans, until: datetime
    ) -> dict[str, str]:
        since, before, now = until - length, until - 2 * length, self._clock.now()
        about = {each.id: each for each in self._officials() if may_tell(each, recipient.name, now)}
        lately = self._lately(about, before, tenant=tenant, plans=plans)
        told = tellable(lately, recipient, officials=about.get, at=now)
        return {
            "since": since.isoformat(),
            "until": until.isoformat(),
            "incidents": str(sum(since.timestamp() <= case.opened_at < until.timestamp() for case in told)),
            "posts": str(self._posts(told, since, until)),
            "before": str(self._posts(told, before, since)),
            "open": str(sum(case.is_open for case in told)),
            "held": str(held_for(self._database, recipient, about, now, tenant=tenant, plans=plans)),
            **listing(self._database, told, recipient.name),
        }

    def _lately(self, about: Collection[str], since: datetime, *, tenant: str, plans: Plans) -> list[Case]:
        """The incidents about these officials that are open, or have changed since then: those of the tenant or, by the plan for
        all, of those without one of their own, wherever the officials belong by now.
        """
        lately = or_(INCIDENT.c.state.in_(OPEN), INCIDENT.c.changed_at >= since.timestamp())
        its = INCIDENT.c.tenant == tenant if tenant else INCIDENT.c.tenant.not_in(list(plans.tenants))
        here = INCIDENT.c.kind.in_(_COUNTED), its, lately
        there = self._database.query(select(INCIDENT.c.official).where(*here).distinct())
        concerned = [official for (official,) in there if official in about]
        # In parts: no database takes any number of parameters.
        parts = (concerned[at : at + _AT_ONCE] for at in range(0, len(concerned), _AT_ONCE))
        return [case for part in parts for case in readable(self._database, INCIDENT.c.official.in_(part), *here)]

    def _posts(self, told: Collection[Case], since: datetime, until: datetime) -> int:
        during = INCIDENT_POST.c.at >= since.timestamp(), INCIDENT_POST.c.at < until.timestamp()
        many = select(INCIDENT_POST.c.incident, func.count(INCIDENT_POST.c.post.distinct())).where(*during)
        counts: dict[str, int] = dict(self._database.query(many.group_by(INCIDENT_POST.c.incident)))
        return sum(counts.get(case.id, 0) for case in told)


def _last_morning(now: datetime, period: Digest, timezone: str) -> datetime:
    """The last moment up to now at which a digest of this kind was due, in UTC."""
    place = zone(timezone)
    day = now.astimezone(place).date()
    while True:
        due = datetime.combine(day, MORNING, place).astimezone(now.tzinfo)
        if due <= now and (period == "daily" or day.weekday() == 0):
            return due
        day -= timedelta(days=1)
