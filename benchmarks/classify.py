"""What judging a post costs: ``python -m benchmarks.classify [TEXTS.jsonl]``.

Processor time per post of about 20 words from the training corpus: lawful posts, on which nothing is flagged, and flagged ones,
which are also explained; in batches of 500 and one at a time. Beside it what a pipeline of scikit-learn's own parts needs for the
same lengths of n-grams and the labels, without language, disguises, patterns and explanations. The first pass looks at every word
for the first time, as the first minute of a running monitor does; what words say is remembered from then on. What the encoder
costs and how often it is asked: `benchmarks.encoder`; what each keeps in memory: `benchmarks.memory`.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline

from classify.classifiers import make_classifier
from classify.corpus import Example, read
from classify.linear.features import BUCKETS, NGRAMS
from classify.verdict import LABELS

ROOT = Path(__file__).parent.parent
BATCH = 500
ROUNDS = 3
EVERY = 12
SINGLES = 60

Judge = Callable[[list[str]], object]


def cost(judge: Judge, texts: Sequence[str], *, batch: int) -> float:
    """Microseconds of processor time per text, the best round of each batch: what else the machine does only makes it slower."""
    batches = [list(texts[start : start + batch]) for start in range(0, len(texts), batch)]
    best = [float("inf")] * len(batches)
    for _ in range(ROUNDS):
        for number, each in enumerate(batches):
            began = time.process_time()
            judge(each)
            best[number] = min(best[number], time.process_time() - began)
    return sum(best) / len(texts) * 1e6


def scikit_learn(examples: Sequence[Example]) -> Judge:
    """Hashed character n-grams and one logistic regression per label."""
    vectors = HashingVectorizer(analyzer="char_wb", ngram_range=(NGRAMS[0], NGRAMS[-1]), n_features=BUCKETS)
    pipeline = make_pipeline(vectors, OneVsRestClassifier(SGDClassifier(loss="log_loss", max_iter=5, tol=None)))
    wanted = [[label in example.labels for label in LABELS] for example in examples]
    pipeline.fit([example.text for example in examples], wanted)
    judge: Judge = pipeline.predict_proba
    return judge


def main() -> None:
    """Print a table, microseconds per post."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("corpus", nargs="?", type=Path, default=ROOT / "models" / "corpus")
    examples = [example for example in read(parser.parse_args().corpus) if 80 <= len(example.text) <= 260][::EVERY]
    texts = [example.text for example in examples]
    cascade = make_classifier("cascade", models=ROOT / "models")
    cascade.classify(texts[:1])  # opens the language model
    began = time.process_time()
    judgements = cascade.classify(texts)
    first = (time.process_time() - began) / len(texts) * 1e6
    flagged = [text for text, judgement in zip(texts, judgements, strict=True) if judgement.flagged]
    lawful = [
        example.text
        for example, judgement in zip(examples, judgements, strict=True)
        if example.severity == "none" and not judgement.flagged
    ]
    words = sum(len(text.split()) for text in texts) / len(texts)
    print(f"{len(lawful)} lawful and {len(flagged)} flagged posts, {words:.0f} words on average; µs per post")
    if cascade.lacks:
        print("there is no models/encoder: the cascade is the linear model and the patterns")
    print(f"cascade, first pass over all posts: {first:.0f}")
    print(f"{'':<14}{'lawful':>10}{'flagged':>10}{'lawful, alone':>16}{'flagged, alone':>16}")
    judges: dict[str, Judge] = {
        "cascade": cascade.classify,
        "linear": make_classifier("linear", models=ROOT / "models").classify,
        "patterns": make_classifier("patterns", models=ROOT / "models").classify,
        "scikit-learn": scikit_learn(examples),
    }
    for name, judge in judges.items():
        together = [cost(judge, posts, batch=BATCH) for posts in (lawful, flagged)]
        alone = [cost(judge, posts[:SINGLES], batch=1) for posts in (lawful, flagged)]
        print(f"{name:<14}{together[0]:>10.0f}{together[1]:>10.0f}{alone[0]:>16.0f}{alone[1]:>16.0f}")


if __name__ == "__main__":
    main()
