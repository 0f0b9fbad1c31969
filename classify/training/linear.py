"""Train the linear model from labelled texts, and measure it on authors that it has not seen.

Same texts, same seed, same libraries: the same bytes.
"""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, hstack  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from classify.calibration import LANGUAGES, Calibration
from classify.corpus import Example
from classify.evaluation.report import Report, report
from classify.heads import HEADS, SCALE, STEPS
from classify.linear import artifact
from classify.linear.artifact import Model, Weights
from classify.linear.concepts import COUNT
from classify.linear.features import BUCKETS, extract
from classify.linear.scoring import PAIR_SCALE, SINGLE_SCALE, presence, scales
from classify.masking import mask
from classify.normalise import normalise
from classify.severity import settle
from classify.training import card
from classify.training.calibrating import calibrate, screen_at, shared
from classify.training.targets import at_least, split, wanted
from classify.verdict import LABELS, Judgement, Score
from flow.errors import Broken

Progress = Callable[[str, int, int], None]
Numbers = NDArray[np.float64]
Targets = NDArray[np.float32]
Places = NDArray[np.intp]
FOLDS = 5
_STRENGTH = 0.5
_FRAGMENT_WEIGHT = 0.4
_LEAST_TEXTS = 2  # a bucket that fewer texts use says more about its author than about language
_MOST_THREADS = 4  # each holds a copy of the features
_UPPER = np.triu_indices(COUNT, 1)


@dataclass(frozen=True, slots=True)
class Trained:
    """What training found out on held-out authors: each example was judged by a model that knew none of its author's.

    ``scores``, by the id of an example: (heads,) raw.
    """

    report: Report
    scores: Mapping[str, Numbers]


def train(
    examples: Sequence[Example],
    *,
    out: Path,
    others: Sequence[Example] = (),
    seed: int = 0,
    progress: Progress | None = None,
) -> Trained:
    """Train on all of ``examples`` and the training side of ``others``, and write model and card into the folder ``out``.

    Raises:
        Broken: there are too few examples.
    """
    tell = progress or (lambda step, done, of: None)
    learnt = [other for other in others if other.lang in LANGUAGES and split(other) == "train"]
    sample = _sample([*examples, *learnt])
    held = np.zeros((len(examples), len(HEADS)))
    for number, (fit_on, judge) in enumerate(_folds(sample, examples, seed)):
        tell("validate", number, FOLDS)
        weights, bias = _fit(sample, fit_on, seed)
        held[judge] = sample.matrix[judge] @ weights + bias
    tell("validate", FOLDS, FOLDS)
    calibration = calibrate(held, sample.wanted[: len(examples)], examples)
    languages = np.array([LANGUAGES.index(example.lang) for example in examples])
    chances = calibration.probabilities(held.astype(np.float32), languages)
    severe = np.array([at_least(example, "high") for example in examples])
    tell("train", 0, 1)
    weights, bias = _fit(sample, np.arange(len(sample.weights)), seed)
    model = _assemble(weights, bias, calibration, screen_at(chances, severe))
    tell("train", 1, 1)
    judgements = list(map(_judgement, chances, calibration.bars[languages], examples))
    figures = report(examples, judgements, model="linear, held-out authors")
    taught = card.Taught.of(examples, learnt)
    about = {"seed": seed, "taught": asdict(taught), "figures": figures.as_json()}
    version = artifact.save(model, out, about=about)
    (out / "card.md").write_text(
        card.render(
            card.LINEAR,
            figures,
            taught=taught,
            version=version,
            calibration=calibration,
            shared=shared(sample.wanted[: len(examples)], examples),
        ),
        encoding="utf-8",
    )
    return Trained(figures, {example.id: scores for example, scores in zip(examples, held, strict=True)})


@dataclass(frozen=True, slots=True)
class _Sample:
    """What is fitted: the ``texts`` first rows are the examples, the others the sentences of lawful ones that quote nothing.

    The sentences teach that a short text or an unknown word is no threat; they take no part in measuring. A quoted threat is
    lawful only in its frame.
    """

    matrix: Any
    wanted: Targets
    weights: Numbers
    authors: NDArray[np.str_]
    texts: int


def _sample(examples: Sequence[Example]) -> _Sample:
    parts = [
        (part, example)
        for example in examples
        if example.source == "turvakt" and not example.labels and not _QUOTE.search(example.text)
        for part in _sentences(example.text)
    ]
    texts = [example.text for example in examples] + [part for part, _ in parts]
    whole = [*examples, *(example for _, example in parts)]
    weights = np.array([example.weight for example in examples] + [_FRAGMENT_WEIGHT] * len(parts))
    return _Sample(
        _matrix([mask(text, normalise(text)) for text in texts]),
        wanted(whole),
        weights,
        np.array([example.author for example in whole]),
        len(examples),
    )


_QUOTE = re.compile('["“”„»«’‘]')
_SENTENCE = re.compile(r"(?<=[.!?\u2026])\s+|\n+")


def _sentences(text: str) -> list[str]:
    parts = [part for part in _SENTENCE.split(text) if len(part) > 12]
    return parts if len(parts) > 1 else []


def _matrix(texts: Sequence[str]) -> Any:
    """(texts, BUCKETS + concepts + pairs of concepts), sparse; each block scaled as `classify.linear.scoring` does."""
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


def _folds(sample: _Sample, examples: Sequence[Example], seed: int) -> list[tuple[Places, Places]]:
    """Pairs of rows to fit on and examples to judge, so that no author is in both."""
    groups = sample.authors[: len(examples)]
    if len(set(groups)) < FOLDS:
        raise Broken(f"fewer than {FOLDS} authors", place="corpus", remedy="Training needs more labelled posts")
    splitter = GroupKFold(FOLDS, shuffle=True, random_state=seed)
    folds = []
    for _, judge in splitter.split(np.zeros(len(examples)), groups=groups):
        unseen = ~np.isin(sample.authors, np.unique(groups[judge]))
        folds.append((np.flatnonzero(unseen), judge))
    return folds


def _fit(sample: _Sample, rows: Places, seed: int) -> tuple[Numbers, Numbers]:
    """(features, heads) and (heads,): weights into which the inverse document frequencies are already multiplied."""
    whole = rows[rows < sample.texts]
    used = np.bincount(sample.matrix[whole].indices, minlength=sample.matrix.shape[1])
    rarity = np.where(used < _LEAST_TEXTS, 0.0, np.log((len(whole) + 1) / (used + 1)) + 1)
    kept = np.flatnonzero(rarity)
    small = (sample.matrix[rows][:, kept] @ diags_array(rarity[kept])).tocsr()
    weights = np.zeros((sample.matrix.shape[1], len(HEADS)))
    bias = np.zeros(len(HEADS))

    def fit(head: int, name: str) -> None:
        judged = np.flatnonzero(~np.isnan(sample.wanted[rows, head]))
        there = sample.wanted[rows[judged], head] == 1
        if not there.any():
            raise Broken(f"too few posts with '{name}'", place="corpus", remedy="Training needs more labelled posts")
        weight = sample.weights[rows[judged]]
        heavier = weight[~there].sum() / weight[there].sum()  # both sides of a label weigh the same
        fitted = LogisticRegression(C=_STRENGTH, solver="liblinear", max_iter=300, random_state=seed).fit(
            small[judged], there, sample_weight=np.where(there, heavier * weight, weight)
        )
        weights[kept, head] = fitted.coef_[0] * rarity[kept]
        bias[head] = fitted.intercept_[0]

    # The solver is written in C and draws nothing by chance: heads are fitted side by side, with the same outcome.
    with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as pool:
        list(pool.map(fit, range(len(HEADS)), HEADS))
    return weights, bias


def _judgement(chances: Weights, bars: Weights, example: Example) -> Judgement:
    flags = (chances >= bars).tolist()
    labels = {label: Score(float(chances[head]), flags[head]) for head, label in enumerate(LABELS)}
    reached = [step for step, flag in zip(STEPS, flags[SCALE], strict=True) if flag]
    return Judgement("sv", None, settle(labels, reached), labels, (), "linear")


def _assemble(weights: Numbers, bias: Numbers, calibration: Calibration, screen: float) -> Model:
    def single(array: Numbers) -> Weights:
        return array.astype(np.float32)

    pairs = np.zeros((COUNT, COUNT, len(HEADS)))
    pairs[_UPPER] = weights[BUCKETS + COUNT :] * PAIR_SCALE
    return Model(
        ngrams=single(weights[:BUCKETS]),
        singles=single(weights[BUCKETS : BUCKETS + COUNT] * SINGLE_SCALE),
        pairs=single(pairs),
        bias=single(bias),
        calibration=calibration,
        screen=screen,
    )
