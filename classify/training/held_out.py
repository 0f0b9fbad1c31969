"""Which posts a model is measured on: those that it was not trained on, or all."""

from collections.abc import Sequence
from typing import Literal

from classify.corpus import Example
from classify.training.targets import split

Part = Literal["authors", "topics", "all"]


def held_out(examples: Sequence[Example], part: Part, *, apart: bool = False) -> list[Example]:
    """Those of ``examples`` that are in ``part``, in their order.

    ``authors``: by authors whom no training sees. ``topics``: by authors whom it does see, on topics on which neither what is
    trained on nor what calibrates has a post.

    Args:
        apart: leave out a post whose twin training saw: the same subject and words, but by another author or on a topic of
            another name.
    """
    sides = {example.id: split(example) for example in examples}
    seen = {id for id, side in sides.items() if side in ("train", "dev")}
    named = {example.contrast for example in examples if example.id in seen}
    known = {example.topic for example in examples if example.id in seen}
    wanted = {"authors": ("test",), "topics": (None,), "all": ("train", "dev", "test", None)}[part]
    return [
        example
        for example in examples
        if sides[example.id] in wanted
        and not (part == "topics" and example.topic in known)
        and not (apart and (example.contrast in seen or example.id in named))
    ]
