"""An invitation becomes an account as a whole, once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pyotp
import pytest
from sqlalchemy import insert

from access.accounts import Accounts
from access.factors import Enrolment
from access.joining import Joined
from access.tables import IDENTITY
from flow.clock import ManualClock
from flow.database import Database
from tests.access.authenticator import Authenticator
from tests.access.people import ORIGIN, PASSWORD, person

NEW = "rätt häst batteri klammer"


@pytest.fixture
def invite(accounts: Accounts) -> Callable[..., str]:
    def create(id: str = "berit-holm", why: str = "join") -> str:
        if not any(each.id == id for each in accounts.people.all()):
            accounts.people.add(person(id))
        return accounts.invitations.create(accounts.people.get(id), why=why)  # type: ignore[arg-type]

    return create


def begun(accounts: Accounts, link: str, password: str = PASSWORD) -> Enrolment:
    found = accounts.joining.begin(link, password)
    assert found is not None
    return found


def code(enrolment: Enrolment, clock: ManualClock) -> str:
    return pyotp.TOTP(enrolment.secret).at(clock.now())


def joined(accounts: Accounts, link: str, clock: ManualClock, password: str = PASSWORD) -> Joined:
    enrolment = begun(accounts, link, password)
    done = accounts.joining.by_app(enrolment.ticket, code(enrolment, clock), client="Firefox")
    assert isinstance(done, Joined)
    return done


def test_joining_with_an_app(accounts: Accounts, invite: Callable[..., str], clock: ManualClock) -> None:
    done = joined(accounts, invite(), clock)
    actor = accounts.sessions.find(done.cookie)
    assert actor is not None
    assert (actor.person, actor.session) == (done.person, done.session)
    assert done.person == person()
    assert done.method == "password+totp"
    assert len(done.codes) == accounts.factors.of("berit-holm").codes == 10
    assert accounts.factors.of("berit-holm").app
    assert accounts.passwords.verify("berit-holm", PASSWORD)
    assert accounts.invitations.pending() == []


def test_joining_with_a_passkey(accounts: Accounts, invite: Callable[..., str]) -> None:
    enrolment = begun(accounts, invite())
    answer = Authenticator(ORIGIN).create(enrolment.options)
    done = accounts.joining.by_passkey(enrolment.ticket, answer, name="phone", client="Firefox")
    assert isinstance(done, Joined)
    assert done.method == "password+passkey"
    held = accounts.factors.of("berit-holm")
    assert ([each.name for each in held.passkeys], held.app, held.codes) == (["phone"], False, 10)
    assert accounts.sessions.find(done.cookie)


def test_nothing_is_hers_until_all_is_shown_to_work(
    accounts: Accounts, invite: Callable[..., str], clock: ManualClock
) -> None:
    link = invite()
    enrolment = begun(accounts, link)
    assert accounts.joining.by_app(enrolment.ticket, "000000", client="") == "wrong"
    assert accounts.joining.by_passkey(enrolment.ticket, "{}", name="", client="") == "wrong"
    assert not accounts.passwords.verify("berit-holm", PASSWORD)
    assert accounts.factors.of("berit-holm").seconds == 0
    assert accounts.sessions.of("berit-holm") == []
    assert accounts.invitations.find(link)
    again = accounts.joining.enrolment(enrolment.ticket)
    assert again == enrolment
    assert joined(accounts, link, clock)


def test_what_is_shown(accounts: Accounts, invite: Callable[..., str]) -> None:
    enrolment = begun(accounts, invite())
    assert f"secret={enrolment.secret}" in enrolment.uri
    assert enrolment.svg.startswith("<svg ")
    assert enrolment.svg.endswith("</svg>")
    assert '"challenge"' in enrolment.options
    assert enrolment.secret not in repr(enrolment)


def test_a_link_is_good_once(accounts: Accounts, invite: Callable[..., str], clock: ManualClock) -> None:
    link = invite()
    first, second = begun(accounts, link), begun(accounts, link, NEW)
    assert isinstance(accounts.joining.by_app(first.ticket, code(first, clock), client=""), Joined)
    for ticket in (first, second):
        assert accounts.joining.by_app(ticket.ticket, code(ticket, clock), client="") == "expired"
    assert accounts.joining.begin(link, NEW) is None
    assert accounts.passwords.verify("berit-holm", PASSWORD)


def test_of_two_who_join_at_once_by_one_link_one_does(
    accounts: Accounts, invite: Callable[..., str], clock: ManualClock
) -> None:
    link = invite()
    enrolments = [begun(accounts, link) for _ in range(2)]
    with ThreadPoolExecutor(2) as both:
        done = list(
            both.map(lambda each: accounts.joining.by_app(each.ticket, code(each, clock), client=""), enrolments)
        )
    assert sum(isinstance(each, Joined) for each in done) == 1
    assert "expired" in done
    assert len(accounts.sessions.of("berit-holm")) == 1


def test_a_link_that_another_replaced_or_that_was_withdrawn_ends_what_was_begun_with_it(
    accounts: Accounts, invite: Callable[..., str], clock: ManualClock
) -> None:
    old = begun(accounts, invite())
    newer = invite()
    assert accounts.joining.by_app(old.ticket, code(old, clock), client="") == "expired"
    started = begun(accounts, newer)
    accounts.invitations.withdraw("berit-holm")
    assert accounts.joining.by_app(started.ticket, code(started, clock), client="") == "expired"
    assert accounts.joining.begin(newer, PASSWORD) is None
    assert not accounts.passwords.verify("berit-holm", PASSWORD)


def test_a_link_or_a_page_that_is_too_old(accounts: Accounts, invite: Callable[..., str], clock: ManualClock) -> None:
    link = invite()
    enrolment = begun(accounts, link)
    clock.advance(1800)
    assert accounts.joining.enrolment(enrolment.ticket) is None
    assert accounts.joining.by_app(enrolment.ticket, code(enrolment, clock), client="") == "expired"
    clock.advance(7 * 24 * 3600)
    assert accounts.joining.begin(link, PASSWORD) is None
    assert accounts.joining.begin("", PASSWORD) is accounts.joining.begin("x" * 43, PASSWORD) is None


def test_a_weak_password_goes_no_further(accounts: Accounts, invite: Callable[..., str]) -> None:
    with pytest.raises(ValueError, match="weak: common"):
        accounts.joining.begin(invite(), "password1234")


def test_who_may_not_sign_in_cannot_join(accounts: Accounts, invite: Callable[..., str], clock: ManualClock) -> None:
    link = invite()
    enrolment = begun(accounts, link)
    accounts.people.put(replace(person(), active=False))
    assert accounts.joining.by_app(enrolment.ticket, code(enrolment, clock), client="") == "expired"
    assert accounts.joining.begin(link, PASSWORD) is None
    accounts.people.remove("berit-holm")
    assert accounts.joining.begin(link, PASSWORD) is None


def test_a_reset_leaves_nothing_of_before(
    accounts: Accounts, invite: Callable[..., str], clock: ManualClock, database: Database
) -> None:
    """Whoever has stolen an account has added what is hers to it."""
    before = joined(accounts, invite(), clock)
    extra = accounts.factors.begin(person())
    assert accounts.factors.add_passkey(
        extra.ticket, Authenticator(ORIGIN).create(extra.options), name="thief's", person="berit-holm"
    )
    row = {"digest": b"thief's", "person": "berit-holm", "at": 0.0}
    database.execute(insert(IDENTITY), row)
    assert accounts.factors.of("berit-holm").organisation
    waiting = accounts.signing_in.password("berit-holm@ekvik.example", PASSWORD, address="192.0.2.1")
    other = joined(accounts, invite("bo"), clock)
    after = joined(accounts, invite(why="reset"), clock, NEW)
    assert accounts.sessions.find(before.cookie) is None
    assert not accounts.passwords.verify("berit-holm", PASSWORD)
    assert accounts.passwords.verify("berit-holm", NEW)
    held = accounts.factors.of("berit-holm")
    assert (held.app, held.passkeys, held.codes, held.organisation) == (True, (), 10, False)
    assert set(after.codes).isdisjoint(before.codes)
    assert accounts.signing_in.second(getattr(waiting, "ticket", "")) is None
    assert accounts.sessions.find(after.cookie)
    assert accounts.sessions.find(other.cookie)


def test_a_passkey_of_somebody_else_does_not_join(
    accounts: Accounts, invite: Callable[..., str], clock: ManualClock
) -> None:
    device = Authenticator(ORIGIN)
    theirs = begun(accounts, invite("bo"))
    assert accounts.joining.by_passkey(theirs.ticket, device.create(theirs.options), name="", client="") != "wrong"
    before = joined(accounts, invite(), clock)
    enrolment = begun(accounts, invite(why="reset"), NEW)
    answer = device.create(enrolment.options)
    assert accounts.joining.by_passkey(enrolment.ticket, answer, name="", client="") == "wrong"
    assert accounts.sessions.find(before.cookie)
    assert accounts.passwords.verify("berit-holm", PASSWORD)


def test_a_ticket_of_joining_adds_nothing_to_an_account_and_the_other_way_round(
    accounts: Accounts, invite: Callable[..., str], clock: ManualClock
) -> None:
    joined(accounts, invite(), clock)
    resetting = begun(accounts, invite(why="reset"), NEW)
    assert not accounts.factors.add_app(resetting.ticket, code(resetting, clock), person="berit-holm")
    adding = accounts.factors.begin(person())
    assert accounts.joining.by_app(adding.ticket, code(adding, clock), client="") == "expired"
