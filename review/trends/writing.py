"""The counts of a day as documents of Elasticsearch, replaced by new ones."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec
from elasticsearch import Elasticsearch

from flow.errors import Broken
from review.indexes.elasticsearch.client import PLACE, faults
from review.indexes.elasticsearch.generations import Generations
from review.indexes.elasticsearch.names import Names, document_id
from review.indexes.elasticsearch.reading import pages
from review.indexes.elasticsearch.store import AT_ONCE, Store, check, operation
from review.trends.cells import Cell

_COUNTED = "counted"


@dataclass(frozen=True, slots=True)
class Row:
    """A count that is told: behind which alias, and of which municipality, or of all."""

    alias: str
    cell: Cell
    posts: int
    municipality: str | None = None

    @property
    def id(self) -> str:
        """The id of its document."""
        cell = self.cell
        return document_id(self.alias, cell.day.isoformat(), cell.country, cell.source, cell.label, cell.severity)

    def document(self) -> dict[str, Any]:
        """What is stored."""
        stored = {**msgspec.to_builtins(self.cell), "posts": self.posts}
        return stored if self.municipality is None else stored | {"municipality": self.municipality}


class Writing:
    """Reads and writes the trends behind all their aliases."""

    def __init__(self, client: Elasticsearch, names: Names) -> None:
        self._client = client
        self._all = names.all_trends
        self._indices = f"{names.trends('*')},{names.all_trends}-*"
        self._template = f"{names.prefix}-trends"
        self._store = Store(client, refresh=True)

    def last(self) -> date | None:
        """The last day that was counted, whether or not anything is told of it."""
        days = [date.fromisoformat(meta[_COUNTED]) for meta in self._metas() if _COUNTED in meta]
        return max(days, default=None)

    def counted(self, day: date) -> None:
        """Note that this was the last day that was counted: beside the mapping, where no reader takes it for a count."""
        self._prepare(self._all)
        (meta,) = self._metas()
        with faults(self._all):
            self._client.indices.put_mapping(index=self._all, meta={**meta, _COUNTED: day.isoformat()})

    def _metas(self) -> list[Mapping[str, Any]]:
        with faults(self._all):
            found = self._client.indices.get_mapping(index=self._all, ignore_unavailable=True)
        return [index["mappings"].get("_meta", {}) for index in found.values()]

    def replace(self, day: date, rows: Collection[Row], *, only_flagged: bool) -> int:
        """Put ``rows`` in the place of what is told of that day; returns how many documents that has changed.

        Args:
            only_flagged: leave counts of unflagged posts as they are.
        """
        before = {row.id: row for row in self._rows(day) if row.cell.flagged or not only_flagged}
        after = {row.id: row for row in rows}
        changed = [row for id, row in after.items() if before.get(id) != row]
        gone = [row for id, row in before.items() if id not in after]
        for alias in {row.alias for row in changed}:
            self._prepare(alias)
        writes = [(operation("index", _head(row)), msgspec.json.encode(row.document())) for row in changed]
        check(self._store.bulk([*writes, *((operation("delete", _head(row)),) for row in gone)]))
        return len(changed) + len(gone)

    def _prepare(self, alias: str) -> None:
        generations = Generations(self._client, alias)
        if generations.all():
            return
        with faults(alias):
            known = self._client.indices.exists_index_template(name=self._template)
        if not known:
            # Elasticsearch would make an index all the same, and guess what its fields are.
            raise Broken(
                "it has no template for this index", place=f"{PLACE} {alias}", remedy="Run 'turvakt index apply'"
            )
        generations.begin()

    def _rows(self, day: date) -> Iterator[Row]:
        with faults(self._indices):
            self._client.indices.refresh(index=self._indices)
        for hits in pages(self._client, self._indices, {"term": {"day": day.isoformat()}}, size=AT_ONCE):
            for hit in hits:
                found = hit["_source"]
                cell = msgspec.convert({key: found[key] for key in Cell.__slots__}, Cell)
                yield Row(hit["_index"].rpartition("-")[0], cell, found["posts"], found.get("municipality"))


def _head(row: Row) -> dict[str, Any]:
    return {"_index": row.alias, "_id": row.id}
