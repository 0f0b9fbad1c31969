"""An hour as an officer: who may, for which reason, who is told, and that it ends."""

from dataclasses import replace
from datetime import timedelta

import pytest

from access.audit import Audit
from access.break_glass import LASTS, BreakGlass
from access.letters import Letters
from access.people import People
from access.permissions import Actor
from access.person import Grant, Person
from access.sessions import Sessions
from flow.clock import ManualClock
from flow.database import Database
from flow.errors import BadInput
from registry.tenant import Tenant
from tests.access.people import NOW, person, seal

EKVIK = Tenant("ekvik", "municipality", "Ekviks kommun", "SE")
OPERATOR = person("olle", name="Olle Ek", grants=(Grant("operator"),))
ADMINISTRATOR = person("alma", grants=(Grant("administrator", "ekvik"),))
OTHER = person("ylva", grants=(Grant("administrator", "ekvik"), Grant("analyst", "byarum")))
AWAY = person("axel", grants=(Grant("administrator", "ekvik"),), active=False)
STRANGER = person("stina", grants=(Grant("administrator", "byarum"),))
OFFICER = person("ove", grants=(Grant("officer", "ekvik"),))
REASON = "Threat tonight, the officer does not answer"


@pytest.fixture
def letters(database: Database, clock: ManualClock) -> Letters:
    return Letters(database, seal=seal, clock=clock)


@pytest.fixture
def audit(database: Database, clock: ManualClock) -> Audit:
    return Audit(database, clock=clock)


@pytest.fixture
def glass(database: Database, people: People, letters: Letters, audit: Audit, clock: ManualClock) -> BreakGlass:
    for each in (OPERATOR, ADMINISTRATOR, OTHER, AWAY, STRANGER, OFFICER):
        people.add(each)
    return BreakGlass(database, people=people, letters=letters, audit=audit, clock=clock)


def actor(who: Person) -> Actor:
    return Actor(who, "s1")


def test_an_operator_is_an_officer_for_an_hour(glass: BreakGlass, sessions: Sessions, clock: ManualClock) -> None:
    cookie = sessions.open(OPERATOR, client="", method="password+totp")
    before = sessions.find(cookie)
    assert before is not None
    assert not before.may("see-texts")
    opened = glass.open(before, EKVIK, REASON)
    assert opened.access.ends == NOW + LASTS
    during = sessions.find(cookie)
    assert during is not None
    assert during.tenants("see-texts") == {"ekvik"}
    assert during.may("operate")
    assert during.person == OPERATOR, "what is lent is not hers"
    for _ in range(4):
        clock.advance(899)
        assert sessions.find(cookie) is not None
    clock.advance(4)
    after = sessions.find(cookie)
    assert after is not None
    assert not after.may("see-texts")
    assert glass.of_tenant("ekvik") == []


def test_the_administrators_are_told_and_it_is_written_down(
    glass: BreakGlass, letters: Letters, audit: Audit, database: Database
) -> None:
    assert glass.open(actor(OPERATOR), EKVIK, f"  {REASON}\n ").told == 2
    told = [each.letter for each in letters.due()]
    assert sorted(each.email for each in told) == [ADMINISTRATOR.email, OTHER.email]
    assert {each.purpose for each in told} == {"break-glass"}
    assert told[0].values == {
        "at": NOW.isoformat(),
        "who": "Olle Ek",
        "tenant": "Ekviks kommun",
        "reason": REASON,
    }
    (entry,) = audit.read(tenant="ekvik")
    assert (entry.act.who, entry.act.action, entry.act.why, entry.act.session) == ("olle", "break-glass", REASON, "s1")
    audit.verify()


def test_an_administrator_tells_herself_too(glass: BreakGlass, letters: Letters) -> None:
    assert glass.open(actor(ADMINISTRATOR), EKVIK, REASON).told == 2
    assert ADMINISTRATOR.email in {each.letter.email for each in letters.due()}


def test_where_nobody_administers_the_operators_are_told(glass: BreakGlass, letters: Letters) -> None:
    glass.open(actor(OPERATOR), Tenant("sundby", "municipality", "Sundby kommun", "SE"), REASON)
    assert [each.letter.email for each in letters.due()] == [OPERATOR.email]


@pytest.mark.parametrize("who", [STRANGER, OFFICER, AWAY, person("p", grants=(Grant("official", "ekvik", "anna"),))])
def test_nobody_else_may(glass: BreakGlass, letters: Letters, audit: Audit, who: Person) -> None:
    with pytest.raises(BadInput, match="only operators, and administrators of the tenant"):
        glass.open(actor(who), EKVIK, REASON)
    assert (glass.of_tenant("ekvik"), letters.due(), audit.read()) == ([], [], [])


@pytest.mark.parametrize("reason", ["", " " * 20, "because", "x" * 501, "a reason with \x00 in it"])
def test_it_needs_a_reason(glass: BreakGlass, letters: Letters, reason: str) -> None:
    with pytest.raises(BadInput, match="the reason is too short or too long"):
        glass.open(actor(OPERATOR), EKVIK, reason)
    assert (glass.of_tenant("ekvik"), letters.due()) == ([], [])


def test_without_its_entry_in_the_audit_log_there_is_no_access(
    glass: BreakGlass, letters: Letters, database: Database, clock: ManualClock
) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction():
        glass.open(actor(OPERATOR), EKVIK, REASON)
        raise ZeroDivisionError
    assert (glass.of_tenant("ekvik"), letters.due()) == ([], [])


def test_what_is_lent_does_not_lend(glass: BreakGlass) -> None:
    """Whoever is an officer for an hour becomes nothing by that which could open the next one."""
    lent = Actor(OFFICER, "s1", (Grant("officer", "byarum"),))
    with pytest.raises(BadInput):
        glass.open(lent, Tenant("byarum", "municipality", "Byarum", "SE"), REASON)


def test_opening_again_begins_the_hour_anew(glass: BreakGlass, clock: ManualClock, audit: Audit) -> None:
    glass.open(actor(OPERATOR), EKVIK, REASON)
    clock.advance(1800)
    glass.open(actor(OPERATOR), EKVIK, REASON)
    (access,) = glass.of_person("olle")
    assert (access.at, access.ends) == (NOW + timedelta(minutes=30), NOW + timedelta(minutes=90))
    assert len(audit.read(actions=["break-glass"])) == 2


def test_it_is_ended_before_its_time(glass: BreakGlass, audit: Audit, sessions: Sessions) -> None:
    cookie = sessions.open(OPERATOR, client="", method="password+totp")
    glass.open(actor(OPERATOR), EKVIK, REASON)
    with pytest.raises(BadInput, match="only administrators of the tenant"):
        glass.end(actor(STRANGER), "olle", "ekvik")
    assert glass.end(actor(ADMINISTRATOR), "olle", "ekvik")
    assert not glass.end(actor(ADMINISTRATOR), "olle", "ekvik")
    found = sessions.find(cookie)
    assert found is not None
    assert found.lent == ()
    glass.open(actor(OPERATOR), EKVIK, REASON)
    assert glass.end(actor(OPERATOR), "olle", "ekvik")
    assert [each.act.who for each in audit.read(actions=["break-glass-ended"])] == ["olle", "alma"]


def test_it_ends_with_the_role_that_opened_it(glass: BreakGlass, people: People, sessions: Sessions) -> None:
    glass.open(actor(OTHER), EKVIK, REASON)
    cookie = sessions.open(OTHER, client="", method="password+totp")
    people.put(replace(OTHER, grants=(Grant("administrator", "byarum"), Grant("analyst", "ekvik"))))
    found = sessions.find(cookie)
    assert found is not None
    assert found.lent == ()
    assert not found.may("see-texts")


def test_who_is_removed_leaves_none(glass: BreakGlass, people: People) -> None:
    glass.open(actor(OPERATOR), EKVIK, REASON)
    people.remove("olle")
    assert glass.of_tenant("ekvik") == []
