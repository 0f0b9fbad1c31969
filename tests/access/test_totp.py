"""Codes of an app: of this time, once, and never an older one."""

from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
from sqlalchemy import select

from access.recovery import MANY, Recovery
from access.sealing import Seal
from access.tables import RECOVERY, TOTP
from access.totp import Totp, address, new_secret
from flow.clock import ManualClock
from flow.database import Database
from flow.errors import Broken
from tests.access.people import NOW

SECRET = new_secret()


@pytest.fixture
def totp(database: Database, clock: ManualClock) -> Totp:
    made = Totp(database, seal=Seal("a key"), clock=clock)
    made.set("anna", SECRET, step=0)
    return made


def code(seconds: float = 0) -> str:
    return pyotp.TOTP(SECRET).at(int(NOW.timestamp() + seconds))


def test_a_code_works_once(totp: Totp) -> None:
    assert totp.use("anna", code())
    assert not totp.use("anna", code())


def test_of_many_who_use_a_code_at_once_one_comes_in(totp: Totp) -> None:
    with ThreadPoolExecutor(4) as all_of_them:
        assert sum(all_of_them.map(lambda _: totp.use("anna", code()), range(4))) == 1


def test_a_code_may_be_written_with_spaces(totp: Totp) -> None:
    assert totp.use("anna", f" {code()[:3]} {code()[3:]}")


@pytest.mark.parametrize(("seconds", "works"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_code_may_be_one_step_late_or_early(totp: Totp, seconds: float, works: bool) -> None:
    assert totp.use("anna", code(seconds)) is works


def test_none_that_is_older_than_one_that_worked(totp: Totp, clock: ManualClock) -> None:
    assert totp.use("anna", code(30))
    assert not totp.use("anna", code())
    clock.advance(30)
    assert not totp.use("anna", code(30))
    clock.advance(30)
    assert totp.use("anna", code(60))


def test_the_code_by_which_an_app_was_added_is_used(totp: Totp, clock: ManualClock) -> None:
    step = totp.step(SECRET, code())
    assert step == int(NOW.timestamp()) // 30
    totp.set("anna", SECRET, step=step)
    assert not totp.use("anna", code())


@pytest.mark.parametrize("wrong", ["", "123", "1234567", "abcdef", "１２３４５６", "-12345", "12345\x00"])
def test_what_is_no_code_is_wrong(totp: Totp, wrong: str) -> None:
    assert not totp.use("anna", wrong)
    assert totp.step(SECRET, wrong) is None


def test_one_secret_is_one_persons(totp: Totp) -> None:
    assert totp.has("anna")
    assert not totp.has("bo")
    assert not totp.use("bo", code())
    assert totp.remove("anna")
    assert not totp.use("anna", code())


def test_the_secret_is_sealed_and_opens_for_whom_it_was_sealed(
    totp: Totp, database: Database, clock: ManualClock
) -> None:
    assert SECRET not in str(database.query(select(TOTP)))
    with pytest.raises(Broken, match=r"cannot be opened\. Set web\.key"):
        Totp(database, seal=Seal("another key"), clock=clock).use("anna", code())
    ((sealed,),) = database.query(select(TOTP.c.secret))
    assert Seal("a key").open(bytes(sealed), of="anna").decode() == SECRET
    with pytest.raises(Broken):
        Seal("a key").open(bytes(sealed), of="bo")
    with pytest.raises(Broken):
        Seal("a key").open(bytes(sealed)[:-4], of="anna")


def test_an_app_is_given_name_and_account() -> None:
    found = pyotp.parse_uri(address(SECRET, email="anna@ekvik.example"))
    assert isinstance(found, pyotp.TOTP)
    assert (found.issuer, found.name, found.secret) == ("Turvakt", "anna@ekvik.example", SECRET)
    assert (found.digits, found.interval) == (6, 30)


def test_recovery_codes_work_once_each(database: Database) -> None:
    recovery = Recovery(database)
    codes = recovery.renew("anna")
    assert len(set(codes)) == MANY == recovery.left("anna")
    assert all(len(each) == 19 for each in codes)
    assert not recovery.use("bo", codes[0])
    assert not recovery.use("anna", "")
    assert recovery.use("anna", codes[0])
    assert not recovery.use("anna", codes[0])
    assert recovery.use("anna", f" {codes[1].upper().replace('-', ' ')} ")
    assert recovery.left("anna") == MANY - 2
    assert not any(each.replace("-", "") in str(database.query(select(RECOVERY))) for each in codes)


def test_new_recovery_codes_end_the_old(database: Database) -> None:
    recovery = Recovery(database)
    old, other = recovery.renew("anna"), recovery.renew("bo")
    new = recovery.renew("anna")
    assert not recovery.use("anna", old[0])
    assert recovery.use("anna", new[0])
    assert recovery.use("bo", other[0])


def test_a_secret_comes_from_the_former_key_to_the_present_one_when_it_is_used(
    totp: Totp, database: Database, clock: ManualClock
) -> None:
    assert Totp(database, seal=Seal("a new key", former="a key"), clock=clock).use("anna", code())
    ((sealed,),) = database.query(select(TOTP.c.secret))
    assert Seal("a new key").open(bytes(sealed), of="anna").decode() == SECRET
