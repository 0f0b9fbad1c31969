"""What the probes find."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete

from flow.entry import DEAD_LETTERS, DeadLetter, dead
from flow.log import take_out
from turvakt.watch.beats import Beat, Beats
from turvakt.watch.dead import dead_letters
from turvakt.watch.probes import Sources, Workers, clocks, stages
from turvakt.watch.processes import FORGOTTEN, Processes
from turvakt.watch.tables import BEAT, PROCESS
from turvakt.watch.trouble import Detail
from turvakt.watch.usual import hour
from turvakt.wiring import Parts

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
ZONE = ZoneInfo("Europe/Stockholm")
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def beats(parts: Parts) -> Beats:
    return Beats(parts.database)


def test_a_process_that_gives_no_sign_of_life_is_a_trouble(parts: Parts, beats: Beats) -> None:
    workers = Workers(beats, Processes(parts.database), names=["dispatch", "house"], since=NOW)
    beats.write([Beat("worker:house", NOW)], {})
    assert list(workers(NOW + MINUTE)) == []
    (dispatch, house) = workers(NOW + 2 * MINUTE)
    assert (dispatch.kind, dispatch.place, dispatch.since) == ("worker-silent", "worker:dispatch", NOW)
    assert house.place == "worker:house"
    beats.write([Beat("worker:house", NOW + 2 * MINUTE, None, NOW, "no answer")], {})
    assert [(each.kind, each.place) for each in workers(NOW + 2 * MINUTE)] == [
        ("worker-silent", "worker:dispatch"),
        ("store-away", "worker:house"),
    ]


def test_a_planned_stop_is_told_after_an_hour_and_what_is_missing_beside_it_at_once(parts: Parts) -> None:
    """Of what several processes share: each life of one is given by its first and last minute, and whether it ended in order."""
    beats, processes = Beats(parts.database), Processes(parts.database)

    def found(at: int, *lives: tuple[int, int, bool], since: int = 0) -> list[tuple[str, int]]:
        parts.database.execute(delete(PROCESS))
        for number, (first, last, in_order) in enumerate(lives):
            for minute in (first, last):
                processes.lives(str(number), "worker:classify", NOW + minute * MINUTE)
            if in_order:
                processes.ends(str(number), NOW + last * MINUTE)
        beats.write([Beat("worker:classify", NOW + max(last for _, last, _ in lives) * MINUTE)], {})
        watch = Workers(beats, processes, names=["classify"], since=NOW + since * MINUTE)
        return [(each.kind, (each.since - NOW) // MINUTE) for each in watch(NOW + at * MINUTE)]

    stopped, crashed = [("worker-stopped", 10)], [("worker-silent", 10)]
    assert found(69, (0, 10, True)) == []
    assert found(70, (0, 10, True)) == stopped
    assert found(70, (0, 10, True), since=69) == []  # nobody watched: it has two minutes to come back
    assert found(500, (0, 10, True), since=498) == stopped
    assert found(12, (0, 10, False)) == crashed
    # Beside each other: the crash counts, whichever came first, also of one of those that came in an upgrade.
    assert found(12, (0, 9, False), (0, 10, True)) == crashed
    assert found(12, (0, 10, False), (0, 9, True)) == crashed
    assert found(12, (0, 2, True), (1, 10, False)) == crashed
    assert (
        found(12, (0, 3, False), (0, 4, False), (5, 9, True), (0, 10, True)) == crashed
    )  # of two one was started again
    # A crash that was made good by a restart is past.
    assert found(12, (0, 3, False), (4, 10, True)) == []
    assert found(70, (0, 3, False), (4, 10, True)) == stopped
    assert found(12, (0, 3, True), (2, 11, False)) == []  # an upgrade: the new one lives
    # An upgrade before it replaced nobody who crashed, and whom others outlived by far was not missed.
    assert found(12, (0, 2, True), (1, 5, False), (6, 10, True)) == []
    assert found(202, (0, 3, False), (2, 200, True)) == []


def test_who_came_after_whom_is_told_by_one_clock(parts: Parts) -> None:
    beats, processes = Beats(parts.database), Processes(parts.database)
    wrong = 30 * MINUTE
    # It crashed, by a clock that is half an hour ahead; ten minutes later another one came, which was stopped in order.
    processes.lives("crashed", "worker:collect", NOW + wrong, ahead=wrong.total_seconds())
    processes.lives("after", "worker:collect", NOW + 10 * MINUTE)
    processes.ends("after", NOW + 12 * MINUTE)
    beats.write([Beat("worker:collect", NOW + 12 * MINUTE)], {})
    assert list(Workers(beats, processes, names=["collect"], since=NOW)(NOW + 20 * MINUTE)) == []
    ahead = (3 * FORGOTTEN).total_seconds()
    processes.lives("ahead", "worker:collect", NOW + 3 * FORGOTTEN, ahead=ahead)
    processes.tidy()
    assert len(processes.of("worker:collect")) == 3


def test_a_process_that_fails_at_its_start_is_missing_and_not_stopped(parts: Parts) -> None:
    beats, processes = Beats(parts.database), Processes(parts.database)
    watch = Workers(beats, processes, names=["collect"], since=NOW)
    beats.write([Beat("worker:collect", NOW)], {})
    processes.lives("old", "worker:collect", NOW)
    processes.ends("old", NOW)
    assert list(watch(NOW + 4 * MINUTE)) == []
    processes.lives("new", "worker:collect", NOW + MINUTE)
    assert [each.kind for each in watch(NOW + 4 * MINUTE)] == ["worker-silent"]
    processes.ends("new", NOW + MINUTE)  # it was stopped before it had begun to work
    assert list(watch(NOW + 4 * MINUTE)) == []


@pytest.mark.parametrize(("in_order", "kind"), [(True, "worker-stopped"), (False, "worker-silent")])
def test_what_stands_still_for_weeks_does_not_work_again(parts: Parts, in_order: bool, kind: str) -> None:
    beats, processes = Beats(parts.database), Processes(parts.database)
    watch = Workers(beats, processes, names=["collect"], since=NOW)
    beats.write([Beat("worker:collect", NOW), Beat("worker:gone", NOW)], {})
    processes.lives("1", "worker:collect", NOW)
    if in_order:
        processes.ends("1", NOW)
    later = NOW + 3 * FORGOTTEN
    beats.tidy(later, wanted={"worker:collect"})
    processes.tidy()
    assert [(each.kind, each.since) for each in watch(later)] == [(kind, NOW)]
    assert [each.place for each in beats.all()] == ["worker:collect"]


def test_of_processes_that_others_followed_the_old_ones_are_forgotten(parts: Parts) -> None:
    processes = Processes(parts.database)
    for id, at in (("old", NOW), ("new", NOW + 2 * FORGOTTEN)):
        processes.lives(id, "worker:collect", at)
    processes.tidy()
    assert [each.id for each in processes.of("worker:collect")] == ["new"]


def test_a_stage_before_which_entries_wait_for_long_is_a_trouble() -> None:
    waiting: dict[str, datetime | None] = {"classify": NOW, "route": None}
    probe = stages({"classify": "posts", "route": "verdicts"}, oldest=lambda topic, stage: waiting[stage])
    assert list(probe(NOW + 4 * MINUTE)) == []
    (late,) = probe(NOW + 7 * MINUTE)
    assert (late.place, late.since, late.details) == ("stage:classify", NOW, {"waited": "7"})


def taught(beats: Beats, *, posts: int = 500) -> None:
    beats.write((), {("feed", at): posts for at in range(hour(NOW) - 4 * 168, hour(NOW))})


def source(beats: Beats) -> Callable[[datetime], list[str]]:
    probe = Sources(beats, names=["feed"], zone=ZONE)
    return lambda now: [each.kind for each in probe(now)]


def test_a_source_that_says_nothing_although_it_usually_does_is_a_trouble(beats: Beats) -> None:
    taught(beats)
    look = source(beats)
    beats.write([Beat("collector:feed", NOW + 10 * MINUTE, NOW)], {})
    assert look(NOW + 10 * MINUTE) == []
    beats.write([Beat("collector:feed", NOW + 40 * MINUTE)], {})
    assert look(NOW + 40 * MINUTE) == ["source-silent"]
    beats.write([Beat("collector:feed", NOW + 41 * MINUTE, NOW + 41 * MINUTE)], {})
    assert look(NOW + 41 * MINUTE) == []


def test_silence_goes_on_over_a_restart_of_the_watch(beats: Beats) -> None:
    taught(beats)
    beats.watched(["feed"], NOW)
    beats.write([Beat("collector:feed", NOW, NOW)], {})
    for minutes in (14, 28, 42):  # each look is the first one of another process
        beats.write([Beat("collector:feed", NOW + minutes * MINUTE)], {})
        found = source(beats)(NOW + minutes * MINUTE)
    assert found == ["source-silent"]


def test_of_a_new_source_silence_is_no_trouble(beats: Beats) -> None:
    beats.write([Beat("collector:feed", NOW + timedelta(days=3))], {})
    assert source(beats)(NOW + timedelta(days=3)) == []


def test_a_source_that_was_not_read_is_not_called_silent(beats: Beats) -> None:
    """Its process was down for hours; what it missed it reads when it is back."""
    taught(beats)
    look = source(beats)
    back = NOW + timedelta(hours=8)
    beats.write([Beat("collector:feed", NOW, NOW)], {})
    assert look(back) == []
    beats.write([Beat("collector:feed", back + MINUTE)], {})
    assert look(back + MINUTE) == []
    beats.write([Beat("collector:feed", back + 40 * MINUTE)], {})
    assert look(back + 40 * MINUTE) == ["source-silent"]


def test_a_source_is_called_silent_though_the_clock_was_ahead(beats: Beats) -> None:
    taught(beats)
    look, ahead = source(beats), NOW + timedelta(days=300)
    beats.write([Beat("collector:feed", NOW, NOW)], {})
    assert look(ahead) == []
    for minutes in (0, 20, 40):
        beats.write([Beat("collector:feed", NOW + minutes * MINUTE)], {})
        found = look(NOW + minutes * MINUTE)
    assert found == ["source-silent"]


def test_a_source_in_trouble_says_so_after_a_while_and_one_that_refuses_at_once(beats: Beats) -> None:
    look = source(beats)
    for at, reason, kinds in (
        (14, "the server answers 503", []),
        (15, "the server answers 503", ["source-failing"]),
        (1, "refused: the server refuses (401)", ["source-refuses"]),
    ):
        beats.write([Beat("collector:feed", NOW + at * MINUTE, None, NOW, reason)], {})
        assert look(NOW + at * MINUTE) == kinds


def test_hours_teach_only_while_a_source_is_heard(beats: Beats) -> None:
    probe = Sources(beats, names=["feed"], zone=ZONE)
    for at, reason in ((0, ""), (60, "the server answers 503")):
        now = NOW + at * MINUTE
        beats.write([Beat("collector:feed", now, None, now if reason else None, reason)], {})
        list(probe(now))
        probe.note(now)
    assert beats.counts("feed") == {hour(NOW): 0}


def test_the_watchs_own_clock_that_is_wrong_is_told_and_kills_nobody(parts: Parts, beats: Beats) -> None:
    """Be it ahead by ten minutes, so that what others write is old, or behind: then who is dead would look alive."""
    processes = Processes(parts.database)
    for own, said in ((600.0, "ahead"), (-600.0, "behind")):
        parts.database.execute(delete(PROCESS))
        parts.database.execute(delete(BEAT))
        by, wrong = partial(float, own), timedelta(seconds=own)
        processes.lives("1", "worker:house", NOW + wrong, ahead=own)
        processes.lives("2", "worker:dispatch", NOW)
        beats.write([Beat("worker:house", NOW + wrong), Beat("worker:dispatch", NOW)], {})
        names = ["house", "dispatch", "collect"]
        workers = Workers(beats, processes, names=names, since=NOW + wrong - 5 * MINUTE, own_ahead=by)
        assert [each.place for each in workers(NOW + wrong + MINUTE)] == ["worker:collect"]
        found = clocks(processes, own_ahead=by)(NOW + wrong + MINUTE)
        assert {each.place: each.details for each in found} == {"worker:house": {said: "600"}}


def test_of_clocks_that_differ_the_worst_one_of_each_work_is_told(parts: Parts) -> None:
    processes = Processes(parts.database)
    for id, place, ahead, at in (
        ("1", "worker:classify", 6.0, NOW),
        ("2", "worker:classify", -71.4, NOW - 71 * SECOND),
        ("3", "worker:classify", 4.9, NOW),
        ("4", "worker:house", 0.0, NOW),
        ("5", "worker:dispatch", -3600.0, NOW - timedelta(days=1)),  # which is gone
        ("6", "worker:collect", -600.0, NOW - 601 * SECOND),  # which only seems to be
        ("7", "worker:index", 9.0, NOW),
    ):
        processes.lives(id, place, at, ahead=ahead)
    processes.ends("7", NOW)
    assert {each.place: each.details for each in clocks(processes)(NOW + MINUTE)} == {
        "worker:classify": {"behind": "71"},
        "worker:collect": {"behind": "600"},
    }


def test_what_could_not_be_handled_on_the_way_to_an_alert_is_told_until_it_is_replayed(
    parts: Parts,
) -> None:
    probe = dead_letters(parts.log)

    def found(after: timedelta) -> list[tuple[str, dict[Detail, str]]]:
        return [(each.place, each.details) for each in probe(began + after)]

    def put(stage: str, topic: str) -> None:
        letter = DeadLetter(topic, stage, "unexpected OSError", f"{topic} offset 7", "bluesky:1", b"{}", (), NOW)
        with parts.log.write() as writer:
            writer.append(dead(topic), letter.key, DEAD_LETTERS.encode(letter))

    put("index-verdicts", "verdicts")
    (other,) = parts.log.browse("verdicts.dead")
    began = other.at
    assert found(MINUTE) == []
    put("route", "verdicts")
    put("route", "verdicts")
    put("classify", "posts")
    (_, _, latest) = parts.log.browse("verdicts.dead")
    said = {"unhandled": "2", "latest": latest.at.isoformat()}
    assert ("stage:route", said) in found(MINUTE)
    assert len(found(MINUTE)) == 2
    with parts.log.write() as writer:
        take_out(parts.log, writer, latest)
    assert {place for place, _ in found(MINUTE)} == {"stage:route", "stage:classify"}
    for topic in ("verdicts.dead", "posts.dead"):
        for entry in parts.log.browse(topic):
            with parts.log.write() as writer:
                take_out(parts.log, writer, entry)
    assert found(MINUTE) == []
