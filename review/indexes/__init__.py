"""Where verdicts can be searched; loaded when chosen."""

from typing import Any

from flow.adapters import load_adapter

INDEXES: dict[str, str] = {
    "memory": "review.indexes.memory:MemoryIndex",
    "sqlite": "review.indexes.sqlite:SqliteIndex",
}


def load_index(name: str) -> type[Any]:
    """The class of the index called ``name``; their arguments differ.

    Raises:
        Broken: there is no such index.
    """
    return load_adapter(INDEXES, name, kind="index")
