"""What a restored copy of the index has brought back, and is erased once more."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from flow.errors import BadInput, Unavailable
from registry.holder import Part
from registry.stores.partial import Withdrawn
from turvakt.wiring import Parts


@dataclass(frozen=True, slots=True)
class Back:
    """What the index holds without right because of an official.

    Attributes:
        source: the one that she has withdrawn; empty: all of them.
        withdrew: when; ``None``: that is not known, nor she.
        registered: whether she is known: then what was collected since may be held.
        records: how many.
    """

    official: str = field(repr=False)
    source: str
    withdrew: datetime | None
    registered: bool
    records: int = 0

    @property
    def part(self) -> Part | None:
        """What she has withdrawn."""
        return Part("source", self.source) if self.source else None

    @property
    def before(self) -> datetime | None:
        """When it was collected; ``None``: at any time."""
        return self.withdrew if self.registered else None


def brought_back(parts: Parts) -> list[Back]:
    """What the index in Elasticsearch holds of officials whom the registry does not know, and of what others have withdrawn.

    Raises:
        BadInput: the index is not in Elasticsearch: it and the registry are in one file then, and of one moment.
    """
    if not parts.settings.elasticsearch.urls:
        raise BadInput("the settings name no node", place="elasticsearch.urls", remedy="See docs/elasticsearch.md")
    index = parts.elasticsearch
    found = (
        replace(each, records=index.count(each.official, each.part, before=each.before))
        for each in _gone(parts, sorted(index.officials()))
    )
    return [each for each in found if each.records]


def _gone(parts: Parts, held: Sequence[str]) -> Iterator[Back]:
    # Looked up after the index: whoever has come into it meanwhile is registered by now.
    registered = {each.id: each for each in parts.store.officials()}
    withdrawn = Withdrawn.from_(parts.database)
    for id in held:
        withdrawal, official = parts.store.withdrawal(id), registered.get(id)
        if withdrawal is not None or official is None:
            yield Back(id, "", withdrawal.at if withdrawal is not None else None, official is not None)
        if official is not None:
            yield from (Back(id, part.name, at, True) for part, at in withdrawn.of(official) if part.kind == "source")


def erase_again(parts: Parts, back: Sequence[Back]) -> int:
    """Remove it, also from the files; returns how many records were removed or changed.

    Raises:
        Unavailable: Elasticsearch is away or busy, or something is still held. It can be done again.
    """
    index, removed = parts.elasticsearch, 0
    for each in back:
        if parts.trends is not None and not each.registered:
            parts.trends.erase(each.official)  # before the index, which it asks for the days
        removed += index.erase(each.official, each.part, before=each.before)
    left = sum(index.count(each.official, each.part, before=each.before) for each in back)
    if left:
        raise Unavailable(f"{left} records are still held", place=index.name, remedy="Run the command once more")
    index.scrub()
    return removed
