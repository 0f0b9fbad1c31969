"""The registry as the running stages see it: read anew when it has changed, not at every post."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from ingest.mentions import Matcher
from registry.official import Official
from registry.store import Store


@dataclass(frozen=True, slots=True)
class _Seen:
    """The registry as it was at one ``revision``."""

    revision: int
    officials: Mapping[str, Official]


class RegistryView:
    """Keeps officials and their matcher at hand, and follows the registry's revision. Safe to use from any thread.

    Asking is one small query. A change, also by another process, is seen by the next one who asks.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._following = threading.Lock()
        self._seen: _Seen | None = None
        self._matching = threading.Lock()
        self._matcher: Matcher | None = None
        self._matched: _Seen | None = None  # what the matcher knows

    def get(self, official_id: str) -> Official | None:
        """The official with this id, if there is one."""
        return self._follow().officials.get(official_id)

    def all(self) -> list[Official]:
        """Every official, ordered by id."""
        return list(self._follow().officials.values())

    def matcher(self) -> Matcher:
        """The matcher of the registry as it is now: for one thread, since the next call may refresh it."""
        with self._matching:
            now = self._follow()
            # Asked for by nobody else: a page that reads the registry must not change what is being matched.
            if self._matcher is None or (
                now is not self._matched and not self._matcher.refresh(now.officials.values())
            ):
                self._matcher = Matcher(now.officials.values())
            self._matched = now
            return self._matcher

    def _follow(self) -> _Seen:
        # One at a time: whoever has read an older registry must not put it in the place of a newer one.
        with self._following:
            revision = self._store.revision()
            if self._seen is None or revision != self._seen.revision:
                # The revision is read first: officials that are newer than it are only read once more.
                self._seen = _Seen(revision, {official.id: official for official in self._store.officials()})
            return self._seen
