"""How well whole verdicts fit, whatever the label: false alarms, severe posts found, and whom abuse is aimed at."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from classify.corpus import Example
from classify.evaluation.metrics import Figure, average_precision, draws, figure, unanimous
from classify.severity import MOST
from classify.verdict import LABELS, Judgement, at_least

FEWEST: Final = 5
"""Positives from which figures on thresholds say anything at all."""
GRAVE: Final = tuple(label for label in LABELS if at_least(MOST[label], "high"))
"""The labels that alone can make a post high or graver."""
Pairs = Sequence[tuple[Example, Judgement]]
Owner = Callable[[Example], Hashable]
"""What makes posts depend on each other, so that intervals are drawn over it: the author, or the topic."""


@dataclass(frozen=True, slots=True)
class Overall:
    """The answer to one question about the verdicts on ``posts`` posts of one language and source: a share, or an AP."""

    language: str
    source: str
    question: str
    posts: int
    figure: Figure


def by_author(example: Example) -> str:
    """An author's posts are drawn together."""
    return example.author


def by_topic(example: Example) -> str | None:
    """The posts on one topic are drawn together."""
    return example.topic


def overall(language: str, source: str, pairs: Pairs, *, owner: Owner = by_author) -> Iterator[Overall]:
    """All questions to which ``pairs`` of one language and source give an answer, with intervals over owners.

    A judgement holds no probability of a severity. The AP of "high or above" ranks posts by the highest probability of a label
    that can be so grave alone, which is any but harassment.
    """
    graded = [pair for pair in pairs if pair[0].severity is not None]
    lawful = [pair for pair in graded if pair[0].severity == "none"]
    severe = [pair for pair in graded if _severe(pair[0])]
    gravest = [pair for pair in graded if pair[0].severity == "critical"]
    said = [pair for pair in graded if _critical(pair[1])]
    aimed = [pair for pair in pairs if pair[0].labels and pair[0].target in ("person", "group") and pair[1].flagged]
    aims = [pair for pair in aimed if pair[1].aimed_at is not None]
    asked: list[tuple[str, Pairs, list[bool]]] = [
        ("could not be judged", pairs, [judgement.unable is not None for _, judgement in pairs]),
        ("lawful: flagged", lawful, [bool(judgement.flagged) for _, judgement in lawful]),
        ("lawful: judged high or above", lawful, [_high(judgement) for _, judgement in lawful]),
        ("lawful: judged critical", lawful, [_critical(judgement) for _, judgement in lawful]),
        ("high or above: judged so", severe, [_high(judgement) for _, judgement in severe]),
        ("critical: judged so", gravest, [_critical(judgement) for _, judgement in gravest]),
        ("critical: judged high or above", gravest, [_high(judgement) for _, judgement in gravest]),
        ("judged critical: is so", said, [post.severity == "critical" for post, _ in said]),
        ("judged critical: is high or above", said, [_severe(post) for post, _ in said]),
        ("judged critical: is lawful", said, [post.severity == "none" for post, _ in said]),
    ]
    if aims:  # in training only labels and severity are judged
        asked += [
            ("flagged abuse: says whom it is aimed at", aimed, [pair[1].aimed_at is not None for pair in aimed]),
            ("flagged abuse: right where it says so", aims, [post.target == found.aimed_at for post, found in aims]),
        ]
    for question, chosen, answers in asked:
        if chosen:
            yield Overall(language, source, question, len(chosen), _share(chosen, answers, owner))
    if FEWEST <= len(severe) < len(graded):
        yield Overall(language, source, "high or above: AP", len(graded), _ranked(graded, owner))


def _share(pairs: Pairs, answers: Sequence[bool], owner: Owner) -> Figure:
    values, owners = np.array(answers), [owner(example) for example, _ in pairs]
    found = figure(lambda places: float(values[places].mean()), len(values), draws(owners))
    if found.value in (0, 1):
        return Figure(found.value, unanimous(found.value, len(set(owners))))
    return found


def _ranked(pairs: Pairs, owner: Owner) -> Figure:
    truth = np.array([_severe(example) for example, _ in pairs])
    chances = np.array([max(judgement.labels[label].probability for label in GRAVE) for _, judgement in pairs])
    drawn = [draw for draw in draws([owner(example) for example, _ in pairs]) if truth[draw].any()]
    return figure(lambda places: average_precision(truth[places], chances[places]), len(pairs), drawn)


def _severe(example: Example) -> bool:
    return example.severity is not None and at_least(example.severity, "high")


def _high(judgement: Judgement) -> bool:
    return at_least(judgement.severity, "high")


def _critical(judgement: Judgement) -> bool:
    return judgement.severity == "critical"
