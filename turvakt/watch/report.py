"""What the watch knows, for people and programs that ask."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select

from alerts.channels import CHANNELS
from alerts.tables import OUTBOX
from flow.database import Database
from flow.databases.columns import moment
from turvakt.watch.beats import CHANNEL, REFUSED, Beat, Beats
from turvakt.watch.processes import Processes
from turvakt.watch.troubles import standing
from turvakt.watch.usual import learn


def report(database: Database, now: datetime, *, zone: ZoneInfo) -> dict[str, Any]:
    """Plain JSON values: the troubles there are, and the last sign of life of each part.

    ``noticed_hours`` says after how many hours a source's silence, from its last post on, would be noticed: a number,
    ``"unknown"`` while nothing is usual of it, or ``"long"``; ``None``: it is no source. ``stopped`` says of a worker that its
    processes have ended in order, ``left_alone`` of a channel since when it has been, as it failed too often in a row.
    """
    beats, processes, troubles = Beats(database), Processes(database), standing(database)
    return {
        "troubles": [
            {"kind": each.kind, "place": each.place, "since": each.since.isoformat(), "details": each.details}
            for each in troubles
        ],
        "parts": [
            *(_part(beats, processes, beat, now, zone) for beat in beats.all() if not beat.is_of_channel),
            *_channels(database, {each.place: each.details.get("left-alone") for each in troubles}),
        ],
    }


def _channels(database: Database, left_alone: Mapping[str, str | None]) -> Iterator[dict[str, Any]]:
    """When each channel was last tried, when it last delivered, and since when it has been left alone."""
    delivered = case((OUTBOX.c.state == "delivered", OUTBOX.c.at))
    tried = select(OUTBOX.c.channel, func.max(OUTBOX.c.at), func.max(delivered)).where(OUTBOX.c.attempts > 0)
    for name, at, worked_at in database.query(tried.group_by(OUTBOX.c.channel).order_by(OUTBOX.c.channel)):
        if name in CHANNELS:
            worked = None if worked_at is None else moment(worked_at)
            place = f"{CHANNEL}{name}"
            yield _values(Beat(place, moment(at), worked)) | {"left_alone": left_alone.get(place)}


def _part(beats: Beats, processes: Processes, beat: Beat, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    part = _values(beat)
    kind, _, name = beat.place.partition(":")
    if kind == "worker":
        part["stopped"] = processes.stopped(beat.place)
    if kind == "collector":
        usual = learn(beats.counts(name), now, zone=zone)
        after = None if usual is None else usual.noticed_after(beat.worked_at or now)
        part["noticed_hours"] = "unknown" if usual is None else "long" if after is None else after / timedelta(hours=1)
    return part


def _values(beat: Beat) -> dict[str, Any]:
    return {
        "place": beat.place,
        "at": beat.at.isoformat(),
        "worked_at": beat.worked_at.isoformat() if beat.worked_at else None,
        "fails": beat.reason.removeprefix(REFUSED),
        "noticed_hours": None,
        "stopped": False,
        "left_alone": None,
    }
