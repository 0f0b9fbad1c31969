"""Probes of Turvakt's own parts: its processes, stages, sources, stores and plans."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.plans.live import LivePlans
from turvakt.watch.beats import LATE, REFUSED, Beat, Beats
from turvakt.watch.processes import Process, Processes
from turvakt.watch.trouble import Kind, Trouble
from turvakt.watch.usual import Usual, hour, learn, never, start_of

STOPPED = timedelta(hours=1)
"""Who stops a process means to start it again: an upgrade takes less."""
APART = timedelta(seconds=5)
"""Clocks that a time server sets differ by much less. A code to sign in with is good for half a minute."""
STAGE_LATE = timedelta(minutes=5)
SOURCE_FAILING = timedelta(minutes=15)
"""A server is restarted in less."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Looks for troubles.

    Attributes:
        place: what it asks; if that gives no answer, it is away.
        kinds: what it looks for.
        ask: is given the moment; raises `flow.errors.TurvaktError` where there is no answer.
    """

    place: str
    kinds: frozenset[Kind]
    ask: Callable[[datetime], Iterable[Trouble]]


class Workers:
    """The processes that must run: each is a trouble when nobody does its work, be it that one is missing or, after a while,
    that all were stopped.

    Args:
        names: of the processes.
        since: from when on they are waited for.
        own_ahead: by how many seconds the watch's own clock is ahead of the database's: nobody is dead for that.
    """

    def __init__(
        self,
        beats: Beats,
        processes: Processes,
        *,
        names: Collection[str],
        since: datetime,
        own_ahead: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._beats = beats
        self._processes = processes
        self._names = names
        self._since = since
        self._own_ahead = own_ahead

    def __call__(self, now: datetime) -> Iterator[Trouble]:
        known = {beat.place: beat for beat in self._beats.all()}
        own, processes = timedelta(seconds=self._own_ahead()), self._processes.all()
        for name in self._names:
            place = f"worker:{name}"
            beat = known.get(place, Beat(place, self._since))
            ahead = _ahead(beat, processes) if place in known else own
            # What the watch's clock and that of the process say, both by the database's.
            there, at, since = now - own, beat.at - ahead, self._since - own
            if there - max(at, since) >= LATE:
                if not self._processes.stopped(place):
                    yield Trouble("worker-silent", place, beat.at)
                elif there - at >= STOPPED:
                    yield Trouble("worker-stopped", place, beat.at)
            elif beat.failing_since is not None and there - (beat.failing_since - ahead) >= LATE:
                yield Trouble("store-away", place, beat.failing_since, {"reason": beat.reason})


def _ahead(beat: Beat, processes: Iterable[Process]) -> timedelta:
    """By how much the clock is ahead of the database's that ``beat`` was written by."""
    those = (each for each in processes if each.place == beat.place)
    writer = min(those, key=lambda each: abs(each.at - beat.at), default=None)
    return timedelta(seconds=writer.ahead if writer is not None else 0.0)


def clocks(
    processes: Processes, *, own_ahead: Callable[[], float] = lambda: 0.0
) -> Callable[[datetime], Iterator[Trouble]]:
    """Whether the processes that live agree with the database about the time: what one writes, others compare with their own.

    Args:
        own_ahead: as for `Workers`.
    """

    def ask(now: datetime) -> Iterator[Trouble]:
        worst: dict[str, float] = {}
        there = now - timedelta(seconds=own_ahead())
        for each in processes.all():
            lives = not each.ended and there - each.at + timedelta(seconds=each.ahead) < LATE
            if lives and abs(each.ahead) >= max(APART.total_seconds(), abs(worst.get(each.place, 0.0))):
                worst[each.place] = each.ahead
        for place, ahead in worst.items():
            yield Trouble("clock-apart", place, now, {"ahead" if ahead > 0 else "behind": f"{abs(ahead):.0f}"})

    return ask


def stages(
    readers: Mapping[str, str], *, oldest: Callable[[str, str], datetime | None]
) -> Callable[[datetime], Iterator[Trouble]]:
    """Whether stages keep up.

    Args:
        readers: the topic that each stage reads.
        oldest: given topic and stage, when the oldest entry that waits came.
    """

    def ask(now: datetime) -> Iterator[Trouble]:
        for stage, topic in readers.items():
            since = oldest(topic, stage)
            if since is not None and now - since >= STAGE_LATE:
                yield Trouble("stage-late", f"stage:{stage}", since, {"waited": _minutes(now - since)})

    return ask


class Sources:
    """Whether collectors read, and whether as much comes as is usual. It learns what is, by `note`.

    Args:
        names: of the collectors that are switched on.
    """

    def __init__(
        self,
        beats: Beats,
        *,
        names: Collection[str],
        zone: ZoneInfo,
        holiday: Callable[[date], bool] = never,
    ) -> None:
        self._beats = beats
        self._names = names
        self._zone = zone
        self._holiday = holiday
        self._since: dict[str, datetime] = {}
        self._learnt: dict[str, tuple[int, Usual | None]] = {}
        self._heard: list[str] = []

    def __call__(self, now: datetime) -> Iterator[Trouble]:
        known = {beat.place: beat for beat in self._beats.all()}
        self._heard = []
        for name in self._names:
            beat = known.get(f"collector:{name}")
            if beat is None or now - beat.at >= LATE:
                self._since[name] = now  # it does not run, which is another trouble; what it missed it will read
                continue
            if beat.failing_since is not None:
                yield from _failing(beat, beat.failing_since, now)
                continue
            usual = self.usual(name, now)
            since = min(
                self._since.get(name) or self._watched_since(name, now), now
            )  # the clock may have been put back
            self._since[name] = since
            last = max(beat.worked_at or since, since)
            if usual is not None and usual.is_silent(last, now):
                yield Trouble("source-silent", beat.place, last, {"usual": f"{usual.expected(last, now):.0f}"})
            else:
                self._heard.append(name)

    def _watched_since(self, name: str, now: datetime) -> datetime:
        """Since when the source has been watched, hour by hour, by whichever process: a restart is no reason to listen anew."""
        counts, first = self._beats.counts(name), hour(now)
        while first in counts:
            first -= 1
        return start_of(first + 1)

    def note(self, now: datetime) -> None:
        """Write down which sources were heard at the last look, so that an hour in which they gave nothing counts as one."""
        self._beats.watched(self._heard, now)

    def usual(self, name: str, now: datetime) -> Usual | None:
        """What is usual of a source, as of this hour; ``None``: not yet known."""
        this = hour(now)
        if self._learnt.get(name, (None, None))[0] != this:
            self._learnt[name] = (this, learn(self._beats.counts(name), now, zone=self._zone, holiday=self._holiday))
        return self._learnt[name][1]


def _failing(beat: Beat, since: datetime, now: datetime) -> Iterator[Trouble]:
    refused = beat.reason.startswith(REFUSED)
    if refused or now - since >= SOURCE_FAILING:
        kind: Kind = "source-refuses" if refused else "source-failing"
        yield Trouble(kind, beat.place, since, {"reason": beat.reason.removeprefix(REFUSED)})


def _minutes(passed: timedelta) -> str:
    return str(passed // timedelta(minutes=1))


def changed(plans: LivePlans) -> Callable[[datetime], Iterator[Trouble]]:
    """Whether plans are in force as their files say: else those from before are, with whoever was on duty then."""

    def ask(now: datetime) -> Iterator[Trouble]:
        fault = plans.fault
        if fault is not None:
            yield Trouble("plan-broken", "plans", fault.since, {"file": fault.file, "reason": fault.reason})

    return ask


def answers(ask: Callable[[], object]) -> Callable[[datetime], Iterator[Trouble]]:
    """Only whether it answers."""

    def probe(now: datetime) -> Iterator[Trouble]:
        ask()
        yield from ()

    return probe
