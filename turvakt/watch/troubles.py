"""What is known of troubles, in the table ``watch_trouble``, and the operator told of what changes."""

import logging
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol, cast

import msgspec
from sqlalchemy import and_, delete, insert, select

from flow.database import Database, Row
from flow.databases.columns import moment
from flow.errors import Stale, Unavailable
from turvakt.watch.tables import TROUBLE
from turvakt.watch.trouble import DETAILS, KINDS, Detail, Event, Kind, Known, State, Trouble, look

logger = logging.getLogger(__name__)


class Teller(Protocol):
    """Tells the operator."""

    def tell(self, event: Event, trouble: Trouble, *, incident: str) -> str:
        """What became of ``trouble``; called in the transaction that writes it down.

        Args:
            incident: the id of the incident that tells of it; empty: none yet.

        Returns:
            The id of the incident.
        """
        ...


class Troubles:
    """The troubles there are.

    Args:
        repeat: after which time the operator is told again of one that goes on.
    """

    def __init__(self, database: Database, *, teller: Teller, repeat: timedelta) -> None:
        self._database = database
        self._teller = teller
        self._repeat = repeat

    def take(self, found: Iterable[Trouble], now: datetime, *, unknown: Collection[Kind] = ()) -> bool:
        """Write down what a look ``found``, and tell the operator of what has begun, goes on or is over.

        Args:
            unknown: kinds that could not be looked for: what was there is neither gone nor seen.

        Returns:
            Whether one could not be seen to; that keeps none of the others from being told.

        Raises:
            Unavailable: the database is away; what was seen to stays.
        """
        seen = {(trouble.kind, trouble.place): trouble for trouble in found}
        if any(kind == "channel-failing" and "tried-again" in each.details for (kind, _), each in seen.items()):
            # What a failing channel explains is not over.
            unknown = {*unknown, "deliveries-late"}
        failed = False
        for key in sorted({*seen, *self._known()}):
            if key not in seen and key[0] in unknown:
                continue
            try:
                with self._database.transaction():
                    self._database.lock("watch")
                    self._look(self._known().get(key), seen.get(key), now)
            except (Unavailable, Stale):
                raise
            except Exception as error:  # noqa: BLE001  the others are told of
                logger.error("the trouble %s at %s cannot be seen to: %s", *key, type(error).__name__)
                failed = True
        return failed

    def _known(self) -> dict[tuple[Kind, str], Known]:
        return {(each.trouble.kind, each.trouble.place): each for each in remembered(self._database)}

    def _look(self, before: Known | None, found: Trouble | None, now: datetime) -> None:
        after, event = look(before, found, now, repeat=self._repeat)
        if after is not None and event is not None:
            trouble = after.trouble
            # Of a new beginning there is a new incident.
            incident = "" if event == "begins" else after.incident
            after = replace(after, incident=self._teller.tell(event, trouble, incident=incident))
            level = logging.INFO if event == "over" else logging.WARNING
            details = ", ".join(f"{name} {value}".strip() for name, value in trouble.details.items())
            logger.log(level, "trouble %s at %s: %s. %s", trouble.kind, trouble.place, event, details)
        if after == before:
            return
        gone = after or before
        if gone is not None:
            key = and_(TROUBLE.c.kind == gone.trouble.kind, TROUBLE.c.place == gone.trouble.place)
            self._database.execute(delete(TROUBLE).where(key))
        if after is not None:
            self._database.execute(insert(TROUBLE), _row(after))


def remembered(database: Database) -> list[Known]:
    """All that is remembered, also what is suspected, and what is over.

    What only a later version looks for, which ran before this one, is left to it: nobody here can tell how it stands.
    """
    rows = database.query(select(TROUBLE).where(TROUBLE.c.kind.in_(KINDS)).order_by(TROUBLE.c.since, TROUBLE.c.kind))
    return [_known(row) for row in rows]


def standing(database: Database) -> list[Trouble]:
    """The troubles that the operator has been told of and that are not over, the oldest first."""
    return [_as_it_stands(known) for known in remembered(database) if known.state == "told"]


def _as_it_stands(known: Known) -> Trouble:
    """The trouble, and since when it is gone, if it is: until it counts as over nobody should read that it is still there."""
    if known.gone_at is None:
        return known.trouble
    gone: dict[Detail, str] = {"not-found": known.gone_at.isoformat()}
    return replace(known.trouble, details=known.trouble.details | gone)


def details(database: Database, incident: str) -> dict[str, str]:
    """What is known of the trouble that the incident with this id tells of; nothing, where it is forgotten or tells of none."""
    for known in remembered(database):
        if incident and known.incident == incident:
            trouble = _as_it_stands(known) if known.state == "told" else known.trouble
            return {str(name): value for name, value in trouble.details.items()}
    return {}


def _decoded(details: str) -> dict[str, str]:
    return msgspec.json.decode(details, type=dict[str, str])


def _row(known: Known) -> dict[str, Any]:
    trouble = known.trouble
    return {
        "kind": trouble.kind,
        "place": trouble.place,
        "state": known.state,
        "since": trouble.since.timestamp(),
        "told_at": known.told_at and known.told_at.timestamp(),
        "gone_at": known.gone_at and known.gone_at.timestamp(),
        "returns": known.returns,
        "incident": known.incident,
        "details": msgspec.json.encode(trouble.details).decode(),
    }


def _known(row: Row) -> Known:
    kind, place, state, since, told_at, gone_at, returns, incident, written = row
    # A later version, beside this one or before it, may know more.
    details: dict[Detail, str] = {name: value for name, value in _decoded(written).items() if name in DETAILS}
    return Known(
        Trouble(cast(Kind, kind), place, moment(since), details),
        cast(State, state),
        None if told_at is None else moment(told_at),
        None if gone_at is None else moment(gone_at),
        returns,
        incident,
    )
