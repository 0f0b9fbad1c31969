"""The statistics of the tenants, written after the items that they follow from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import msgspec
from elasticsearch import Elasticsearch

from review.indexes.elasticsearch.client import is_missing
from review.indexes.elasticsearch.documents import Holding
from review.indexes.elasticsearch.generations import Generations
from review.indexes.elasticsearch.known import Known
from review.indexes.elasticsearch.names import Names
from review.indexes.elasticsearch.statistics import Officials, places, statistics, statistics_id
from review.indexes.elasticsearch.store import Store, check, operation


class Counting:
    """Writes statistics behind the alias of each tenant; an index is made for a tenant when the first one comes.

    The revision of the item is the version of its statistics: an older state never replaces a newer one, in whatever
    order they arrive.
    """

    def __init__(self, client: Elasticsearch, store: Store, *, names: Names, officials: Officials) -> None:
        self._client = client
        self._store = store
        self._names = names
        self._officials = officials

    def for_a_batch(self) -> "Counting":
        """The same, but each official is asked for once: that may be a query to the registry."""
        return Counting(self._client, self._store, names=self._names, officials=cache(self._officials))

    def places(self, known: Known) -> frozenset[str]:
        """Where statistics about a post belong, as ``tenant/official``."""
        return frozenset(places(known, self._officials))

    def write(self, holdings: Mapping[str, Holding], *, into: Mapping[str, str] | None = None) -> None:
        """Write the statistics of these posts, and remove those that no longer belong where they are.

        Args:
            into: the index of each tenant; by default what stands behind its alias.
        """
        operations = [each for post, holding in holdings.items() for each in self._operations(post, holding, into)]
        results = self._store.bulk(operations)
        # Nothing can be removed from where nothing is.
        missing = [
            number for number, result in enumerate(results) if is_missing(result) and len(operations[number]) > 1
        ]
        check([result for result in results if not is_missing(result)])
        if missing:
            for alias in {str(results[number]["_index"]) for number in missing}:
                Generations(self._client, alias).begin()
            check(self._store.bulk([operations[number] for number in missing]))

    def remove(self, holdings: Mapping[str, Holding], *, into: Mapping[str, str] | None = None) -> None:
        """Remove the statistics of posts that are gone; what a slow writer has yet to say about them comes too late."""
        gone = {post: replace(each, known=Known(), revision=each.revision + 1) for post, each in holdings.items()}
        self.write(gone, into=into)

    def _operations(self, post: str, holding: Holding, into: Mapping[str, str] | None) -> Iterator[Sequence[bytes]]:
        now = places(holding.known, self._officials)
        for place in sorted(holding.statistics):
            tenant, _, official = place.partition("/")
            head: dict[str, Any] = {
                "_index": self._names.statistics(tenant) if into is None else into[tenant],
                "_id": statistics_id(post, official),
                "version": holding.revision,
                "version_type": "external_gte",
                "require_alias": into is None,
            }
            if place in now:
                yield operation("index", head), msgspec.json.encode(statistics(holding.known, now[place]))
            else:
                yield (operation("delete", head),)
