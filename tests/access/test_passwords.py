"""Passwords: right and wrong ones, what is stored, and what it costs to guess."""

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from access.passwords import Passwords
from access.people import People
from access.tables import PASSWORD as TABLE
from flow.clock import ManualClock
from flow.database import Database
from tests.access.people import CHEAP, PASSWORD, person


@pytest.fixture
def passwords(database: Database, people: People, clock: ManualClock) -> Passwords:
    people.add(person())
    return Passwords(database, clock=clock, hasher=CHEAP)


def test_the_right_password_and_no_other(passwords: Passwords) -> None:
    passwords.set(person(), PASSWORD)
    assert passwords.verify("berit-holm", PASSWORD)
    assert passwords.verify("berit-holm", "tolv sma\u030a kaffekoppar")  # the same letters, composed otherwise
    for wrong in ("", PASSWORD + " ", PASSWORD.upper(), "x" * 100_000, "\ud800" * 20, "\x00"):
        assert not passwords.verify("berit-holm", wrong)
    assert not passwords.verify("bo", PASSWORD)
    assert not passwords.verify(None, PASSWORD)


def test_who_is_nobody_has_no_password(passwords: Passwords) -> None:
    assert not passwords.verify(None, "nobody's")
    assert not passwords.verify("", "nobody's")


def test_a_weak_one_is_not_taken(passwords: Passwords) -> None:
    with pytest.raises(ValueError, match="the password is weak: common"):
        passwords.set(person(), "password1234")
    assert not passwords.verify("berit-holm", "password1234")


def test_a_new_one_takes_the_place_of_the_old(passwords: Passwords, database: Database) -> None:
    passwords.set(person(), PASSWORD)
    passwords.set(person(), "rätt häst batteri klammer")
    assert not passwords.verify("berit-holm", PASSWORD)
    assert passwords.verify("berit-holm", "rätt häst batteri klammer")
    assert len(database.query(select(TABLE))) == 1
    assert passwords.remove("berit-holm")
    assert not passwords.verify("berit-holm", "rätt häst batteri klammer")


def test_who_is_gone_is_given_none(passwords: Passwords, people: People, database: Database) -> None:
    people.remove("berit-holm")
    passwords.set(person(), PASSWORD)
    assert database.query(select(TABLE)) == []


def test_what_is_stored_is_an_argon2id_digest_of_its_own(
    database: Database, people: People, clock: ManualClock
) -> None:
    passwords = Passwords(database, clock=clock)
    for id in ("berit-holm", "bo"):
        people.add(person(id))
        passwords.set(person(id, name="Bo Ek"), PASSWORD)
    (one,), (other,) = database.query(select(TABLE.c.digest))
    assert one != other
    assert one.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert PASSWORD not in one


def test_a_digest_of_older_parameters_is_renewed_by_the_next_sign_in(
    passwords: Passwords, database: Database, clock: ManualClock
) -> None:
    passwords.set(person(), PASSWORD)
    stronger = Passwords(database, clock=clock, hasher=PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    assert not stronger.verify("berit-holm", "wrong")
    assert "t=1" in database.query(select(TABLE.c.digest))[0][0]
    assert stronger.verify("berit-holm", PASSWORD)
    assert "m=16,t=2" in database.query(select(TABLE.c.digest))[0][0]
    assert stronger.verify("berit-holm", PASSWORD)
