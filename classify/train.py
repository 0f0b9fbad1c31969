"""Train the linear model from a labelled corpus, and measure it on authors that it has not seen.

Same corpus, same seed, same libraries: the same bytes.
"""

from collections.abc import Callable, Sequence
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

Progress = Callable[[str, int, int], None]
Numbers = NDArray[np.float64]
FOLDS = 5
_STRENGTHS = (0.3, 1.0, 3.0)
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
    texts = [mask(example.text, normalise(example.text)) for example in examples]
    matrix = _matrix(texts)
    wanted = _wanted(examples)
    folds = _folds(examples, seed)
    held, strength = _choose(matrix, wanted, folds, seed, tell)
    slope, shift = _calibrate(held, wanted)
    chances = 1 / (1 + np.exp(-(slope * held + shift)))
    thresholds = {label: _best_threshold(chances[:, head], wanted[:, head]) for head, label in enumerate(LABELS)}
    steps = {step: _best_threshold(chances[:, HEADS.index(step)], wanted[:, HEADS.index(step)]) for step in STEPS}
    tell("train", 0, 1)
    weights, bias = _fit(matrix, wanted, strength, seed)
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
            [label in example.labels for label in LABELS] + [rank(example.severity) >= rank(step) for step in STEPS]  # type: ignore[arg-type]
            for example in examples
        ]
    )


def _folds(examples: Sequence[Example], seed: int) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    groups = [example.author for example in examples]
    splitter = GroupKFold(FOLDS, shuffle=True, random_state=seed)
    return list(splitter.split(np.zeros(len(groups)), groups=groups))


def _choose(matrix: Any, wanted: NDArray[np.bool_], folds: Any, seed: int, tell: Progress) -> tuple[Numbers, float]:
    """The held-out scores with the regularisation that gives the best mean log loss over all heads, and that strength."""
    results = []
    total = len(_STRENGTHS) * len(folds)
    for strength in _STRENGTHS:
        held = np.zeros(wanted.shape)
        for fit_on, judge in folds:
            tell("validate", len(results) * len(folds), total)
            weights, bias = _fit(matrix[fit_on], wanted[fit_on], strength, seed)
            held[judge] = matrix[judge] @ weights + bias
        slope, shift = _calibrate(held, wanted)
        chances = np.clip(1 / (1 + np.exp(-(slope * held + shift))), 1e-6, 1 - 1e-6)
        loss = -float(np.where(wanted, np.log(chances), np.log(1 - chances)).mean())
        results.append((loss, strength, held))
    _, strength, held = min(results, key=lambda result: result[0])
    tell("validate", total, total)
    return held, strength


def _fit(matrix: Any, wanted: NDArray[np.bool_], strength: float, seed: int) -> tuple[Numbers, Numbers]:
    """(features, heads) and (heads,): weights into which the inverse document frequencies are already multiplied."""
    texts = matrix.shape[0]
    used = np.bincount(matrix.indices, minlength=matrix.shape[1])
    rarity = np.where(used < _LEAST_TEXTS, 0.0, np.log((texts + 1) / (used + 1)) + 1)
    kept = np.flatnonzero(rarity)
    small = (matrix[:, kept] @ diags_array(rarity[kept])).tocsr()
    weights = np.zeros((matrix.shape[1], wanted.shape[1]))
    bias = np.zeros(wanted.shape[1])
    for head in range(wanted.shape[1]):
        fitted = LogisticRegression(
            C=strength, class_weight="balanced", solver="liblinear", max_iter=300, random_state=seed
        ).fit(small, wanted[:, head])
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
