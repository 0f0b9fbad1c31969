"""What each head of a model should say of an example, and on which side of the split the example stands."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from classify.corpus import ALL, DECISIONS, Example
from classify.heads import HEADS, STEPS
from classify.verdict import LABELS, SEVERITIES, Severity

Split = Literal["train", "dev", "test"]
_SHARES: Final = (0.08, 0.16)  # of the authors: test, dev
_UNSEEN_TOPICS: Final = 0.03


def wanted(examples: Sequence[Example]) -> NDArray[np.float32]:
    """(examples, heads): 1 or 0, and NaN for what was not judged."""
    return np.array([_wanted(example) for example in examples], dtype=np.float32).reshape(-1, len(HEADS))


def _wanted(example: Example) -> list[float]:
    unknown = float("nan")
    labels = [float(label in example.labels) if label in example.judged else unknown for label in LABELS]
    if example.severity is not None:
        reached = SEVERITIES.index(example.severity)
        beyond = (
            unknown if example.labels and example.judged != ALL else 0.0
        )  # a label that nobody judged may make it graver
        steps = [1.0 if reached >= SEVERITIES.index(step) else beyond for step in STEPS]
    elif example.below is not None:
        steps = [0.0 if SEVERITIES.index(step) >= SEVERITIES.index(example.below) else unknown for step in STEPS]
    elif "threat" in example.labels:  # a threat is high or critical
        steps = [1.0, 1.0, 1.0, unknown]
    elif example.labels:
        steps = [1.0, unknown, unknown, unknown]
    else:
        steps = [unknown] * len(STEPS)
    return [*labels, *steps, float(example.target == "person") if aim_is_known(example) else unknown]


def aim_is_known(example: Example) -> bool:
    """Whether somebody judged whom the abuse is aimed at."""
    return example.target != "unknown" and (example.source == "turvakt" or example.severity is not None)


def split(example: Example) -> Split | None:
    """Where ``example`` belongs: an author is on one side only, and a few topics are kept from whoever is trained on.

    None: an author to train on who writes on a topic that is kept for the test. Authors of ``dev``, who calibrate, may write on
    it: see `held_out`. Decisions are all trained on: they take no part in figures, and their authors are hashes with a salt that
    is another one in each export.
    """
    if example.source == DECISIONS:
        return "train"
    author = _share(example.author)
    side: Split = "test" if author < _SHARES[0] else "dev" if author < _SHARES[1] else "train"
    if side == "train" and example.topic and _share(example.topic) < _UNSEEN_TOPICS:
        return None
    return side


def _share(name: str) -> float:
    """A place in 0 to 1 that a name always gets."""
    return int(sha256(name.encode()).hexdigest()[:8], 16) / 2**32


def at_least(example: Example, step: Severity) -> bool:
    """Whether an example is judged to be ``step`` or graver."""
    return example.severity is not None and SEVERITIES.index(example.severity) >= SEVERITIES.index(step)
