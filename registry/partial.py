"""Where partial withdrawals are written down until they are carried out, and after that without names."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from registry.holder import Part
from registry.ledger import Given
from registry.store import Withdrawal


class Partial(Protocol):
    """The partial withdrawals of everybody in a `registry.store.Store`; as there, an erasure is pending until it is complete."""

    def withdraw(
        self, official_id: str, part: Part, at: datetime, *, sources: Collection[str], given: Given
    ) -> Withdrawal:
        """Take ``part`` out of her consents ``at`` that moment and mark its erasure as pending, in one transaction.

        A second call changes nothing, unless she has consented to it anew.

        Args:
            official_id: her id.
            part: what she withdraws.
            at: now.
            sources: all sources there are, see `registry.narrowing.narrowed`.
            given: how it came about, for the ledger.

        Raises:
            BadInput: nobody has this id, her consent does not cover it, or nothing else would be left.
        """
        ...

    def withdraw_all(
        self, official_id: str, parts: Sequence[Part], at: datetime, *, sources: Collection[str], given: Given
    ) -> None:
        """The same for several parts, all or, if one of them is refused, none of them.

        Raises:
            BadInput: as for `withdraw`.
        """
        ...

    def withdrawal(self, official_id: str, part: Part) -> Withdrawal | None:
        """Her last withdrawal of this part, if any."""
        ...

    def sources(self, official_id: str) -> frozenset[str]:
        """The sources that she has ever withdrawn, whether or not she has consented to them anew."""
        ...

    def pending(self) -> list[tuple[str, Part]]:
        """Those of which some holder may still hold something."""
        ...

    def note(self, official_id: str, part: Part, holder: str, removed: int) -> None:
        """Count what ``holder`` removed."""
        ...

    def erased(self, official_id: str, part: Part) -> None:
        """Every holder has erased it: what stays is the time, a source's name, and a digest to know it again in an import."""
        ...

    def unscrubbed(self) -> list[bytes]:
        """The digests of those that are erased while the files are not scrubbed yet."""
        ...

    def scrubbed(self, digests: Sequence[bytes], at: datetime) -> None:
        """The files have been scrubbed since these were erased: their erasure is complete."""
        ...

    def complete(self) -> list[tuple[str, Part]]:
        """The sources that somebody has withdrawn, whose erasure is complete, and that she has not consented to anew."""
        ...

    def reopen(self, official_id: str, part: Part) -> None:
        """Something of one of these is held again: its erasure is pending once more; of no other."""
        ...
