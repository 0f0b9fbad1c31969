"""Deliveries until they are made: an alert stays here until its recipient has it."""

import json
import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, insert, not_, select, update

from alerts.alert import ALERTS, Alert, Delivery, Recipient, State, delivery_id
from alerts.tables import OUTBOX
from classify.verdict import SEVERITIES
from flow.clock import Clock
from flow.database import Database, Row
from flow.errors import BadInput
from ingest.post import Author
from registry.holder import Part

logger = logging.getLogger(__name__)

_LOCK = "outbox"
_DELIVERY = (
    *(OUTBOX.c.id, OUTBOX.c.alert_id, OUTBOX.c.post, OUTBOX.c.official, OUTBOX.c.channel, OUTBOX.c.state),
    *(OUTBOX.c.attempts, OUTBOX.c.at, OUTBOX.c.collected_at, OUTBOX.c.reason),
)
# Kept, as they run for every alert: to put a statement together takes longer than to run it.
_ITSELF = OUTBOX.c.id == bindparam("its_id")
_NEW = insert(OUTBOX)
_CHANGED = update(OUTBOX).where(_ITSELF)
_OUTDONE = delete(OUTBOX).where(_ITSELF, OUTBOX.c.state == "waiting")
_TOLD = select(OUTBOX.c.id, OUTBOX.c.severity, OUTBOX.c.threat).where(OUTBOX.c.slot == bindparam("its_slot"))


@dataclass(frozen=True, slots=True)
class Item:
    """A delivery that is to be made now. ``first_due`` is when it was to be tried first."""

    delivery: Delivery
    alert: Alert
    recipient: Recipient
    first_due: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a try; ``next_at`` says when a delivery that still waits is tried again."""

    delivery: Delivery
    next_at: datetime | None = None


class Outbox:
    """The table ``outbox`` of ``database``. Implements `registry.holder.Holder`.

    A delivery that has ended keeps ids, state and times only: the alert and the address are removed at once.
    """

    name = "alerts"

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, alerts: Iterable[Alert]) -> int:
        """Take in a delivery for each recipient; what was taken in before changes nothing.

        A contact who was told of a post about an official is not told again, unless the post was edited and is now
        judged graver or as a threat for the first time; then what still waits for the contact is replaced.

        Returns:
            How many deliveries are new.
        """
        with self._database.transaction():
            # Two who add at once would both find that nobody has been told yet.
            self._database.lock(_LOCK)
            return sum(self._add(alert, recipient) for alert in alerts for recipient in alert.recipients)

    def _add(self, alert: Alert, recipient: Recipient) -> int:
        judgement = alert.verdict.judgement
        post = alert.verdict.post.id
        severity, threat = SEVERITIES.index(judgement.severity), int("threat" in judgement.flagged)
        slot = _slot(alert, recipient)
        now = self._clock.now().timestamp()
        due = max(now, recipient.not_before.timestamp() if recipient.not_before else now)
        grade = f"{judgement.severity}{'+threat' if threat else ''}"
        identity = delivery_id(alert=alert.id, channel=recipient.channel, address=recipient.address, grade=grade)
        told = self._database.query(_TOLD, {"its_slot": slot})
        if any(each == identity or (before >= severity and threatened >= threat) for each, before, threatened in told):
            return 0
        row = {
            "id": identity,
            "slot": slot,
            "alert_id": alert.id,
            "post": post,
            "official": alert.official,
            "channel": recipient.channel,
            "severity": severity,
            "threat": threat,
            "state": "waiting",
            "attempts": 0,
            "first_due": due,
            "due": due,
            "at": now,
            "collected_at": alert.verdict.post.collected_at.timestamp(),
            "reason": None,
            "alert": ALERTS.encode(replace(alert, recipients=(recipient,))),
        }
        self._database.execute(_NEW, row)
        outdone = [each for each, before, threatened in told if before <= severity and threatened <= threat]
        self._database.executemany(_OUTDONE, [{"its_id": each} for each in outdone])
        return 1

    def channels(self) -> list[str]:
        """The channels for which something is due."""
        due = select(OUTBOX.c.channel).distinct().where(*self._due()).order_by(OUTBOX.c.channel)
        return [row[0] for row in self._database.query(due)]

    def due(self, limit: int, *, channel: str, besides: Collection[str] = ()) -> list[Item]:
        """Up to ``limit`` deliveries that are to be tried now, threats first, then the gravest, then the oldest.

        Args:
            limit: how many at most.
            channel: those of this channel.
            besides: ids of deliveries to leave out, being on their way.
        """
        order = (OUTBOX.c.threat.desc(), OUTBOX.c.severity.desc(), OUTBOX.c.due, OUTBOX.c.id)
        waiting = select(*_DELIVERY, OUTBOX.c.first_due, OUTBOX.c.alert).where(
            *self._due(), OUTBOX.c.channel == channel
        )
        rows = self._database.query(waiting.order_by(*order).limit(max(limit, 0) + len(besides)))
        items = (self._item(row) for row in rows if row[0] not in besides)
        return [item for item in items if item is not None][:limit]

    def _due(self) -> tuple[ColumnElement[bool], ...]:
        """What holds for deliveries that are to be tried now."""
        return OUTBOX.c.state == "waiting", OUTBOX.c.due <= self._clock.now().timestamp()

    def _item(self, row: Row) -> Item | None:
        *columns, first_due, value = row
        delivery = _delivery(tuple(columns))
        try:
            alert = ALERTS.decode(value)
        except BadInput as error:
            logger.error("delivery %s cannot be read and is given up: %s", delivery.id, error)
            # The alert stays, so that it can be sent after a fix.
            unreadable = update(OUTBOX).where(OUTBOX.c.id == delivery.id)
            self._database.execute(unreadable.values(state="failed", reason=str(error)))
            return None
        return Item(delivery, alert, alert.recipients[0], datetime.fromtimestamp(first_due, UTC))

    def record(self, results: Sequence[Result]) -> frozenset[str]:
        """Write down what came of tries.

        Returns:
            The ids of deliveries that were erased while they were on their way.
        """
        gone = set()
        with self._database.transaction():
            for result in results:
                delivery = result.delivery
                new: dict[str, Any] = {
                    "its_id": delivery.id,
                    "state": delivery.state,
                    "attempts": delivery.attempts,
                    "at": delivery.at.timestamp(),
                    "reason": delivery.reason,
                }
                if result.next_at is not None:
                    new["due"] = result.next_at.timestamp()
                if delivery.state != "waiting":
                    new["alert"] = None
                if not self._database.execute(_CHANGED, new):
                    gone.add(delivery.id)
        return frozenset(gone)

    def counts(self) -> dict[State, int]:
        """How many deliveries there are in each state."""
        counts: dict[State, int] = {"waiting": 0, "delivered": 0, "failed": 0, "withdrawn": 0}
        for state, number in self._database.query(select(OUTBOX.c.state, func.count()).group_by(OUTBOX.c.state)):
            counts[cast(State, state)] = number
        return counts

    def overdue(self, by: timedelta) -> int:
        """How many deliveries are still waiting ``by`` so long after they were first due."""
        return self._count(OUTBOX.c.state == "waiting", OUTBOX.c.first_due <= (self._clock.now() - by).timestamp())

    def oldest(self) -> dict[bool, datetime]:
        """Since when the oldest delivery that is due has been due, of threats (``True``) and of others, where there is one."""
        now = self._clock.now().timestamp()
        since = select(OUTBOX.c.threat, func.min(OUTBOX.c.first_due)).group_by(OUTBOX.c.threat)
        rows = self._database.query(since.where(OUTBOX.c.state == "waiting", OUTBOX.c.first_due <= now))
        return {bool(threat): datetime.fromtimestamp(first_due, UTC) for threat, first_due in rows}

    def failed(self, within: timedelta) -> int:
        """How many deliveries have failed ``within`` so long a time."""
        return self._count(OUTBOX.c.state == "failed", OUTBOX.c.at > (self._clock.now() - within).timestamp())

    def known(self, deliveries: Collection[str]) -> set[str]:
        """Those of ``deliveries``, given by id, that are here, ended or not."""
        return {each for each in deliveries if self._count(OUTBOX.c.id == each)}

    def erase(self, official: str, part: Part | None = None) -> int:
        """Remove the official's deliveries, waiting or not; of one recipient those that wait, as no other names anybody."""
        if part is None or part.kind == "source":
            return self._database.execute(delete(OUTBOX).where(*_hers(official, part)))
        deliveries = self._to(official, part.name)
        return self._database.executemany(delete(OUTBOX).where(_ITSELF), [{"its_id": each} for each in deliveries])

    def forget(self, posts: Collection[str]) -> int:
        """Remove the deliveries about these posts, but for threats that nobody has been told of yet.

        Of those, all that came from the platform goes, and the recipient is still told that there was a threat
        and that it is gone.
        """
        changed = 0
        with self._database.transaction():
            for post in posts:
                # Nobody may record an end, and with it remove the alert, before it is written back without content.
                self._database.query(select(OUTBOX.c.id).where(OUTBOX.c.post == post).with_for_update())
                untold = and_(OUTBOX.c.state == "waiting", OUTBOX.c.threat == 1)
                changed += self._database.execute(delete(OUTBOX).where(OUTBOX.c.post == post, not_(untold)))
                left = select(OUTBOX.c.id, OUTBOX.c.alert).where(OUTBOX.c.post == post)
                for identity, value in self._database.query(left):
                    alert = ALERTS.decode(value)
                    if alert.verdict.post.deleted_at is None:
                        blank = ALERTS.encode(_without_content(alert, self._clock.now()))
                        self._database.execute(update(OUTBOX).where(OUTBOX.c.id == identity).values(alert=blank))
                        changed += 1
        return changed

    def expire(self, before: datetime) -> int:
        """Remove deliveries that ended before ``before``."""
        ended = delete(OUTBOX).where(OUTBOX.c.state != "waiting", OUTBOX.c.at < before.timestamp())
        return self._database.execute(ended)

    def export(self, official: str) -> list[dict[str, Any]]:
        """The official's deliveries, with the alert while it waits; other officials whom the post mentions are left out."""
        hers = select(*_DELIVERY, OUTBOX.c.alert).where(OUTBOX.c.official == official)
        exported = []
        for *columns, value in self._database.query(hers.order_by(OUTBOX.c.at, OUTBOX.c.id)):
            delivery = {column.name: each for column, each in zip(_DELIVERY, columns, strict=True)}
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
        """The ids of what waits for one of the official's contacts; what cannot be read may be for any of them."""
        waiting = select(OUTBOX.c.id, OUTBOX.c.alert).where(OUTBOX.c.official == official, OUTBOX.c.alert.is_not(None))
        return [identity for identity, value in self._database.query(waiting) if _is_to(value, recipient)]

    def _count(self, *conditions: ColumnElement[bool]) -> int:
        return int(self._database.query(select(func.count()).select_from(OUTBOX).where(*conditions))[0][0])


def _hers(official: str, part: Part | None) -> tuple[ColumnElement[bool], ...]:
    hers = OUTBOX.c.official == official
    return (hers,) if part is None else (hers, OUTBOX.c.post.startswith(f"{part.name}:", autoescape=True))


def _seen(value: bytes) -> dict[str, Any]:
    """A waiting alert as its official may see it: who else is registered is not her business."""
    try:
        alert = ALERTS.decode(value)
    except BadInput:
        return {"unreadable": len(value)}
    left: Alert = alert
    for other in alert.officials - {alert.official}:
        left = left.without(other) or left
    seen: dict[str, Any] = json.loads(ALERTS.encode(left))
    return seen


def _is_to(value: bytes, recipient: str) -> bool:
    try:
        return any(each.name == recipient for each in ALERTS.decode(value).recipients)
    except BadInput:
        return True


def _slot(alert: Alert, recipient: Recipient) -> str:
    parts = "\x00".join(("slot", alert.official, alert.verdict.post.id))
    return delivery_id(alert=parts, channel=recipient.channel, address=recipient.address)


def _delivery(row: Row) -> Delivery:
    identity, alert, post, official, channel, state, attempts, at, collected_at, reason = row
    return Delivery(
        id=identity,
        alert=alert,
        post=post,
        official=official,
        channel=channel,
        state=state,
        attempts=attempts,
        at=datetime.fromtimestamp(at, UTC),
        collected_at=datetime.fromtimestamp(collected_at, UTC),
        reason=reason,
    )


def _without_content(alert: Alert, at: datetime) -> Alert:
    post = alert.verdict.post
    bare = replace(
        post,
        text="",
        url=None,
        author=Author(),
        reply_to=(),
        quote_of=(),
        accounts=(),
        mentions=(),
        extra={},
        deleted_at=at,
    )
    judgement = replace(alert.verdict.judgement, spans=())
    return replace(alert, verdict=replace(alert.verdict, post=bare, judgement=judgement))
