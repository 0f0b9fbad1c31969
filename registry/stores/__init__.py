"""Implementations of `registry.store.Store`; loaded when chosen."""

from typing import Any

from flow.adapters import load_adapter

STORES: dict[str, str] = {
    "sqlite": "registry.stores.sqlite:SqliteStore",
}


def load_store(name: str) -> type[Any]:
    """The class of the store called ``name``.

    Raises:
        Broken: there is no such store.
    """
    return load_adapter(STORES, name, kind="store")
