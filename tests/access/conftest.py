"""What people sign in to: tables in each kind of database."""

from collections.abc import Iterator

import pytest

from access.accounts import Accounts
from access.people import People
from access.sessions import Sessions
from access.tickets import Tickets
from flow.clock import ManualClock
from flow.database import Database
from tests import databases
from tests.access.people import CHEAP, NOW, ORIGIN


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture(params=databases.KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    yield from databases.opened(request.param, request)


@pytest.fixture
def people(database: Database) -> People:
    return People(database)


@pytest.fixture
def sessions(database: Database, clock: ManualClock) -> Sessions:
    return Sessions(database, clock=clock)


@pytest.fixture
def tickets(database: Database, clock: ManualClock) -> Tickets:
    return Tickets(database, clock=clock)


@pytest.fixture
def accounts(database: Database, clock: ManualClock) -> Accounts:
    return Accounts.over(database, key="a key", origin=ORIGIN, clock=clock, hasher=CHEAP)
