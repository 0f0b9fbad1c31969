"""Tells a consumer that has fallen silent from one that has nothing to do.

Kafka's clients are known to stop fetching while they still send signs of life (faust-streaming #175, #523, #629, #640). Nothing
raises then, and the broker gives the partitions to nobody else. So what the broker knows of the group is compared with time.
"""

from collections.abc import Collection, Mapping
from typing import Protocol


class Progress(Protocol):
    """How far a group has come in a partition, and where that ends."""

    @property
    def committed(self) -> int: ...

    @property
    def end(self) -> int: ...


class Watchdog:
    """Is shown, every few seconds, how far the group has come.

    Each partition is looked at by itself: one that is fetched no more stands still beside others that go on. But only the time
    counts in which the consumer has nothing in hand. Otherwise one may wait for its turn: behind a batch that cannot be handed
    over, or behind all that was fetched of the others (a megabyte of each, which may take minutes to judge).

    Args:
        patience: seconds that may pass.
        now: when it is made, by a clock that never goes back; as below.
    """

    def __init__(self, *, patience: float, now: float) -> None:
        self._patience = patience
        self._stuck: dict[int, tuple[int, float]] = {}
        """By partition: where it stands although there is more, and since when, by ``_free``."""
        self._known = self._looked = now
        self._free = 0.0
        """Seconds in which the consumer had nothing in hand, all in all, as far as looks tell."""

    def silent(
        self,
        progress: Mapping[int, Progress],
        mine: Collection[int] | None,
        *,
        taken: Collection[int],
        idle: bool,
        now: float,
    ) -> bool:
        """Whether the consumer is to be started anew: for too long it has not been known to the group, or has taken nothing
        from a partition of its own in which there is something to take.

        Args:
            progress: of the group, by partition; empty while the broker cannot be asked.
            mine: the partitions that the broker has given to this consumer; ``None``: the group does not know it.
            taken: the partitions of which it has taken entries since the last look.
            idle: it has none in hand.
        """
        if mine is not None:
            self._known = now
        if idle:
            self._free += now - self._looked
        self._looked = now
        ahead = {
            number: each.committed
            for number, each in progress.items()
            if each.end > each.committed and number in (mine or ())
        }
        stands = {number: since for number, since in self._stuck.items() if number not in taken}
        self._stuck = {
            number: before if (before := stands.get(number)) and before[0] == committed else (committed, self._free)
            for number, committed in ahead.items()
        }
        if now - self._known > self._patience:
            return True
        return any(self._free - since > self._patience for _, since in self._stuck.values())
