"""The card that lies beside a trained model: what it is for, how it was made, what was measured."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
that keeps the budget of false alarms, which is the share of lawful posts that may be flagged. None is above 0.97; those of hate
and of high severity are at least 0.5.
Each budget is of one column. A verdict is high where a threat or private data is flagged, or another label that may be so grave
together with `high`, so that more lawful posts are judged high than any one budget allows: how many, the table above says.
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
    "Five-fold cross-validation over the authors it was trained on. Calibration and thresholds were fitted to the same scores,\n"
    "so that F1, calibration error and false alarms are a little better here than on strangers (`turvakt evaluate`).",
)
ENCODER: Final = About(
    "encoder",
    "A small multilingual transformer with a pruned vocabulary, one head per label, severity step and aim,\n"
    "in weights of eight bits.",
    "On authors whom neither training nor calibration saw.",
)


@dataclass(frozen=True, slots=True)
class Taught:
    """What a model was trained on, in numbers: texts of ours and of open corpora, and those on which reviewers decided.

    ``languages`` and ``labels`` count our own.
    """

    examples: int
    authors: int
    languages: Mapping[str, int]
    labels: Mapping[str, int]
    others: int
    decisions: int

    @classmethod
    def of(cls, examples: Sequence[Example], others: Sequence[Example]) -> "Taught":
        """``examples`` are ours, ``others`` whatever else was learnt."""
        decisions = sum(other.source == DECISIONS for other in others)
        labels = Counter(label for example in examples for label in example.labels)
        return cls(
            examples=len(examples),
            authors=len({example.author for example in examples}),
            languages=dict(sorted(Counter(example.lang for example in examples).items())),
            labels={label: labels[label] for label in LABELS},
            others=len(others) - decisions,
            decisions=decisions,
        )

    def after(self, before: "Taught | None") -> "Taught":
        """With what an earlier training learnt, which stays in the weights.

        Decisions are added up, also those that both had; of the texts of open corpora, which are mostly the same ones, the larger
        number counts.
        """
        if before is None:
            return self
        return replace(self, others=max(self.others, before.others), decisions=self.decisions + before.decisions)


def render(
    about: About, report: Report, *, taught: Taught, version: str, calibration: Calibration, shared: Shared
) -> str:
    """The card as Markdown; ``shared`` see `calibrating`."""
    decisions = (
        f" And on {taught.decisions} texts of real posts, which are personal data, as reviewers decided on them."
    )
    return _CARD.format(
        name=about.name,
        what=about.what,
        measured=about.measured,
        others=taught.others,
        decisions=decisions if taught.decisions else "",
        version=version,
        examples=taught.examples,
        authors=taught.authors,
        languages=", ".join(f"{count} {language}" for language, count in taught.languages.items()),
        labels="Labels: " + ", ".join(f"{label} {count}" for label, count in taught.labels.items()) + ".",
        table=markdown(report.rows()),
        overall=markdown(report.overall_rows()),
        thresholds=markdown(bars(calibration, shared)),
    )


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
