"""Other forms of posts: how many there are, what they are labelled, and that they stay posts. Contains abusive test material."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classify.corpus import Example, read
from classify.training.varying import JOINED, RESPELT, varied
from tests.classify.material import TRAINING

LAWFUL = Example("1", "sv", "vi ses på mötet", frozenset(), "none", "a")
THREAT = replace(LAWFUL, id="2", text="du ska dö", labels=frozenset({"threat"}), severity="high", target="person")
SLUR = replace(LAWFUL, id="3", text="ut med packet", labels=frozenset({"hate"}), severity="medium", target="group")


def forms(examples: list[Example], seed: int = 0) -> list[Example]:
    return varied(examples, np.random.default_rng(seed))


def joined(*examples: Example) -> list[Example]:
    """Pairs of ``examples`` as one text each: of a hundred draws all that there are."""
    return [each for seed in range(100) for each in forms(list(examples) * 4, seed)[4 * len(examples) :]]


def test_all_are_kept_and_some_are_joined() -> None:
    examples = read(TRAINING)
    found = forms(examples)
    counts = {language: sum(each.lang == language for each in examples) for language in ("sv", "fi")}
    assert len(found) == len(examples) + sum(round(count * JOINED) for count in counts.values())
    kept, more = found[: len(examples)], found[len(examples) :]
    assert [replace(form, text=example.text) for form, example in zip(kept, examples, strict=True)] == examples
    respelt = sum(form.text != example.text for form, example in zip(kept, examples, strict=True))
    assert 0.5 * RESPELT < respelt / len(examples) <= 1.5 * RESPELT
    assert all(sum(example.text in each.text for example in examples if example.lang == each.lang) for each in more)


def test_the_same_chance_gives_the_same_forms() -> None:
    examples = read(TRAINING)
    assert forms(examples) == forms(examples) != forms(examples, seed=1)


def test_two_posts_as_one_do_all_that_either_does() -> None:
    found = joined(THREAT, SLUR)
    assert {each.labels for each in found} == {THREAT.labels, SLUR.labels, THREAT.labels | SLUR.labels}
    mixed = [each for each in found if len(each.labels) == 2]
    assert {(each.severity, each.target, each.weight) for each in mixed} == {("high", "person", 0.5)}
    calm = [each for each in joined(LAWFUL, THREAT) if "mötet" in each.text and "ska" in each.text]
    assert {(each.labels, each.severity, each.target) for each in calm} == {(THREAT.labels, "high", "person")}
    assert {each.target for each in joined(LAWFUL)} == {"none"}


def test_what_one_of_two_is_known_to_stay_below_says_nothing_of_both() -> None:
    other = replace(
        SLUR, labels=frozenset(), severity=None, judged=frozenset({"threat"}), below="high", source="decisions"
    )
    mixed = [each for each in joined(other, THREAT) if "packet" in each.text and "dö" in each.text]
    assert {(each.labels, each.severity, each.below) for each in mixed} == {(THREAT.labels, None, None)}


def test_what_one_of_two_was_not_judged_for_is_not_judged() -> None:
    other = replace(SLUR, severity=None, judged=frozenset({"hate"}), source="x", weight=0.2)
    mixed = [each for each in joined(THREAT, other) if len(each.labels) == 2]
    assert {(each.judged, each.severity, each.weight) for each in mixed} == {(frozenset({"hate"}), None, 0.1)}
    calm = [each for each in joined(LAWFUL, other) if each.labels and "mötet" in each.text]
    assert {each.target for each in calm} == {"unknown"}


def test_languages_are_not_mixed_and_long_posts_not_made_longer() -> None:
    finnish = replace(LAWFUL, lang="fi", text="nähdään kokouksessa")
    assert all(("mötet" in each.text) == (each.lang == "sv") for each in joined(LAWFUL, finnish))
    assert joined(replace(LAWFUL, text="mycket " * 100)) == []


@settings(max_examples=100, deadline=None)
@given(text=st.text("aåé.,!?\"' 🙂", min_size=1, max_size=8).filter(str.strip), seed=st.integers(0, 999))
def test_no_text_becomes_blank(text: str, seed: int) -> None:
    assert all(each.text.strip() for each in forms([replace(LAWFUL, text=text)] * 20, seed))


@pytest.mark.parametrize("examples", [[], [LAWFUL]])
def test_few_posts_stay_few(examples: list[Example]) -> None:
    assert len(forms(examples)) == len(examples)
