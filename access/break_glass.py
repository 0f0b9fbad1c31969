"""Break-glass access: whoever runs an installation, or administers a tenant, sees its posts for an hour, and is seen doing it.

For when somebody is in danger and no officer can be reached. It needs a reason, stands in the audit log, and the tenant's
administrators are written to.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select

from access.audit import Audit
from access.letters import Letters
from access.people import People
from access.permissions import Actor
from access.roles import administrators
from access.tables import BREAK_GLASS
from flow.clock import Clock
from flow.database import Database
from flow.databases.columns import moment
from flow.errors import BadInput
from registry.tenant import Tenant

LASTS = timedelta(hours=1)
SHORTEST, LONGEST = 10, 500
"""Of a reason, in characters."""
EMERGENCY = "emergency:"
"""How the audit log begins the reason of a look by this access."""


@dataclass(frozen=True, slots=True)
class Access:
    """One that is open. Its reason stands in the audit log and in the letters."""

    person: str
    tenant: str
    at: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """``told``: how many people are written to."""

    access: Access
    told: int


def why(audit: Audit, actor: Actor, tenant: str) -> str:
    """What the audit log says of why she reads texts of the tenant's officials: her reason, if she does so by this access."""
    if not actor.only_lent("see-texts", tenant):
        return ""
    opened = audit.read(who=actor.person.id, tenant=tenant, actions=["break-glass"], limit=1)
    return " ".join((EMERGENCY, *(each.act.why for each in opened))).rstrip()


class BreakGlass:
    """The table ``access_break_glass`` of ``database``. `access.sessions.Sessions` gives the role to whoever has an access."""

    def __init__(self, database: Database, *, people: People, letters: Letters, audit: Audit, clock: Clock) -> None:
        self._database = database
        self._people = people
        self._letters = letters
        self._audit = audit
        self._clock = clock

    def open(self, actor: Actor, tenant: Tenant, reason: str) -> Opened:
        """Be an officer of ``tenant`` from now on for an hour; of one that is open the hour begins anew.

        All of the tenant's administrators are told; where it has none, all operators. So is she herself, if she is one of
        them: somebody else may sit at her browser.

        Raises:
            BadInput: she may not, or gives no reason.
        """
        if not may_open(actor, tenant.id):
            raise BadInput("only operators, and administrators of the tenant, have this access", place="break-glass")
        why = " ".join(reason.split())
        if not SHORTEST <= len(why) <= LONGEST or not why.isprintable():
            remedy = f"Say in {SHORTEST} to {LONGEST} characters what has happened"
            raise BadInput("the reason is too short or too long", place="break-glass", remedy=remedy)
        now = self._clock.now()
        access = Access(actor.person.id, tenant.id, now, now + LASTS)
        row = {"person": access.person, "tenant": tenant.id, "at": now.timestamp(), "ends": access.ends.timestamp()}
        values = {"at": now.isoformat(), "who": actor.person.name, "tenant": tenant.name, "reason": why}
        with self._database.transaction():
            self._database.lock("break-glass")
            told = administrators(self._people, tenant.id)
            self._remove(access.person, tenant.id)
            self._database.execute(insert(BREAK_GLASS), row)
            for person in told:
                self._letters.add(person, "break-glass", values)
            self._audit.write(actor, "break-glass", tenant=tenant.id, why=why)
        return Opened(access, len(told))

    def end(self, actor: Actor, person: str, tenant: str) -> bool:
        """End an access before its time: one's own or, as an administrator of the tenant, another's; whether it was open.

        Raises:
            BadInput: she may not.
        """
        if actor.person.id != person and not actor.may("manage-people", tenant=tenant):
            raise BadInput("only administrators of the tenant end it for others", place="break-glass")
        with self._database.transaction():
            self._database.lock("break-glass")
            is_open = any(each.person == person for each in self.of_tenant(tenant))
            self._remove(person, tenant)
            if is_open:
                self._audit.write(actor, "break-glass-ended", tenant=tenant)
        return is_open

    def of_tenant(self, tenant: str) -> list[Access]:
        """Those that are open, the oldest first."""
        return [each for each in self._open() if each.tenant == tenant]

    def of_person(self, person: str) -> list[Access]:
        """Those that she has open, the oldest first."""
        return [each for each in self._open() if each.person == person]

    def _open(self) -> list[Access]:
        table = BREAK_GLASS.c
        columns = (table.person, table.tenant, table.at, table.ends)
        still = select(*columns).where(table.ends > self._clock.now().timestamp()).order_by(table.at, table.person)
        rows = self._database.query(still)
        return [Access(person, tenant, moment(at), moment(ends)) for person, tenant, at, ends in rows]

    def _remove(self, person: str, tenant: str) -> None:
        hers = delete(BREAK_GLASS).where(BREAK_GLASS.c.person == person, BREAK_GLASS.c.tenant == tenant)
        self._database.execute(hers)


def may_open(actor: Actor, tenant: str) -> bool:
    """Whether she could be an officer of the tenant for an hour."""
    return actor.may("operate") or actor.may("manage-people", tenant=tenant)
