"""Adapters are chosen by name from a plain table ``name -> "module:Class"`` and loaded when they are chosen."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from flow.errors import Broken


def load_adapter(adapters: Mapping[str, str], name: str, *, kind: str) -> type[Any]:
    """The class called ``name`` in ``adapters``; what its constructor takes differs from class to class.

    Args:
        kind: what the table holds, for the message: "collector", "channel".

    Raises:
        Broken: there is none of that name.
    """
    if name not in adapters:
        raise Broken(f"unknown {kind}", place=f"{kind} '{name}'", remedy=f"Choose from {', '.join(sorted(adapters))}")
    module, _, attribute = adapters[name].partition(":")
    loaded: type[Any] = getattr(import_module(module), attribute)
    return loaded
