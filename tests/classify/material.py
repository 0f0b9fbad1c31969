"""Reads the abusive test material that lies beside the tests."""

import json
import shutil
from atexit import register
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
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
    """One of the classifiers over the model in the repository; the encoder is the tiny one beside the tests."""
    return make_classifier(name, models=with_encoder() if name == "encoder" else MODELS)


@cache
def with_encoder() -> Path:
    """A models folder that holds the linear model of the repository and a tiny encoder, which knows a dozen violent words."""
    folder = Path(mkdtemp())
    register(shutil.rmtree, folder)
    (folder / "linear").symlink_to(MODELS / "linear")
    shutil.copytree(HERE / "tiny_encoder", folder / "encoder")
    return folder
