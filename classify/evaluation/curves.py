"""Calibration curves: of the posts to which a probability is given, how many are so.

Reliability diagrams as tables: DeGroot and Fienberg, 1983; Niculescu-Mizil and Caruana, ICML 2005.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from classify.corpus import Example
from classify.evaluation.metrics import Array, Figure, Flags, Interval, draws, reliability, unanimous
from classify.evaluation.report import Table, by_label, parts
from classify.verdict import Judgement, Label


@dataclass(frozen=True, slots=True)
class Point:
    """The ``texts`` whose probability is at least ``low`` and below the next point's: their mean probability, the share true, and
    where 95 % of bootstrap draws over authors have it.
    """

    low: float
    texts: int
    mean: float
    share: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Curve:
    """One label in the texts of one language and source that were judged for it; ``bins`` that are empty are left out."""

    language: str
    source: str
    label: Label
    bins: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class CurveReport:
    """The curves of a classifier on posts that ``of`` names."""

    model: str
    of: str
    curves: tuple[Curve, ...]

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON."""
        return asdict(self)

    def tables(self) -> dict[str, Table]:
        """Tables to print, by title; the first row of each is the heading."""
        heading = ("language", "source", "label", "probability from", "posts", "mean probability", "share true")
        rows = [
            (
                *(each.language, each.source, each.label, f"{bin.low:.1f}", f"{bin.texts:,}", f"{bin.mean:.2f}"),
                f"{Figure(bin.share, bin.interval)}",
            )
            for each in self.curves
            for bin in each.bins
        ]
        return {f"Calibration on {self.of}": [heading, *rows]}


def curves(
    examples: Sequence[Example], judgements: Sequence[Judgement], *, model: str, of: str = "held-out authors"
) -> CurveReport:
    """The curve of every label that enough ``examples`` of a language and source have."""
    found: list[Curve] = []
    for language, source, chosen in parts(list(zip(examples, judgements, strict=True))):
        for label, judged in by_label(chosen):
            truth = np.array([label in example.labels for example, _ in judged])
            chances = np.array([judgement.labels[label].probability for _, judgement in judged])
            authors = [example.author for example, _ in judged]
            found.append(Curve(language, source, label, tuple(_points(truth, chances, authors))))
    return CurveReport(model, of, tuple(found))


def _points(truth: Flags, chances: Array, authors: Sequence[str]) -> Iterator[Point]:
    shares: dict[float, list[float]] = {}
    for places in draws(authors):  # a draw in which a bin is empty says nothing of it
        for bin in reliability(truth[places], chances[places]):
            shares.setdefault(bin.low, []).append(bin.share)
    for bin in reliability(truth, chances):
        low, high = np.quantile(shares.get(bin.low, [bin.share]), (0.025, 0.975))
        if bin.share in (0, 1):
            low, high = unanimous(bin.share, len({authors[place] for place in bin.places}))
        yield Point(bin.low, bin.texts, bin.mean, bin.share, (round(float(low), 4), round(float(high), 4)))
