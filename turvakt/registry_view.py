"""The registry as the running stages see it: read anew when it has changed, not at every post."""

from ingest.mentions import Matcher
from registry.official import Official
from registry.store import Store


class RegistryView:
    """Keeps officials and their matcher at hand, and follows the registry's revision.

    Asking is one small query. A change, also by another process, is seen by the next one who asks.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._revision: int | None = None
        self._officials: dict[str, Official] = {}
        self._matcher: Matcher | None = None

    def get(self, official_id: str) -> Official | None:
        """The official with this id, if there is one."""
        self._follow()
        return self._officials.get(official_id)

    def all(self) -> list[Official]:
        """Every official, ordered by id."""
        self._follow()
        return list(self._officials.values())

    def matcher(self) -> Matcher:
        """The matcher of the registry as it is now."""
        self._follow()
        if self._matcher is None:
            self._matcher = Matcher(self._officials.values())
        return self._matcher

    def _follow(self) -> None:
        revision = self._store.revision()
        if revision != self._revision:
            self._officials = {official.id: official for official in self._store.officials()}
            # A withdrawal must not wait for a new matcher to be built.
            if self._matcher is not None and not self._matcher.refresh(self._officials.values()):
                self._matcher = None
            self._revision = revision
