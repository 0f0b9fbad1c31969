"""The error policy: every fault has a defined end."""

import errno
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from flow.clock import ManualClock
from flow.codec import Codec
from flow.entry import DEAD_LETTERS
from flow.errors import Broken, Stale, Unavailable
from flow.log import Log
from flow.logs.memory import MemoryLog
from flow.runtimes.embedded import Embedded
from flow.stage import Outcome, Output, Stage


@dataclass(frozen=True, slots=True)
class Number:
    value: int
    extra: dict[str, Any] = field(default_factory=dict)


NUMBERS = Codec("number", Number)


class Watch:
    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.waits: list[str] = []

    def committed(self, stage: str, outcome: Outcome, seconds: float) -> None:
        self.outcomes.append(outcome)

    def waiting(self, place: str, error: Unavailable) -> None:
        self.waits.append(str(error))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 9, 14, tzinfo=UTC))


@pytest.fixture
def log(clock: ManualClock) -> Log:
    return MemoryLog(clock=clock)


def put(log: Log, *values: bytes | int) -> None:
    with log.write() as writer:
        for value in values:
            wire = NUMBERS.encode(Number(value)) if isinstance(value, int) else value
            writer.append("in", "key", wire)


def double(numbers: Sequence[Number]) -> Iterable[Output]:
    return [Output("out", "key", NUMBERS.encode(Number(2 * number.value))) for number in numbers]


async def run(log: Log, *stages: Stage[Any], watch: Watch | None = None) -> Watch:
    watch = watch or Watch()
    await Embedded(log=log, stages=stages, observer=watch).run(sources={}, services={}, once=True)
    return watch


def values(log: Log, topic: str) -> list[int]:
    return [NUMBERS.decode(entry.value).value for entry in log.browse(topic, limit=10_000)]


async def test_every_entry_goes_through(log: Log, clock: ManualClock) -> None:
    put(log, *range(1200))
    await run(log, Stage("double", source="in", codec=NUMBERS, clock=clock, handle=double))
    assert values(log, "out") == [2 * number for number in range(1200)]
    assert log.lag("in", "double") == 0


async def test_an_undecodable_entry_dies_alone_with_its_reason(log: Log, clock: ManualClock) -> None:
    put(log, 1, b"{broken", 3)
    await run(log, Stage("double", source="in", codec=NUMBERS, clock=clock, handle=double))
    assert values(log, "out") == [2, 6]
    (entry,) = log.browse("in.dead")
    letter = DEAD_LETTERS.decode(entry.value)
    assert (letter.value, letter.place, letter.stage) == (b"{broken", "in offset 1", "double")
    assert "not valid JSON" in letter.reason


async def test_a_record_that_breaks_the_function_dies_alone(log: Log, clock: ManualClock) -> None:
    def fragile(numbers: Sequence[Number]) -> Iterable[Output]:
        if any(number.value == 13 for number in numbers):
            raise ZeroDivisionError("SECRET TEXT")
        return double(numbers)

    put(log, *range(40))
    await run(log, Stage("fragile", source="in", codec=NUMBERS, clock=clock, handle=fragile))
    assert values(log, "out") == [2 * number for number in range(40) if number != 13]
    (entry,) = log.browse("in.dead")
    letter = DEAD_LETTERS.decode(entry.value)
    assert (letter.reason, letter.place) == ("unexpected ZeroDivisionError", "in offset 13")
    assert NUMBERS.decode(letter.value or b"") == Number(13)


async def test_an_effect_that_fails_on_one_record_is_not_half_done(log: Log, clock: ManualClock) -> None:
    seen: list[int] = []

    def keep(numbers: Sequence[Number]) -> None:
        if any(number.value == 5 for number in numbers):
            raise ValueError
        seen.extend(number.value for number in numbers)

    put(log, *range(10))
    await run(log, Stage("keep", source="in", codec=NUMBERS, clock=clock, apply=keep))
    assert seen == [0, 1, 2, 3, 4, 6, 7, 8, 9]
    assert len(log.browse("in.dead")) == 1


async def test_too_many_dead_in_a_row_stop_the_stage_behind_their_letters(log: Log, clock: ManualClock) -> None:
    put(log, 1, *[b"{"] * 25, 2)
    for written, left in ((10, 16), (20, 6)):
        stage = Stage("double", source="in", codec=NUMBERS, clock=clock, handle=double, stop_after=10)
        with pytest.raises(Broken, match=r"stage double: 10 entries in a row.*not valid JSON.*turvakt dead list"):
            await run(log, stage)
        assert len(log.browse("in.dead")) == written
        assert log.lag("in", "double") == left
    await run(log, Stage("double", source="in", codec=NUMBERS, clock=clock, handle=double, stop_after=10))
    assert len(log.browse("in.dead")) == 25
    assert values(log, "out") == [2, 4]


async def test_records_that_all_break_the_function_stop_the_stage_too(log: Log, clock: ManualClock) -> None:
    def broken(numbers: Sequence[Number]) -> Iterable[Output]:
        raise ZeroDivisionError

    put(log, *range(12))
    with pytest.raises(Broken, match=r"5 entries in a row.*unexpected ZeroDivisionError"):
        await run(log, Stage("broken", source="in", codec=NUMBERS, clock=clock, handle=broken, stop_after=5))
    assert len(log.browse("in.dead")) == 5
    assert log.lag("in", "broken") == 7


async def test_dead_ones_between_good_ones_do_not_stop_it(log: Log, clock: ManualClock) -> None:
    put(log, *[value for number in range(30) for value in (number, b"{")])
    watch = Watch()
    stage = Stage("double", source="in", codec=NUMBERS, clock=clock, handle=double, stop_after=5)
    runtime = Embedded(log=log, stages=[stage], observer=watch)
    await runtime.run(sources={}, services={}, once=True)
    assert len(log.browse("in.dead")) == 30


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (Unavailable("the disk is full"), "the disk is full"),
        (OSError(errno.ESTALE, "Stale file handle"), "stage keep: unexpected OSError"),  # of a folder on a network, say
    ],
)
async def test_what_is_away_is_waited_for(log: Log, clock: ManualClock, error: Exception, wait: str) -> None:
    answers = [error, None]

    def sometimes(numbers: Sequence[Number]) -> None:
        answer = answers.pop(0)
        if answer:
            raise answer

    put(log, 1)
    watch = await run(log, Stage("keep", source="in", codec=NUMBERS, clock=clock, apply=sometimes, handle=double))
    assert watch.waits == [wait]
    assert not log.browse("in.dead")
    assert values(log, "out") == [2]


async def test_what_was_erased_while_in_hand_is_not_written_back(log: Log, clock: ManualClock) -> None:
    def erase_meanwhile(numbers: Sequence[Number]) -> Iterable[Output]:
        log.rewrite("in", lambda entry: None, needle=b'"value":1}')
        return double(numbers)

    put(log, 1, 2)
    await run(log, Stage("double", source="in", codec=NUMBERS, clock=clock, handle=erase_meanwhile))
    assert values(log, "out") == [4]


async def test_a_service_that_breaks_stops_the_rest_and_is_told(log: Log) -> None:
    async def broken() -> None:
        raise Broken("no such file", place="posts.jsonl", remedy="Check the path")

    with pytest.raises(Broken, match=r"posts\.jsonl: no such file\. Check the path"):
        await Embedded(log=log, stages=[], observer=Watch()).run(sources={"jsonl": broken}, services={})


async def test_entries_of_another_process_are_found(log: Log, clock: ManualClock) -> None:
    stage = Stage("double", source="in", codec=NUMBERS, clock=clock, handle=double)
    runtime = Embedded(log=log, stages=[stage], observer=Watch(), idle_seconds=0.01)

    async def submit_and_wait() -> None:
        put(log, 21)
        while not log.browse("out"):
            await runtime.at("other")(lambda: None)

    await runtime.run(sources={"other": submit_and_wait}, services={}, once=True)
    assert values(log, "out") == [42]


async def test_a_step_is_repeated_with_growing_pauses_and_its_place_is_told(log: Log) -> None:
    answers = [*[Stale("erased")] * 12, Unavailable("the disk is full"), None]
    pauses: list[float] = []
    places: list[str] = []

    class Places(Watch):
        def waiting(self, place: str, error: Unavailable) -> None:
            places.append(place)

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    def sometimes(word: str) -> str:
        answer = answers.pop(0)
        if answer:
            raise answer
        return word

    runtime = Embedded(log=log, stages=[], observer=Places(), sleep=sleep)
    assert await runtime.at("housekeeping")(sometimes, "done") == "done"
    await runtime.close()
    assert places == ["housekeeping"]
    assert 0 < pauses[0] <= 0.001
    assert pauses[0] < pauses[5] < pauses[11] <= 0.1


async def test_sources_are_held_back_while_a_stage_is_full(log: Log, clock: ManualClock) -> None:
    stage = Stage("double", source="in", codec=NUMBERS, clock=clock, handle=double)
    runtime = Embedded(log=log, stages=[stage], observer=Watch(), most_waiting=50, batch_size=10)
    most = 0

    async def flood() -> None:
        nonlocal most
        for number in range(400):
            await runtime.room()
            await runtime.at("flood")(put, log, number)
            most = max(most, log.lag("in", "double"))

    await runtime.run(sources={"flood": flood}, services={}, once=True)
    assert most <= 51
    assert len(values(log, "out")) == 400


def test_stale_batches_are_refused_by_the_log(log: Log) -> None:
    batch = log.read("in", "g", 1)
    log.bump()
    with pytest.raises(Stale), log.write(epoch=batch.epoch):
        pass
