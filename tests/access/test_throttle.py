"""The brake on guessing: per account, per address, for a while."""

import pytest

from access.throttle import ACCOUNT_MOST, ADDRESS_MOST, WITHIN, Throttle
from flow.clock import ManualClock
from tests.access.people import NOW


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def throttle(clock: ManualClock) -> Throttle:
    return Throttle(clock)


def test_an_account_is_held_from_everywhere(throttle: Throttle, clock: ManualClock) -> None:
    for number in range(ACCOUNT_MOST):
        assert not throttle.holds("anna", "192.0.2.1")
        throttle.failed("anna", f"192.0.2.{number}")
    assert throttle.holds("anna", "203.0.113.9")
    assert not throttle.holds("bo", "192.0.2.1")
    clock.advance(WITHIN.total_seconds() - 1)
    assert throttle.holds("anna", "203.0.113.9")
    clock.advance(1)
    assert not throttle.holds("anna", "203.0.113.9")


def test_an_address_is_held_for_every_account(throttle: Throttle) -> None:
    for number in range(ADDRESS_MOST):
        assert not throttle.holds("anna", "192.0.2.1")
        throttle.failed(f"somebody {number}", "192.0.2.1")
    assert throttle.holds("anna", "192.0.2.1")
    assert throttle.holds("anna", "::ffff:192.0.2.1")
    assert not throttle.holds("anna", "192.0.2.2")


def test_in_ipv6_a_network_is_one_address(throttle: Throttle) -> None:
    for number in range(ADDRESS_MOST):
        throttle.failed(f"somebody {number}", f"2001:db8:1:2::{number:x}")
    assert throttle.holds("anna", "2001:db8:1:2:ffff::1")
    assert not throttle.holds("anna", "2001:db8:1:3::1")


def test_success_forgets_the_accounts_mistakes_and_not_the_addresses(throttle: Throttle) -> None:
    for number in range(ADDRESS_MOST - 1):
        throttle.failed("anna" if number < ACCOUNT_MOST else f"somebody {number}", "192.0.2.1")
    throttle.succeeded("anna")
    assert not throttle.holds("anna", "192.0.2.2")
    throttle.failed("anna", "192.0.2.1")
    assert throttle.holds("bo", "192.0.2.1")


def test_what_is_no_address_counts_as_one(throttle: Throttle) -> None:
    for _ in range(ADDRESS_MOST):
        throttle.failed("somebody", "unknown")
    assert throttle.holds("anna", "unknown")


def test_its_memory_is_bounded(throttle: Throttle) -> None:
    for number in range(30_000):
        throttle.failed(f"somebody {number}", f"address {number}")
    assert len(throttle._failures) == 20_000
