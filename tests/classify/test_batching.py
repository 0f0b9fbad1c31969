"""Every text is learnt from once an epoch, beside texts of like length and its twin."""

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classify.corpus import Example
from classify.training.batching import batches, twins

PIECES, LONGEST = 60, 20


def post(id: str, contrast: str | None = None) -> Example:
    return Example(id, "sv", "Hej", frozenset(), "none", "a", contrast=contrast)


def test_twins_are_found_by_what_they_contrast_with() -> None:
    posts = [post("1", "2"), post("2", "1"), post("3", "1"), post("4"), post("5", "elsewhere")]
    assert twins(posts).tolist() == [1, 0, 0, -1, -1]


def test_only_the_first_form_of_a_post_has_a_twin() -> None:
    assert twins([post("1", "2"), post("2"), post("1", "2")]).tolist() == [1, -1, -1]


@st.composite
def texts(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """Lengths, and each text's twin: at most one of those next to it, as in the corpus."""
    lengths = draw(st.lists(st.integers(1, 30), min_size=1, max_size=60))
    links = draw(st.lists(st.booleans(), min_size=len(lengths), max_size=len(lengths)))
    return lengths, [place - 1 if link and place % 2 else -1 for place, link in enumerate(links)]


@given(texts(), st.integers(0, 9))
def test_each_text_is_in_one_batch_that_is_not_too_large_and_holds_its_twin(
    drawn: tuple[list[int], list[int]], seed: int
) -> None:
    lengths, twin = drawn
    found = list(batches(lengths, np.array(twin), pieces=PIECES, longest=LONGEST, shuffle=random.Random(seed)))
    assert sorted(place for batch in found for place in batch) == list(range(len(lengths)))
    where = {place: number for number, batch in enumerate(found) for place in batch}
    assert all(where[place] == where[other] for place, other in enumerate(twin) if other >= 0)
    for batch in found:
        assert len(batch) * min(LONGEST, max(lengths[place] for place in batch)) <= PIECES


def test_texts_of_like_length_are_together_and_the_order_is_by_chance() -> None:
    lengths = [1, 20] * 30
    orders = []
    for seed in (1, 1, 2):
        found = list(batches(lengths, np.full(60, -1), pieces=PIECES, longest=LONGEST, shuffle=random.Random(seed)))
        assert sum(len({lengths[place] for place in batch}) > 1 for batch in found) <= 1
        orders.append(found)
    assert orders[0] == orders[1] != orders[2]
