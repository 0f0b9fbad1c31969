"""Deliveries until they are made: an alert or a bulletin stays here until its recipient has it."""

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, func, insert, or_, select, update

from alerts.alert import Delivery, Recipient, State
from alerts.content import Content, addressed, decoded, encoded, recipients_of, to_one
from alerts.delivery.holder import DELIVERY, ITSELF, LOCK, OutboxHolder
from alerts.delivery.replacing import MOVED, REPLACED, replace_by, slot, thread
from alerts.tables import OUTBOX
from classify.verdict import SEVERITIES
from flow.database import Row
from flow.errors import BadInput

logger = logging.getLogger(__name__)

UNREADABLE_AGAIN, UNREADABLE_FOR = timedelta(minutes=1), timedelta(days=7)
"""What cannot be read is tried again so much later, and for so long: then the link in it has ended, too."""
_LOOKED_AT_AGAIN = timedelta(minutes=5)
_AT_ONCE = 500
# Kept, as they run for every alert: to put a statement together takes longer than to run it.
_NEW = insert(OUTBOX)
_ENDED = update(OUTBOX).where(ITSELF)
_OF_WAITING = update(OUTBOX).where(ITSELF, OUTBOX.c.state == "waiting")
_THESE = OUTBOX.c.id.in_(bindparam("ids", expanding=True))
_KNOWN = select(OUTBOX.c.id).where(_THESE)
_TAKEN_IN = _KNOWN.where(
    or_(OUTBOX.c.state != "withdrawn", func.coalesce(OUTBOX.c.reason, "").not_in((MOVED, REPLACED)))
)
_ABOUT = select(OUTBOX.c.id, OUTBOX.c.alert_id, OUTBOX.c.post).where(_THESE)
_WANTED_AGAIN = delete(OUTBOX).where(_THESE, OUTBOX.c.state == "withdrawn", OUTBOX.c.reason.in_((MOVED, REPLACED)))
_SLOTS = select(OUTBOX.c.slot, OUTBOX.c.official, OUTBOX.c.post, OUTBOX.c.incident).where(_THESE)


@dataclass(frozen=True, slots=True)
class Item:
    """A delivery that is to be made now. ``first_due`` is when it was to be tried first."""

    delivery: Delivery
    content: Content
    recipient: Recipient
    first_due: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a try.

    Attributes:
        next_at: when a delivery that still waits is tried again.
        contact: the name of the recipient.
        instead: the same to the next channel of the recipient, where this one failed, or to her address of now.
        tried: whether it was tried at all; a message that our own limits hold back was not.
        listed: the ids of the incidents that a digest has listed as it went out.
    """

    delivery: Delivery
    next_at: datetime | None = None
    contact: str = field(default="", repr=False)
    instead: Content | None = field(default=None, repr=False)
    tried: bool = True
    listed: tuple[str, ...] = ()


class Outbox(OutboxHolder):
    """Takes deliveries in and gives them out.

    A delivery that has ended keeps ids, state and times only: the alert and the address are removed at once.
    """

    def add(self, contents: Iterable[Content], *, instead_of: Collection[str] = ()) -> list[Item]:
        """Take in a delivery for each recipient; what was taken in before changes nothing.

        What still waits for the same address about the same incident, and is no graver, is replaced: the newer message says
        it, too. But a threat is replaced only by a message about the same post.

        Args:
            instead_of: the ids of deliveries that have not arrived, in place of which these go by another way: they replace
                nothing that was told since those were, nor each other.

        Returns:
            The deliveries that are new.
        """
        rows: dict[str, tuple[dict[str, Any], Item]] = {}
        for content in contents:
            for recipient in recipients_of(content):
                row, item = self._row(content, recipient)
                rows.setdefault(item.delivery.id, (row, item))
        if not rows:
            return []
        with self._database.transaction():
            # Two who add at once would both find that nobody has been told yet.
            self._database.lock(LOCK)
            # Whoever has her former address again is told by it once more, as is what says more than its replacement.
            for part in _parts(list(rows)):
                self._database.execute(_WANTED_AGAIN, {"ids": part})
            for identity in self._known(list(rows)):
                del rows[identity]
            new = [row for row, _ in rows.values()]
            # What is there goes first: of two that come together the later replaces the earlier, and never each the other.
            replace_by(self._database, new, instead_of=instead_of)
            self._database.executemany(_NEW, new)
            return [item for _, item in rows.values()]

    def replaced(self, limit: int, *, besides: Collection[str]) -> list[tuple[Delivery, str]]:
        """Up to ``limit`` deliveries that a newer message has replaced, with the contact of each, until that is written down.

        Args:
            besides: ids of deliveries to leave out, being on their way.
        """
        new = OUTBOX.c.state == "withdrawn", OUTBOX.c.reason == REPLACED, OUTBOX.c.contact != ""
        rows = self._database.query(select(*DELIVERY, OUTBOX.c.contact).where(*new).limit(limit + len(besides)))
        found = ((delivery_of(row[:-1]), str(row[-1])) for row in rows if row[0] not in besides)
        return [*islice(found, limit)]

    def new_of(self, contents: Iterable[Content]) -> list[Content]:
        """What of ``contents`` `add` would take in, each once and to one recipient."""
        now = self._clock.now()
        found: dict[str, Content] = {}
        for content in contents:
            for recipient in recipients_of(content):
                found.setdefault(addressed(content, recipient, now)[0].id, to_one(content, recipient))
        for (identity,) in list(self._in_parts(_TAKEN_IN, list(found))):
            del found[identity]
        return list(found.values())

    def _row(self, content: Content, recipient: Recipient) -> tuple[dict[str, Any], Item]:
        now = self._clock.now()
        due = max(now, recipient.not_before or now)
        delivery, severity, threat = addressed(content, recipient, now)
        to = {"channel": recipient.channel, "address": recipient.address}
        row = {
            "id": delivery.id,
            "slot": slot(content.official, delivery.post, content.incident, **to),
            "alert_id": delivery.alert,
            "post": delivery.post,
            "official": content.official,
            "channel": recipient.channel,
            "severity": SEVERITIES.index(severity),
            "threat": int(threat),
            "state": "waiting",
            "attempts": 0,
            "first_due": due.timestamp(),
            "due": due.timestamp(),
            "at": now.timestamp(),
            "collected_at": delivery.collected_at.timestamp(),
            "reason": None,
            "alert": encoded(to_one(content, recipient)),
            "incident": content.incident,
            "thread": thread(content, **to),
            "contact": recipient.name,
            "step": delivery.step,
        }
        return row, Item(delivery, content, recipient, due)

    def _known(self, identities: Sequence[str]) -> list[str]:
        return [row[0] for row in self._in_parts(_KNOWN, identities)]

    def _in_parts(self, statement: Select[Any], identities: Sequence[str]) -> Iterator[Row]:
        for part in _parts(identities):
            yield from self._database.query(statement, {"ids": part})

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
        waiting = select(*DELIVERY, OUTBOX.c.first_due, OUTBOX.c.alert).where(OUTBOX.c.channel == channel)
        found: list[Item] = []
        while (left := limit - len(found)) > 0:
            seen = {*besides, *(item.delivery.id for item in found)}
            due = waiting.where(*self._due()).order_by(*order).limit(left + len(seen))
            new = [row for row in self._database.query(due) if row[0] not in seen][:left]
            found += [item for item in map(self._item, new) if item is not None]
            if len(new) < left:
                break
            # What could not be read is not due any more: however much there is, what can be read comes next.
        return found

    def _due(self) -> tuple[ColumnElement[bool], ...]:
        """What holds for deliveries that are to be tried now."""
        now = self._clock.now().timestamp()
        # Since it was due the clock was put back: until it is that late once more may be long.
        put_back = and_(OUTBOX.c.at > now, OUTBOX.c.first_due <= OUTBOX.c.at)
        return OUTBOX.c.state == "waiting", or_(OUTBOX.c.due <= now, put_back)

    def _item(self, row: Row) -> Item | None:
        *columns, first_due, value = row
        delivery = delivery_of(tuple(columns))
        try:
            content = decoded(value)
        except BadInput as error:
            self._set_aside(delivery, str(error), datetime.fromtimestamp(first_due, UTC))
            return None
        return Item(delivery, content, recipients_of(content)[0], datetime.fromtimestamp(first_due, UTC))

    def postpone(self, item: Item, until: datetime) -> None:
        """Leave a delivery until quiet hours end: till then it is neither due nor late.

        It is looked at again before: whoever has it may hand it over just while it is put off.
        """
        at = min(until, self._clock.now() + _LOOKED_AT_AGAIN).timestamp()
        later = update(OUTBOX).where(OUTBOX.c.id == item.delivery.id).values(due=at, first_due=at)
        self._database.execute(later)

    def put_off(self, item: Item, until: datetime) -> None:
        """Look at a delivery again only then; how late it is counts from before."""
        later = update(OUTBOX).where(OUTBOX.c.id == item.delivery.id).values(due=until.timestamp())
        self._database.execute(later)

    def resume(self, incident: str, *, official: str) -> None:
        """Look anew at what waits about this incident until quiet hours end: why it waits may hold no longer."""
        now = self._clock.now().timestamp()
        its = OUTBOX.c.official == official, OUTBOX.c.incident == incident
        waits = OUTBOX.c.state == "waiting", OUTBOX.c.first_due > now
        self._database.execute(update(OUTBOX).where(*its, *waits).values(due=now, first_due=now))

    def set_aside(self, item: Item, reason: str) -> None:
        """Leave a delivery, for which something else cannot be read, for a later try."""
        self._set_aside(item.delivery, reason, item.first_due)

    def _set_aside(self, delivery: Delivery, reason: str, first_due: datetime) -> None:
        """Leave what cannot be read for a later try: a newer program may have written it, and may read it again. Nothing was
        sent, and so it is none of the tries after which the next channel takes its turn.
        """
        now = self._clock.now()
        over = now - first_due >= UNREADABLE_FOR
        if over or delivery.reason != reason:
            logger.error(
                "delivery %s cannot be read and %s: %s", delivery.id, "is given up" if over else "waits", reason
            )
        new: dict[str, Any] = {"state": "failed" if over else "waiting", "reason": reason, "at": now.timestamp()}
        new["due"] = (now + UNREADABLE_AGAIN).timestamp()
        # The alert stays, so that it can be sent after a fix.
        self._database.execute(update(OUTBOX).where(OUTBOX.c.id == delivery.id).values(**new))

    def record(self, results: Sequence[Result]) -> frozenset[str]:
        """Write down what came of tries.

        Returns:
            The ids of deliveries that were erased or replaced while they were on their way, or are known to have arrived.
        """
        gone: set[str] = set()
        if not results:
            return frozenset(gone)
        with self._database.transaction():
            self._database.lock(LOCK)
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
                    new |= {"alert": None, "contact": ""}
                # A try that comes to nothing does not undo that the message has arrived, as a receipt may say meanwhile.
                in_vain = delivery.state in ("waiting", "failed")
                if not self._database.execute(_OF_WAITING if in_vain else _ENDED, new):
                    gone.add(delivery.id)
        return frozenset(gone)

    def counts(self, *, bulletins: bool = True) -> dict[State, int]:
        """How many deliveries there are in each state, with those of bulletins or of alerts alone."""
        counts: dict[State, int] = {"waiting": 0, "delivered": 0, "failed": 0, "withdrawn": 0}
        of = select(OUTBOX.c.state, func.count()).group_by(OUTBOX.c.state)
        for state, number in self._database.query(of if bulletins else of.where(OUTBOX.c.alert_id != "")):
            counts[cast(State, state)] = number
        return counts

    def bulletins(self, *, channel: str, state: State) -> int:
        """How many deliveries of bulletins by this channel are in this state."""
        return self._count(OUTBOX.c.alert_id == "", OUTBOX.c.channel == channel, OUTBOX.c.state == state)

    def overdue(self, by: timedelta) -> int:
        """How many deliveries are still waiting ``by`` so long after they were first due."""
        return self._count(OUTBOX.c.state == "waiting", OUTBOX.c.first_due <= (self._clock.now() - by).timestamp())

    def oldest(self, *, tried_less: int | None = None) -> dict[bool, datetime]:
        """Since when the oldest delivery that is due has been due, of threats (``True``) and of others, where there is one.

        Args:
            tried_less: only those count that were tried fewer times than that.
        """
        now = self._clock.now().timestamp()
        since = select(OUTBOX.c.threat, func.min(OUTBOX.c.first_due)).group_by(OUTBOX.c.threat)
        if tried_less is not None:
            since = since.where(OUTBOX.c.attempts < tried_less)
        rows = self._database.query(since.where(OUTBOX.c.state == "waiting", OUTBOX.c.first_due <= now))
        return {bool(threat): datetime.fromtimestamp(first_due, UTC) for threat, first_due in rows}

    def failed(self, within: timedelta) -> int:
        """How many deliveries have failed ``within`` so long a time."""
        return self._count(OUTBOX.c.state == "failed", OUTBOX.c.at > (self._clock.now() - within).timestamp())

    def alerts(self, deliveries: Collection[str]) -> dict[str, tuple[str, str]]:
        """The ids of alert and post that each of ``deliveries``, given by id, is about; of bulletins nothing."""
        parts = self._in_parts(_ABOUT, list(deliveries))
        return {id: (alert, post) for id, alert, post in parts if alert}

    def went_to(self, deliveries: Collection[str], ways: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Those of ``ways``, each channel and address, to which one of ``deliveries``, given by id, went or was to go."""
        rows = list(self._in_parts(_SLOTS, list(deliveries)))
        return {
            (channel, address)
            for channel, address in ways
            if any(its == slot(*about, channel=channel, address=address) for its, *about in rows)
        }

    def known(self, deliveries: Collection[str]) -> set[str]:
        """Those of ``deliveries``, given by id, that are here, ended or not, and were not replaced or moved."""
        return {row[0] for row in self._in_parts(_TAKEN_IN, list(deliveries))}


def _parts(identities: Sequence[str]) -> Iterator[Sequence[str]]:
    """So many at a time as a statement may name."""
    return (identities[at : at + _AT_ONCE] for at in range(0, len(identities), _AT_ONCE))


def delivery_of(row: Row) -> Delivery:
    """What the columns `alerts.delivery.holder.DELIVERY` of a row say."""
    identity, alert, post, official, channel, state, attempts, at, collected_at, reason, incident, step = row
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
        incident=incident,
        step=step,
    )
