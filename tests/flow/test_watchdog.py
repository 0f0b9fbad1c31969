"""A consumer that has fallen silent, and such as have nothing to do."""

from functools import partial

from flow.logs.kafka import Progress
from flow.runtimes.watchdog import Watchdog

IDLE, AHEAD, FURTHER = Progress(10, 10), Progress(10, 20), Progress(15, 20)


def watchdog() -> Watchdog:
    return Watchdog(patience=60.0, now=0.0)


def test_nothing_to_do_is_no_silence() -> None:
    look = partial(watchdog().silent, {0: IDLE}, {0}, taken=(), idle=True)
    assert not any(look(now=now) for now in range(0, 1000, 10))


def test_a_partition_of_its_own_that_stands_still_is() -> None:
    look = partial(watchdog().silent, {0: AHEAD, 1: IDLE}, {0, 1}, taken=(), idle=True)
    assert [look(now=now) for now in (0.0, 30.0, 60.0, 61.0)] == [*3 * [False], True]


def test_so_it_is_beside_others_that_go_on() -> None:
    dog = watchdog()
    seen = [
        # Every third look finds entries of the other one in hand.
        dog.silent({0: AHEAD, 1: Progress(now, now + 1)}, {0, 1}, taken={1}, idle=now % 9 != 0, now=now)
        for now in range(0, 120, 3)
    ]
    assert 3 * seen.index(True) == 93


def test_one_that_moves_is_not_nor_one_that_is_taken_from_nor_one_of_somebody_else() -> None:
    dog = watchdog()
    others = {1: AHEAD, 2: AHEAD}
    for now in range(0, 600, 30):
        assert not dog.silent({0: Progress(now, 1000)} | others, {0, 2}, taken={2}, idle=True, now=now)
    assert not dog.silent(others, {1, 2}, taken={2}, idle=True, now=630), "it has only now become its own"


def test_entries_in_hand_are_not_however_long_they_wait_nor_what_waits_behind_them() -> None:
    dog = watchdog()
    look = partial(dog.silent, {0: AHEAD, 1: AHEAD}, {0, 1})
    assert not look(taken={0}, idle=False, now=0)
    assert not any(look(taken=(), idle=False, now=now) for now in range(30, 630, 30))
    assert not look(taken=(), idle=True, now=650)
    assert look(taken=(), idle=True, now=670)


def test_one_that_the_group_does_not_know_is() -> None:
    look = partial(watchdog().silent, {0: FURTHER}, None, taken=(), idle=True)
    assert [look(now=now) for now in (0.0, 60.0, 61.0)] == [False, False, True]


def test_while_the_broker_is_away_nobody_is_blamed() -> None:
    look = partial(watchdog().silent, taken=(), idle=True)
    assert not look({0: AHEAD}, {0}, now=0)
    assert not any(look({}, set(), now=now) for now in range(10, 600, 10))
    assert not look({0: AHEAD}, {0}, now=600)
