"""Where verdicts can be searched; loaded when chosen."""

from importlib import import_module
from typing import Any

from flow.errors import Broken

INDEXES: dict[str, str] = {
    "memory": "review.indexes.memory:MemoryIndex",
    "sqlite": "review.indexes.sqlite:SqliteIndex",
}


def load_index(name: str) -> type[Any]:
    """The class of the index called ``name``; their arguments differ.

    Raises:
        Broken: there is no such index.
    """
    if name not in INDEXES:
        known = ", ".join(sorted(INDEXES))
        raise Broken("unknown index", place="settings, index", remedy=f"Choose from {known}")
    module, _, attribute = INDEXES[name].partition(":")
    loaded: type[Any] = getattr(import_module(module), attribute)
    return loaded
