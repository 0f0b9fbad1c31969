"""How fast texts are judged: ``python -m benchmarks.classify [TEXTS.jsonl]``.

Posts of about 20 words from the training corpus, in batches of 512 and one at a time, per classifier, on one core. The first
pass fills the caches of words, as the first minute of a running monitor does, and is shown by itself.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from classify.classifier import Classifier
from classify.classifiers import CLASSIFIERS, make_classifier
from classify.corpus import read
from classify.reading import read as make_ready

ROOT = Path(__file__).parent.parent


def rate(work: Callable[[], object], posts: int, *, seconds: float = 3.0) -> float:
    """Posts a second, the best of several rounds: what else the machine does only makes a round slower."""
    best, until = 0.0, time.perf_counter() + seconds
    while True:
        began = time.perf_counter()
        work()
        now = time.perf_counter()
        best = max(best, posts / (now - began))
        if now > until:
            return best


def one_by_one(classifier: Classifier, texts: list[str]) -> None:
    """Judge each text in a call of its own."""
    for text in texts:
        classifier.classify([text])


def main() -> None:
    """Print one line per measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("corpus", nargs="?", type=Path, default=ROOT / "models" / "corpus")
    texts = [example.text for example in read(parser.parse_args().corpus) if 80 <= len(example.text) <= 260]
    words = sum(len(text.split()) for text in texts) / len(texts)
    print(f"{len(texts)} posts of {words:.0f} words on average")
    print(f"{'reading only':<24}{rate(lambda: [make_ready(text) for text in texts], len(texts)):>10,.0f} posts/s")
    for name in sorted(CLASSIFIERS):
        classifier = make_classifier(name, models=ROOT / "models")
        began = time.perf_counter()
        classifier.classify(texts)
        print(f"{name + ', first pass':<24}{len(texts) / (time.perf_counter() - began):>10,.0f} posts/s")
        print(f"{name + ', batches':<24}{rate(lambda c=classifier: c.classify(texts), len(texts)):>10,.0f} posts/s")  # type: ignore[misc]
        print(
            f"{name + ', one at a time':<24}{rate(lambda c=classifier: one_by_one(c, texts), len(texts)):>10,.0f} posts/s"
        )  # type: ignore[misc]


if __name__ == "__main__":
    main()
