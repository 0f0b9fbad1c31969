"""Whether all is well is asked beside the pages, of parts that may take long."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from flow.clock import ManualClock
from tests.review.people import at, verdict
from tests.turvakt.process import until
from tests.web.building import World
from web.readiness import Readiness


class Slow:
    """Answers when it may, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.may = Event()

    def __call__(self) -> list[str]:
        self.asked += 1
        self.may.wait(60)
        return ["the log gives no answer"]


@pytest.fixture
def slow() -> Iterator[Slow]:
    slow = Slow()
    yield slow
    slow.may.set()


def test_pages_come_while_a_part_hangs(slow: Slow) -> None:
    world = World()
    world.index.write_verdicts([verdict("1", "Akta dig")])
    browser = world.browser(ready=slow)
    for _ in range(6):  # more than there are threads
        assert "Akta dig" in browser.page("/?view=all").words
        assert "Akta dig" in browser.page("/posts/jsonl:1").words
        world.clock.advance(60)
    assert slow.asked == 1
    slow.may.set()
    until(lambda: "not keeping up" in browser.page("/").words)


def test_pages_come_while_the_status_hangs(slow: Slow) -> None:
    browser = World().browser(status=slow)
    with ThreadPoolExecutor(6) as people:
        asking = [people.submit(browser.get, "/status.json") for _ in range(6)]
        until(lambda: slow.asked > 0)
        assert browser.get("/").status_code == 200
        assert not any(each.done() for each in asking)
        slow.may.set()
        assert [each.result().status_code for each in asking] == [200] * 6


def test_pages_keep_an_answer_for_seconds_and_probes_do_not(slow: Slow) -> None:
    slow.may.set()
    clock = ManualClock(at(0))
    readiness = Readiness(slow, clock=clock)
    until(lambda: readiness.last() == ["the log gives no answer"])
    assert slow.asked == 1
    assert readiness.ask().result() == ["the log gives no answer"]
    assert slow.asked == 2
    clock.advance(60)
    readiness.last()
    until(lambda: slow.asked == 3)
