"""What the tests of incidents begin with."""

from collections.abc import Iterator

import pytest

from flow.database import Database
from tests import databases
from tests.alerts.world import World


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database; in SQLite, unless a test is marked `tests.alerts.world.both`."""
    yield from databases.opened(getattr(request, "param", "sqlite"), request)


@pytest.fixture
def world(database: Database) -> World:
    """Incidents, and nothing raised yet."""
    return World(database)
