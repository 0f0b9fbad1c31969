"""Withdrawal of consent, erasure in every place that holds personal data, and the report of it."""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from flow.clock import Clock
from flow.errors import Broken, Unavailable
from registry.holder import Holder, Listing, Part
from registry.ledger import Given
from registry.partial import Partial
from registry.store import Store, Withdrawal


@dataclass(frozen=True, slots=True)
class Kept:
    """What an erasure leaves, on purpose or because it cannot reach it.

    Attributes:
        what: ``digest``: the time, and by what an import of an older file is known; ``ledger``: what she had consented to
            before, with the names of those who might be told, until she withdraws all; ``hold``: what law requires to keep,
            see `review.holds`; ``audit``: that somebody did something, without her name; ``trends``: counts of many
            people's posts that name nobody; ``messages``: what recipients have been sent already.
        until: when it goes; ``None``: it is not known to go.
        reason: of a hold.
    """

    what: Literal["digest", "ledger", "hold", "audit", "trends", "messages"]
    until: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What an erasure did: consent ended ``at``; ``removed`` counts the records removed or changed per holder.

    The counts are of all tries together; a kill may leave out those of the holder that was at work.

    Attributes:
        part: ``None``: all consent was withdrawn.
        kept: what stays.
        copies_until: when the last backup that was made before is gone, if backups are kept as the settings say.
    """

    official: str
    at: datetime
    removed: dict[str, int]
    part: Part | None = None
    kept: tuple[Kept, ...] = ()
    copies_until: datetime | None = None


_BY_COMMAND = Given("command")


def _nothing(official: str, part: Part | None) -> Sequence[Kept]:
    return ()


def _nowhere(official: str = "") -> Collection[str]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """Ends consent, and erases what was held by it.

    The first transaction ends the matching, also in a running monitor, and notes that an erasure is due; from then on
    the erasure can be interrupted at any point, and `resume` or another call completes it.

    Attributes:
        holders: upstream first (the log before what is derived from it), so that nothing erased is derived once more.
        scrub: removes from the files what has been erased from the tables, see `flow.database.Database.scrub`.
        sources: all sources there are.
        held_from: the sources of which something is held because of an official, given her id; JSON lines may name any. They
            stay in a consent to all sources out of which another one is taken, unless this raises `Unavailable`.
        keeps: what stays, of an official or a part.
        backups: how long backups are kept.
        prepare: is called with the official's id before all of her is erased; may be called again.
        tell: is called with the report when all of her has gone from the holders; may be called again.
    """

    store: Store
    partial: Partial
    holders: Sequence[Holder]
    scrub: Callable[[], None]
    clock: Clock
    sources: Callable[[], Collection[str]] = _nowhere
    held_from: Callable[[str], Collection[str]] = _nowhere
    keeps: Callable[[str, Part | None], Sequence[Kept]] = _nothing
    backups: timedelta | None = None
    prepare: Callable[[str], None] = lambda official: None
    tell: Callable[[Report], None] = lambda report: None

    def withdraw(self, official_id: str, part: Part | None = None, *, given: Given = _BY_COMMAND) -> Report:
        """End all consent of an official now, or that to one part, then erase what was held by it everywhere.

        Raises:
            BadInput: no official has this id; or her consent does not cover the part, or nothing but it.
            Unavailable: a holder is away or still held something at the end. Consent has ended, the erasure is pending.
        """
        now = self.clock.now()
        if part is None:
            self.store.withdraw(official_id, now, given=given)
        else:
            self.partial.withdraw(official_id, part, now, sources=self._sources(official_id, [part]), given=given)
        self._erase(official_id, part)
        self._scrub()
        return self._report(official_id, part)

    def withdraw_parts(self, official_id: str, parts: Sequence[Part], *, given: Given) -> bool:
        """End her consent to all of these parts in one moment, then erase what was held by each.

        Returns:
            Whether all of it is erased. If a holder was away or still held something, the rest is pending.

        Raises:
            BadInput: as for `withdraw`; her consent to all of them is as it was.
            Unavailable: the registry is away.
        """
        self.end_parts(official_id, parts, given=given)
        return self.erase_parts(official_id, parts)

    def end_parts(self, official_id: str, parts: Sequence[Part], *, given: Given) -> None:
        """End her consent to all of these parts in one moment, and note that the erasure of each is due.

        It joins an open transaction, so that what she consents to instead holds from the same moment. When that is over, call
        `erase_parts`.

        Raises:
            BadInput, Unavailable: as for `withdraw_parts`.
        """
        sources = self._sources(official_id, parts)
        self.partial.withdraw_all(official_id, parts, self.clock.now(), sources=sources, given=given)

    def erase_parts(self, official_id: str, parts: Sequence[Part]) -> bool:
        """Erase what was held by consents that have been ended; returns as `withdraw_parts` does."""
        waiting = self._erase_each((official_id, part) for part in parts)
        self._scrub()
        return not waiting

    def sources_due(self, official_id: str) -> frozenset[str]:
        """From which sources something of hers is still to be erased: what came from there meanwhile would go with it."""
        due = self.partial.pending()
        return frozenset(part.name for id, part in due if id == official_id and part.kind == "source")

    def resume(self) -> list[Report]:
        """Complete the erasures that were interrupted: all that can be.

        Raises:
            Unavailable: as for `withdraw`; the message says how many wait on, and for what. All others are complete.
        """
        pending: list[tuple[str, Part | None]] = [(official_id, None) for official_id in self.store.pending()]
        pending += self.partial.pending()
        waiting = self._erase_each(pending)
        self._scrub()
        if waiting:
            reasons = "; ".join(dict.fromkeys(str(each) for each in waiting.values()))
            raise Unavailable(f"{len(waiting)} of {len(pending)} erasures wait: {reasons}", place="erasure")
        return [self._report(official_id, part) for official_id, part in pending]

    def look_again(self, holder: Listing) -> int:
        """Make pending once more what was complete, and of which ``holder`` holds something all the same; returns how many.

        A process that lost its lock while it wrote may have written it after the erasure, or somebody has restored a copy.
        `resume` then erases it everywhere.

        Raises:
            Unavailable: the holder or the registry is away.
        """
        whole = [each for each in self.store.complete(holder.officials()) if holder.count(each)]
        parts = [each for each in self.partial.complete() if holder.count(*each)]
        for official_id in whole:
            self.store.reopen(official_id)
        for official_id, part in parts:
            self.partial.reopen(official_id, part)
        return len(whole) + len(parts)

    def _erase_each(self, due: Iterable[tuple[str, Part | None]]) -> dict[tuple[str, Part | None], Unavailable]:
        """Erase one after the other; returns what could not be erased just now, and why."""
        waiting = {}
        for official_id, part in due:
            try:
                self._erase(official_id, part)
            except Unavailable as error:
                waiting[official_id, part] = error
        return waiting

    def _sources(self, official_id: str, parts: Sequence[Part]) -> set[str]:
        """All sources there are, and those that she took out once; JSON lines may name any other, which is one if
        anything of it is held.
        """
        known = set(self.sources())
        if any(part.kind == "source" for part in parts):
            known |= self.partial.sources(official_id)
            with suppress(Unavailable):  # her word holds now, whatever is away
                known.update(self.held_from(official_id))
        unknown = [part for part in parts if part.kind == "source" and part.name not in known]
        return known | {part.name for part in unknown if any(each.count(official_id, part) for each in self.holders)}

    def _erase(self, official_id: str, part: Part | None) -> None:
        if part is None:
            self.prepare(official_id)
        for holder in self.holders:
            removed = holder.erase(official_id, part)
            if removed and part is None:
                self.store.note(official_id, holder.name, removed)
            elif removed and part is not None:
                self.partial.note(official_id, part, holder.name, removed)
        for holder in self.holders:
            left = holder.count(official_id, part)
            if left:
                remedy = "Consent has ended; the erasure is completed by the next try"
                raise Unavailable(f"{left} records are still held", place=holder.name, remedy=remedy)
        if part is None:
            self.tell(self._report(official_id, part))
            self.store.erased(official_id)
        else:
            self.partial.erased(official_id, part)

    def _scrub(self) -> None:
        whole, parts = self.store.unscrubbed(), self.partial.unscrubbed()
        if whole or parts:
            self.scrub()
            self.store.scrubbed(whole, self.clock.now())
            self.partial.scrubbed(parts, self.clock.now())

    def _report(self, official_id: str, part: Part | None) -> Report:
        withdrawal = self._withdrawal(official_id, part)
        if withdrawal is None:
            raise Broken(
                "a withdrawal vanished while it was carried out", place="registry", remedy="Check the database"
            )
        erased_at = withdrawal.erased_at
        return Report(
            official_id,
            withdrawal.at,
            withdrawal.removed,
            part,
            tuple(self.keeps(official_id, part)),
            None if erased_at is None or self.backups is None else erased_at + self.backups,
        )

    def _withdrawal(self, official_id: str, part: Part | None) -> Withdrawal | None:
        return self.store.withdrawal(official_id) if part is None else self.partial.withdrawal(official_id, part)


def export(official_id: str, *, holders: Sequence[Holder]) -> dict[str, list[dict[str, Any]]]:
    """Everything that is held because of an official, per holder, as plain JSON objects."""
    return {holder.name: holder.export(official_id) for holder in holders}
