"""Documents of the items read and written, each only if it is still as it was read."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import msgspec
from elasticsearch import Elasticsearch

from flow.errors import Broken, Unavailable
from review.indexes.elasticsearch.client import faults, of_item, of_read
from review.indexes.elasticsearch.documents import Holding, document, holding_of
from review.indexes.elasticsearch.names import document_id

AT_ONCE = 1000
"""Documents of one request, at most."""
_BYTES = 8_000_000  # a request ends behind the document that passes this; Elasticsearch takes 100 MB

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Stored:
    """A document as it was read: where it lies, and the version that a later write must still find."""

    post: str
    index: str
    seq_no: int
    primary_term: int
    holding: Holding


class Store:
    """The documents of the items, one a post, over ``client``."""

    def __init__(self, client: Elasticsearch, *, refresh: bool = False) -> None:
        self._client = client
        self._refresh = refresh

    def read(self, posts: Collection[str], indices: Sequence[str]) -> dict[str, list[Stored]]:
        """The documents of ``posts`` as they are at this moment, in the order of ``indices``; what is not there is left out."""
        return {post: [stored(hit) for hit in hits] for post, hits in self._get(posts, indices, source=True).items()}

    def there(self, posts: Collection[str], indices: Sequence[str]) -> set[str]:
        """Those of ``posts`` that any of ``indices`` holds at this moment."""
        return set(self._get(posts, indices, source=False))

    def _get(
        self, posts: Collection[str], indices: Sequence[str], *, source: bool
    ) -> dict[str, list[Mapping[str, Any]]]:
        found: dict[str, list[Mapping[str, Any]]] = {}
        wanted = [(post, index) for post in posts for index in indices]
        for some in chunks(wanted, AT_ONCE):
            docs = [{"_index": index, "_id": document_id(post)} for post, index in some]
            with faults(indices[0]):
                answer = self._client.mget(docs=docs, source=source)
            for (post, _), hit in zip(some, answer["docs"], strict=True):
                if (error := of_read(hit)) is not None:
                    raise error
                if hit["found"]:
                    found.setdefault(post, []).append(hit)
        return found

    def write(self, changes: Sequence["Change"]) -> set[str]:
        """Write or remove documents; returns the posts whose documents were no longer as they had been read.

        Raises:
            BadInput: a document can never be written; the others have been.
        """
        results = self.bulk([change.lines() for change in changes])
        check(results)
        return {change.post for change, result in zip(changes, results, strict=True) if result["status"] == 409}

    def bulk(self, operations: Sequence[Sequence[bytes]]) -> list[Mapping[str, Any]]:
        """Carry out operations, in several requests where they are many; returns what became of each (see `check`)."""
        results: list[Mapping[str, Any]] = []
        for some in _requests(operations):
            with faults("bulk"):
                # The lines are encoded already, which its types do not foresee.
                answer = self._client.bulk(operations=some, refresh=self._refresh)  # type: ignore[arg-type]
            results.extend(next(iter(item.values())) for item in answer["items"])
        return results


def check(results: Sequence[Mapping[str, Any]]) -> None:
    """Raise the gravest error among what became of operations; to have lost against another writer is none."""
    errors = [error for result in results if (error := of_item(result)) is not None]
    if errors:
        raise max(errors, key=lambda error: (isinstance(error, Broken), isinstance(error, Unavailable)))


@dataclass(frozen=True, slots=True)
class Change:
    """``holding`` (``None``: nothing) in place of ``before`` (``None``: only where nothing is)."""

    post: str
    index: str
    before: Stored | None
    holding: Holding | None

    def lines(self) -> tuple[bytes, ...]:
        """As operation of a bulk request."""
        head: dict[str, Any] = {"_index": self.index, "_id": document_id(self.post)}
        if self.before is not None:
            head |= {"if_seq_no": self.before.seq_no, "if_primary_term": self.before.primary_term}
        if self.holding is None:
            return (operation("delete", head),)
        verb = "create" if self.before is None else "index"
        return operation(verb, head), msgspec.json.encode(document(self.post, self.holding))


def operation(verb: str, head: Mapping[str, Any]) -> bytes:
    """The first line of an operation of a bulk request."""
    return msgspec.json.encode({verb: head})


def stored(hit: Mapping[str, Any]) -> Stored:
    """A hit of a search or a read, with its version."""
    source = hit["_source"]
    return Stored(source["post"], hit["_index"], hit["_seq_no"], hit["_primary_term"], holding_of(source))


def chunks(values: Collection[Value], size: int) -> Iterator[list[Value]]:
    """``values`` in lists of at most ``size``."""
    rest = iter(values)
    while some := list(islice(rest, size)):
        yield some


def _requests(operations: Sequence[Sequence[bytes]]) -> Iterator[list[bytes]]:
    """The lines of operations, as many as a request may hold."""
    lines: list[bytes] = []
    size = many = 0
    for operation in operations:
        if many == AT_ONCE or size > _BYTES:
            yield lines
            lines, size, many = [], 0, 0
        lines.extend(operation)
        size += sum(map(len, operation))
        many += 1
    if lines:
        yield lines
