"""A text has the same features alone and in a batch."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from classify.linear.features import BUCKETS, extract
from classify.masking import NAME

TEXTS = st.text(st.sampled_from("abåäö 0!?.\n" + NAME + "A🔪"), max_size=40)


@settings(max_examples=150, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_batch_and_single_agree(texts: list[str]) -> None:
    together = extract(texts)
    for row, text in enumerate(texts):
        alone = extract([text])
        own = together.rows == row
        assert Counter(together.buckets[own].tolist()) == Counter(alone.buckets.tolist())
        assert together.counts[row] == len(alone.buckets)
    assert all(0 <= bucket < BUCKETS for bucket in together.buckets)


def test_the_same_string_has_the_same_bucket_wherever_it_stands() -> None:
    features = extract(["hund katt hund"])
    text = "hund katt hund"
    by_string: dict[str, set[int]] = {}
    for bucket, start, end in zip(features.buckets, *features.places, strict=True):
        if end - start == 4 and start >= 1:  # a blank stands before the text
            by_string.setdefault(text[start - 1 : end - 1], set()).add(int(bucket))
    # One bucket as a word and one as an n-gram.
    assert len(by_string["hund"]) == 2


def test_no_texts_have_no_features() -> None:
    assert len(extract([]).buckets) == 0
    assert extract(["", " "]).counts.tolist() == [0, 0]


def test_marks_are_features_and_part_words() -> None:
    plain, marked = extract(["ja nej"]), extract(["ja!nej"])
    assert set(plain.buckets.tolist()) < set(marked.buckets.tolist())
    starts, ends = marked.places
    assert np.all(ends > starts)
