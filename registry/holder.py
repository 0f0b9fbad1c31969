"""What every place that holds personal data can do."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Protocol


class Holder(Protocol):
    """Holds personal data: a log, an index, an outbox, the registry itself.

    The composition root lists all holders; erasure, retention and subject access are loops over that list. Every
    method may be called again after an interruption and then does only what is left.
    """

    name: str

    def erase(self, official: str) -> int:
        """Remove everything that is there because of ``official``; a post that also mentions others stays without her.

        Returns:
            How many records were removed or changed.
        """
        ...

    def forget(self, posts: Collection[str]) -> int:
        """Remove the posts with these ids, since their platform deleted them. Returns how many records went."""
        ...

    def expire(self, before: datetime) -> int:
        """Remove what was stored before ``before`` and is not needed to finish work in hand. Returns how many."""
        ...

    def export(self, official: str) -> list[dict[str, Any]]:
        """Everything held because of ``official``, as plain JSON objects."""
        ...

    def count(self, official: str) -> int:
        """How many records are held because of ``official``."""
        ...
