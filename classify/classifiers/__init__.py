"""The classifiers that can be chosen by name; each is loaded when it is chosen."""

from importlib import import_module
from pathlib import Path
from typing import Final

from classify.classifier import Classifier
from flow.errors import Broken

CLASSIFIERS: Final[dict[str, str]] = {
    "combined": "classify.classifiers.combined:Combined",
    "linear": "classify.classifiers.linear:Linear",
    "patterns": "classify.classifiers.patterns:Patterns",
}
"""Name -> ``module:Class``; each class has a ``open(models: Path)`` that makes it from the folder of models."""


def make_classifier(name: str, *, models: Path) -> Classifier:
    """The classifier called ``name``.

    Raises:
        Broken: there is none of that name, or its model is missing or altered.
    """
    try:
        module, _, cls = CLASSIFIERS[name].partition(":")
    except KeyError:
        known = ", ".join(sorted(CLASSIFIERS))
        raise Broken(f"no classifier is called '{name}'", place="classifier", remedy=f"Choose one of {known}") from None
    made: Classifier = getattr(import_module(module), cls).open(models)
    return made


def default_classifier(models: Path) -> Classifier:
    """The one that the monitor uses: patterns over the linear model.

    Raises:
        Broken: the model is missing or altered.
    """
    return make_classifier("combined", models=models)
