"""The registry as one of the places that hold personal data."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec

from flow.errors import BadInput
from registry.holder import Part
from registry.official import Official
from registry.store import Store


class RegistryHolder:
    """Implements `registry.holder.Holder` over ``store``.

    It holds officials and their consent ledgers, no posts, and nothing of it ages.
    """

    name = "registry"

    def __init__(self, store: Store) -> None:
        self._store = store

    def erase(self, official: str, part: Part | None = None) -> int:
        if part is not None:
            return 0  # the change of her consent has taken it out already
        return int(self._store.remove(official))

    def forget(self, posts: Collection[str]) -> int:
        return 0

    def expire(self, before: datetime) -> int:
        return 0

    def export(self, official: str) -> list[dict[str, Any]]:
        entries = ({"kind": "consent-entry", **msgspec.to_builtins(each)} for each in self._store.ledger(official))
        return [*({"kind": "official", **msgspec.to_builtins(each)} for each in self._stored(official)), *entries]

    def count(self, official: str, part: Part | None = None) -> int:
        return len(self._stored(official)) + len(self._store.ledger(official)) if part is None else 0

    def _stored(self, official: str) -> list[Official]:
        try:
            return [self._store.get(official)]
        except BadInput:
            return []
