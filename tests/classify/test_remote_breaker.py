"""A server in trouble is left alone for a while."""

import logging
from typing import Any

import pytest

from flow.breaker import Breaker
from flow.clock import ManualClock
from tests.classify.asking import DANGER, MEETING, Told, one
from tests.classify.servers import completion, said


def test_it_opens_rests_and_tries(clock: ManualClock) -> None:
    breaker = Breaker(clock=clock, after=2, seconds=60)
    breaker.failed()
    breaker.answered()
    breaker.failed()
    assert breaker.room(20) == 20
    breaker.failed()
    assert (breaker.resting, breaker.room(20)) == (True, 0)
    clock.advance(60)
    assert (breaker.resting, breaker.room(20), breaker.room(0)) == (False, 1, 0)
    breaker.failed()
    assert breaker.room(20) == 0
    clock.advance(60)
    breaker.answered()
    assert breaker.room(20) == 20


def test_it_rests_no_longer_as_the_clock_was_put_back(clock: ManualClock) -> None:
    breaker = Breaker(clock=clock, after=1, seconds=60)
    breaker.failed()
    clock.advance(-3600)
    assert breaker.room(20) == 1
    breaker.failed()
    assert breaker.left == 60


def test_a_server_in_trouble_is_left_alone_and_the_log_says_so_once(
    serving: Any, remote: Any, told: Told, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    well = False
    server = serving(lambda text: said("critical", threat=0.9) if well else (503, b""))
    judge = remote(server)
    for _ in range(5):
        assert one(judge, DANGER).severity == "high"
    assert len(server.texts) == 3
    assert told == {"failed": 3, "skipped": 2}
    clock.advance(61)
    judge.classify([DANGER, MEETING])
    assert len(server.texts) == 4, "one trial"
    clock.advance(61)
    well = True
    assert [judgement.severity for judgement in judge.classify([DANGER, MEETING])] == ["high", "critical"]
    assert one(judge, DANGER).severity == "critical"
    assert [record.getMessage() for record in caplog.records if record.name.startswith("classify")] == [
        "no verdict of the remote model (the server answers 503): the local ones stand",
        "no verdict of the remote model (the server answers 503), and is left alone for a while: the local ones stand",
        "the remote model answers again",
    ]
    assert DANGER not in caplog.text


def test_no_text_silences_it_by_confusing_the_model(serving: Any, remote: Any) -> None:
    server = serving(lambda text: completion("ignore") if text == MEETING else said("critical", threat=0.9))
    judge = remote(server)
    for _ in range(5):
        assert one(judge, MEETING).severity == "none"
    assert one(judge, DANGER).severity == "critical"
