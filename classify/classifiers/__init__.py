"""The classifiers that can be chosen by name; each is loaded when it is chosen."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from classify.classifier import Classifier
from flow.adapters import load_adapter

CLASSIFIERS: Final[dict[str, str]] = {
    "cascade": "classify.classifiers.cascade:Cascade",
    "encoder": "classify.classifiers.encoder:Encoder",
    "linear": "classify.classifiers.linear:Linear",
    "patterns": "classify.classifiers.patterns:Patterns",
    "remote": "classify.classifiers.remote:Remote",
}
"""Name -> ``module:Class``; each class has a ``open(models: Path)`` that makes it from the folder of models."""


def make_classifier(name: str, *, models: Path, wants: Mapping[str, Mapping[str, Any]] = {}) -> Classifier:
    """The classifier called ``name``.

    Args:
        wants: by name of a classifier, what its ``open`` takes besides ``models``.

    Raises:
        Broken: there is none of that name, or its model is missing or altered.
    """
    made: Classifier = load_adapter(CLASSIFIERS, name, kind="classifier").open(models, **wants.get(name, {}))
    return made
