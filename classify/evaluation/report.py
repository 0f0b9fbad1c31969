"""Measure a classifier on labelled posts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

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
from classify.evaluation.verdicts import FEWEST, Overall, Owner, Pairs, by_author, overall
from classify.verdict import LABELS, Judgement, Label

Table = list[tuple[str, ...]]
"""Its first row is the heading."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How well one label is found in the texts of one language and source, among those that were judged for it.

    ``clean`` counts the texts that were judged for all labels and have none; ``recall_at_1_per_1000`` is the share found with
    the threshold that flags one in a thousand of them, and of fewer than a thousand none (None: there are none);
    ``calibration_error`` the mean distance of probability and share in ten equal bins of probability (expected calibration error,
    Naeini et al., AAAI 2015).
    """

    language: str
    source: str
    label: Label
    texts: int
    positives: int
    clean: int
    average_precision: Figure
    precision_at_recall_80: Figure
    recall_at_1_per_1000: Figure | None
    f1: Figure
    calibration_error: Figure


@dataclass(frozen=True, slots=True)
class Report:
    """What a classifier did on ``examples`` posts, which ``of`` names."""

    model: str
    of: str
    examples: int
    overall: tuple[Overall, ...]
    figures: tuple[Figures, ...]

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON."""
        return asdict(self)

    def tables(self) -> dict[str, Table]:
        """Tables to print, by title; the first row of each is the heading."""
        return {f"Verdicts on {self.of}": self.overall_rows(), f"Labels of {self.of}": self.rows()}

    def overall_rows(self) -> Table:
        """What does not depend on the label, as a table; its first row is the heading."""
        return [
            ("language", "source", "verdicts", "posts", "figure"),
            *(
                (each.language, each.source, each.question, f"{each.posts:,}", f"{each.figure:.3f}")
                for each in self.overall
            ),
        ]

    def rows(self) -> Table:
        """Each label, as a table; its first row is the heading."""
        rows: Table = [
            (
                "language",
                "source",
                "label",
                "posts",
                "clean",
                "AP",
                "precision at recall 0.8",
                "recall at 1 in 1,000 clean",
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
                (
                    *(each.language, each.source, each.label, f"{each.positives} of {each.texts}", f"{each.clean:,}"),
                    *("-" if each is None else str(each) for each in measured),
                )
            )
        return rows


def judge(
    classifier: Classifier, examples: Sequence[Example], *, progress: Callable[[str, int, int], None] | None = None
) -> list[Judgement]:
    """One judgement for each of ``examples``, in order."""
    tell = progress or (lambda step, done, of: None)
    judgements: list[Judgement] = []
    for start in range(0, len(examples), 256):
        tell("evaluate", start, len(examples))
        judgements += classifier.classify([example.text for example in examples[start : start + 256]])
    tell("evaluate", len(examples), len(examples))
    return judgements


def report(
    examples: Sequence[Example],
    judgements: Sequence[Judgement],
    *,
    model: str,
    of: str = "held-out authors",
    owner: Owner = by_author,
) -> Report:
    """Compare judgements with what they should be; intervals are drawn over each ``owner``.

    On texts that the model was trained on this flatters it: see `classify.training.held_out`.
    """
    verdicts: list[Overall] = []
    figures: list[Figures] = []
    for language, source, chosen in parts(list(zip(examples, judgements, strict=True))):
        verdicts += overall(language, source, chosen, owner=owner)
        figures += [_figures(language, source, label, judged, owner) for label, judged in by_label(chosen)]
    return Report(model, of, len(examples), tuple(verdicts), tuple(figures))


def parts(pairs: Pairs) -> Iterator[tuple[str, str, Pairs]]:
    """The pairs of each language and source."""
    for source in dict.fromkeys(example.source for example, _ in pairs):
        for language in sorted({example.lang for example, _ in pairs if example.source == source}, reverse=True):
            yield language, source, [pair for pair in pairs if (pair[0].source, pair[0].lang) == (source, language)]


def by_label(pairs: Pairs) -> Iterator[tuple[Label, Pairs]]:
    """The pairs that were judged for each label, for the labels that enough of them have, and not all."""
    for label in LABELS:
        judged = [pair for pair in pairs if label in pair[0].judged]
        if FEWEST <= sum(label in example.labels for example, _ in judged) < len(judged):
            yield label, judged


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Rows as a Markdown table; the first is the heading."""
    heading, *body = ("| " + " | ".join(row) + " |" for row in rows)
    return "\n".join((heading, "|" + " --- |" * len(rows[0]), *body))


def _figures(language: str, source: str, label: Label, judged: Pairs, owner: Owner) -> Figures:
    truth = np.array([label in example.labels for example, _ in judged])
    chances = np.array([judgement.labels[label].probability for _, judgement in judged])
    flagged = np.array([judgement.labels[label].flagged for _, judgement in judged])
    clean = np.array([example.severity == "none" for example, _ in judged])
    drawn = [
        draw
        for draw in draws([owner(example) for example, _ in judged])
        if truth[draw].any() and not truth[draw].all() and (clean[draw].any() or not clean.any())
    ]

    def measured(measure: Callable[[Flags, Array, Flags], float], beside: Flags = flagged) -> Figure:
        return figure(lambda places: measure(truth[places], chances[places], beside[places]), len(judged), drawn)

    return Figures(
        language=language,
        source=source,
        label=label,
        texts=len(judged),
        positives=int(truth.sum()),
        clean=int(clean.sum()),
        average_precision=measured(lambda truth, chances, _: average_precision(truth, chances)),
        precision_at_recall_80=measured(lambda truth, chances, _: precision_at_recall(truth, chances, 0.8)),
        recall_at_1_per_1000=measured(
            lambda truth, chances, clean: recall_at_false_alarms(truth, chances, 0.001, clean=clean), clean
        )
        if clean.any()
        else None,
        f1=measured(lambda truth, _, flagged: f1(truth, flagged)),
        calibration_error=measured(lambda truth, chances, _: calibration_error(truth, chances)),
    )
