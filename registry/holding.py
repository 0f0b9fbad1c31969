"""The registry as one of the places that hold personal data."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec

from registry.store import Store


class RegistryHolder:
    """Implements `registry.holder.Holder` over ``store``. The registry holds officials, no posts, and nothing of it ages."""

    name = "registry"

    def __init__(self, store: Store) -> None:
        self._store = store

    def erase(self, official: str) -> int:
        return int(self._store.remove(official))

    def forget(self, posts: Collection[str]) -> int:
        return 0

    def expire(self, before: datetime) -> int:
        return 0

    def export(self, official: str) -> list[dict[str, Any]]:
        return [msgspec.to_builtins(each) for each in self._store.officials() if each.id == official]

    def count(self, official: str) -> int:
        return sum(each.id == official for each in self._store.officials())
