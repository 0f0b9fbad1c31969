"""How far two readings of the corpus agree, beyond what chance would give.

``models/corpus/readings/`` keeps both as they were before anything was settled: ``second-<language>.jsonl`` holds the second
reader's labels of every post of the parts that were read twice, ``first-<language>.jsonl`` the writer's of those posts where
label set or severity differ. Elsewhere the first reading is the second. ``native-second-<language>.jsonl`` and
``native-first-<language>.jsonl`` are the same of the posts in open corpora that we labelled by id.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classify.calibration import LANGUAGES
from classify.corpus import Example
from classify.evaluation.metrics import Figure, Places, draws, figure
from classify.evaluation.report import Table
from classify.verdict import LABELS, SEVERITIES, Label, Severity, at_least
from flow.errors import BadInput, Broken

FOLDER: Final = "readings"
_NATIVE: Final = "native-"
_SEE: Final = "The readings are described in models/corpus/README.md"
Steps = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reader said of a post."""

    labels: frozenset[Label]
    severity: Severity


@dataclass(frozen=True, slots=True)
class Pair:
    """Both readings of a post."""

    first: Reading
    second: Reading


@dataclass(frozen=True, slots=True)
class Agreement:
    """On one question about the posts of one language.

    ``first`` and ``second`` count the posts in which only that reader said yes or, of severity, said the graver; ``both`` those
    to which both gave the label or, of severity, the same step above none. ``kappa`` is 1 for readers who always agree, 0 for
    what chance gives.
    """

    language: str
    question: str
    both: int
    first: int
    second: int
    kappa: Figure


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """All questions, in the order of languages; ``posts`` and ``same`` (label set and severity) count by language."""

    posts: dict[str, int]
    same: dict[str, int]
    agreements: tuple[Agreement, ...]

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON."""
        return asdict(self)

    def rows(self) -> Table:
        """A table to print; its first row is the heading."""
        heading = ("language", "question", "both", "only first", "only second", "kappa")
        return [
            heading,
            *(
                (each.language, each.question, str(each.both), str(each.first), str(each.second), str(each.kappa))
                for each in self.agreements
            ),
        ]


def read_readings(folder: Path, *, native: bool = False) -> dict[str, Pair]:
    """Both readings of every post that was read twice, by its id; ``native``: of those in open corpora.

    Raises:
        BadInput: a line is wrong, or a first reading stands beside no second one or does not differ from it.
        Broken: there is nothing to read.
    """
    of = _NATIVE if native else ""
    second = dict(_each(folder, f"{of}second"))
    if not second:
        raise Broken("no second readings there", place=str(folder), remedy=_SEE)
    found = {id: Pair(reading, reading) for id, (_, reading) in second.items()}
    for id, (place, first) in _each(folder, f"{of}first"):
        if id not in found or found[id].second == first:
            raise BadInput("a first reading without a second one that differs", place=place, remedy=_SEE)
        found[id] = Pair(first, found[id].second)
    return found


def measure(pairs: Mapping[str, Pair], examples: Sequence[Example]) -> AgreementReport:
    """How far the readings agree, with intervals over the authors of the ``examples`` that were read.

    Labels and "high or above" by Cohen's kappa (1960), severity by kappa with quadratic weights (Cohen, 1968).

    Raises:
        BadInput: a reading is of no example.
    """
    read = [example for example in examples if example.id in pairs]
    if len(read) < len(pairs):
        raise BadInput("readings of posts that the corpus lacks", place=FOLDER, remedy=_SEE)
    posts: dict[str, int] = {}
    same: dict[str, int] = {}
    agreements: list[Agreement] = []
    for language in LANGUAGES:
        ours = [example for example in read if example.lang == language]
        if ours:
            both = [pairs[example.id] for example in ours]
            posts[language], same[language] = len(both), sum(pair.first == pair.second for pair in both)
            agreements += _agreements(language, both, draws([example.author for example in ours]))
    return AgreementReport(posts, same, tuple(agreements))


def kappa(first: Steps, second: Steps) -> float:
    """Agreement on ordered steps from 0, beyond chance, a disagreement weighing the square of its distance.

    With two steps this is Cohen's kappa. Readers who both say one and the same of everything agree: 1.
    """
    count = int(max(first.max(), second.max())) + 1
    seen = np.bincount(first * count + second, minlength=count**2).reshape(count, count) / len(first)
    distance = np.subtract.outer(np.arange(count), np.arange(count)) ** 2
    by_chance = float((distance * np.outer(seen.sum(1), seen.sum(0))).sum())
    return 1 - float((distance * seen).sum()) / by_chance if by_chance else 1.0


def _agreements(language: str, pairs: Sequence[Pair], drawn: Sequence[Places]) -> Iterator[Agreement]:
    questions: dict[str, Callable[[Reading], int]] = {label: _has(label) for label in LABELS}
    questions["high or above"] = lambda reading: at_least(reading.severity, "high")
    questions["severity"] = lambda reading: SEVERITIES.index(reading.severity)
    for question, ask in questions.items():
        first = np.array([ask(pair.first) for pair in pairs], dtype=np.intp)
        second = np.array([ask(pair.second) for pair in pairs], dtype=np.intp)

        def agreed(places: Places, first: Steps = first, second: Steps = second) -> float:
            return kappa(first[places], second[places])

        yield Agreement(
            language=language,
            question=question,
            both=int(((first == second) & (first > 0)).sum()),
            first=int((first > second).sum()),
            second=int((second > first).sum()),
            kappa=figure(agreed, len(pairs), drawn),
        )


def _has(label: Label) -> Callable[[Reading], int]:
    return lambda reading: label in reading.labels


def _each(folder: Path, which: str) -> Iterator[tuple[str, tuple[str, Reading]]]:
    """Id -> place and reading, of all files of one reader, whose names begin with ``which``."""
    for path in sorted(folder.glob(f"{which}-*.jsonl")):
        try:
            lines = path.read_bytes().splitlines()
        except OSError as error:
            raise Broken("the readings cannot be read", place=str(path), remedy="Check its permissions") from error
        ids: set[str] = set()
        for number, line in enumerate(lines, 1):
            place = f"{path.name}, line {number}"
            id, reading = _reading(line, place)
            if id in ids:
                raise BadInput("field 'id' is that of an earlier reading", place=place, remedy=_SEE)
            ids.add(id)
            yield id, (place, reading)


def _reading(line: bytes, place: str) -> tuple[str, Reading]:
    try:
        row = json.loads(line)
        id, labels, severity = row["id"], frozenset(row["labels"]), row["severity"]
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput("not a reading with id, labels and severity", place=place, remedy=_SEE) from error
    if not isinstance(id, str) or not labels <= set(LABELS) or severity not in SEVERITIES:
        raise BadInput("id, labels or severity are none that we know", place=place, remedy=_SEE)
    if bool(labels) != (severity != "none"):
        raise BadInput("labels and severity do not fit", place=place, remedy=_SEE)
    return id, Reading(labels, severity)
