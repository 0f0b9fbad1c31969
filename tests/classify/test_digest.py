"""Classifiers that judge otherwise have another version, and the same ones the same in every process."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import pytest

from classify import characters, digest, judging, language, lexicon, masking, normalise, reading, severity, undoing
from classify.encoder import inputs
from classify.rules import matching
from classify.rules.digest import of_rules
from tests.classify.material import shipped


def with_other(module: ModuleType, **constants: Any) -> ModuleType:
    """A module like ``module`` in which ``constants`` have other values."""
    other = ModuleType("other")
    vars(other).update(vars(module) | constants)
    return other


@pytest.mark.parametrize(
    ("module", "constants"),
    [
        (severity, {"MOST": severity.MOST | {"hate": "critical"}}),  # type: ignore[operator]
        (reading, {"JUDGED_FROM": 0.31}),
        (language, {"_PRIOR": 0.9}),
        (language, {"_FUNCTION_WORDS": language._FUNCTION_WORDS | {"sv": frozenset({"och"})}}),
        (characters, {"EMOJI": characters.EMOJI | {"🏹": "emojigun"}}),
        (characters, {"LOOKALIKE": {"а": "a"}}),
        (lexicon, {"DISGUISED": lexicon.DISGUISED - {"döda"}}),
        (lexicon, {"_GIVEN": lexicon._GIVEN | {"slakta"}}),
        (inputs, {"PREFIX": "passage:"}),
        (undoing, {"STEPS": undoing.STEPS[1:]}),
        (normalise, {"_ARMED": re.compile("x")}),
        (masking, {"_SCATTERED": 2}),
        (judging, {"MOST_WINDOWS": 17}),
        (matching, {"CERTAIN": 0.86}),
        (matching, {"_LANGUAGES": matching._LANGUAGES[:1]}),
        (matching, {"_LANGUAGES": matching._LANGUAGES[::-1]}),
    ],
)
def test_another_table_is_another_digest(module: ModuleType, constants: Mapping[str, Any]) -> None:
    assert module is matching or module in digest._MODULES
    assert digest.tables(with_other(module)) == digest.tables(module)
    assert digest.tables(with_other(module, **constants)) != digest.tables(module)


def test_what_differs_from_one_process_to_the_next_is_no_table() -> None:
    with pytest.raises(TypeError, match="a object has no words"):
        digest.tables(with_other(severity, WHAT=object()))


def test_it_is_the_same_in_every_process() -> None:
    """Whatever the order of its sets."""
    asked = "from classify.rules.digest import of_rules; print(of_rules())"
    for seed in ("1", "2"):
        told = subprocess.run(
            [sys.executable, "-c", asked],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout.strip() == of_rules()


@pytest.mark.parametrize("name", ["linear", "encoder", "cascade", "patterns"])
def test_it_is_a_part_of_each_version(name: str) -> None:
    ours = of_rules() if name in ("cascade", "patterns") else digest.of_reading()
    assert shipped(name).model.endswith(f"{'@' if name == 'patterns' else '.'}{ours}")
