"""People as a place that holds personal data: an official takes her deputies along, and nobody else."""

import json

import pytest
from sqlalchemy import select

from access.accounts import Accounts
from access.holding import PeopleHolder
from access.joining import Joined
from access.person import Grant
from access.tables import METADATA, OF_A_PERSON
from flow.clock import ManualClock
from flow.database import Database
from registry.holder import Holder, Part
from tests.access.authenticator import Authenticator
from tests.access.people import ANNA, DEPUTY, OFFICER, ORIGIN, PASSWORD, person

OTHER = Grant("official", "ekvik", "ekvik-08")


@pytest.fixture
def holder(database: Database, clock: ManualClock) -> PeopleHolder:
    return PeopleHolder(database, clock=clock)


@pytest.fixture
def anna(accounts: Accounts) -> Joined:
    """She, a deputy of hers, a deputy who is an officer, too, and another official with the same deputy."""
    accounts.people.add(person("anna", name="Anna Lindqvist", grants=(ANNA,)))
    accounts.people.add(person("dora", name="Dora Berg", grants=(DEPUTY,)))
    accounts.people.add(person("berit-holm", grants=(OFFICER, DEPUTY)))
    accounts.people.add(person("bo", grants=(OTHER,)))
    enrolment = accounts.joining.begin(accounts.invitations.create(accounts.people.get("anna"), why="join"), PASSWORD)
    assert enrolment is not None
    answer = Authenticator(ORIGIN).create(enrolment.options)
    done = accounts.joining.by_passkey(enrolment.ticket, answer, name="phone", client="Firefox, Android")
    assert isinstance(done, Joined)
    return done


def test_she_and_who_is_nothing_but_her_deputy_go(
    accounts: Accounts, holder: Holder, anna: Joined, database: Database
) -> None:
    cookie = accounts.sessions.open(accounts.people.get("berit-holm"), client="", method="password+totp")
    assert holder.count("ekvik-07") == 3
    assert holder.erase("ekvik-07") == 3
    assert holder.count("ekvik-07") == holder.erase("ekvik-07") == 0
    assert accounts.people.all() == [person("berit-holm"), person("bo", grants=(OTHER,))]
    assert accounts.sessions.find(anna.cookie) is None
    assert accounts.sessions.find(cookie) is None
    for table in OF_A_PERSON:
        assert database.query(select(table)) == []
    assert "anna" not in str([database.query(select(table)) for table in METADATA.sorted_tables]).lower()


def test_of_a_partial_withdrawal_nothing_is_here(accounts: Accounts, holder: Holder, anna: Joined) -> None:
    for part in (Part("source", "bluesky"), Part("recipient", "Dora Berg")):
        assert holder.count("ekvik-07", part) == holder.erase("ekvik-07", part) == 0
    assert holder.forget(["bluesky:1"]) == 0
    assert accounts.sessions.find(anna.cookie)


def test_what_she_is_told(holder: Holder, anna: Joined) -> None:
    herself, berit, dora = holder.export("ekvik-07")
    assert (herself["name"], herself["email"]) == ("Anna Lindqvist", "anna@ekvik.example")
    assert herself["password_since"] == "2026-09-14T06:00:00+00:00"
    assert herself["app_since"] is herself["organisation_since"] is herself["notified_since"] is None
    assert herself["passkeys"] == [{"name": "phone", "at": "2026-09-14T06:00:00+00:00", "used_at": None}]
    assert herself["recovery_codes_left"] == 10
    assert [each["client"] for each in herself["sessions"]] == ["Firefox, Android"]
    assert dora == {
        "id": "dora",
        "name": "Dora Berg",
        "email": "dora@ekvik.example",
        "grants": dora["grants"],
        "offers": (),
    }
    assert set(berit) == set(dora)
    assert [each["role"] for each in berit["grants"]] == ["deputy"], "what else she is is her own"
    shown = json.dumps([herself, berit, dora])
    assert anna.cookie not in shown
    assert "argon2" not in shown


def test_what_has_ended_is_removed_and_people_stay(
    accounts: Accounts, holder: Holder, anna: Joined, clock: ManualClock
) -> None:
    accounts.signing_in.password("anna@ekvik.example", PASSWORD, address="192.0.2.1")
    link = accounts.invitations.create(person("bo"), why="join")
    assert holder.expire(clock.now()) == 0
    clock.advance(3600)
    assert holder.expire(clock.now()) == 2
    assert accounts.invitations.find(link)
    assert len(accounts.people.all()) == 4
