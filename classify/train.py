"""Train the linear model from a labelled corpus, and measure it on authors that it has not seen.

Same corpus, same seed, same libraries: the same bytes.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, hstack  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from classify import artifact, card
from classify.artifact import HEADS, STEPS, Model, Weights
from classify.concepts import COUNT
from classify.corpus import Example, read
from classify.evaluate import Report, report
from classify.features import BUCKETS, extract
from classify.masking import mask
from classify.normalise import normalise
from classify.scoring import PAIR_SCALE, SINGLE_SCALE, presence, scales
from classify.severity import settle
from classify.verdict import LABELS, SEVERITIES, Judgement, Label, Score
from flow.errors import Broken

Progress = Callable[[str, int, int], None]
Numbers = NDArray[np.float64]
Places = NDArray[np.intp]
FOLDS = 5
_STRENGTHS = (0.3, 1.0)
_FRAGMENT_WEIGHT = 0.4
# What share of the lawful held-out posts a label may flag: half of them are near twins of abusive ones, so this is strict.
_FALSE_ALARMS: Mapping[str, float] = {
    "threat": 0.045,
    "hate": 0.015,
    "harassment": 0.03,
    "sexual": 0.005,
    "doxxing": 0.01,
    "influence": 0.01,
}
_GRAVE_ALARMS: Mapping[str, float] = {"high": 0.02, "critical": 0.01}
_LEAST_TEXTS = 2  # a bucket that fewer texts use says more about its author than about language
_UPPER = np.triu_indices(COUNT, 1)


def train(*, corpus: Path, out: Path, seed: int = 0, progress: Progress | None = None) -> Report:
    """Train on all of ``corpus`` and write the model and its card into the folder ``out``.

    Returns:
        The figures on held-out authors: each example was judged by a model that knew none of its author's.

    Raises:
        BadInput: a line of the corpus is wrong.
        Broken: there is no corpus, or too little of it.
    """
    examples = read(corpus)
    tell = progress or (lambda step, done, of: None)
    sample = _sample(examples)
    folds = _folds(sample, len(examples), seed)
    held, strength = _choose(sample, folds, seed, tell)
    wanted = sample.wanted[: len(examples)]
    slope, shift = _calibrate(held, wanted)
    chances = 1 / (1 + np.exp(-(slope * held + shift)))
    lawful = np.array([example.severity == "none" for example in examples])
    thresholds: dict[Label, float] = {
        label: _threshold(chances[:, head], wanted[:, head], lawful, _FALSE_ALARMS[label])
        for head, label in enumerate(LABELS)
    }
    # Graver steps by score alone are for labels that do not demand them: an insult or a hostile remark must be sure to be high.
    steps: dict[str, float] = {}
    for step in STEPS:
        said, there = chances[:, HEADS.index(step)], wanted[:, HEADS.index(step)]
        alarms = _GRAVE_ALARMS.get(step, 1.0)
        steps[step] = _threshold(said, there, lawful, alarms)
    tell("train", 0, 1)
    weights, bias = _fit(sample, np.arange(len(sample.weights)), strength, seed)
    model = _assemble(weights, bias, slope, shift, thresholds, steps)
    tell("train", 1, 1)
    judgements = [_judgement(row, thresholds, steps, example) for row, example in zip(chances, examples, strict=True)]
    figures = report(examples, judgements, model="linear, held-out authors", seed=seed)
    about = {"seed": seed, "examples": len(examples), "strength": strength, "figures": figures.as_json()}
    version = artifact.save(model, out, about=about)
    (out / "card.md").write_text(
        card.render(figures, examples=examples, version=version, thresholds=thresholds), encoding="utf-8"
    )
    return figures


@dataclass(frozen=True, slots=True)
class _Sample:
    """What is fitted: the ``examples`` first rows are the corpus, the others the sentences of its lawful posts.

    The sentences teach that a short text or an unknown word is no threat; they take no part in measuring.
    """

    matrix: Any
    wanted: NDArray[np.bool_]
    weights: Numbers
    authors: NDArray[np.str_]
    examples: int


def _sample(examples: Sequence[Example]) -> _Sample:
    whole = [example.text for example in examples]
    parts = [(part, example.author) for example in examples if not example.labels for part in _sentences(example.text)]
    texts = whole + [part for part, _ in parts]
    wanted = np.zeros((len(texts), len(HEADS)), dtype=np.bool_)
    wanted[: len(examples)] = _wanted(examples)
    weights = np.full(len(texts), _FRAGMENT_WEIGHT)
    weights[: len(examples)] = 1
    authors = np.array([example.author for example in examples] + [author for _, author in parts])
    return _Sample(_matrix([mask(text, normalise(text)) for text in texts]), wanted, weights, authors, len(examples))


_SENTENCE = re.compile(r"(?<=[.!?\u2026])\s+|\n+")


def _sentences(text: str) -> list[str]:
    parts = [part for part in _SENTENCE.split(text) if len(part) > 12]
    return parts if len(parts) > 1 else []


def _matrix(texts: Sequence[str]) -> Any:
    """(texts, BUCKETS + concepts + pairs of concepts), sparse; each block scaled as `classify.scoring` does."""
    features = extract(texts)
    values = scales(features)[features.rows]
    ngrams = csr_array((values, (features.rows, features.buckets)), shape=(len(texts), BUCKETS))
    ngrams.sum_duplicates()
    there = presence(texts)
    many = there.sum(axis=1)
    singles = there / np.sqrt(np.maximum(1, many))[:, None] * SINGLE_SCALE
    pairs = (
        there[:, _UPPER[0]] * there[:, _UPPER[1]] / np.sqrt(np.maximum(1, many * (many - 1) / 2))[:, None] * PAIR_SCALE
    )
    return hstack([ngrams, csr_array(singles), csr_array(pairs)], format="csr")


def _wanted(examples: Sequence[Example]) -> NDArray[np.bool_]:
    """(examples, heads): what each head should say."""
    rank = SEVERITIES.index
    return np.array(
        [
            [label in example.labels for label in LABELS] + [rank(example.severity) >= rank(step) for step in STEPS]
            for example in examples
        ]
    )


def _folds(sample: _Sample, examples: int, seed: int) -> list[tuple[Places, Places]]:
    """Pairs of rows to fit on and examples to judge, so that no author is in both."""
    groups = sample.authors[:examples]
    if len(set(groups)) < FOLDS:
        raise Broken(f"fewer than {FOLDS} authors", place="corpus", remedy="Training needs more labelled posts")
    splitter = GroupKFold(FOLDS, shuffle=True, random_state=seed)
    folds = []
    for _, judge in splitter.split(np.zeros(examples), groups=groups):
        unseen = ~np.isin(sample.authors, np.unique(groups[judge]))
        folds.append((np.flatnonzero(unseen), judge))
    return folds


def _choose(
    sample: _Sample, folds: Sequence[tuple[Places, Places]], seed: int, tell: Progress
) -> tuple[Numbers, float]:
    """The held-out scores with the regularisation that gives the best mean log loss over all heads, and that strength."""
    results: list[tuple[float, float, Numbers]] = []
    total = len(_STRENGTHS) * len(folds)
    wanted = sample.wanted[: sample.examples]
    for strength in _STRENGTHS:
        held = np.zeros(wanted.shape)
        for number, (fit_on, judge) in enumerate(folds):
            tell("validate", len(results) * len(folds) + number, total)
            weights, bias = _fit(sample, fit_on, strength, seed)
            held[judge] = sample.matrix[judge] @ weights + bias
        slope, shift = _calibrate(held, wanted)
        chances = np.clip(1 / (1 + np.exp(-(slope * held + shift))), 1e-6, 1 - 1e-6)
        loss = -float(np.where(wanted, np.log(chances), np.log(1 - chances)).mean())
        results.append((loss, strength, held))
    _, strength, held = min(results, key=lambda result: result[0])
    tell("validate", total, total)
    return held, strength


def _fit(sample: _Sample, rows: Places, strength: float, seed: int) -> tuple[Numbers, Numbers]:
    """(features, heads) and (heads,): weights into which the inverse document frequencies are already multiplied."""
    whole = rows[rows < sample.examples]
    used = np.bincount(sample.matrix[whole].indices, minlength=sample.matrix.shape[1])
    rarity = np.where(used < _LEAST_TEXTS, 0.0, np.log((len(whole) + 1) / (used + 1)) + 1)
    kept = np.flatnonzero(rarity)
    small = (sample.matrix[rows][:, kept] @ diags_array(rarity[kept])).tocsr()
    weights = np.zeros((sample.matrix.shape[1], len(HEADS)))
    bias = np.zeros(len(HEADS))
    for head, name in enumerate(HEADS):
        wanted = sample.wanted[rows, head]
        if not wanted.any():
            raise Broken(f"too few posts with '{name}'", place="corpus", remedy="Training needs more labelled posts")
        positive = sample.wanted[whole, head]
        heavier = (~positive).sum() / positive.sum()  # both sides of a label weigh the same
        fitted = LogisticRegression(C=strength, solver="liblinear", max_iter=300, random_state=seed).fit(
            small, wanted, sample_weight=np.where(wanted, heavier, sample.weights[rows])
        )
        weights[kept, head] = fitted.coef_[0] * rarity[kept]
        bias[head] = fitted.intercept_[0]
    return weights, bias


def _calibrate(held: Numbers, wanted: NDArray[np.bool_]) -> tuple[Numbers, Numbers]:
    """Slope and shift per head that turn held-out scores into probabilities (Platt, 1999)."""
    fits = [LogisticRegression(C=1e4).fit(held[:, head, None], wanted[:, head]) for head in range(wanted.shape[1])]
    return np.array([fit.coef_[0, 0] for fit in fits]), np.array([fit.intercept_[0] for fit in fits])


def _best_threshold(chances: Numbers, wanted: NDArray[np.bool_]) -> float:
    """The probability from which flagging gives the best F1, rounded to a hundredth."""
    candidates = np.arange(0.08, 0.93, 0.01)
    flagged = chances[:, None] >= candidates
    hits = (flagged & wanted[:, None]).sum(axis=0)
    f1 = 2 * hits / np.maximum(1, flagged.sum(axis=0) + wanted.sum())
    smooth = np.convolve(np.pad(f1, 3, mode="edge"), np.full(7, 1 / 7), mode="valid")
    return round(float(candidates[smooth.argmax()]), 2)


def _threshold(chances: Numbers, wanted: NDArray[np.bool_], lawful: NDArray[np.bool_], most: float) -> float:
    """The probability with the best F1, but at least that which leaves no more than ``most`` of the lawful posts flagged."""
    limit = float(np.quantile(chances[lawful], 1 - most))
    return max(_best_threshold(chances, wanted), round(limit + 0.005, 2))


def _judgement(
    chances: Numbers, thresholds: dict[Label, float], steps: dict[str, float], example: Example
) -> Judgement:
    labels = {
        label: Score(float(chances[head]), bool(chances[head] >= thresholds[label]))
        for head, label in enumerate(LABELS)
    }
    reached = [step for step in STEPS if chances[HEADS.index(step)] >= steps[step]]
    return Judgement(example.lang, None, settle(labels, reached), labels, (), "linear")


def _assemble(
    weights: Numbers,
    bias: Numbers,
    slope: Numbers,
    shift: Numbers,
    thresholds: dict[Label, float],
    steps: dict[str, float],
) -> Model:
    def single(array: Numbers) -> Weights:
        return array.astype(np.float32)

    pairs = np.zeros((COUNT, COUNT, len(HEADS)))
    pairs[_UPPER] = weights[BUCKETS + COUNT :] * PAIR_SCALE
    return Model(
        ngrams=single(weights[:BUCKETS]),
        singles=single(weights[BUCKETS : BUCKETS + COUNT] * SINGLE_SCALE),
        pairs=single(pairs),
        bias=single(bias),
        slope=single(slope),
        shift=single(shift),
        thresholds=thresholds,
        steps=steps,
    )
