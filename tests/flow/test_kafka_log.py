"""The log contract over Kafka and PostgreSQL."""

from collections.abc import Iterator

import pytest

from flow.clock import ManualClock
from flow.databases.postgres import Postgres
from flow.log import Log
from tests.flow.conftest import opened
from tests.flow.contract_log import LogContract
from tests.servers.fixtures import Place


class TestKafkaLog(LogContract):
    @pytest.fixture
    def log(self, place: Place, database: Postgres, clock: ManualClock) -> Iterator[Log]:
        with opened(place, database, clock) as log:
            yield log
