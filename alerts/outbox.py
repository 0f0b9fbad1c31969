"""Deliveries until they are made: an alert stays here until its recipient has it."""

import json
import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from alerts.alert import ALERTS, Alert, Delivery, Recipient, State, delivery_id
from classify.verdict import SEVERITIES
from flow.clock import Clock
from flow.database import Database, Row
from flow.errors import BadInput
from ingest.post import Author

logger = logging.getLogger(__name__)

_SCHEMA = (
    # ``slot`` is one contact's view of one post about one official; ``alert`` is NULL once the delivery has ended.
    """CREATE TABLE IF NOT EXISTS outbox (
        id TEXT PRIMARY KEY, slot TEXT NOT NULL, alert_id TEXT NOT NULL, post TEXT NOT NULL, official TEXT NOT NULL,
        channel TEXT NOT NULL, severity INTEGER NOT NULL, threat INTEGER NOT NULL, state TEXT NOT NULL,
        attempts INTEGER NOT NULL, first_due REAL NOT NULL, due REAL NOT NULL, at REAL NOT NULL,
        collected_at REAL NOT NULL, reason TEXT, alert BLOB) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS outbox_slot ON outbox (slot)",
    "CREATE INDEX IF NOT EXISTS outbox_official ON outbox (official)",
    "CREATE INDEX IF NOT EXISTS outbox_post ON outbox (post)",
    """CREATE INDEX IF NOT EXISTS outbox_due ON outbox (channel, threat DESC, severity DESC, due)
        WHERE state = 'waiting'""",
)
_DELIVERY = "id, alert_id, post, official, channel, state, attempts, at, collected_at, reason"


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
        database.create(*_SCHEMA)

    def add(self, alerts: Iterable[Alert]) -> int:
        """Take in a delivery for each recipient; what was taken in before changes nothing.

        A contact who was told of a post about an official is not told again, unless the post was edited and is now
        judged graver or as a threat for the first time; then what still waits for the contact is replaced.

        Returns:
            How many deliveries are new.
        """
        with self._database.transaction():
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
        new = self._database.execute(
            """INSERT OR IGNORE INTO outbox SELECT ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', 0, ?, ?, ?, ?, NULL, ?
            WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE slot = ? AND severity >= ? AND threat >= ?)""",
            (
                *(identity, slot, alert.id, post, alert.official, recipient.channel, severity, threat, due, due, now),
                alert.verdict.post.collected_at.timestamp(),
                ALERTS.encode(replace(alert, recipients=(recipient,))),
                *(slot, severity, threat),
            ),
        )
        if new:
            self._database.execute(
                """DELETE FROM outbox
                WHERE slot = ? AND state = 'waiting' AND id != ? AND severity <= ? AND threat <= ?""",
                (slot, identity, severity, threat),
            )
        return new

    def channels(self) -> list[str]:
        """The channels for which something is due."""
        sql = "SELECT DISTINCT channel FROM outbox WHERE state = 'waiting' AND due <= ? ORDER BY channel"
        return [row[0] for row in self._database.query(sql, (self._clock.now().timestamp(),))]

    def due(self, limit: int, *, channel: str, besides: Collection[str] = ()) -> list[Item]:
        """Up to ``limit`` deliveries that are to be tried now, threats first, then the gravest, then the oldest.

        Args:
            limit: how many at most.
            channel: those of this channel.
            besides: ids of deliveries to leave out, being on their way.
        """
        rows = self._database.query(
            f"""SELECT {_DELIVERY}, first_due, alert FROM outbox
            WHERE state = 'waiting' AND due <= ?1 AND channel = ?2
            ORDER BY threat DESC, severity DESC, due, id LIMIT ?3""",  # noqa: S608  a constant
            (self._clock.now().timestamp(), channel, max(limit, 0) + len(besides)),
        )
        items = (self._item(row) for row in rows if row[0] not in besides)
        return [item for item in items if item is not None][:limit]

    def _item(self, row: Row) -> Item | None:
        *columns, first_due, value = row
        delivery = _delivery(tuple(columns))
        try:
            alert = ALERTS.decode(value)
        except BadInput as error:
            logger.error("delivery %s cannot be read and is given up: %s", delivery.id, error)
            # The alert stays, so that it can be sent after a fix.
            sql = "UPDATE outbox SET state = 'failed', reason = ? WHERE id = ?"
            self._database.execute(sql, (str(error), delivery.id))
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
                due = result.next_at.timestamp() if result.next_at else None
                changed = self._database.execute(
                    """UPDATE outbox SET state = ?1, attempts = ?2, at = ?3, reason = ?4, due = coalesce(?5, due),
                    alert = CASE WHEN ?1 = 'waiting' THEN alert END WHERE id = ?6""",
                    (*(delivery.state, delivery.attempts, delivery.at.timestamp(), delivery.reason), due, delivery.id),
                )
                if not changed:
                    gone.add(delivery.id)
        return frozenset(gone)

    def counts(self) -> dict[State, int]:
        """How many deliveries there are in each state."""
        counts: dict[State, int] = {"waiting": 0, "delivered": 0, "failed": 0, "withdrawn": 0}
        for state, number in self._database.query("SELECT state, count(*) FROM outbox GROUP BY state"):
            counts[cast(State, state)] = number
        return counts

    def overdue(self, by: timedelta) -> int:
        """How many deliveries are still waiting ``by`` so long after they were first due."""
        sql = "SELECT count(*) FROM outbox WHERE state = 'waiting' AND first_due <= ?"
        return int(self._database.query(sql, ((self._clock.now() - by).timestamp(),))[0][0])

    def oldest(self) -> dict[bool, datetime]:
        """Since when the oldest delivery that is due has been due, of threats (``True``) and of others, where there is one."""
        sql = "SELECT threat, min(first_due) FROM outbox WHERE state = 'waiting' AND first_due <= ? GROUP BY threat"
        rows = self._database.query(sql, (self._clock.now().timestamp(),))
        return {bool(threat): datetime.fromtimestamp(first_due, UTC) for threat, first_due in rows}

    def failed(self, within: timedelta) -> int:
        """How many deliveries have failed ``within`` so long a time."""
        sql = "SELECT count(*) FROM outbox WHERE state = 'failed' AND at > ?"
        return int(self._database.query(sql, ((self._clock.now() - within).timestamp(),))[0][0])

    def known(self, deliveries: Collection[str]) -> set[str]:
        """Those of ``deliveries``, given by id, that are here, ended or not."""
        sql = "SELECT 1 FROM outbox WHERE id = ?"
        return {each for each in deliveries if self._database.query(sql, (each,))}

    def erase(self, official: str) -> int:
        """Remove the official's deliveries, waiting or not."""
        return self._database.execute("DELETE FROM outbox WHERE official = ?", (official,))

    def forget(self, posts: Collection[str]) -> int:
        """Remove the deliveries about these posts, but for threats that nobody has been told of yet.

        Of those, all that came from the platform goes, and the recipient is still told that there was a threat
        and that it is gone.
        """
        changed = 0
        with self._database.transaction():
            for post in posts:
                sql = "DELETE FROM outbox WHERE post = ? AND NOT (state = 'waiting' AND threat)"
                changed += self._database.execute(sql, (post,))
                for identity, value in self._database.query("SELECT id, alert FROM outbox WHERE post = ?", (post,)):
                    alert = ALERTS.decode(value)
                    if alert.verdict.post.deleted_at is None:
                        blank = ALERTS.encode(_without_content(alert, self._clock.now()))
                        self._database.execute("UPDATE outbox SET alert = ? WHERE id = ?", (blank, identity))
                        changed += 1
        return changed

    def expire(self, before: datetime) -> int:
        """Remove deliveries that ended before ``before``."""
        sql = "DELETE FROM outbox WHERE state != 'waiting' AND at < ?"
        return self._database.execute(sql, (before.timestamp(),))

    def export(self, official: str) -> list[dict[str, Any]]:
        """The official's deliveries, with the alert while it waits."""
        sql = f"SELECT {_DELIVERY}, alert FROM outbox WHERE official = ? ORDER BY at, id"  # noqa: S608  a constant
        exported = []
        for *columns, value in self._database.query(sql, (official,)):
            delivery = dict(zip(_DELIVERY.split(", "), columns, strict=True))
            for moment in ("at", "collected_at"):
                delivery[moment] = datetime.fromtimestamp(delivery[moment], UTC).isoformat()
            exported.append({**delivery, "alert": json.loads(value) if value is not None else None})
        return exported

    def count(self, official: str) -> int:
        """How many deliveries there are about the official."""
        return int(self._database.query("SELECT count(*) FROM outbox WHERE official = ?", (official,))[0][0])


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
