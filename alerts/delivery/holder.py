"""How what the outbox holds of officials is shown, erased and kept no longer than needed."""

import json
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, func, or_, select, update

from alerts.alert import ALERTS, Alert
from alerts.bulletin import Bulletin
from alerts.content import decoded, encoded, recipients_of, without_content
from alerts.tables import OUTBOX
from alerts.urgency import wants_answer
from flow.clock import Clock
from flow.database import Database
from flow.errors import BadInput
from registry.holder import Part

DELIVERY = (
    *(OUTBOX.c.id, OUTBOX.c.alert_id, OUTBOX.c.post, OUTBOX.c.official, OUTBOX.c.channel, OUTBOX.c.state),
    *(OUTBOX.c.attempts, OUTBOX.c.at, OUTBOX.c.collected_at, OUTBOX.c.reason, OUTBOX.c.incident, OUTBOX.c.step),
)
LOCK = "outbox"
"""Whoever changes several deliveries locks first: two who took them in another order would wait for each other."""
ITSELF = OUTBOX.c.id == bindparam("its_id")


class OutboxHolder:
    """The table ``outbox`` of ``database``. Implements `registry.holder.Holder`."""

    name = "alerts"

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def erase(self, official: str, part: Part | None = None) -> int:
        """Remove the official's deliveries, waiting or not; of one recipient those that wait, as no other names anybody."""
        with self._database.transaction():
            self._database.lock(LOCK)
            if part is None or part.kind == "source":
                return self._database.execute(delete(OUTBOX).where(*_hers(official, part)))
            deliveries = [{"its_id": each} for each in self._to(official, part.name)]
            return self._database.executemany(delete(OUTBOX).where(ITSELF), deliveries)

    def forget(self, posts: Collection[str]) -> int:
        """Remove the deliveries about these posts, but for what wants an answer and nobody has been told of yet.

        Nor does what tells of more posts than these. Of all that stays, what came from the platform goes, and the recipient is
        still told that there was something and that it is gone.
        """
        return self._part_with(posts, deleted_at=self._clock.now())

    def release(self, posts: Collection[str]) -> int:
        """Remove posts that may not be kept any longer, as `forget` does; their platforms may still have them."""
        return self._part_with(posts, deleted_at=None)

    def _part_with(self, posts: Collection[str], *, deleted_at: datetime | None) -> int:
        changed = 0
        if not posts:
            return 0
        with self._database.transaction():
            # Nobody may record an end, and with it remove the alert, before it is written back without content.
            self._database.lock(LOCK)
            for post in posts:
                about = select(OUTBOX.c.id, OUTBOX.c.state, OUTBOX.c.alert).where(OUTBOX.c.post == post)
                for identity, state, value in self._database.query(about):
                    alert = _readable(value) if state == "waiting" else None
                    if alert is None or not _is_still_told(alert):
                        changed += self._database.execute(delete(OUTBOX).where(OUTBOX.c.id == identity))
                    elif alert.verdict.post.deleted_at is None and (blank := _blank(alert, deleted_at)) != value:
                        self._database.execute(update(OUTBOX).where(OUTBOX.c.id == identity).values(alert=blank))
                        changed += 1
        return changed

    def expire(self, before: datetime) -> int:
        """Remove deliveries that ended before ``before``."""
        ended = delete(OUTBOX).where(OUTBOX.c.state != "waiting", OUTBOX.c.at < before.timestamp())
        return self._database.execute(ended)

    def export(self, official: str) -> list[dict[str, Any]]:
        """The official's deliveries, with the alert while it waits; other officials whom the post mentions are left out."""
        hers = select(*DELIVERY, OUTBOX.c.alert).where(OUTBOX.c.official == official)
        exported = []
        for *columns, value in self._database.query(hers.order_by(OUTBOX.c.at, OUTBOX.c.id)):
            delivery = {column.name: each for column, each in zip(DELIVERY, columns, strict=True)}
            for moment in ("at", "collected_at"):
                delivery[moment] = datetime.fromtimestamp(delivery[moment], UTC).isoformat()
            exported.append({**delivery, "alert": None if value is None else _seen(value)})
        return exported

    def count(self, official: str, part: Part | None = None) -> int:
        """How many deliveries there are about the official."""
        if part is None or part.kind == "source":
            return self._count(*_hers(official, part))
        return len(self._to(official, part.name))

    def _to(self, official: str, recipient: str) -> list[str]:
        """The ids of what waits for one of the official's contacts, or names it; what cannot be read may be for any of them."""
        names = OUTBOX.c.contact == recipient
        those = select(OUTBOX.c.id, OUTBOX.c.alert, names).where(
            OUTBOX.c.official == official, or_(OUTBOX.c.alert.is_not(None), names)
        )
        return [id for id, value, is_hers in self._database.query(those) if is_hers or _is_to(value, recipient)]

    def _count(self, *conditions: ColumnElement[bool]) -> int:
        return int(self._database.query(select(func.count()).select_from(OUTBOX).where(*conditions))[0][0])


def _hers(official: str, part: Part | None) -> tuple[ColumnElement[bool], ...]:
    hers = OUTBOX.c.official == official
    return (hers,) if part is None else (hers, OUTBOX.c.post.startswith(f"{part.name}:", autoescape=True))


def _is_still_told(alert: Alert) -> bool:
    judgement = alert.verdict.judgement
    return wants_answer(judgement.severity, judgement.flagged) or (alert.told is not None and alert.told.posts > 1)


def _readable(value: bytes) -> Alert | None:
    """The alert; ``None`` if this program cannot read it, so that nothing can be taken out of it and it has to go as a whole."""
    try:
        return ALERTS.decode(value)
    except BadInput:
        return None


def _blank(alert: Alert, deleted_at: datetime | None) -> bytes:
    return ALERTS.encode(without_content(alert, deleted_at))


def _seen(value: bytes) -> dict[str, Any]:
    """A waiting alert as its official may see it: who else is registered is not her business."""
    try:
        alert = decoded(value)
    except BadInput:
        return {"unreadable": len(value)}
    if isinstance(alert, Bulletin):
        told: dict[str, Any] = json.loads(encoded(alert))
        return told
    left: Alert = alert
    for other in alert.officials - {alert.official}:
        left = left.without(other) or left
    seen: dict[str, Any] = json.loads(ALERTS.encode(left))
    return seen


def _is_to(value: bytes, recipient: str) -> bool:
    try:
        return any(each.name == recipient for each in recipients_of(decoded(value)))
    except BadInput:
        return True
