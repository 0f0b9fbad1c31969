"""Measure a classifier on labelled posts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classify.classifier import Classifier
from classify.corpus import Example, read
from classify.verdict import LABELS, Judgement, Label, at_least

Interval = tuple[float, float]
_DRAWS = 200


@dataclass(frozen=True, slots=True)
class Figures:
    """How well one label is found in one language. Intervals hold 95 % of bootstrap draws over authors."""

    language: str
    label: Label
    positives: int
    average_precision: float
    average_precision_interval: Interval
    precision: float
    recall: float
    f1: float
    f1_interval: Interval


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

    def rows(self) -> list[tuple[str, ...]]:
        """A table to print; its first row is the heading."""
        rows: list[tuple[str, ...]] = [
            ("language", "label", "posts", "AP", "95 %", "precision", "recall", "F1", "95 %")
        ]
        for each in self.figures:
            rows.append(
                (
                    each.language,
                    each.label,
                    str(each.positives),
                    f"{each.average_precision:.2f}",
                    "{:.2f}-{:.2f}".format(*each.average_precision_interval),
                    f"{each.precision:.2f}",
                    f"{each.recall:.2f}",
                    f"{each.f1:.2f}",
                    "{:.2f}-{:.2f}".format(*each.f1_interval),
                )
            )
        return rows


def evaluate(
    *, classifier: Classifier, corpus: Path, seed: int = 0, progress: Callable[[str, int, int], None] | None = None
) -> Report:
    """Judge every post of ``corpus`` and compare.

    On the corpus that the shipped model was trained on this flatters it: its card has the figures on held-out authors.

    Raises:
        BadInput: a line of the corpus is wrong.
        Broken: there is no corpus.
    """
    examples = read(corpus)
    judgements: list[Judgement] = []
    for start in range(0, len(examples), 256):
        if progress:
            progress("evaluate", start, len(examples))
        judgements += classifier.classify([example.text for example in examples[start : start + 256]])
    if progress:
        progress("evaluate", len(examples), len(examples))
    return report(examples, judgements, model=classifier.model, seed=seed)


def report(examples: Sequence[Example], judgements: Sequence[Judgement], *, model: str, seed: int = 0) -> Report:
    """Compare judgements with what they should be."""
    figures: list[Figures] = []
    for language in ("sv", "fi", "both"):
        chosen = [place for place, example in enumerate(examples) if language in (example.lang, "both")]
        if chosen:
            figures += _figures(
                language, [examples[place] for place in chosen], [judgements[place] for place in chosen], seed
            )
    pairs = list(zip(examples, judgements, strict=True))
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


def _figures(language: str, examples: Sequence[Example], judgements: Sequence[Judgement], seed: int) -> list[Figures]:
    by_author: dict[str, list[int]] = {}
    for place, example in enumerate(examples):
        by_author.setdefault(example.author, []).append(place)
    authors = [np.array(places) for places in by_author.values()]
    random = np.random.default_rng(seed)
    draws = [
        np.concatenate([authors[place] for place in random.integers(len(authors), size=len(authors))])
        for _ in range(_DRAWS)
    ]
    found = []
    for label in LABELS:
        truth = np.array([label in example.labels for example in examples])
        chances = np.array([judgement.labels[label].probability for judgement in judgements])
        flagged = np.array([judgement.labels[label].flagged for judgement in judgements])
        if truth.any():
            precision, recall, f1 = _agreement(truth, flagged)
            found.append(
                Figures(
                    language=language,
                    label=label,
                    positives=int(truth.sum()),
                    average_precision=_round(average_precision(truth, chances)),
                    average_precision_interval=_interval(
                        [average_precision(truth[draw], chances[draw]) for draw in draws if truth[draw].any()]
                    ),
                    precision=_round(precision),
                    recall=_round(recall),
                    f1=_round(f1),
                    f1_interval=_interval([_agreement(truth[draw], flagged[draw])[2] for draw in draws]),
                )
            )
    return found


def average_precision(truth: NDArray[np.bool_], chances: NDArray[np.float64]) -> float:
    """The mean over recall of the precision at each threshold; equal chances share one threshold. As in scikit-learn."""
    order = np.argsort(-chances, kind="stable")
    hits, ranked = np.cumsum(truth[order]), chances[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    gained = np.diff(hits[last], prepend=0)
    return float((gained * hits[last] / (last + 1)).sum() / hits[-1])


def _agreement(truth: NDArray[np.bool_], flagged: NDArray[np.bool_]) -> tuple[float, float, float]:
    hits = int((truth & flagged).sum())
    said, there = int(flagged.sum()), int(truth.sum())
    return hits / max(1, said), hits / max(1, there), 2 * hits / max(1, said + there)


def _interval(values: Sequence[float]) -> Interval:
    low, high = np.quantile(values or [0.0], (0.025, 0.975))
    return _round(low), _round(high)


def _round(value: float) -> float:
    return round(float(value), 4)


def best_counts(report: Report) -> Mapping[str, float]:
    """The shares that matter most to the people on duty: false alarms and severe posts found."""
    return {
        "lawful flagged": report.lawful_flagged / max(1, report.lawful),
        "lawful high or graver": report.lawful_high / max(1, report.lawful),
        "severe found high or graver": report.severe_high / max(1, report.severe),
    }
