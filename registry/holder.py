"""What every place that holds personal data can do."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class Part:
    """What a partial withdrawal is about: one source, by its name, or one recipient, by the name of her contact."""

    kind: Literal["source", "recipient"]
    name: str = field(repr=False)

    def covers(self, post: str) -> bool:
        """Whether it is the source of the post with this id."""
        return self.kind == "source" and post.startswith(f"{self.name}:")


class Holder(Protocol):
    """Holds personal data: a log, an index, an outbox, the registry itself.

    The composition root lists all holders; erasure, retention and subject access are loops over that list. Every
    method may be called again after an interruption and then does only what is left.
    """

    name: str

    def erase(self, official: str, part: Part | None = None) -> int:
        """Remove everything that is there because of ``official``; a post that also mentions others stays without her.

        Args:
            official: her id.
            part: only what is there because of her and this source, or what is under way to, or names, this recipient.
                A holder without such things removes nothing.

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

    def count(self, official: str, part: Part | None = None) -> int:
        """How many records are held because of ``official``, or how many `erase` of ``part`` would remove or change."""
        ...


class Listing(Protocol):
    """What of a holder tells whether anything has come back."""

    def officials(self) -> Collection[str]:
        """The ids of all officials because of whom anything is held; some of whom nothing is left may still be among them."""
        ...

    def count(self, official: str, part: Part | None = None) -> int:
        """See `Holder.count`."""
        ...
