"""What the encoder costs and how often it is asked: ``python -m benchmarks.encoder``.

Time by the clock, as the encoder judges several posts side by side: of one post of about 30 words, alone and among others; and of
a stream of which 2 % reach the encoder, through the cascade. Besides, which share of posts the linear
model passes on. Without ``models/encoder`` only that share is measured.
"""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from classify.classifiers.cascade import Cascade
from classify.classifiers.encoder import Encoder
from classify.classifiers.linear import Linear
from classify.corpus import Example, read
from classify.heads import WATCHED
from classify.judging import chances
from classify.reading import read as read_texts
from classify.training.held_out import held_out
from classify.verdict import at_least

MODELS = Path(__file__).parent.parent / "models"
WORDS = range(27, 34)
SINGLES = 200
ROUNDS = 5
SHARE = 0.02
MIXED = 5000
BATCH = 500


def doubtful(linear: Linear, texts: Sequence[str]) -> list[bool]:
    """Of each text, whether the cascade asks the encoder about it."""
    readings = read_texts(texts)
    windows = iter(chances(linear.scorer, [reading for reading in readings if reading.unable is None]))
    return [
        reading.unable is None and bool(next(windows)[:, WATCHED].max() >= linear.scorer.screen) for reading in readings
    ]


def passed_on(linear: Linear, examples: Sequence[Example]) -> None:
    """Print which shares of the posts of held-out authors the screen lets through to the encoder."""
    unseen = held_out(examples, "authors")
    paired = {example.contrast for example in examples}
    lawful = [example for example in unseen if example.severity == "none"]
    groups = {
        "severe": [example for example in unseen if example.severity and at_least(example.severity, "high")],
        "everyday lawful (no post is their twin)": [
            example for example in lawful if not example.contrast and example.id not in paired
        ],
        "hard lawful (twins)": [example for example in lawful if example.contrast or example.id in paired],
    }
    for name, posts in groups.items():
        share = np.mean(doubtful(linear, [example.text for example in posts]))
        print(f"the screen passes on {share:.1%} of {len(posts)} {name} posts of held-out authors")


def alone(encoder: Encoder, texts: Sequence[str]) -> list[float]:
    """Milliseconds of each text, judged by itself, the best of the rounds."""
    best = [float("inf")] * len(texts)
    for _ in range(ROUNDS):
        for place, text in enumerate(texts):
            began = time.perf_counter()
            encoder.classify([text])
            best[place] = min(best[place], (time.perf_counter() - began) * 1000)
    return best


def mixed(cascade: Cascade, asked: Sequence[str], calm: Sequence[str]) -> float:
    """Posts a second of a stream of which the share `SHARE` is from ``asked``, evenly spread, the best round."""
    every = round(1 / SHARE)
    stream = [
        asked[place // every % len(asked)] if place % every == 0 else calm[place % len(calm)] for place in range(MIXED)
    ]
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for start in range(0, len(stream), BATCH):
            cascade.classify(stream[start : start + BATCH])
        best = min(best, time.perf_counter() - began)
    return len(stream) / best


def main() -> None:
    """Print the figures, one a line."""
    examples = read(MODELS / "corpus")
    linear = Linear.open(MODELS)
    passed_on(linear, examples)
    texts = [example.text for example in examples if len(example.text.split()) in WORDS]
    encoder = Encoder.open_if_there(MODELS)
    if encoder is None:
        print("there is no models/encoder: the rest is not measured")
        return
    chosen = texts[:: max(1, len(texts) // SINGLES)][:SINGLES]
    middle, late = np.quantile(alone(encoder, chosen), (0.5, 0.95))
    print(f"encoder alone, about 30 words, one at a time: median {middle:.1f} ms, 95th percentile {late:.1f} ms a post")
    began = time.perf_counter()
    encoder.classify(chosen)
    print(f"the same, all together: {len(chosen) / (time.perf_counter() - began):.0f} posts/s")
    short = [example.text for example in examples if 80 <= len(example.text) <= 260]
    doubts = doubtful(linear, short)
    asked = [text for text, doubt in zip(short, doubts, strict=True) if doubt]
    calm = [text for text, doubt in zip(short, doubts, strict=True) if not doubt]
    rate = mixed(Cascade(linear, encoder), asked, calm)
    print(
        f"cascade, {SHARE:.0%} of the posts reach the encoder: {rate:,.0f} posts/s ({len(calm)} different calm posts)"
    )


if __name__ == "__main__":
    main()
