"""Probes of Turvakt's own parts: its processes, stages, sources, deliveries and stores."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select

from alerts.channels import CHANNELS
from alerts.delivery.limits import LEFT_ALONE
from alerts.delivery.outbox import Outbox
from alerts.tables import OUTBOX
from flow.database import Database
from flow.databases.columns import moment
from turvakt.watch.beats import LATE, REFUSED, Beat, Beats
from turvakt.watch.processes import Processes
from turvakt.watch.trouble import Detail, Kind, Trouble
from turvakt.watch.usual import Usual, hour, learn, never

STOPPED = timedelta(hours=1)
"""Who stops a process means to start it again: an upgrade takes less."""
STAGE_LATE = timedelta(minutes=5)
SOURCE_FAILING = timedelta(minutes=15)
"""A server is restarted in less."""
THREAT_LATE, OTHER_LATE = timedelta(minutes=5), timedelta(minutes=30)
TRIES = 3
"""A channel that fails so often for one message is failing."""
FAILED_TOLD = timedelta(hours=1)
_TRIED_AGAIN = OUTBOX.c.state == "waiting", OUTBOX.c.attempts >= TRIES


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
    """

    def __init__(self, beats: Beats, processes: Processes, *, names: Collection[str], since: datetime) -> None:
        self._beats = beats
        self._processes = processes
        self._names = names
        self._since = since

    def __call__(self, now: datetime) -> Iterator[Trouble]:
        known = {beat.place: beat for beat in self._beats.all()}
        for name in self._names:
            place = f"worker:{name}"
            beat = known.get(place, Beat(place, self._since))
            if now - max(beat.at, self._since) >= LATE:
                if not self._processes.stopped(place):
                    yield Trouble("worker-silent", place, beat.at)
                elif now - beat.at >= STOPPED:
                    yield Trouble("worker-stopped", place, beat.at)
            elif beat.failing_since is not None and now - beat.failing_since >= LATE:
                yield Trouble("store-away", place, beat.failing_since, {"reason": beat.reason})


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
        since: from when on silence counts.
    """

    def __init__(
        self,
        beats: Beats,
        *,
        names: Collection[str],
        zone: ZoneInfo,
        since: datetime,
        holiday: Callable[[date], bool] = never,
    ) -> None:
        self._beats = beats
        self._names = names
        self._zone = zone
        self._holiday = holiday
        self._since = dict.fromkeys(names, since)
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
            last = max(beat.worked_at or self._since[name], self._since[name])
            if usual is not None and usual.is_silent(last, now):
                yield Trouble("source-silent", beat.place, last, {"usual": f"{usual.expected(last, now):.0f}"})
            else:
                self._heard.append(name)

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


def deliveries(outbox: Outbox, database: Database) -> Callable[[datetime], Iterator[Trouble]]:
    """Whether what is due is delivered; of what a failing channel keeps waiting `channels` tells."""
    failing = select(OUTBOX.c.channel).where(*_TRIED_AGAIN).distinct()

    def ask(now: datetime) -> Iterator[Trouble]:
        oldest = outbox.oldest(besides=[name for (name,) in database.query(failing)])
        for threat, most in ((True, THREAT_LATE), (False, OTHER_LATE)):
            since = oldest.get(threat)
            if since is not None and now - since >= most:
                due: Detail = "threat-due" if threat else "alert-due"
                yield Trouble("deliveries-late", "outbox", since, {due: _minutes(now - since)})
                return

    return ask


def channels(database: Database, beats: Beats) -> Callable[[datetime], Iterator[Trouble]]:
    """Whether a channel takes nothing, is left alone for that, or has refused something for good within the last hour."""
    many, since = func.count(), func.min(OUTBOX.c.first_due)
    again = select(OUTBOX.c.channel, many, since).where(*_TRIED_AGAIN)
    lost = select(OUTBOX.c.channel, many, func.min(OUTBOX.c.at)).where(OUTBOX.c.state == "failed")
    said = (
        select(OUTBOX.c.reason).where(OUTBOX.c.reason.not_like(f"%{LEFT_ALONE}%")).order_by(OUTBOX.c.at.desc()).limit(1)
    )

    def ask(now: datetime) -> Iterator[Trouble]:
        found: dict[str, tuple[datetime, dict[Detail, str]]] = {
            place: (since, {"left-alone": since.isoformat()}) for place, since in left_alone(beats, now).items()
        }
        recently = lost.where(OUTBOX.c.at > (now - FAILED_TOLD).timestamp())
        what: Detail
        for query, what in ((again, "tried-again"), (recently, "failed")):
            for name, number, at in database.query(query.group_by(OUTBOX.c.channel)):
                place = f"channel:{name}" if name in CHANNELS else "channel:other"
                first, details = found.get(place, (moment(at), {}))
                found[place] = (min(first, moment(at)), {**details, what: str(int(details.get(what, 0)) + number)})
        for place, (first, details) in found.items():
            name = place.removeprefix("channel:")
            last = said.where(OUTBOX.c.channel == name, or_(and_(*_TRIED_AGAIN), OUTBOX.c.state == "failed"))
            for (reason,) in database.query(last):
                details["reason"] = reason
            yield Trouble("channel-failing", place, first, details)

    return ask


def left_alone(beats: Beats, now: datetime) -> dict[str, datetime]:
    """Since when channels have been left alone, as they failed too often in a row; by place."""
    return {
        beat.place: beat.failing_since
        for beat in beats.all()
        if beat.place.startswith("channel:") and beat.failing_since is not None and now - beat.at < LATE
    }


def _minutes(passed: timedelta) -> str:
    return str(passed // timedelta(minutes=1))


def answers(ask: Callable[[], object]) -> Callable[[datetime], Iterator[Trouble]]:
    """Only whether it answers."""

    def probe(now: datetime) -> Iterator[Trouble]:
        ask()
        yield from ()

    return probe
