"""The topics in Kafka as a conveyor belt: what stands on it, what of it is unread, and how things leave it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice

from flow.entry import Entry
from flow.logs.kafka.cluster import Cluster
from flow.logs.kafka.faults import lost
from flow.logs.kafka.overlay import Overlay
from flow.logs.kafka.reading import Reader
from flow.logs.kafka.records import MOST_PARTITIONS, Partition, Spans

_AT_ONCE = 1000


class Belt:
    """Entries in Kafka, seen through the overlay.

    Args:
        readers: the groups that read each topic. One that has never committed holds everything back.
        dead: the topics that nobody reads.
    """

    def __init__(
        self,
        cluster: Cluster,
        reader: Reader,
        overlay: Overlay,
        *,
        readers: Mapping[str, Collection[str]],
        dead: Collection[str],
    ) -> None:
        self._cluster = cluster
        self._reader = reader
        self._overlay = overlay
        self.readers = readers
        self.topics = (*readers, *dead)

    def standing(self, partitions: Collection[Partition]) -> dict[Partition, range]:
        """From where to where there are entries.

        Raises:
            Broken: a topic has lost its end.
        """
        topics = {partition.topic for partition in partitions}
        floors, known = self._overlay.floors(topics), self._overlay.known(topics)
        # Asked after them: otherwise they might have risen with it.
        beginnings, ends = self._cluster.beginnings(partitions), self._cluster.ends(partitions)
        for partition, end in ends.items():
            if known.get(partition, 0) > end:
                raise lost(self._cluster.full(partition.topic), place=self._cluster.place)
        return {each: _span(max(beginnings[each], floors.get(each, 0)), ends[each]) for each in partitions}

    def unread(self, topics: Collection[str], *, group: str = "") -> dict[Partition, range]:
        """From where to where there are entries that ``group``, or some group of their topic, has yet to read."""
        standing = self.standing([each for each in self._cluster.partitions(topics) if each.topic in self.readers])
        readers = dict.fromkeys(topics, (group,)) if group else self.readers
        read = self._cluster.read_by_all(readers, {each: span.start for each, span in standing.items()})
        # Of a topic that has lost its end a group may have read more than there is: no floor may rise to that.
        return {each: _span(min(read[each], span.stop), span.stop) for each, span in standing.items()}

    def entries(self, spans: Spans) -> Iterator[Entry]:
        """The entries in ``spans`` as they are to be seen, those of one partition in their order."""
        entries = self._reader.read(spans)
        while some := list(islice(entries, _AT_ONCE)):
            yield from self._overlay.seen(some)

    def all(self, topic: str, wanted: Callable[[Entry], bool]) -> list[Entry]:
        """The entries of ``topic`` that are ``wanted``, by offset; no others are kept in memory."""
        return _by_offset(filter(wanted, self.entries(self.standing(self._cluster.partitions([topic])))))

    def browse(self, topic: str, *, after: int, limit: int) -> list[Entry]:
        """See `flow.log.Log.browse`. The same offset of all partitions comes before the next one."""
        standing = self.standing(self._cluster.partitions([topic]))
        found: list[Entry] = []
        step = limit // max(1, len(standing)) + 1
        start = (after + 1) // MOST_PARTITIONS
        while ahead := [max(start, span.start) for span in standing.values() if max(start, span.start) < span.stop]:
            start = min(ahead)
            spans = {
                each: _span(max(start, span.start), min(start + step, span.stop)) for each, span in standing.items()
            }
            found += [entry for entry in _by_offset(self.entries(spans)) if entry.offset > after]
            if len(found) >= limit:
                break
            start += step
        return found[:limit]

    def holding(self) -> set[str]:
        """The topics with readers in which there are entries."""
        spans = self.standing(self._cluster.partitions(self.readers))
        by_topic = {
            topic: {each: span for each, span in spans.items() if each.topic == topic} for topic in self.readers
        }
        # They are looked at, not counted: some may be markers.
        return {topic for topic, own in by_topic.items() if next(self.entries(own), None) is not None}

    def cover(self, topics: Collection[str], change: Callable[[Entry], bytes | None]) -> list[Entry]:
        """Let every entry of ``topics`` be seen as ``change`` says, and what all have read not at all.

        Returns:
            The unread entries that are changed or removed.
        """
        unread = self.unread(topics)
        changed = [(entry, value) for entry in self.entries(unread) if (value := change(entry)) != entry.value]
        self._overlay.change(changed)
        self._overlay.raise_floors({each: span.start for each, span in unread.items()})
        return [entry for entry, _ in changed]

    def let_go(self, topics: Collection[str]) -> None:
        """Let nothing that stands in ``topics``, which nobody reads, be seen any more."""
        standing = self.standing(self._cluster.partitions(topics))
        self._overlay.raise_floors({each: span.stop for each, span in standing.items()})

    def oldest_unread(self, topics: Collection[str], *, group: str = "") -> datetime | None:
        """When the oldest entry came that ``group``, or some group, has yet to read."""
        # More than one of each partition, as markers are no entries.
        first = {each: span[:10] for each, span in self.unread(topics, group=group).items()}
        return min((entry.at for entry in self._reader.read(first)), default=None)

    def expire(self, before: datetime, *, counting: Callable[[str], bool]) -> int:
        """Delete what came before ``before`` and was read by every group; returns how many entries of which topics went."""
        partitions = self._cluster.partitions(self.topics)
        old = self._cluster.offsets_at(partitions, before)
        standing = self.standing(partitions)
        read = self._cluster.read_by_all(self.readers, {each: span.start for each, span in standing.items()})
        gone = {each: min(old[each], read[each]) if each.topic in self.readers else old[each] for each in partitions}
        self._delete(gone)
        return sum(len(_span(standing[each].start, upto)) for each, upto in gone.items() if counting(each.topic))

    def sweep(self) -> None:
        """Delete what was erased and, of topics in which single entries are changed, what every group has read."""
        unread = self.unread(self._overlay.changed())
        self._overlay.raise_floors({each: span.start for each, span in unread.items()})
        self._delete(self._overlay.floors())

    def lost(self) -> dict[Partition, int]:
        """The ends of partitions of which records are known that are no more: they have lost their end, or are missing."""
        known = self._overlay.known()
        ends = self._cluster.ends(_known(known, self._cluster.topics()))
        return {each: ends.get(each, 0) for each, upto in known.items() if upto > ends.get(each, 0)}

    def mend(self) -> set[str]:
        """Let nothing that is known of records that are no more hide such as come; for who has locked all others out.

        Returns:
            The topics of which there was anything like that.
        """
        lost = self.lost()
        self._overlay.cut(lost)
        return {partition.topic for partition in lost}

    def _delete(self, before: Mapping[Partition, int]) -> None:
        there = self._cluster.beginnings(_known(before, self._cluster.topics()))
        self._cluster.delete({each: before[each] for each, beginning in there.items() if before[each] > beginning})


def _span(start: int, stop: int) -> range:
    return range(start, max(start, stop))


def _by_offset(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry.offset)


def _known(partitions: Iterable[Partition], topics: Mapping[str, int]) -> list[Partition]:
    return [each for each in partitions if each.number < topics.get(each.topic, 0)]
