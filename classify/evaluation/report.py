"""Measure a classifier on labelled posts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from classify.classifier import Classifier
from classify.corpus import Example
from classify.evaluation.metrics import (
    Array,
    Figure,
    Flags,
    average_precision,
    calibration_error,
    draws,
    f1,
    figure,
    precision_at_recall,
    recall_at_false_alarms,
)
from classify.verdict import LABELS, Judgement, Label, at_least

Table = list[tuple[str, ...]]
"""Its first row is the heading."""
_FEWEST: Final = 5
"""Positives from which figures say anything at all."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How well one label is found in the texts of one language and source, among those that were judged for it.

    ``recall_at_1_per_1000`` is the share found with the threshold that flags one in a thousand of the texts without the label;
    ``calibration_error`` the mean distance of probability and share in ten equal bins of probability (expected calibration
    error, Naeini et al., AAAI 2015).
    """

    language: str
    source: str
    label: Label
    texts: int
    positives: int
    average_precision: Figure
    precision_at_recall_80: Figure
    recall_at_1_per_1000: Figure
    f1: Figure
    calibration_error: Figure


@dataclass(frozen=True, slots=True)
class Report:
    """What a classifier did on ``examples`` posts. ``lawful_high`` of the ``lawful`` ones were judged high or graver."""

    model: str
    examples: int
    unable: int
    lawful: int
    lawful_flagged: int
    lawful_high: int
    severe: int
    severe_high: int
    figures: tuple[Figures, ...]

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON."""
        return asdict(self)

    def rows(self) -> Table:
        """A table to print; its first row is the heading."""
        rows: Table = [
            (
                "language",
                "source",
                "label",
                "posts",
                "AP",
                "precision at recall 0.8",
                "recall at 1 in 1,000",
                "F1",
                "calibration error",
            )
        ]
        for each in self.figures:
            measured = (
                each.average_precision,
                each.precision_at_recall_80,
                each.recall_at_1_per_1000,
                each.f1,
                each.calibration_error,
            )
            rows.append(
                (each.language, each.source, each.label, f"{each.positives} of {each.texts}", *map(str, measured))
            )
        return rows


def evaluate(
    *, classifier: Classifier, examples: Sequence[Example], progress: Callable[[str, int, int], None] | None = None
) -> Report:
    """Judge every one of ``examples`` and compare.

    On texts that the model was trained on this flatters it: see `classify.training.targets.split`.
    """
    judgements: list[Judgement] = []
    for start in range(0, len(examples), 256):
        if progress:
            progress("evaluate", start, len(examples))
        judgements += classifier.classify([example.text for example in examples[start : start + 256]])
    if progress:
        progress("evaluate", len(examples), len(examples))
    return report(examples, judgements, model=classifier.model)


def report(examples: Sequence[Example], judgements: Sequence[Judgement], *, model: str) -> Report:
    """Compare judgements with what they should be."""
    pairs = list(zip(examples, judgements, strict=True))
    figures: list[Figures] = []
    for source in dict.fromkeys(example.source for example in examples):
        for language in sorted({example.lang for example in examples if example.source == source}, reverse=True):
            chosen = [pair for pair in pairs if (pair[0].source, pair[0].lang) == (source, language)]
            for label in LABELS:
                judged = [pair for pair in chosen if label in pair[0].judged]
                if sum(label in example.labels for example, _ in judged) >= _FEWEST:
                    figures.append(_figures(language, source, label, judged))
    lawful = [judgement for example, judgement in pairs if example.severity == "none"]
    severe = [judgement for example, judgement in pairs if example.severity and at_least(example.severity, "high")]
    return Report(
        model=model,
        examples=len(examples),
        unable=sum(judgement.unable is not None for judgement in judgements),
        lawful=len(lawful),
        lawful_flagged=sum(bool(judgement.flagged) for judgement in lawful),
        lawful_high=sum(at_least(judgement.severity, "high") for judgement in lawful),
        severe=len(severe),
        severe_high=sum(at_least(judgement.severity, "high") for judgement in severe),
        figures=tuple(figures),
    )


def _figures(language: str, source: str, label: Label, judged: Sequence[tuple[Example, Judgement]]) -> Figures:
    truth = np.array([label in example.labels for example, _ in judged])
    chances = np.array([judgement.labels[label].probability for _, judgement in judged])
    flagged = np.array([judgement.labels[label].flagged for _, judgement in judged])
    drawn = [
        draw for draw in draws([example.author for example, _ in judged]) if truth[draw].any() and not truth[draw].all()
    ]

    def measured(measure: Callable[[Flags, Array, Flags], float]) -> Figure:
        return figure(lambda places: measure(truth[places], chances[places], flagged[places]), len(judged), drawn)

    return Figures(
        language=language,
        source=source,
        label=label,
        texts=len(judged),
        positives=int(truth.sum()),
        average_precision=measured(lambda truth, chances, _: average_precision(truth, chances)),
        precision_at_recall_80=measured(lambda truth, chances, _: precision_at_recall(truth, chances, 0.8)),
        recall_at_1_per_1000=measured(lambda truth, chances, _: recall_at_false_alarms(truth, chances, 0.001)),
        f1=measured(lambda truth, _, flagged: f1(truth, flagged)),
        calibration_error=measured(lambda truth, chances, _: calibration_error(truth, chances)),
    )


def best_counts(report: Report) -> Mapping[str, float]:
    """The shares that matter most to the people on duty: false alarms and severe posts found."""
    return {
        "lawful flagged": report.lawful_flagged / max(1, report.lawful),
        "lawful high or graver": report.lawful_high / max(1, report.lawful),
        "severe found high or graver": report.severe_high / max(1, report.severe),
    }
