"""Roles in a place that somebody does not belong to yet need her word; administrators hear who may read posts."""

from collections.abc import Callable

import pytest

from access.accounts import Accounts
from access.administration import Administration
from access.audit import Audit
from access.deputies import Deputies
from access.holding import PeopleHolder
from access.letters import Letters
from access.permissions import Actor
from access.person import Grant, Person, Role
from access.roles import key
from flow.clock import ManualClock
from flow.database import Database
from flow.errors import BadInput
from tests.access.people import ANNA, DEPUTY, OFFICER, person, seal
from tests.access.test_administration import ELSEWHERE, KEYS, added, administration, audit, kaj  # noqa: F401  fixtures

Invite = Callable[[Person, Role], Person]


@pytest.fixture
def invite(administration: Administration, kaj: Actor) -> Invite:  # noqa: F811
    def invite(somebody: Person, role: Role) -> Person:
        return administration.invite(kaj, name="?", email=somebody.email, language="sv", role=role, tenant="ekvik")

    return invite


@pytest.fixture
def letters(database: Database, clock: ManualClock) -> Letters:
    return Letters(database, seal=seal, clock=clock)


def sent(letters: Letters) -> list[tuple[str, str]]:
    return sorted((each.letter.purpose, each.letter.email.split("@")[0]) for each in letters.due())


def test_who_belongs_elsewhere_has_a_role_only_when_she_accepts(
    administration: Administration,  # noqa: F811
    accounts: Accounts,
    letters: Letters,
    kaj: Actor,  # noqa: F811
    invite: Invite,
) -> None:
    siv = added(accounts, "siv", ELSEWHERE)
    assert invite(siv, "officer").name == siv.email, "who has not accepted is no more than an address"
    invite(siv, "officer")
    siv = accounts.people.get("siv")
    assert (siv.grants, siv.offers) == ((ELSEWHERE,), (OFFICER,))
    assert not Actor(siv, "").may("see-texts")
    assert sent(letters) == [("role-offered", "siv")]
    for act in (administration.send_link, administration.sign_out, administration.sessions):
        with pytest.raises(BadInput):
            act(kaj, "siv")
    administration.answer(Actor(siv, "s1"), key(OFFICER), accepted=True)
    assert (accounts.people.get("siv").grants, accounts.people.get("siv").offers) == ((ELSEWHERE, OFFICER), ())
    assert sent(letters) == [("role-offered", "siv"), ("role-texts", "kaj")]
    with pytest.raises(BadInput, match="no such offer"):
        administration.answer(Actor(siv, "s1"), key(OFFICER), accepted=True)


def test_an_offer_is_declined_or_taken_back(
    administration: Administration,  # noqa: F811
    accounts: Accounts,
    kaj: Actor,  # noqa: F811
    invite: Invite,
) -> None:
    for id in ("siv", "liv"):
        invite(added(accounts, id, ELSEWHERE), "reviewer")
    siv = accounts.people.get("siv")
    administration.answer(Actor(siv, "s1"), key(siv.offers[0]), accepted=False)
    assert [each.id for each in administration.everybody(kaj)] == ["kaj", "liv"]
    administration.remove(kaj, "liv")
    assert accounts.people.get("liv") == person("liv", grants=(ELSEWHERE,))


def test_the_other_administrators_hear_who_may_read_posts(
    administration: Administration,  # noqa: F811
    accounts: Accounts,
    letters: Letters,
    kaj: Actor,  # noqa: F811
    invite: Invite,
) -> None:
    added(accounts, "ada", KEYS)
    bo = added(accounts, "bo", Grant("analyst", "ekvik"))
    invite(bo, "officer")
    assert sent(letters) == [("role-given", "bo"), ("role-texts", "ada")]
    administration.set_roles(kaj, "bo", tenant="ekvik", roles=["officer", "analyst"])
    administration.set_roles(kaj, "bo", tenant="ekvik", roles=["reviewer"])
    assert sent(letters) == [("role-given", "bo"), *[("role-texts", "ada")] * 2]


def test_a_deputy_from_elsewhere_is_asked_and_the_offer_goes_with_the_official(
    accounts: Accounts,
    database: Database,
    letters: Letters,
    audit: Audit,  # noqa: F811
    clock: ManualClock,
) -> None:
    anna, siv = added(accounts, "anna", ANNA), added(accounts, "siv", ELSEWHERE)
    deputies = Deputies(
        accounts.people,
        accounts.invitations,
        letters,
        audit,
        link=str,
        tenant_name=str,
        clock=clock,
    )
    deputies.invite(anna, ANNA.official, name="Siv", email=siv.email, language="sv")
    assert accounts.people.get("siv").offers == (DEPUTY,)
    assert [each.name for each in deputies.of(ANNA.official)] == [siv.email]
    assert PeopleHolder(database, clock=clock).erase(ANNA.official) == 2
    assert accounts.people.get("siv") == siv
