"""When the operator is told of a trouble: once, again after a while, and of its end, however it comes and goes."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from turvakt.watch.trouble import HOLDS, MOST_CALM, REMEMBERED, Detail, Event, Known, Trouble, look

START = datetime(2026, 11, 30, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REPEAT = timedelta(hours=4)


def lived(looks: list[bool], *, kind: str = "worker-silent") -> list[tuple[int, Event]]:
    """What was told, and at which minute, when one look a minute found the trouble or not."""
    known: Known | None = None
    told: list[tuple[int, Event]] = []
    since = START
    for minute, there in enumerate(looks):
        now = START + minute * MINUTE
        if there and (minute == 0 or not looks[minute - 1]):
            since = now
        found = Trouble(kind, "worker:dispatch", since) if there else None  # type: ignore[arg-type]
        known, event = look(known, found, now, repeat=REPEAT)
        if event is not None:
            told.append((minute, event))
    return told


def test_what_lasts_is_told_once_then_again_and_its_end() -> None:
    assert lived([True] * 300 + [False] * 30) == [(2, "begins"), (242, "goes-on"), (310, "over")]


def test_a_restart_is_told_to_nobody() -> None:
    assert lived([True, True] + [False] * 60) == []


def test_what_needs_no_second_look_is_told_at_once() -> None:
    assert lived([True], kind="clock-jumped") == [(0, "begins")]


def test_what_comes_and_goes_is_one_trouble() -> None:
    assert lived(([True] * 5 + [False] * 5) * 40) == [(2, "begins"), (242, "goes-on")]


def test_what_comes_back_after_its_end_must_be_gone_for_longer() -> None:
    once = [True] * 5 + [False] * 15
    told = lived(once + [True] * 5 + [False] * 60)
    assert told == [(2, "begins"), (15, "over"), (22, "begins"), (45, "over")]


def test_a_channel_of_which_one_message_was_told_is_told_when_all_of_it_fails() -> None:
    known: Known | None = None
    told: list[tuple[int, Event]] = []
    alone: dict[Detail, str] = {"left-alone": (START + 5 * MINUTE).isoformat()}
    again: dict[Detail, str] = {"left-alone": (START + 14 * MINUTE).isoformat()}
    for minute in range(20):
        details = alone if 5 <= minute < 13 else again if minute >= 14 else {}
        found = Trouble("channel-failing", "channel:email", START, {"tried-again": "1"} | details)
        known, event = look(known, found, START + minute * MINUTE, repeat=REPEAT)
        told += [(minute, event)] if event else []
    assert told == [(2, "begins"), (12, "goes-on")]


def test_another_host_that_fails_is_told_but_not_each_time_that_one_comes_and_goes() -> None:
    def found(hosts: int, latest: int) -> Trouble:
        details: dict[Detail, str] = {
            "hosts-left-alone": str(hosts),
            "latest": (START + latest * MINUTE).isoformat(),
        }
        return Trouble("channel-failing", "channel:webhook", START, details)

    known: Known | None = Known(found(1, 0), "told", START)
    told = []
    for minute in range(1, 40):
        hosts, latest = (2, 4) if minute >= 4 else (1, 0)
        if minute > 20 and minute % 2:
            hosts, latest = 3, minute
        known, event = look(known, found(hosts, latest), START + minute * MINUTE, repeat=REPEAT)
        told += [(minute, event)] if event else []
    assert told == [(10, "goes-on"), (21, "goes-on"), (31, "goes-on")]


def test_after_a_clock_was_ahead_troubles_begin_go_on_and_end_as_always() -> None:
    def told_in(known: Known | None, *, there: bool) -> tuple[int, Event]:
        for minute in range(1, 1000):
            now = START + minute * MINUTE
            found = Trouble("worker-silent", "worker:dispatch", now) if there else None
            known, event = look(known, found, now, repeat=REPEAT)
            if event is not None:
                return minute, event
        raise AssertionError("it is told to nobody")

    ahead = START + timedelta(days=365)
    trouble = Trouble("worker-silent", "worker:dispatch", ahead)
    assert told_in(Known(trouble, "suspected"), there=True) == (3, "begins")
    assert told_in(Known(trouble, "told", ahead), there=True) == (241, "goes-on")
    assert told_in(Known(trouble, "told", ahead, ahead), there=False) == (11, "over")


def test_memory_fades() -> None:
    trouble = Trouble("worker-silent", "worker:dispatch", START)
    over = Known(trouble, "over", START, START, returns=5)
    assert look(over, None, START + REMEMBERED, repeat=REPEAT) == (None, None)
    assert over.calm == timedelta(minutes=320)
    assert Known(trouble, "told", returns=99).calm == MOST_CALM


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 400)), max_size=30))
def test_beginnings_and_ends_take_turns_whatever_happens(runs: list[tuple[bool, int]]) -> None:
    looks = [there for there, minutes in runs for _ in range(minutes)]
    told = lived(looks)
    turns = [event for _, event in told if event != "goes-on"]
    assert turns == ["begins", "over"] * (len(turns) // 2) + ["begins"] * (len(turns) % 2)
    # Nothing that lasts stays untold.
    last = 0
    while last < len(looks) and looks[-1 - last]:
        last += 1
    if last > HOLDS // MINUTE:
        assert turns[-1:] == ["begins"]
    if looks[-1:] == [False] and looks[-7 * 60 :] == [False] * (7 * 60):
        assert turns[-1:] != ["begins"]
