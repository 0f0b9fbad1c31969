"""A stage: a plain function from records to outputs, and the only error policy that there is.

Each entry is decoded alone, and a bad one becomes a dead letter. The function runs once per batch. If it fails, the
runtime halves the batch until the culprit stands alone and becomes a dead letter, too. The hand-over is repeated while
something is unavailable. Too many dead letters in a row mean that not the entries are wrong but the stage: once they are
written it stops, and after a restart it goes on behind them.
"""

from collections.abc import Callable, Iterable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from flow.clock import Clock
from flow.codec import Codec
from flow.entry import DEAD_LETTERS, DeadLetter, Entry, dead
from flow.errors import BadInput, Broken, TurvaktError, Unavailable
from flow.log import Writer

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Output:
    """An entry that a stage hands on. ``record`` is what ``value`` decodes to: a stage in the same process need not do it."""

    topic: str
    key: str
    value: bytes
    record: Any = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch: the records that were handled, what they gave, and the dead letters.

    ``read`` counts the entries that it stands for: not all of the batch where the dead became too many in a row.
    ``in_a_row`` is how many dead ones stand at its end, together with those before it.
    """

    records: tuple[Any, ...]
    outputs: tuple[Output, ...]
    dead: tuple[DeadLetter, ...]
    read: int
    in_a_row: int


class Observer(Protocol):
    """Is told what happens, for metrics and displays. It must not raise."""

    def committed(self, stage: str, outcome: Outcome, seconds: float) -> None:
        """A batch and its results are safe."""
        ...

    def waiting(self, place: str, error: Unavailable) -> None:
        """Something is unavailable; the step is repeated after a pause."""
        ...


def _nothing(records: Sequence[Any]) -> None:
    """Most stages have no effect besides their outputs."""


class Stage(Generic[Record]):
    """Reads ``source``, hands outputs on.

    Args:
        name: of the stage; also the group whose offset it keeps.
        source: the topic to read.
        codec: of the records in ``source``.
        handle: from records to outputs; pure.
        apply: an idempotent effect on the records (index, outbox), done within the hand-over.
        stop_after: this many dead letters in a row stop the stage.
    """

    def __init__(
        self,
        name: str,
        *,
        source: str,
        codec: Codec[Record],
        clock: Clock,
        handle: Callable[[Sequence[Record]], Iterable[Output]] = lambda records: (),
        apply: Callable[[Sequence[Record]], None] = _nothing,
        stop_after: int = 100,
    ) -> None:
        self.name = name
        self.source = source
        self._codec = codec
        self._clock = clock
        self._handle = handle
        self._apply = apply
        self._stop_after = stop_after
        self._in_a_row = 0
        self._last_reason = ""

    def step(self, entries: Sequence[Entry], *, known: MutableMapping[bytes, Any] | None = None) -> Outcome:
        """Decode and handle. Whatever ``handle`` raises comes through; nothing has happened then.

        Args:
            known: records by the value they were decoded from, of other stages in this process; taken from and added to.

        Raises:
            Broken: too many dead letters in a row have been written before.
        """
        if self._in_a_row >= self._stop_after:
            raise Broken(
                f"{self._in_a_row} entries in a row could not be handled, the last one because: {self._last_reason}",
                place=f"stage {self.name}",
                remedy="Nothing is lost. Mend the cause and start again; see 'turvakt dead list'",
            )
        known = {} if known is None else known
        records: list[Record] = []
        letters: list[DeadLetter] = []
        in_a_row = self._in_a_row
        for entry in entries:
            record = known.get(entry.value)
            if record is None:
                try:
                    record = known[entry.value] = self._codec.decode(entry.value)
                except BadInput as error:
                    letters.append(self._letter(entry, error))
                    in_a_row += 1
                    if in_a_row >= self._stop_after:
                        break
                    continue
            records.append(record)
            in_a_row = 0
        outputs = tuple(self._handle(records))
        known.update((output.value, output.record) for output in outputs if output.record is not None)
        return Outcome(tuple(records), outputs, tuple(letters), len(records) + len(letters), in_a_row)

    def reject(self, entry: Entry, error: Exception) -> Outcome:
        """The outcome for an entry on which `step` or `hand_over` failed when it stood alone."""
        return Outcome((), (), (self._letter(entry, error),), 1, self._in_a_row + 1)

    def hand_over(self, outcome: Outcome, writer: Writer) -> None:
        """Write what came of a batch; the caller opened the transaction, and acknowledges what ``outcome`` stands for."""
        self._apply(outcome.records)
        for output in outcome.outputs:
            writer.append(output.topic, output.key, output.value)
        for letter in outcome.dead:
            writer.append(dead(self.source), letter.key, DEAD_LETTERS.encode(letter))

    def committed(self, outcome: Outcome) -> None:
        """The hand-over is safe: take note of it."""
        self._in_a_row = outcome.in_a_row
        if outcome.dead:
            self._last_reason = outcome.dead[-1].reason

    def _letter(self, entry: Entry, error: Exception) -> DeadLetter:
        # The message of a foreign exception may quote the post: only its type is told.
        reason = str(error) if isinstance(error, TurvaktError) else f"unexpected {type(error).__name__}"
        return DeadLetter(
            origin=self.source,
            stage=self.name,
            reason=reason,
            place=f"{entry.topic} offset {entry.offset}",
            key=entry.key,
            value=entry.value,
            officials=(),
            at=self._clock.now(),
        )
