"""Signing in: two steps, one answer to all who are wrong, and a brake."""

from dataclasses import replace

import pyotp
import pytest

from access.accounts import Accounts
from access.factors import Enrolment
from access.joining import Joined
from access.signing_in import Second, SignedIn
from access.throttle import ACCOUNT_MOST, WITHIN
from flow.clock import ManualClock
from tests.access.authenticator import Authenticator
from tests.access.people import ORIGIN, PASSWORD, person

EMAIL = "berit-holm@ekvik.example"
ADDRESS = "192.0.2.1"


class Berit:
    """Has an account, with an app and a passkey, and signs in."""

    def __init__(self, accounts: Accounts, clock: ManualClock) -> None:
        self.accounts = accounts
        self.clock = clock
        self.device = Authenticator(ORIGIN)
        accounts.people.add(person())
        enrolment = accounts.joining.begin(accounts.invitations.create(person(), why="join"), PASSWORD)
        assert enrolment is not None
        self.secret = enrolment.secret
        done = accounts.joining.by_app(enrolment.ticket, self.code(), client="")
        assert isinstance(done, Joined)
        self.codes = done.codes
        clock.advance(60)

    def code(self) -> str:
        return pyotp.TOTP(self.secret).at(self.clock.now())

    def first(self, email: str = EMAIL, password: str = PASSWORD) -> Second:
        found = self.accounts.signing_in.password(email, password, address=ADDRESS)
        assert isinstance(found, Second)
        return found

    def second(self, ticket: str, code: str) -> SignedIn | str:
        return self.accounts.signing_in.code(ticket, code, address=ADDRESS, client="Firefox")

    def adds_passkey(self) -> None:
        adding = self.accounts.factors.begin(person())
        answer = self.device.create(adding.options)
        assert self.accounts.factors.add_passkey(adding.ticket, answer, name="phone", person="berit-holm")


@pytest.fixture
def berit(accounts: Accounts, clock: ManualClock) -> Berit:
    return Berit(accounts, clock)


def test_password_and_code(accounts: Accounts, berit: Berit) -> None:
    first = berit.first(" Berit-Holm@EKVIK.example ")
    assert accounts.signing_in.second(first.ticket) == first
    assert first.options == ""
    done = berit.second(first.ticket, berit.code())
    assert isinstance(done, SignedIn)
    assert done.method == "password+totp"
    actor = accounts.sessions.find(done.cookie)
    assert actor is not None
    assert (actor.person, actor.session) == (done.person, done.session)
    assert done.person == person()
    newest = accounts.sessions.of("berit-holm")[0]
    assert (newest.method, newest.client) == ("password+totp", "Firefox")
    assert done.cookie not in repr(done)


def test_password_and_recovery_code(berit: Berit) -> None:
    done = berit.second(berit.first().ticket, berit.codes[3])
    assert isinstance(done, SignedIn)
    assert done.method == "password+recovery"
    assert berit.second(berit.first().ticket, berit.codes[3]) == "wrong"


def test_password_and_passkey(accounts: Accounts, berit: Berit) -> None:
    berit.adds_passkey()
    first = berit.first()
    answer = berit.device.get(first.options)
    done = accounts.signing_in.passkey(first.ticket, answer, address=ADDRESS, client="")
    assert isinstance(done, SignedIn)
    assert done.method == "password+passkey"
    assert accounts.signing_in.passkey(first.ticket, answer, address=ADDRESS, client="") == "expired"
    other = berit.first()
    assert accounts.signing_in.passkey(other.ticket, answer, address=ADDRESS, client="") == "wrong"


def test_whoever_is_wrong_is_told_the_same(accounts: Accounts, berit: Berit) -> None:
    accounts.people.add(person("bo", active=False))
    accounts.passwords.set(person("bo"), PASSWORD)
    accounts.people.add(person("new"))  # invited, and has not joined
    for email, password in (
        (EMAIL, "wrong"),
        ("nobody@ekvik.example", PASSWORD),
        ("bo@ekvik.example", PASSWORD),
        ("new@ekvik.example", PASSWORD),
        ("", ""),
        ("\x00", "\x00"),
    ):
        assert accounts.signing_in.password(email, password, address=ADDRESS) == "wrong"


def test_for_whoever_is_unknown_a_password_is_compared_all_the_same(accounts: Accounts, berit: Berit) -> None:
    """By the time that an answer takes nobody learns who has an account."""
    seen: list[str | None] = []
    verify = accounts.passwords.verify

    class Counting:
        def verify(self, person: str | None, password: str) -> bool:
            seen.append(person)
            return verify(person, password)

    accounts.signing_in._passwords = Counting()  # type: ignore[assignment]
    for email in (EMAIL, "nobody@ekvik.example"):
        accounts.signing_in.password(email, "wrong", address=ADDRESS)
    assert seen == ["berit-holm", None]


def test_the_first_step_opens_nothing(accounts: Accounts, berit: Berit) -> None:
    first = berit.first()
    assert accounts.sessions.find(first.ticket) is None
    for wrong in ("", "000000", "abcd-efgh-ijkl-mnop"):
        assert berit.second(first.ticket, wrong) == "wrong"
    assert isinstance(berit.second(first.ticket, berit.code()), SignedIn)


def test_the_first_step_ends(accounts: Accounts, berit: Berit, clock: ManualClock) -> None:
    used, late = berit.first(), berit.first()
    assert isinstance(berit.second(used.ticket, berit.code()), SignedIn)
    clock.advance(30)
    assert berit.second(used.ticket, berit.code()) == "expired"
    clock.advance(600)
    assert accounts.signing_in.second(late.ticket) is None
    assert berit.second(late.ticket, berit.code()) == "expired"
    assert berit.second("", berit.code()) == "expired"


def test_who_is_locked_out_between_the_steps(accounts: Accounts, berit: Berit) -> None:
    first = berit.first()
    accounts.people.put(replace(person(), active=False))
    assert berit.second(first.ticket, berit.code()) == "expired"
    accounts.people.put(person())
    other = berit.first()
    accounts.people.remove("berit-holm")
    assert berit.second(other.ticket, berit.code()) == "expired"


def test_guessing_passwords_is_braked(accounts: Accounts, berit: Berit, clock: ManualClock) -> None:
    for number in range(ACCOUNT_MOST):
        assert accounts.signing_in.password(EMAIL, "wrong", address=f"192.0.2.{number}") == "wrong"
    assert accounts.signing_in.password(EMAIL.upper(), PASSWORD, address="203.0.113.1") == "throttled"
    clock.advance(WITHIN.total_seconds())
    assert isinstance(accounts.signing_in.password(EMAIL, PASSWORD, address="203.0.113.1"), Second)


def test_for_an_unknown_account_the_brake_is_the_same(accounts: Accounts, berit: Berit) -> None:
    for _ in range(ACCOUNT_MOST):
        assert accounts.signing_in.password("nobody@ekvik.example", "wrong", address=ADDRESS) == "wrong"
    assert accounts.signing_in.password("nobody@ekvik.example", "wrong", address=ADDRESS) == "throttled"


def test_guessing_codes_is_braked_though_the_password_is_right(accounts: Accounts, berit: Berit) -> None:
    first = berit.first()
    for _ in range(ACCOUNT_MOST):
        assert berit.second(first.ticket, "000000") == "wrong"
    assert berit.second(first.ticket, berit.code()) == "throttled"
    assert accounts.signing_in.passkey(first.ticket, "{}", address=ADDRESS, client="") == "throttled"
    assert accounts.signing_in.password(EMAIL, PASSWORD, address=ADDRESS) == "throttled"


def test_success_forgets_mistakes(accounts: Accounts, berit: Berit, clock: ManualClock) -> None:
    for _ in range(2):
        for _ in range(ACCOUNT_MOST - 1):
            assert accounts.signing_in.password(EMAIL, "wrong", address=ADDRESS) == "wrong"
        assert isinstance(berit.second(berit.first().ticket, berit.code()), SignedIn)
        clock.advance(30)


def test_to_change_what_she_signs_in_with_she_gives_her_password(accounts: Accounts, berit: Berit) -> None:
    confirm = accounts.signing_in.confirm
    assert confirm(person(), PASSWORD, address=ADDRESS) == "ok"
    for _ in range(ACCOUNT_MOST):
        assert confirm(person(), "wrong", address=ADDRESS) == "wrong"
    assert confirm(person(), PASSWORD, address=ADDRESS) == "throttled"


def adding(accounts: Accounts) -> Enrolment:
    return accounts.factors.begin(person())


def test_a_new_app_takes_the_place_of_the_old_once_it_works(
    accounts: Accounts, berit: Berit, clock: ManualClock
) -> None:
    new = adding(accounts)
    assert not accounts.factors.add_app(new.ticket, "000000", person="berit-holm")
    assert isinstance(berit.second(berit.first().ticket, berit.code()), SignedIn)
    clock.advance(60)
    right = pyotp.TOTP(new.secret).at(clock.now())
    assert not accounts.factors.add_app(new.ticket, right, person="bo")
    assert accounts.factors.add_app(new.ticket, right, person="berit-holm")
    assert not accounts.factors.add_app(new.ticket, right, person="berit-holm")
    clock.advance(60)
    assert berit.second(berit.first().ticket, berit.code()) == "wrong"
    berit.secret = new.secret
    assert isinstance(berit.second(berit.first().ticket, berit.code()), SignedIn)


def test_one_second_factor_stays(accounts: Accounts, berit: Berit) -> None:
    factors = accounts.factors
    assert not factors.remove_app("berit-holm")
    berit.adds_passkey()
    (passkey,) = factors.of("berit-holm").passkeys
    assert not factors.remove_passkey("bo", passkey.id)
    assert factors.remove_app("berit-holm")
    assert not factors.remove_app("berit-holm")
    assert not factors.remove_passkey("berit-holm", passkey.id)
    assert factors.of("berit-holm").passkeys == (passkey,)
    assert berit.second(berit.first().ticket, berit.code()) == "wrong"


def test_new_recovery_codes(accounts: Accounts, berit: Berit) -> None:
    new = accounts.factors.new_codes("berit-holm")
    assert berit.second(berit.first().ticket, berit.codes[0]) == "wrong"
    assert isinstance(berit.second(berit.first().ticket, new[0]), SignedIn)
    assert accounts.factors.new_codes("nobody") == ()


def test_a_passkey_of_somebody_else_is_not_added(accounts: Accounts, berit: Berit) -> None:
    berit.adds_passkey()
    accounts.people.add(person("bo"))
    theirs = accounts.factors.begin(person("bo"))
    answer = berit.device.create(theirs.options)
    assert not accounts.factors.add_passkey(theirs.ticket, answer, name="", person="bo")
    assert accounts.factors.of("bo").passkeys == ()
