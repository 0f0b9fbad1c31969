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

    Args:
        patience: seconds that may pass.
        now: when it is made, by a clock that never goes back; as below.
    """

    def __init__(self, *, patience: float, now: float) -> None:
        self._patience = patience
        self._stuck: dict[int, tuple[int, float]] = {}
        """By partition: where it stands although there is more, and since when."""
        self._known = self._worked = now

    def worked(self, now: float) -> None:
        """The consumer had entries in hand; whether they can be handed over is no matter of its."""
        self._worked = now

    def silent(self, progress: Mapping[int, Progress], mine: Collection[int] | None, *, now: float) -> bool:
        """Whether the consumer is to be started anew: for too long it has not been known to the group, or has taken nothing
        from a partition of its own in which there is something to take.

        Args:
            progress: of the group, by partition; empty while the broker cannot be asked.
            mine: the partitions that the broker has given to this consumer; ``None``: the group does not know it.
        """
        if mine is not None:
            self._known = now
        ahead = {number: each.committed for number, each in progress.items() if each.end > each.committed}
        self._stuck = {
            number: before if (before := self._stuck.get(number)) and before[0] == committed else (committed, now)
            for number, committed in ahead.items()
        }
        if now - self._known > self._patience:
            return True
        since = [self._stuck[number][1] for number in mine or () if number in self._stuck]
        return bool(since) and now - max(self._worked, min(since)) > self._patience
