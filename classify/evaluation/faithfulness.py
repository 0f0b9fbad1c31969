"""Whether the marked passages carry a verdict: what is left of a probability without them, and without as many other words.

Faithfulness by deletion ("comprehensiveness": DeYoung et al., ACL 2020), beside chance.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any, Final

import numpy as np

from classify.calibration import LANGUAGES
from classify.classifier import Classifier
from classify.corpus import Example
from classify.evaluation.metrics import Figure, draws, figure
from classify.evaluation.report import Table
from classify.rules.matching import CERTAIN
from classify.verdict import Judgement, Label

MOST: Final = 100
"""Posts of each language that are tried at most: each costs two more verdicts."""
_FEWEST_WORDS: Final = 6


@dataclass(frozen=True, slots=True)
class Faith:
    """How far the probability of a flagged label falls in ``posts`` posts of one language, on average.

    ``passages``: without the words that are marked for the label; ``others``: without as many that are not, drawn at random.
    ``no_better`` is the share of posts in which the marked ones weigh no more than the others.
    """

    language: str
    posts: int
    passages: Figure
    others: Figure
    no_better: Figure


@dataclass(frozen=True, slots=True)
class FaithReport:
    """What marked passages of posts that ``of`` names carry."""

    model: str
    of: str
    faiths: tuple[Faith, ...]

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON."""
        return asdict(self)

    def tables(self) -> dict[str, Table]:
        """Tables to print, by title; the first row of each is the heading."""
        heading = ("language", "posts", "falls without them", "without as many other words", "they weigh no more")
        rows = [
            (each.language, str(each.posts), str(each.passages), str(each.others), str(each.no_better))
            for each in self.faiths
        ]
        return {f"Marked passages of {self.of}": [heading, *rows]}


@dataclass(frozen=True, slots=True)
class _Trial:
    """A flagged label of a post, and the post without what is marked and without as much else."""

    author: str
    label: Label
    chance: float
    without: str
    less: str


def run(
    classifier: Classifier,
    examples: Sequence[Example],
    judgements: Sequence[Judgement],
    *,
    of: str = "held-out authors",
    most: int = MOST,
    progress: Callable[[str, int, int], None] | None = None,
) -> FaithReport:
    """Judge flagged ``examples`` again without words. ``judgements`` are what ``classifier`` says of them whole.

    Left out are posts of a few words, those of which most is marked, and what a written rule has flagged: without the words of a
    rule it does not match, which shows nothing.
    """
    tell = progress or (lambda step, done, of: None)
    found: list[Faith] = []
    for number, language in enumerate(LANGUAGES):
        tell("passages", number, len(LANGUAGES))
        chosen = [pair for pair in zip(examples, judgements, strict=True) if pair[0].lang == language]
        trials = list(_trials(chosen))
        trials = trials[:: max(1, -(-len(trials) // most))]  # from all over the posts, not the first ones
        if trials:
            found.append(_faith(language, trials, classifier))
    tell("passages", len(LANGUAGES), len(LANGUAGES))
    return FaithReport(classifier.model, of, tuple(found))


def _trials(pairs: Sequence[tuple[Example, Judgement]]) -> Iterator[_Trial]:
    chance = Random(0)
    for example, judgement in pairs:
        if not judgement.flagged:
            continue
        label = max(judgement.flagged, key=lambda label: judgement.labels[label].probability)
        marked = {place for span in judgement.spans if span.label == label for place in range(span.start, span.end)}
        words = [
            (word.group(), not marked.isdisjoint(range(*word.span()))) for word in re.finditer(r"\S+", example.text)
        ]
        inside = [place for place, (_, there) in enumerate(words) if there]
        outside = [place for place, (_, there) in enumerate(words) if not there]
        probability = judgement.labels[label].probability
        if len(words) < _FEWEST_WORDS or not inside or len(outside) <= len(inside) or probability == CERTAIN:
            continue
        without, less = (
            " ".join(word for place, (word, _) in enumerate(words) if place not in gone)
            for gone in (set(inside), set(chance.sample(outside, len(inside))))
        )
        yield _Trial(example.author, label, probability, without, less)


def _faith(language: str, trials: Sequence[_Trial], classifier: Classifier) -> Faith:
    judged = classifier.classify([text for trial in trials for text in (trial.without, trial.less)])
    chances = np.array([trial.chance for trial in trials])
    left = np.array(
        [each.labels[trials[place // 2].label].probability for place, each in enumerate(judged)],
    ).reshape(len(trials), 2)
    passages, others = (chances[:, None] - left).T
    drawn = draws([trial.author for trial in trials])

    def mean(values: np.ndarray[Any, np.dtype[Any]]) -> Figure:
        return figure(lambda places: float(values[places].mean()), len(trials), drawn)

    return Faith(language, len(trials), mean(passages), mean(others), mean(passages <= others))
