"""Who is a deputy no more."""

from access.accounts import Accounts
from access.audit import Audit
from access.deputies import Deputies
from access.letters import Letters
from flow.clock import ManualClock
from flow.database import Database
from tests.access.people import ANNA, DEPUTY, OFFICER, person, seal


def test_who_is_something_else_stays_signed_in_as_that(
    accounts: Accounts, database: Database, clock: ManualClock
) -> None:
    deputies = Deputies(
        accounts.people,
        accounts.invitations,
        Letters(database, seal=seal, clock=clock),
        Audit(database, clock=clock),
        link=str,
        tenant_name=str,
        clock=clock,
    )
    cookies = {}
    for id, grants in (("both", (DEPUTY, OFFICER)), ("one", (DEPUTY,))):
        accounts.people.add(person(id, grants=grants))
        cookies[id] = accounts.sessions.open(accounts.people.get(id), client="Firefox", method="password+totp")
        deputies.remove(ANNA.official, id)
    actor = accounts.sessions.find(cookies["both"])
    assert actor is not None
    assert actor.person.grants == (OFFICER,)
    assert accounts.sessions.find(cookies["one"]) is None
    assert deputies.of(ANNA.official) == []
