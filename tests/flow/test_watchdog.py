"""A consumer that has fallen silent, and such as have nothing to do."""

from flow.logs.kafka import Progress
from flow.runtimes.watchdog import Watchdog

IDLE, AHEAD, FURTHER = Progress(10, 10), Progress(10, 20), Progress(15, 20)


def watchdog() -> Watchdog:
    return Watchdog(patience=60.0, now=0.0)


def test_nothing_to_do_is_no_silence() -> None:
    dog = watchdog()
    assert not any(dog.silent({0: IDLE}, {0}, now=now) for now in range(0, 1000, 10))


def test_a_partition_of_its_own_that_stands_still_is() -> None:
    dog = watchdog()
    assert [dog.silent({0: AHEAD, 1: IDLE}, {0, 1}, now=now) for now in (0.0, 30.0, 60.0, 61.0)] == [*3 * [False], True]


def test_one_that_moves_is_not_nor_one_of_somebody_else() -> None:
    dog = watchdog()
    seen = [dog.silent({0: Progress(now, 1000), 1: AHEAD}, {0}, now=now) for now in range(0, 600, 30)]
    assert not any(seen)


def test_entries_in_hand_are_not_however_long_they_wait() -> None:
    dog = watchdog()
    for now in range(0, 600, 30):
        dog.worked(now)
        assert not dog.silent({0: AHEAD}, {0}, now=now)
    assert not dog.silent({0: AHEAD}, {0}, now=620)
    assert dog.silent({0: AHEAD}, {0}, now=640)


def test_one_that_the_group_does_not_know_is() -> None:
    dog = watchdog()
    assert [dog.silent({0: FURTHER}, None, now=now) for now in (0.0, 60.0, 61.0)] == [False, False, True]


def test_while_the_broker_is_away_nobody_is_blamed() -> None:
    dog = watchdog()
    assert not dog.silent({0: AHEAD}, {0}, now=0)
    assert not any(dog.silent({}, set(), now=now) for now in range(10, 600, 10))
    assert not dog.silent({0: AHEAD}, {0}, now=600)
