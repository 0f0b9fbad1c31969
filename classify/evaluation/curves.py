"""Calibration curves: of the posts to which a probability is given, how many are so.

Reliability diagrams as tables: DeGroot and Fienberg, 1983; Niculescu-Mizil and Caruana, ICML 2005.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from classify.corpus import Example
from classify.evaluation.metrics import Bin, reliability
from classify.evaluation.report import Table, by_label
from classify.verdict import Judgement, Label


@dataclass(frozen=True, slots=True)
class Curve:
    """One label in the texts of one language, of all sources that were judged for it; ``bins`` that are empty are left out."""

    language: str
    label: Label
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class CurveReport:
    """The curves of a classifier."""

    model: str
    curves: tuple[Curve, ...]

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON."""
        return asdict(self)

    def tables(self) -> dict[str, Table]:
        """Tables to print, by title; the first row of each is the heading."""
        heading = ("language", "label", "probability from", "posts", "mean probability", "share true")
        rows = [
            (each.language, each.label, f"{bin.low:.1f}", f"{bin.texts:,}", f"{bin.mean:.3f}", f"{bin.share:.3f}")
            for each in self.curves
            for bin in each.bins
        ]
        return {"Calibration": [heading, *rows]}


def curves(examples: Sequence[Example], judgements: Sequence[Judgement], *, model: str) -> CurveReport:
    """The curve of every label that enough ``examples`` of a language have."""
    pairs = list(zip(examples, judgements, strict=True))
    found: list[Curve] = []
    for language in sorted({example.lang for example in examples}, reverse=True):
        for label, judged in by_label([pair for pair in pairs if pair[0].lang == language]):
            truth = np.array([label in example.labels for example, _ in judged])
            chances = np.array([judgement.labels[label].probability for _, judgement in judged])
            found.append(Curve(language, label, tuple(reliability(truth, chances))))
    return CurveReport(model, tuple(found))
