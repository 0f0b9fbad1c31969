"""Signs of life: what processes write down, in both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from flow.clock import ManualClock
from flow.database import Database
from flow.errors import Unavailable
from ingest.collector import Fault
from ingest.collectors.manual import Manual
from ingest.intake import Taken
from tests.databases import KINDS, opened
from tests.turvakt.process import START
from turvakt.watch.beats import FORGOTTEN, Beat, Beats
from turvakt.watch.probes import clocks
from turvakt.watch.processes import Processes
from turvakt.watch.pulse import Pulse
from turvakt.watch.usual import hour


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    yield from opened(request.param, request)


def test_the_newest_sign_of_life_of_a_part_counts_and_work_of_any_process(database: Database) -> None:
    beats, later = Beats(database), START + timedelta(seconds=15)
    beats.write([Beat("stage:classify", START, worked_at=START)], {})
    beats.write([Beat("stage:classify", later, failing_since=later, reason="the disk is full")], {})
    assert beats.all() == [Beat("stage:classify", later, START, later, "the disk is full")]


def test_posts_are_counted_by_source_and_hour_and_an_hour_with_none_is_known(database: Database) -> None:
    beats, this = Beats(database), hour(START)
    for posts in (3, 4):
        beats.write((), {("feed", this): posts, ("jsonl", this): 1})
    beats.watched(["feed", "mastodon"], START)
    assert (beats.counts("feed"), beats.counts("mastodon"), beats.counts("bluesky")) == ({this: 7}, {this: 0}, {})
    beats.tidy(START + timedelta(days=100), wanted=())
    assert beats.counts("feed") == {}


def test_a_part_that_is_no_more_is_forgotten(database: Database) -> None:
    beats = Beats(database)
    beats.write([Beat("collector:feed", START), Beat("collector:jsonl", START + timedelta(minutes=1))], {})
    beats.tidy(START + FORGOTTEN + timedelta(seconds=30), wanted=())
    assert [beat.place for beat in beats.all()] == ["collector:jsonl"]


def test_of_a_channel_the_last_try_counts_whoever_writes_last(database: Database) -> None:
    beats, later = Beats(database), START + timedelta(minutes=1)
    failing = Beat("channel:email", START, None, START, "no answer")
    works = Beat("channel:email", later, later)
    beats.write([failing], {})
    beats.write([works], {})
    beats.write([failing], {})
    assert beats.all() == [works]


def test_a_channel_fails_until_something_has_got_through(database: Database) -> None:
    beats, minute = Beats(database), timedelta(minutes=1)
    failing = Beat("channel:email", START, None, START, "no answer")
    beats.write([failing], {})
    beats.write([Beat("channel:email", START + minute, START - minute, reason="once more")], {})  # of another process
    assert beats.all() == [failing]
    works = Beat("channel:email", START + 3 * minute, START + 2 * minute, reason="once more")
    beats.write([works], {})
    assert beats.all() == [works]


def test_what_a_channel_did_while_the_clock_was_ahead_does_not_count(database: Database) -> None:
    beats, now = Beats(database), START + timedelta(minutes=1)
    beats.write([Beat("channel:email", START + timedelta(hours=1), None, START + timedelta(hours=1), "no answer")], {})
    beats.write([Beat("channel:email", START, START)], {}, now=now)
    (beat,) = beats.all()
    assert (beat.at, beat.failing_since) == (START, None)


def test_work_that_was_done_while_the_clock_was_ahead_is_as_of_now(database: Database, clock: ManualClock) -> None:
    beats, ahead = Beats(database), START + timedelta(days=365)
    beats.write([Beat("collector:feed", ahead, ahead)], {})
    for minute in (1, 2):
        beats.write([Beat("collector:feed", START + timedelta(minutes=minute))], {})
    assert [beat.worked_at for beat in beats.all()] == [START + timedelta(minutes=1)]
    pulse, now = Pulse("run", clock, stages=["classify"]), clock.now()
    clock.advance(365 * 24 * 3600)
    pulse.stage("classify", handled=3, dead=0, seconds=0.1)
    pulse.waiting("stages", Unavailable("the disk is full"))
    clock.advance(-365 * 24 * 3600)
    worker, stage = pulse.beats()
    assert (worker.failing_since, stage.worked_at) == (None, now)
    clock.advance(60)
    assert pulse.beats()[1].worked_at == now


def test_a_process_knows_which_of_its_parts_work_and_which_cannot(clock: ManualClock) -> None:
    source = Manual()
    pulse = Pulse("run", clock, stages=["classify"], collectors=[source])
    worker, stage, collector = pulse.beats()
    assert worker == Beat("worker:run", START)
    assert (stage.worked_at, collector.worked_at) == (None, None)
    clock.advance(10)
    pulse.stage("classify", handled=3, dead=0, seconds=0.1)
    pulse.taken(source.name, Taken(read=2))
    pulse.taken(source.name, Taken())
    source.fault = Fault("the server answers 503")
    pulse.waiting("stages", Unavailable("the disk is full"))
    worker, stage, collector = pulse.beats()
    now = clock.now()
    assert worker == Beat("worker:run", now, None, now, "the disk is full")
    assert stage == Beat("stage:classify", now, now)
    assert collector == Beat(f"collector:{source.name}", now, now, now, "the server answers 503")
    assert pulse.counts() == {(source.name, hour(now)): 2}
    assert pulse.counts() == {}
    clock.advance(120)
    source.fault = Fault("the server refuses (401)", refused=True)
    worker, stage, collector = pulse.beats()
    assert worker.failing_since is None
    assert (collector.failing_since, collector.reason) == (now, "refused: the server refuses (401)")
    source.fault = None
    assert pulse.beats()[2].failing_since is None


def test_counts_that_could_not_be_written_are_not_lost(clock: ManualClock) -> None:
    pulse = Pulse("run", clock)
    pulse.taken("feed", Taken(read=2))
    counts = pulse.counts()
    pulse.taken("feed", Taken(read=3))
    pulse.put_back(counts)
    assert pulse.counts() == {("feed", hour(clock.now())): 5}


@pytest.mark.parametrize("seconds", [0, 60, -60])
def test_by_how_much_a_clock_differs_from_the_databases_is_written_down(database: Database, seconds: int) -> None:
    clock = ManualClock(datetime.now(UTC) + timedelta(seconds=seconds))
    Pulse("dispatch", clock).write(database)
    (process,) = Processes(database).all()
    assert process.ahead == pytest.approx(seconds, abs=3)
    found = [(each.kind, each.place, list(each.details)) for each in clocks(Processes(database))(clock.now())]
    said = "ahead" if seconds > 0 else "behind"
    assert found == ([("clock-apart", "worker:dispatch", [said])] if seconds else [])
