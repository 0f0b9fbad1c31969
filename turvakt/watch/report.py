"""What the watch knows, for people and programs that ask."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flow.database import Database
from turvakt.watch.beats import REFUSED, Beat, Beats
from turvakt.watch.troubles import standing
from turvakt.watch.usual import learn


def report(database: Database, now: datetime, *, zone: ZoneInfo) -> dict[str, Any]:
    """Plain JSON values: the troubles there are, and the last sign of life of each part.

    ``noticed_hours`` says after how many hours a source's silence, from its last post on, would be noticed: a number,
    ``"unknown"`` while nothing is usual of it, or ``"long"``; ``None``: it is no source.
    """
    beats = Beats(database)
    return {
        "troubles": [
            {"kind": each.kind, "place": each.place, "since": each.since.isoformat(), "detail": each.detail}
            for each in standing(database)
        ],
        "parts": [_part(beats, beat, now, zone) for beat in beats.all()],
    }


def _part(beats: Beats, beat: Beat, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    part: dict[str, Any] = {
        "place": beat.place,
        "at": beat.at.isoformat(),
        "worked_at": beat.worked_at.isoformat() if beat.worked_at else None,
        "fails": beat.reason.removeprefix(REFUSED),
        "noticed_hours": None,
    }
    kind, _, name = beat.place.partition(":")
    if kind == "collector":
        usual = learn(beats.counts(name), now, zone=zone)
        after = None if usual is None else usual.noticed_after(beat.worked_at or now)
        part["noticed_hours"] = "unknown" if usual is None else "long" if after is None else after / timedelta(hours=1)
    return part
