"""Where officials are kept."""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from registry.ledger import Given, LedgerEntry
from registry.official import Official
from registry.tenant import Tenant


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, in officials."""

    added: int
    changed: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """An official withdrew all consent ``at`` that moment; until ``erased_at`` is set, her erasure is not complete.

    ``removed`` counts per holder what has been removed so far.
    """

    at: datetime
    erased_at: datetime | None
    removed: dict[str, int]


@dataclass(frozen=True, slots=True)
class Erasures:
    """How the erasures stand, also those of a part.

    How many are not complete, and since when the oldest is due; how many are complete, and how long they took in all.
    """

    pending: int
    since: datetime | None
    complete: int
    seconds: float


class Store(Protocol):
    """The registry. Every change of officials is one transaction, counts the revision up and starts a new epoch of the log.

    The epoch makes the log refuse whatever was matched before the change; the revision tells a running monitor, also in
    another process, to match anew. A change of what she agreed to, or of who may be told, is an entry in the consent ledger,
    and ``given`` says how it came about.
    """

    def officials(self) -> list[Official]:
        """Everybody, ordered by id, whether or not her consent is in force."""
        ...

    def get(self, official_id: str) -> Official:
        """One official.

        Raises:
            BadInput: nobody has this id, or she was erased. The message may suggest an id that is alike.
        """
        ...

    def add(self, official: Official, *, given: Given = ...) -> None:
        """Store a new official.

        Raises:
            BadInput: the id is taken, something is wrong with her fields, or she withdrew (see `put_all`).
        """
        ...

    def changing(self, official_id: str) -> AbstractContextManager[Official]:
        """She as she is; until the block ends nobody else changes the registry, and what it writes is one transaction.

        Raises:
            BadInput: nobody has this id.
        """
        ...

    def change(self, official: Official, *, given: Given) -> None:
        """Replace one official who is there; if nothing differs, nothing happens.

        Raises:
            BadInput: nobody has this id, something is wrong with her fields, or she withdrew (see `put_all`).
        """
        ...

    def put_all(self, officials: Sequence[Official], *, given: Given = ...) -> Imported:
        """Add or replace all of them or, if anything is wrong, none. Doing it again changes nothing.

        It never revives a withdrawn consent: who withdrew comes back only with a consent that begins after it. Nor does a file
        replace what she has said on the portal, but by a consent given later; and it leaves wishes that it does not name.

        Raises:
            BadInput: names every one that is refused, and why.
        """
        ...

    def withdraw(self, official_id: str, at: datetime, *, given: Given = ...) -> Withdrawal:
        """End all her consents ``at`` that moment and mark her erasure as pending; a second call changes nothing.

        Raises:
            BadInput: nobody has this id.
        """
        ...

    def withdrawal(self, official_id: str) -> Withdrawal | None:
        """Her last withdrawal, if any."""
        ...

    def pending(self) -> list[str]:
        """The ids that some holder may still hold though they withdrew."""
        ...

    def note(self, official_id: str, holder: str, removed: int) -> None:
        """Count what ``holder`` removed in her pending erasure."""
        ...

    def remove(self, official_id: str) -> bool:
        """Forget all her fields and her entries in the ledger; returns whether there was something to forget."""
        ...

    def erased(self, official_id: str) -> None:
        """Every holder has erased her; what is left to do is to scrub the files.

        What stays is the time, and a digest of the id to know it again in an import.
        """
        ...

    def unscrubbed(self) -> list[bytes]:
        """The digests of those who are erased while the files are not scrubbed yet."""
        ...

    def scrubbed(self, digests: Sequence[bytes], at: datetime) -> None:
        """The files have been scrubbed since these were erased: their erasure is complete."""
        ...

    def complete(self, official_ids: Collection[str]) -> list[str]:
        """Those of them whose erasure is complete, and who have not come back since."""
        ...

    def reopen(self, official_id: str) -> None:
        """Something of one whose erasure was complete is held again: it is pending once more; of nobody else's."""
        ...

    def erasures(self) -> Erasures:
        """How the erasures stand. A second withdrawal of the same official takes the place of her first."""
        ...

    def ledger(self, official_id: str) -> list[LedgerEntry]:
        """What she agreed to, from the first entry to the last; empty if nobody has this id, or she was erased."""
        ...

    def tenants(self) -> list[Tenant]:
        """All tenants, ordered by id, also those whose officials have all gone."""
        ...

    def tenant(self, tenant_id: str) -> Tenant:
        """One tenant.

        Raises:
            BadInput: none has this id.
        """
        ...

    def put_tenant(self, tenant: Tenant) -> None:
        """Add or replace a tenant. It changes nothing of what is matched, so the revision stays.

        Raises:
            BadInput: something is wrong with it.
        """
        ...

    def revision(self) -> int:
        """Counts the changes so far."""
        ...
