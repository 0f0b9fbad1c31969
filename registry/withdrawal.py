"""Withdrawal of consent, erasure in every place that holds personal data, and the report of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flow.clock import Clock
from flow.errors import Broken, Unavailable
from registry.holder import Holder
from registry.store import Store


@dataclass(frozen=True, slots=True)
class Report:
    """What an erasure did: consent ended ``at``; ``removed`` counts the records removed or changed per holder.

    The counts are of all tries together; a kill may leave out those of the holder that was at work.
    """

    official: str
    at: datetime
    removed: dict[str, int]


def withdraw(
    official_id: str, *, store: Store, holders: Sequence[Holder], scrub: Callable[[], None], clock: Clock
) -> Report:
    """End all consent of an official now, then erase her everywhere.

    The first transaction ends the matching, also in a running monitor, and notes that an erasure is due; from then on
    the erasure can be interrupted at any point, and `resume` or another call completes it.

    Args:
        holders: upstream first (the log before what is derived from it), so that nothing erased is derived once more.
        scrub: removes from the files what has been erased from the tables, see `flow.database.Database.scrub`.

    Raises:
        BadInput: no official has this id.
        Unavailable: a holder is away or still held something at the end. Consent has ended, the erasure is pending.
    """
    store.withdraw(official_id, clock.now())
    _erase(official_id, store=store, holders=holders)
    _scrub(store=store, scrub=scrub, clock=clock)
    return _report(official_id, store=store)


def resume(*, store: Store, holders: Sequence[Holder], scrub: Callable[[], None], clock: Clock) -> list[Report]:
    """Complete the erasures that were interrupted.

    Raises:
        Unavailable: as for `withdraw`; what is not complete stays pending.
    """
    pending = store.pending()
    for official_id in pending:
        _erase(official_id, store=store, holders=holders)
    _scrub(store=store, scrub=scrub, clock=clock)
    return [_report(official_id, store=store) for official_id in pending]


def export(official_id: str, *, holders: Sequence[Holder]) -> dict[str, list[dict[str, Any]]]:
    """Everything that is held because of an official, per holder, as plain JSON objects."""
    return {holder.name: holder.export(official_id) for holder in holders}


def _erase(official_id: str, *, store: Store, holders: Sequence[Holder]) -> None:
    for holder in holders:
        removed = holder.erase(official_id)
        if removed:
            store.note(official_id, holder.name, removed)
    for holder in holders:
        left = holder.count(official_id)
        if left:
            remedy = "Consent has ended; the erasure is completed by the next try"
            raise Unavailable(f"{left} records are still held", place=holder.name, remedy=remedy)
    store.erased(official_id)


def _scrub(*, store: Store, scrub: Callable[[], None], clock: Clock) -> None:
    unscrubbed = store.unscrubbed()
    if unscrubbed:
        scrub()
        store.scrubbed(unscrubbed, clock.now())


def _report(official_id: str, *, store: Store) -> Report:
    withdrawal = store.withdrawal(official_id)
    if withdrawal is None:
        raise Broken("a withdrawal vanished while it was carried out", place="registry", remedy="Check the database")
    return Report(official_id, withdrawal.at, withdrawal.removed)
