"""Running a collector: coalesced, bounded, restarted from its cursor."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import pytest

from flow.errors import BadInput, Broken, Unavailable
from ingest.collector import Collected, Fault
from ingest.post import Post
from ingest.stage import collect

AT = datetime(2026, 9, 14, 6, tzinfo=UTC)


class Numbers:
    """A collector of the numbers up to ``last``; raises each of ``faults`` once, at the number it stands at."""

    name = "numbers"
    reads = "numbers hashtag:AnnaLindqvist"
    fault: Fault | None = None

    def __init__(self, last: int, faults: dict[int, Exception] | None = None) -> None:
        self._last = last
        self._faults = faults or {}
        self.yielded = 0

    async def collect(self, cursor: str | None) -> AsyncGenerator[Collected, None]:
        for number in range(int(cursor or 0) + 1, self._last + 1):
            if number in self._faults:
                raise self._faults.pop(number)
            self.yielded = number
            post = Post(id=f"n:{number}", source="n", text="", created_at=AT, collected_at=AT)
            yield Collected((post,), str(number))
            await asyncio.sleep(0)

    def parse(self, raw: bytes) -> Post:
        raise BadInput("no post")


class Sink:
    def __init__(self) -> None:
        self.saved: str | None = None
        self.ids: list[str] = []
        self.batches: list[int] = []
        self.open = asyncio.Event()
        self.open.set()
        self.waits: list[str] = []
        self.pauses: list[float] = []

    async def cursor(self) -> str | None:
        return self.saved

    async def take(self, collector: str, collected: Collected) -> None:
        assert collector == "numbers"
        assert collected.reads == "numbers hashtag:AnnaLindqvist"
        self.ids += [item.id for item in collected.items if isinstance(item, Post)]
        self.batches.append(len(collected.items))
        self.saved = collected.cursor

    def waiting(self, place: str, error: Unavailable) -> None:
        self.waits.append(place)

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def run(self, collector: Numbers, **options: int) -> None:
        await collect(
            collector,
            cursor=self.cursor,
            room=self.open.wait,  # type: ignore[arg-type]
            take=self.take,
            waiting=self.waiting,
            sleep=self.sleep,
            **options,
        )


def ids(last: int) -> list[str]:
    return [f"n:{number}" for number in range(1, last + 1)]


async def test_hands_on_everything_and_ends_with_the_source() -> None:
    sink = Sink()
    await sink.run(Numbers(50))
    assert sink.ids == ids(50)
    assert sink.saved == "50"


async def test_batches_stay_bounded() -> None:
    sink = Sink()
    await sink.run(Numbers(100), most=3)
    assert max(sink.batches) <= 4


@pytest.mark.parametrize("fault", [Unavailable("away"), ZeroDivisionError("SECRET")])
async def test_after_a_fault_it_goes_on_from_the_saved_cursor(
    fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    sink = Sink()
    await sink.run(Numbers(9, {5: fault}))
    assert sorted(set(sink.ids), key=lambda id: int(id[2:])) == ids(9)
    assert sink.waits == ["collector numbers"]
    assert len(sink.pauses) == 1
    assert "SECRET" not in caplog.text
    assert "Anna" not in caplog.text


async def test_once_a_broken_source_ends_it() -> None:
    with pytest.raises(Broken, match="refused"):
        await Sink().run(Numbers(9, {5: Broken("refused")}), once=True)


class Refusing(Numbers):
    """A collector that refuses so many times before it gives its numbers."""

    def __init__(self, last: int, times: int) -> None:
        super().__init__(last)
        self._times = times

    async def collect(self, cursor: str | None) -> AsyncGenerator[Collected, None]:
        if self._times:
            self._times -= 1
            raise Broken("the server refuses (403)", place="SECRET.jsonl", remedy="Check the token")
        async for collected in super().collect(cursor):
            yield collected


async def test_a_source_that_refuses_is_asked_again_later_and_later(caplog: pytest.LogCaptureFixture) -> None:
    sink = Sink()
    await sink.run(Refusing(9, times=6), once=False)
    assert sink.ids == ids(9)
    assert sink.waits == ["collector numbers"] * 6
    assert 300 <= sink.pauses[0] <= 600
    assert all(1800 <= pause <= 3600 for pause in sink.pauses[3:])
    assert "collector numbers cannot go on: the server refuses (403). Check the token" in caplog.text
    assert "SECRET" not in caplog.text


async def test_a_source_that_gave_something_meanwhile_is_asked_again_soon() -> None:
    sink = Sink()
    faults = {number: Broken("refused") for number in (2, 4, 6, 8)}
    await sink.run(Numbers(9, faults), once=False)
    assert sorted(set(sink.ids)) == ids(9)
    assert [pause <= 600 for pause in sink.pauses] == [True] * 4


async def test_a_source_says_what_is_in_its_way_until_it_gives_something() -> None:
    collector = Numbers(9, {2: Unavailable("the server answers 503"), 4: Broken("the server refuses (401)")})

    class Noting(Sink):
        async def sleep(self, seconds: float) -> None:
            noted.append(collector.fault)

    noted: list[Fault | None] = []
    await Noting().run(collector, once=False)
    assert noted == [Fault("the server answers 503"), Fault("the server refuses (401)", refused=True)]
    assert collector.fault is None


@pytest.mark.parametrize("once", [True, False])
async def test_a_log_that_cannot_go_on_ends_it(once: bool) -> None:
    class Damaged(Sink):
        async def take(self, collector: str, collected: Collected) -> None:
            raise Broken("the database is damaged")

    with pytest.raises(Broken, match="the database is damaged"):
        await Damaged().run(Refusing(9, times=0), once=once)


async def test_without_room_nothing_piles_up() -> None:
    sink, collector = Sink(), Numbers(1000)
    sink.open.clear()
    running = asyncio.create_task(sink.run(collector))
    for _ in range(50):
        await asyncio.sleep(0)
    assert sink.ids == []
    assert collector.yielded <= 6
    sink.open.set()
    await running
    assert sink.ids == ids(1000)


async def test_cancelling_is_prompt_and_leaves_no_task() -> None:
    sink = Sink()
    sink.open.clear()
    running = asyncio.create_task(sink.run(Numbers(1000)))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, 1)
    assert len(asyncio.all_tasks()) == 1
