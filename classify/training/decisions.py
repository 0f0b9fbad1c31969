"""Reviewers' decisions, which ``turvakt decisions export`` wrote, as examples to train on beside the corpus."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from classify.corpus import DECISIONS, Example, read

WEIGHT: Final = 1.0
"""As much as a post of our own: these are real posts, and those which the model in use got wrong are among them."""


def read_decisions(path: Path) -> list[Example]:
    """The examples in the file ``path``, or in the ``*.jsonl`` files of a folder.

    They are in the order of their texts: that of the file hangs on a salt, and the same decisions are to give the same model.

    Raises:
        BadInput: a line is wrong; the message names file, line and field.
        Broken: there is nothing to read.
    """
    found = sorted(read(path), key=_taught)
    return [replace(example, source=DECISIONS, weight=WEIGHT) for example in found]


def _taught(example: Example) -> tuple[object, ...]:
    """All but what it is known by."""
    return (
        example.text,
        sorted(example.judged),
        sorted(example.labels),
        example.severity or "",
        example.below or "",
    )
