"""Implementations of `registry.store.Store`; loaded when chosen."""

from importlib import import_module
from typing import Any

from flow.errors import Broken

STORES: dict[str, str] = {
    "sqlite": "registry.stores.sqlite:SqliteStore",
}


def load_store(name: str) -> type[Any]:
    """The class of the store called ``name``.

    Raises:
        Broken: there is no such store.
    """
    if name not in STORES:
        known = ", ".join(sorted(STORES))
        raise Broken("unknown registry store", place="settings, registry", remedy=f"Choose from {known}")
    module, _, attribute = STORES[name].partition(":")
    loaded: type[Any] = getattr(import_module(module), attribute)
    return loaded
