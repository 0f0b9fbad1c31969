"""The indices behind an alias, its generations: they are made, rolled over and dropped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elasticsearch import ApiError, BadRequestError, Elasticsearch, NotFoundError

from flow.errors import BadInput, Broken
from review.indexes.elasticsearch.client import PLACE, faults
from review.indexes.elasticsearch.names import next_generation
from review.indexes.elasticsearch.reading import count


@dataclass(frozen=True, slots=True)
class Standing:
    """How an index stands. ``removed`` counts documents that are gone but still in its files, ``size`` is in bytes."""

    index: str
    documents: int
    removed: int
    size: int
    state: str


@dataclass(frozen=True, slots=True)
class Generations:
    """The indices behind the alias ``alias``, each made from its index template."""

    client: Elasticsearch
    alias: str

    def all(self) -> tuple[str, ...]:
        """Those behind the alias, the oldest first; new documents go into the last one. None: the alias does not exist."""
        with faults(self.alias):
            try:
                found = self.client.indices.get_alias(name=self.alias)
            except NotFoundError:
                return ()
        writing = {name for name, index in found.items() if index["aliases"][self.alias].get("is_write_index", False)}
        return tuple(sorted(found, key=lambda name: (name in writing or len(found) == 1, name)))

    def current(self) -> tuple[str, ...]:
        """As `all`.

        Raises:
            Broken: the alias does not exist.
        """
        found = self.all()
        if not found:
            raise Broken("there is no such index", place=f"{PLACE} {self.alias}", remedy="Run 'turvakt index apply'")
        return found

    def outside(self) -> tuple[str, ...]:
        """Indices that are called like generations but are not behind the alias: `copies`, and one that is `rolling`."""
        return self._without(self.alias)

    def copies(self) -> tuple[str, ...]:
        """Those that a reindexing makes, or has left: what is written or removed meanwhile does not reach them."""
        return self._without(self.alias, self._rolling)

    def _without(self, *aliases: str) -> tuple[str, ...]:
        with faults(self.alias):
            found = self.client.indices.get(index=f"{self.alias}-*", features=["aliases"], expand_wildcards="open")
        return tuple(sorted(name for name, index in found.items() if index["aliases"].keys().isdisjoint(aliases)))

    def rolling(self) -> str | None:
        """The generation that somebody has made and not put behind the alias: `roll` goes on with it. It holds nothing."""
        with faults(self.alias):
            try:
                return next(iter(self.client.indices.get_alias(name=self._rolling)), None)
            except NotFoundError:
                return None

    @property
    def _rolling(self) -> str:
        """The alias of a generation until it is behind the other one."""
        return f"{self.alias}-rolling"

    def begin(self) -> None:
        """Make the first generation, unless there is one. Several may do so at once."""
        if self.all():
            return
        name = next_generation(self.alias, None)
        with faults(name):
            try:
                aliases = {self.alias: {"is_write_index": True}}
                self.client.indices.create(index=name, aliases=aliases, mappings=_STRICT)
            except ApiError as error:
                # Somebody was faster; a second index for new documents is refused as an illegal state.
                if error.message not in (_THERE, "illegal_state_exception"):
                    raise

    def create(self, settings: Mapping[str, Any] | None = None, *, rolling: bool = False) -> str:
        """Make the generation after the last one, which nobody finds yet as it is not behind the alias; returns its name.

        Args:
            settings: of the new index, in place of those of its template.
            rolling: it is to follow those that there are, see `rolling`; otherwise to take their place.

        Raises:
            BadInput: somebody else makes it, too.
        """
        name = next_generation(self.alias, max(self.all(), default=None))
        with faults(name):
            try:
                # Once: where the answer to the first try is lost, the second one would take our own index for another's.
                client = self.client.options(max_retries=0)
                aliases: dict[str, Any] | None = {self._rolling: {}} if rolling else None
                client.indices.create(index=name, aliases=aliases, mappings=_STRICT, settings=settings)
            except BadRequestError as error:
                if error.message != _THERE:
                    raise
                raise BadInput("there is such an index already", place=f"{PLACE} {name}", remedy=_LEFT) from None
        return name

    def due(self, conditions: Mapping[str, Any]) -> bool:
        """Whether any of ``conditions`` holds for the last generation: ``max_age``, ``max_docs``, ``max_primary_shard_size``."""
        with faults(self.alias):
            looked = self.client.indices.rollover(alias=self.alias, conditions=conditions, dry_run=True)
        return any(looked["conditions"].values())

    def roll(self) -> str:
        """Begin a new generation: new documents go into it, the older ones stay and are written where they are.

        Interrupted, it is completed by the next call.

        Raises:
            BadInput: a reindexing is at work.
        """
        before = self.current()[-1]
        # Not by Elasticsearch's own rollover, which shows the new index before its shards can be read.
        name = self.rolling() or self.create(rolling=True)
        with faults(self.alias):
            self.client.indices.update_aliases(
                actions=[
                    {"add": {"alias": self.alias, "is_write_index": False, "index": before}},
                    {"add": {"alias": self.alias, "is_write_index": True, "index": name}},
                    {"remove": {"alias": self._rolling, "index": name, "must_exist": False}},
                ]
            )
        return name

    def count(self, name: str) -> int:
        """How many documents an index holds at this moment."""
        return count(self.client, name)

    def standing(self) -> list[Standing]:
        """How each of them stands, those outside the alias, too."""
        current, outside, rolling = self.all(), self.outside(), self.rolling()
        if not current and not outside:
            return []
        with faults(self.alias):
            names = [*current, *outside]
            stats = self.client.indices.stats(index=names, metric=["docs", "store"])["indices"]
            settings = self.client.indices.get_settings(index=names, name="index.blocks.*")
        return [
            Standing(
                index=name,
                documents=stats[name]["primaries"]["docs"]["count"],
                removed=stats[name]["primaries"]["docs"]["deleted"],
                size=stats[name]["total"]["store"]["size_in_bytes"],
                state=_ROLLING
                if name == rolling
                else _state(name, current, closed=bool(settings.get(name, {}).get("settings"))),
            )
            for name in names
        ]

    def block(self, names: Sequence[str]) -> None:
        """Refuse all writes from now on; when this returns, no earlier one is under way."""
        with faults(self.alias):
            self.client.indices.add_block(index=",".join(names), block="write")

    def unblock(self, names: Sequence[str]) -> None:
        """Undo `block`."""
        with faults(self.alias):
            settings = {"index.blocks.write": None}
            self.client.indices.put_settings(index=list(names), settings=settings, ignore_unavailable=True)

    def delete(self, names: Sequence[str]) -> None:
        """Remove indices; those that are gone already are no error."""
        if names:
            with faults(self.alias):
                self.client.indices.delete(index=list(names), ignore_unavailable=True)


def _state(name: str, current: Sequence[str], *, closed: bool) -> str:
    if name not in current:
        return "not in use: a reindexing makes it, or has left it"
    use = "takes new documents" if name == current[-1] else "takes changes"
    return "closed for writing" if closed else use


_ROLLING = "not in use yet: the next cleaning goes on with it"
_STRICT = {"dynamic": "strict"}
"""As all templates have it: where somebody has removed them, nothing is written, rather than guessed at."""
_THERE = "resource_already_exists_exception"
_LEFT = "Wait until it ends ('turvakt index show'); if none runs, clear up by 'turvakt reindex --abandon'"
