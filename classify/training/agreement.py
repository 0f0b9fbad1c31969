"""How far two annotators agree beyond chance: Cohen's kappa (Cohen, 1960) for each label and, weighted by distance, severity."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score

from classify.verdict import LABELS, SEVERITIES, Label, Severity
from flow.errors import BadInput

FIRST: Final = "first.jsonl"
SECOND: Final = "second.jsonl"
_DRAWS: Final = 200


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one annotator said of one text."""

    labels: frozenset[Label]
    severity: Severity


@dataclass(frozen=True, slots=True)
class Agreement:
    """Kappa of ``what`` over ``texts`` texts, with the interval of 95 % of bootstrap draws. ``both`` said yes to so many."""

    what: str
    texts: int
    both: int
    kappa: float
    interval: tuple[float, float]


def read_annotations(path: Path) -> dict[str, Annotation]:
    """The annotations in a file of JSON lines, by the id of the text.

    Raises:
        BadInput: a line is wrong; the message names it.
    """
    found: dict[str, Annotation] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            labels, severity = frozenset(row["labels"]), row["severity"]
            if not labels <= set(LABELS) or severity not in SEVERITIES or bool(labels) != (severity != "none"):
                raise ValueError
            found[row["id"]] = Annotation(labels, severity)
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput(
                "id, labels and severity do not fit",
                place=f"{path.name}, line {number}",
                remedy="The format is described in models/corpus/README.md",
            ) from error
    return found


def agreement(first: Mapping[str, Annotation], second: Mapping[str, Annotation]) -> list[Agreement]:
    """Over the texts that both judged: one for each label, then that of severity with quadratic weights."""
    ids = [id for id in first if id in second]
    rank = SEVERITIES.index
    found = []
    for label in LABELS:
        one, two = ([int(label in side[id].labels) for id in ids] for side in (first, second))
        found.append(_agreement(label, one, two, weights=None))
    one, two = ([rank(side[id].severity) for id in ids] for side in (first, second))
    found.append(_agreement("severity", one, two, weights="quadratic"))
    return found


def _agreement(what: str, first: Sequence[int], second: Sequence[int], *, weights: str | None) -> Agreement:
    one, two = np.array(first, dtype=int), np.array(second, dtype=int)
    random = np.random.default_rng(0)

    def kappa(rows: NDArray[np.intp]) -> float:
        if len(set(one[rows])) < 2 and len(set(two[rows])) < 2:
            return 1.0
        return float(cohen_kappa_score(one[rows], two[rows], weights=weights))

    draws = [kappa(random.integers(len(one), size=len(one))) for _ in range(_DRAWS)]
    low, high = np.quantile(draws, (0.025, 0.975))
    both = int(((one > 0) & (two > 0)).sum())
    return Agreement(what, len(one), both, round(kappa(np.arange(len(one))), 3), (round(low, 3), round(high, 3)))
