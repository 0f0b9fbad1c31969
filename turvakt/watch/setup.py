"""The watch over one Turvakt, put together from its parts."""

import time
from collections.abc import Callable, Collection, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from alerts.mail.keyring import key_files
from alerts.plans.contacts import Contact
from alerts.plans.holidays import is_holiday
from flow.step import Step
from turvakt.access import base_url
from turvakt.adapters import switched_on
from turvakt.reading import STAGES
from turvakt.watch.beats import CHANNEL, Beat, Beats
from turvakt.watch.channels import Channels, deliveries, places_of
from turvakt.watch.dead import dead_letters
from turvakt.watch.drills import Drills, Weekly
from turvakt.watch.keys import Keys, key_place
from turvakt.watch.machine import Backup, Certificate, Clocks, Disk
from turvakt.watch.nobody import nobody_left
from turvakt.watch.operator import OperatorTeller, hold_drill, zone
from turvakt.watch.operator import contacts as operator_contacts
from turvakt.watch.pinger import Pinger
from turvakt.watch.probes import Probe, Sources, Workers, answers, changed, stages
from turvakt.watch.probes import clocks as apart
from turvakt.watch.processes import Processes
from turvakt.watch.trouble import Trouble
from turvakt.watch.troubles import Troubles
from turvakt.watch.trying import Trying, unready
from turvakt.watch.unread import unread
from turvakt.watch.watcher import Watcher
from turvakt.wiring import Parts

TIDY_HOURS = 1.0
_NOBODYS_POST = "nobody:0"


def watcher(parts: Parts, *, step: Step, monotonic: Callable[[], float] = time.monotonic) -> Watcher:
    """The watch; one process does it, from now on.

    Args:
        monotonic: counts seconds, whatever the clock says.

    Raises:
        Broken: a setting of the operator's is wrong.
    """
    settings, clock = parts.settings.operator, parts.clock
    beats, processes, since = Beats(parts.database), Processes(parts.database), clock.now()
    sources = Sources(beats, names=_sources(parts), zone=zone(settings), holiday=_holiday(parts))
    held, channels = (
        drills(parts),
        Channels(parts.database, beats, ways=lambda: ways(parts), own=lambda: own_ways(parts)),
    )
    teller = OperatorTeller(settings, parts.incidents, parts.telling, clock=clock, unused=_unused(parts, channels))
    tidied = since - timedelta(hours=TIDY_HOURS)

    def also(now: datetime) -> None:
        nonlocal tidied
        sources.note(now)
        held.hold_if_due(now)
        beats.write([Beat("watch", now)], {})
        if abs(now - tidied) >= timedelta(hours=TIDY_HOURS):
            beats.tidy(now, wanted=_wanted(parts))
            processes.tidy()
            tidied = now

    return Watcher(
        _probes(parts, beats, sources, channels, held, since, Clocks(monotonic=monotonic)),
        Troubles(parts.database, teller=teller, repeat=timedelta(hours=settings.repeat_hours)),
        pinger=Pinger(settings.ping_url) if settings.ping_url else None,
        also=also,
        step=step,
        clock=clock,
    )


def trying(parts: Parts, *, step: Step) -> Trying:
    """What tries the channels, for the process that sends: it alone has their passwords, and a way out."""
    return Trying(parts.database, parts.channels, ways=lambda: ways(parts), step=step, clock=parts.clock)


def drills(parts: Parts) -> Drills:
    """The drills, held by hand or each week.

    Raises:
        Broken: the time of the week is none.
    """
    settings = parts.settings.operator
    return Drills(
        parts.database,
        start=lambda now: hold_drill(settings, plan_contacts(parts), parts.incidents, now=now),
        incident=parts.incidents.get,
        history=parts.incidents.history.of,
        weekly=Weekly.read(settings.drill, zone(settings)) if settings.drill else None,
        since=parts.clock.now(),
    )


def plan_contacts(parts: Parts) -> Iterator[Contact]:
    """The contacts that the plans of all tenants name."""
    for plan in (parts.plans.default, *parts.plans.tenants.values()):
        yield from plan.all_contacts


def ways(parts: Parts) -> Iterator[tuple[str, str]]:
    """Channel and address of everybody who may be told of something."""
    for contact in plan_contacts(parts):
        yield from ((way.channel, way.address) for way in contact.channels)
    yield from own_ways(parts)
    for official in parts.officials.all():
        yield from ((each.channel, each.address) for each in official.contacts)


def own_ways(parts: Parts) -> Iterator[tuple[str, str]]:
    """Those of the operator."""
    for contact in operator_contacts(parts.settings.operator):
        yield from ((way.channel, way.address) for way in contact.channels)


def _wanted(parts: Parts) -> set[str]:
    """The places of what must be."""
    return {f"worker:{name}" for name in workers(parts)} | places_of(ways(parts))


def workers(parts: Parts) -> Collection[str]:
    """The processes that must run."""
    if not parts.is_cluster:
        return ("run",)
    return (*STAGES, *(["collect"] if _sources(parts) else []), "dispatch", "house")


def _sources(parts: Parts) -> list[str]:
    return list(dict.fromkeys(switched_on(parts.settings)))


def _holiday(parts: Parts) -> Callable[[date], bool]:
    country = parts.settings.operator.holidays
    return lambda day: is_holiday(day, country)


def _unused(parts: Parts, channels: Channels) -> Callable[[Trouble], bool]:
    """Says of what failed and does so no longer whether that is because it was taken out of plans or settings."""

    def unused(trouble: Trouble) -> bool:
        kind, _, name = trouble.place.partition(":")
        if kind == "collector":
            return name not in _sources(parts)
        if kind == "key":
            return trouble.place not in {key_place(file) for _, file in key_files(parts.plans)}
        return trouble.place.startswith(CHANNEL) and channels.unused(trouble)

    return unused


def _probes(
    parts: Parts,
    beats: Beats,
    sources: Sources,
    channels: Channels,
    held: Drills,
    since: datetime,
    clocks: Clocks,
) -> list[Probe]:
    settings = parts.settings.operator

    readers = {name: STAGES[name] for name in (workers(parts) if parts.is_cluster else STAGES) if name in STAGES}
    processes = Processes(parts.database)

    def own_ahead() -> float:
        return processes.ahead(parts.clock) if parts.is_cluster else 0.0  # a file has no clock of its own

    heard = Workers(beats, processes, names=workers(parts), since=since, own_ahead=own_ahead)
    probes = [
        Probe("database", frozenset({"worker-silent", "worker-stopped"}), heard),
        Probe("database", frozenset({"source-silent", "source-failing", "source-refuses"}), sources),
        Probe("log", frozenset({"stage-late"}), stages(readers, oldest=parts.oldest_unread)),
        Probe("database", frozenset({"deliveries-late"}), deliveries(parts.outbox)),
        Probe("database", frozenset({"channel-failing", "message-returned"}), channels),
        Probe("database", frozenset({"channel-unready"}), unready(beats, ways=lambda: ways(parts))),
        Probe("database", frozenset({"drill-failed", "drill-unanswered"}), held),
        Probe("database", frozenset({"nobody-left"}), nobody_left(parts.database)),
        Probe("database", frozenset({"incident-unreadable"}), unread(parts.database)),
        Probe("log", frozenset({"dead-letters"}), dead_letters(parts.log)),
        Probe("disk", frozenset({"disk-full"}), Disk(parts.settings.data_dir, free=settings.disk_free)),
        Probe("clock", frozenset({"clock-jumped"}), clocks),
        Probe("certificate", frozenset({"certificate-ends"}), Certificate(base_url(parts.settings))),
        Probe("keys", frozenset({"key-ends"}), Keys(lambda: key_files(parts.plans))),
        Probe("plans", frozenset({"plan-broken"}), changed(parts.plans)),
        Probe("index", frozenset(), answers(lambda: parts.index.held({_NOBODYS_POST}))),
    ]
    if parts.is_cluster:
        probes.append(Probe("database", frozenset({"clock-apart"}), apart(processes, own_ahead=own_ahead)))
    if settings.backup:
        backup = Backup(Path(settings.backup), hours=settings.backup_hours)
        probes.append(Probe("backup", frozenset({"backup-old"}), backup))
    return probes
