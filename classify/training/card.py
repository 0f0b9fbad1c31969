"""The card that lies beside a trained model: what it is for, how it was made, what was measured."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from classify.calibration import LANGUAGES, Calibration
from classify.corpus import DECISIONS, Example
from classify.evaluation.report import Report, markdown
from classify.heads import STEPS
from classify.training.calibrating import FALSE_ALARMS, Shared
from classify.verdict import LABELS

_CARD = """# Model card: {name} {version}

Written by `turvakt train`; do not edit. The longer card is `docs/model-card.md`.

**What it is.** {what} It gives hints to a human; it decides nothing and scores texts, never people.

**Trained on** {examples} invented posts ({languages}) of {authors} invented authors, `models/corpus/`, CC BY 4.0, and on {others}
texts of open corpora (`docs/training.md`).{decisions} {labels}

**Not seen by the model:** names, handles, links, digits; they are masked.

## Measured on held-out authors

{measured} No author is on both sides of a split.
More than half of the lawful posts are written as near twins of abusive ones, so these figures are lower than those on an
everyday stream. Intervals: 95 % of bootstrap draws over authors.

{table}

{overall}

## Thresholds

From this probability a label is flagged or a severity reached: that with the best F1 on held-out authors, but at least the one
that keeps the budget of false alarms, which is the share of lawful posts that may be flagged. None is above 0.97.
Each budget is of one column. A verdict is high as soon as one of several columns says so (every threat is), so that more lawful
posts are judged high than any one budget allows: how many, the table above says.
A `*` marks where probability and threshold are not of the language alone: too few held-out posts of it have the label or the
severity, so all languages share what was found on them together.

{thresholds}
"""


@dataclass(frozen=True, slots=True)
class About:
    """What kind of model it is and how it was measured, in full sentences."""

    name: str
    what: str
    measured: str


LINEAR: Final = About(
    "linear",
    "One logistic regression per label, severity step and aim over hashed character n-grams (2 to 5), words, pairs of words\n"
    "and pairs of concepts.",
    "Five-fold cross-validation over the authors it was trained on.",
)
ENCODER: Final = About(
    "encoder",
    "A small multilingual transformer with a pruned vocabulary, one head per label, severity step and aim,\n"
    "in weights of eight bits.",
    "On authors whom neither training nor calibration saw.",
)


def render(
    about: About,
    report: Report,
    *,
    examples: Sequence[Example],
    others: Sequence[Example],
    version: str,
    calibration: Calibration,
    shared: Shared,
) -> str:
    """The card as Markdown. ``examples`` and ``others`` are what was trained on; ``shared`` see `calibrating`."""
    decided = count_decisions(others)
    languages = Counter(example.lang for example in examples)
    labels = Counter(label for example in examples for label in example.labels)
    return _CARD.format(
        name=about.name,
        what=about.what,
        measured=about.measured,
        others=len(others) - decided,
        decisions=f" And on {decided} texts of real posts, which are personal data, as reviewers decided on them."
        if decided
        else "",
        version=version,
        examples=len(examples),
        authors=len({example.author for example in examples}),
        languages=", ".join(f"{count} {language}" for language, count in sorted(languages.items())),
        labels="Labels: " + ", ".join(f"{label} {labels[label]}" for label in LABELS) + ".",
        table=markdown(report.rows()),
        overall=markdown(report.overall_rows()),
        thresholds=markdown(bars(calibration, shared)),
    )


def count_decisions(examples: Sequence[Example]) -> int:
    """How many of ``examples`` reviewers' decisions made."""
    return sum(example.source == DECISIONS for example in examples)


def bars(calibration: Calibration, shared: Shared) -> list[list[str]]:
    """A table of the probabilities from which a head says yes, by language, with a mark where it is ``shared`` by languages; its
    last row is the budget of false alarms."""
    rows = zip(LANGUAGES, calibration.bars.tolist(), strict=True)
    heads = [*LABELS, *STEPS]
    budget = [f"{FALSE_ALARMS[head]:.1%}" if head in FALSE_ALARMS else "-" for head in heads]
    return [
        ["language", *heads],
        *(
            [
                language,
                *(f"{bar:.2f}{'*' * ((language, head) in shared)}" for head, bar in zip(heads, row, strict=False)),
            ]
            for language, row in rows
        ),
        ["budget of false alarms", *budget],
    ]
