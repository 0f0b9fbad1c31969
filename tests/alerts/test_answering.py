"""Answers that come at the same time, in PostgreSQL: each incident's one after another, and no other incident's."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, cast

import pytest

from alerts.incidents.answering import Answered, Answering
from alerts.incidents.incidents import Incidents
from flow.database import Database
from tests import databases


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    yield from databases.opened("postgres", request)


def test_whoever_answers_waits_only_for_answers_to_the_same_incident(database: Database) -> None:
    """A false alarm asks the index, which may take long."""
    same: list[Future[Answered | None]] = []

    class Slow:
        """While somebody answers the incident ``slow``, others answer that and another one."""

        history = None

        def get(self, incident: str) -> Any:
            if incident == "slow" and not same:
                same.append(others.submit(answering.answer, "slow", "resolve", by="Kim", seen=""))
                assert others.submit(answering.answer, "another", "resolve", by="Kim", seen="").result(20) is None
                assert not same[0].done()
            return None

    answering = Answering(database, cast(Incidents, Slow()))
    with ThreadPoolExecutor(2) as others:
        assert answering.answer("slow", "false-alarm", by="Rut", seen="") is None
        assert same[0].result(20) is None
