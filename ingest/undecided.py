"""Deletions that wait for the index: of most of them only it knows whether there is anything to delete."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from flow.errors import Unavailable
from ingest.collector import AuthorGone, Collected, Deletion

MOST = 300_000
"""So many of a source wait in memory; beyond it nothing more of the source is taken until the index is there."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What of a source waits, by post or author, and up to where the source has been read since."""

    collector: str
    gone: Mapping[str, Deletion | AuthorGone] = field(default_factory=dict)
    cursor: str | None = None


class Undecided:
    """What waits, by source. The sources' cursors in the log stay before it: after a new start it is read again."""

    def __init__(self) -> None:
        self._sources: dict[str, Waiting] = {}

    def __len__(self) -> int:
        return sum(len(waiting.gone) for waiting in self._sources.values())

    def after(self, collector: str, collected: Collected, undecided: Mapping[str, Deletion]) -> Waiting | None:
        """What of the source waits when ``collected`` has been taken but for the ``undecided``; ``None``: nothing.

        Raises:
            Unavailable: it would be too many.
        """
        reads = collected.reads or collector
        before = self._sources.get(reads) or Waiting(collector)
        authors = {f"{item.source} {item.author}": item for item in collected.items if isinstance(item, AuthorGone)}
        gone = {**before.gone, **authors, **undecided}
        if len(gone) > MOST:
            remedy = "It goes on when the index is there again"
            raise Unavailable("too many deletions wait for the index", place=f"source {reads}", remedy=remedy)
        return Waiting(collector, gone, collected.cursor or before.cursor) if gone else None

    def keep(self, reads: str, waiting: Waiting | None) -> None:
        """Of the source called ``reads`` this waits now."""
        if waiting is None:
            self._sources.pop(reads, None)
        else:
            self._sources[reads] = waiting

    def __iter__(self) -> Iterator[tuple[str, Collected]]:
        """The collector of each source, and what waits as if it had just been read."""
        for reads, waiting in list(self._sources.items()):
            yield waiting.collector, Collected(tuple(waiting.gone.values()), waiting.cursor, reads)
