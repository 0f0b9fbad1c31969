"""Which message makes which others needless: of what still waits to be told of an incident, the newest says it all."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import bindparam, exists, or_, select, update

from alerts.alert import delivery_id
from alerts.bulletin import Bulletin
from alerts.content import Content
from alerts.tables import INCIDENT_EVENT, OUTBOX
from flow.database import Database

MOVED, REPLACED = "moved", "replaced"
"""Why a message is not sent: its contact has another address by now, to which it goes; or a newer one says it, too."""
_NOW_REPLACED: dict[str, Any] = {"state": "withdrawn", "reason": REPLACED, "alert": None}
# Kept, as they run for every alert: to put a statement together takes longer than to run it.
_OUTDONE = (
    update(OUTBOX)
    .values(**_NOW_REPLACED)
    .where(
        OUTBOX.c.thread == bindparam("its_thread"),
        OUTBOX.c.state == "waiting",
        OUTBOX.c.id != bindparam("its_id"),
        OUTBOX.c.severity <= bindparam("its_severity"),
        OUTBOX.c.threat <= bindparam("its_threat"),
        or_(OUTBOX.c.threat == 0, OUTBOX.c.slot == bindparam("its_slot")),
    )
)
_EARLIER, _LATER = (
    select(INCIDENT_EVENT).where(INCIDENT_EVENT.c.event.in_(("told", "failed-over"))).subquery() for _ in range(2)
)
_TOLD_SINCE = exists().where(
    _LATER.c.delivery == OUTBOX.c.id,
    _LATER.c.incident == _EARLIER.c.incident,
    _LATER.c.number > _EARLIER.c.number,
    _EARLIER.c.delivery.in_(bindparam("instead_of", expanding=True)),
)
_OUTDONE_UNLESS_NEWER = _OUTDONE.where(~_TOLD_SINCE)


def replace_by(database: Database, rows: Sequence[dict[str, Any]], *, instead_of: Collection[str]) -> None:
    """Withdraw what waits in the outbox and is said by one of the new ``rows``, too, or by a later one of them.

    Args:
        rows: of the outbox, not yet in it; those that are replaced say so afterwards.
        instead_of: as for `alerts.delivery.outbox.Outbox.add`.
    """
    # What is there goes first: of two that come together the later replaces the earlier, and never each the other.
    outdone = [_outdone(row) for row in rows if row["thread"]]
    if instead_of:
        for row in outdone:
            database.execute(_OUTDONE_UNLESS_NEWER, row | {"instead_of": list(instead_of)})
        return
    database.executemany(_OUTDONE, outdone)
    for row in _replaced_in(rows):
        row |= _NOW_REPLACED


def slot(official: str, post: str, incident: str, *, channel: str, address: str) -> str:
    """What two messages have in common that are about the same post and go the same way; of bulletins about the same incident."""
    about = ("slot", official, post) if post else ("slot", incident)
    return delivery_id(about="\x00".join(about), channel=channel, address=address)


def thread(content: Content, *, channel: str, address: str) -> str:
    """What messages have in common of which the newest tells all; empty: none does."""
    if not content.incident:
        return ""
    its = content.incident
    if isinstance(content, Bulletin) and content.kind == "task-overdue":
        its += f"\x00{content.key}"  # what is to be done is told by nothing else
    return delivery_id(about=f"thread\x00{its}", channel=channel, address=address)


def _replaced_in(rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Those that a later one replaces, by the condition of ``_OUTDONE``."""
    later: dict[str, list[dict[str, Any]]] = {}
    for row in reversed(rows):
        of_thread = later.setdefault(row["thread"], [])
        if row["thread"] and any(_replaces(each, row) for each in of_thread):
            yield row
        else:
            of_thread.append(row)


def _replaces(later: dict[str, Any], row: dict[str, Any]) -> bool:
    graver = row["severity"] > later["severity"] or row["threat"] > later["threat"]
    return not graver and (not row["threat"] or row["slot"] == later["slot"])


def _outdone(row: dict[str, Any]) -> dict[str, Any]:
    return {f"its_{name}": row[name] for name in ("id", "slot", "thread", "severity", "threat")}
