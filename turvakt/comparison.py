"""What a candidate said of posts beside what the classifier in use said: numbers only, kept in the data folder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from alerts.alert import Alert
from classify.verdict import LABELS, Judgement, Label, Verdict
from flow.clock import Moment
from review.index import Kind
from turvakt.folder import read_counts, write

FILE = "shadow.json"
Said = Literal["both", "current", "candidate", "neither"]
Change = Literal["kept", "added", "dropped"]
Lost = Literal["failed", "skipped"]
_SAID: dict[tuple[bool, bool], Said] = {
    (True, True): "both",
    (True, False): "current",
    (False, True): "candidate",
    (False, False): "neither",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """One post. ``current`` and ``candidate`` are its severities, ``labels`` says who flagged each label, and ``alerts`` how many
    the candidate would have raised as well, in addition, or not."""

    current: Kind
    candidate: Kind
    labels: dict[Label, Said]
    alerts: dict[Change, int]


def compare(verdict: Verdict, judgement: Judgement, *, alerts: Callable[[Sequence[Verdict]], list[Alert]]) -> Compared:
    """``verdict`` as it is out against what the candidate says of its post; ``alerts`` tells which a verdict raises."""
    now = {alert.id for alert in alerts([verdict])}
    then = {alert.id for alert in alerts([replace(verdict, judgement=judgement)])}
    ours, theirs = set(verdict.judgement.flagged), set(judgement.flagged)
    return Compared(
        current=_kind(verdict.judgement),
        candidate=_kind(judgement),
        labels={label: _SAID[label in ours, label in theirs] for label in LABELS},
        alerts={"kept": len(now & then), "added": len(then - now), "dropped": len(now - then)},
    )


def _kind(judgement: Judgement) -> Kind:
    return "unable" if judgement.unable else judgement.severity


@dataclass(slots=True)
class Counts:
    """What came of all posts that ``current`` and ``candidate`` (``name@version``) judged since ``since``.

    ``severities`` are by those of the current classifier, then by those of the candidate. Posts that the candidate could not be
    asked about are ``failed``; those that came faster than it judges are ``skipped``.
    """

    current: str
    candidate: str
    since: Moment
    judged: int = 0
    failed: int = 0
    skipped: int = 0
    severities: dict[Kind, dict[Kind, int]] = field(default_factory=dict)
    labels: dict[Label, dict[Said, int]] = field(default_factory=dict)
    alerts: dict[Change, int] = field(default_factory=dict)

    def add(self, compared: Compared) -> None:
        """Count one post."""
        self.judged += 1
        row = self.severities.setdefault(compared.current, {})
        row[compared.candidate] = row.get(compared.candidate, 0) + 1
        for label, said in compared.labels.items():
            by = self.labels.setdefault(label, {})
            by[said] = by.get(said, 0) + 1
        for change, many in compared.alerts.items():
            self.alerts[change] = self.alerts.get(change, 0) + many

    def lose(self, lost: Lost) -> None:
        """Count a post that was not compared."""
        setattr(self, lost, getattr(self, lost) + 1)


class Book:
    """The `Counts` of each pair of classifiers, in the order in which they were first compared."""

    def __init__(self, pairs: Sequence[Counts] = ()) -> None:
        self.pairs = list(pairs)

    @classmethod
    def open(cls, folder: Path) -> "Book":
        """What the data folder keeps; nothing, if nothing was compared.

        Raises:
            Broken: the file cannot be read.
        """
        return cls(read_counts(folder / FILE, Counts))

    def of(self, current: str, candidate: str, now: datetime) -> Counts:
        """The counts of a pair, which begin at ``now`` if it is new."""
        for counts in self.pairs:
            if (counts.current, counts.candidate) == (current, candidate):
                return counts
        self.pairs.append(Counts(current, candidate, now))
        return self.pairs[-1]

    def save(self, folder: Path) -> None:
        """Keep it.

        Raises:
            Unavailable: the disk is full.
            Broken: the file cannot be written.
        """
        write(folder / FILE, msgspec.json.encode(self.pairs).decode())
