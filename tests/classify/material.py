"""Reads the abusive test material that lies beside the tests."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from classify.classifier import Classifier
from classify.classifiers import make_classifier

HERE = Path(__file__).parent
MODELS = HERE.parent.parent / "models"
TRAINING = HERE / "abusive_training.jsonl"


def phrases() -> list[dict[str, Any]]:
    """Texts that a rule must find: ``lang``, ``text``, ``label``, ``severity``."""
    return [json.loads(line) for line in (HERE / "abusive_phrases.jsonl").read_text("utf-8").splitlines()]


def lawful_twins() -> list[str]:
    """Texts with the same words that no rule may find."""
    return (HERE / "abusive_lawful_twins.txt").read_text("utf-8").splitlines()[1:]


@cache
def shipped(name: str) -> Classifier:
    """One of the classifiers over the model in the repository."""
    return make_classifier(name, models=MODELS)
