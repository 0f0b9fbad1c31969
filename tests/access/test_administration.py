"""What administrators may do with the people of their tenants, and what is written down of it."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from access.accounts import Accounts
from access.administration import Administration
from access.audit import Audit
from access.letters import Letters
from access.permissions import Actor
from access.person import Grant, Person, Role
from flow.clock import ManualClock
from flow.database import Database
from flow.errors import BadInput
from registry.official import Consent
from tests.access.people import ANNA, NOW, OFFICER, person, seal
from tests.registry.people import START, official

ENDED = Consent(scope=("*",), since=START, until=NOW)
KEYS = Grant("administrator", "ekvik")
ELSEWHERE = Grant("analyst", "furuby")


@pytest.fixture
def audit(database: Database, clock: ManualClock) -> Audit:
    return Audit(database, clock=clock)


@pytest.fixture
def administration(accounts: Accounts, database: Database, audit: Audit, clock: ManualClock) -> Administration:
    return Administration(
        accounts.people,
        accounts.sessions,
        accounts.invitations,
        Letters(database, seal=seal, clock=clock),
        audit,
        link=lambda secret: f"https://turvakt.ekvik.example/invitation/{secret}",
        tenant_name=str.title,
        officials=lambda: [
            official(),
            official("ekvik-08", consents=(ENDED,)),
            official("furuby-01", municipality="Furuby"),
        ],
        clock=clock,
    )


@pytest.fixture
def kaj(accounts: Accounts) -> Actor:
    """An administrator of Ekvik."""
    return Actor(added(accounts, "kaj", KEYS), "s1")


def added(accounts: Accounts, id: str, *grants: Grant) -> Person:
    new = person(id, grants=grants)
    accounts.people.add(new)
    return new


def roles(accounts: Accounts, id: str) -> Iterable[str]:
    return [grant.role for grant in accounts.people.get(id).grants]


@pytest.mark.parametrize("role", ["officer", "reviewer"])
def test_an_administrator_gives_herself_no_role_that_shows_posts(
    administration: Administration, accounts: Accounts, kaj: Actor, role: Role
) -> None:
    with pytest.raises(BadInput, match="nobody gives herself"):
        administration.set_roles(kaj, "kaj", tenant="ekvik", roles=["administrator", role])
    with pytest.raises(BadInput, match="nobody gives herself"):
        administration.invite(
            kaj,
            name="Kaj",
            email="KAJ@ekvik.example",
            language="sv",
            role=role,
            tenant="ekvik",
        )
    assert roles(accounts, "kaj") == ["administrator"]
    administration.set_roles(kaj, "kaj", tenant="ekvik", roles=["administrator", "analyst"])
    assert roles(accounts, "kaj") == ["analyst", "administrator"]


def test_who_was_given_it_by_another_keeps_it(administration: Administration, accounts: Accounts) -> None:
    both = Actor(added(accounts, "siv", KEYS, OFFICER), "s1")
    administration.set_roles(both, "siv", tenant="ekvik", roles=["administrator", "officer", "analyst"])
    assert roles(accounts, "siv") == ["officer", "analyst", "administrator"]


def test_it_is_written_down_whom_it_was_done_to(
    administration: Administration, accounts: Accounts, audit: Audit, kaj: Actor
) -> None:
    lina = administration.invite(
        kaj, name="Lina", email="lina@ekvik.example", language="sv", role="reviewer", tenant="ekvik"
    )
    administration.send_link(kaj, lina.id)
    administration.set_roles(kaj, lina.id, tenant="ekvik", roles=["analyst", "officer"])
    administration.sign_out(kaj, lina.id)
    administration.remove(kaj, lina.id)
    assert [(each.act.action, each.act.why) for each in reversed(audit.read(tenant="ekvik"))] == [
        ("invited", f"person {lina.id}: reviewer"),
        ("invited", f"person {lina.id}"),
        ("person-changed", f"person {lina.id}: officer, analyst"),
        ("session-ended", f"person {lina.id}"),
        ("person-removed", f"person {lina.id}"),
    ]


def test_what_was_done_to_an_official_is_about_her(
    administration: Administration, accounts: Accounts, audit: Audit, kaj: Actor
) -> None:
    added(accounts, "anna", ANNA)
    administration.sign_out(kaj, "anna")
    [entry] = audit.read(official=ANNA.official)
    assert (entry.act.action, entry.act.why) == ("session-ended", "person anna")


def test_sessions_of_who_belongs_to_others_too_are_not_shown_and_not_ended(
    administration: Administration, accounts: Accounts, kaj: Actor
) -> None:
    both, one = added(accounts, "both", OFFICER, ELSEWHERE), added(accounts, "one", OFFICER)
    for each in (both, one):
        accounts.sessions.open(each, client="Firefox", method="password+totp")
    assert [each.person for each in administration.sessions(kaj, "one") or ()] == ["one"]
    assert administration.sessions(kaj, "both") is None
    with pytest.raises(BadInput, match="other tenants"):
        administration.sign_out(kaj, "both")
    assert len(accounts.sessions.of("both")) == 1
    assert administration.sign_out(kaj, "one") == 1


def test_who_keeps_roles_elsewhere_stays_signed_in_without_those_that_were_taken(
    administration: Administration, accounts: Accounts, kaj: Actor
) -> None:
    cookie = accounts.sessions.open(
        added(accounts, "both", OFFICER, ELSEWHERE), client="Firefox", method="password+totp"
    )
    administration.remove(kaj, "both")
    actor = accounts.sessions.find(cookie)
    assert actor is not None
    assert not actor.may("see-texts")
    assert actor.person.grants == (ELSEWHERE,)
    alone = accounts.sessions.open(added(accounts, "one", OFFICER), client="Firefox", method="password+totp")
    administration.remove(kaj, "one")
    assert accounts.sessions.find(alone) is None


def invites(administration: Administration, kaj: Actor, email: str, **changes: str) -> Person:
    asked: dict[str, Any] = {"name": "Anna", "email": email, "language": "sv", "role": "official", "tenant": "ekvik"}
    return administration.invite(kaj, **asked | changes)


def test_who_is_watched_already_is_told_so_in_the_invitation(
    administration: Administration, database: Database, kaj: Actor, clock: ManualClock
) -> None:
    """By a consent from a file: her silence lets it go on, and stands for no decision of hers."""
    letters = Letters(database, seal=seal, clock=clock)
    [consent] = official().consents
    anna = invites(administration, kaj, "anna@ekvik.example", official="ekvik-07")
    administration.send_link(kaj, anna.id)
    invites(administration, kaj, "new@ekvik.example", name="Ny Person")
    told = [each.letter for each in letters.due()]
    assert sorted((each.purpose, each.values.get("since")) for each in told) == [
        ("invitation", None),
        *[("invitation-watched", consent.since.isoformat())] * 2,
    ]


def test_whose_consent_has_ended_is_invited_as_others(
    administration: Administration, database: Database, kaj: Actor, clock: ManualClock
) -> None:
    invites(administration, kaj, "anna@ekvik.example", official="ekvik-08")
    assert [each.letter.purpose for each in Letters(database, seal=seal, clock=clock).due()] == ["invitation"]


def test_a_registered_official_is_invited_to_her_own_entry(
    administration: Administration, audit: Audit, kaj: Actor
) -> None:
    assert [each.id for each in administration.entries(kaj)] == ["ekvik-07", "ekvik-08"]
    anna = invites(administration, kaj, "anna@ekvik.example", official="ekvik-07")
    assert anna.grants == (ANNA,)
    assert [each.id for each in administration.entries(kaj)] == ["ekvik-08"]
    assert [each.act.action for each in audit.read(official="ekvik-07")] == ["official-invited"]


@pytest.mark.parametrize(
    "changes", [{"official": "furuby-01"}, {"official": "nobody"}, {"official": "ekvik-07", "role": "officer"}]
)
def test_an_entry_of_others_is_nobodys(
    administration: Administration, accounts: Accounts, kaj: Actor, changes: dict[str, str]
) -> None:
    with pytest.raises(BadInput):
        invites(administration, kaj, "anna@ekvik.example", **changes)
    assert accounts.people.by_email("anna@ekvik.example") is None


def test_an_entry_is_of_one_person(administration: Administration, accounts: Accounts, kaj: Actor) -> None:
    added(accounts, "anna", ANNA)
    with pytest.raises(BadInput):
        invites(administration, kaj, "maria@ekvik.example", official="ekvik-07")


def test_nobody_becomes_an_official_twice(
    administration: Administration, accounts: Accounts, audit: Audit, kaj: Actor
) -> None:
    added(accounts, "anna", ANNA)
    added(accounts, "eva", Grant("official", "furuby", "furuby-01"))
    for email, changes in (("anna@ekvik.example", {"official": "ekvik-08"}), ("eva@ekvik.example", {})):
        with pytest.raises(BadInput, match="an official already"):
            invites(administration, kaj, email, **changes)
    assert invites(administration, kaj, "anna@ekvik.example").grants == (ANNA,)
    assert [each.act.official for each in audit.read(actions=["official-invited"])] == ["ekvik-07"]


def test_of_two_administrators_who_change_the_same_person_at_once_neither_undoes_the_other(
    administration: Administration, accounts: Accounts, kaj: Actor
) -> None:
    gun = Actor(added(accounts, "gun", Grant("administrator", "furuby")), "s2")
    added(accounts, "ada", Grant("analyst", "ekvik"), ELSEWHERE)

    def in_turn(actor: Actor, tenant: str) -> None:
        for _ in range(10):
            for given in (["officer"], ["analyst"]):
                administration.set_roles(actor, "ada", tenant=tenant, roles=given)
                hers = [each.role for each in accounts.people.get("ada").grants if each.tenant == tenant]
                assert hers == given

    with ThreadPoolExecutor(2) as both:
        for done in [both.submit(in_turn, kaj, "ekvik"), both.submit(in_turn, gun, "furuby")]:
            done.result()
