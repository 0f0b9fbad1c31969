"""The connection to Elasticsearch, and what its errors mean.

Elasticsearch's own texts may quote what was written: of its errors only status and type are told.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from elastic_transport import ConnectionError as NoConnection
from elastic_transport import ConnectionTimeout, TlsError, TransportError
from elasticsearch import ApiError, Elasticsearch, UnsupportedProductError
from elasticsearch.serializer import CompatibilityModeJsonSerializer

from flow.errors import BadInput, Broken, TurvaktError, Unavailable

PLACE = "elasticsearch"
SECONDS = 30.0
"""How long an ordinary request may take."""


class _Serializer(CompatibilityModeJsonSerializer):
    """Reads answers several times faster than the standard library."""

    def json_loads(self, data: bytes) -> Any:
        return msgspec.json.decode(data)


def connect(
    urls: Sequence[str],
    *,
    api_key: str = "",
    username: str = "",
    password: str = "",
    certificates: str = "",
) -> Elasticsearch:
    """A client for the nodes at ``urls``; it connects when it is first used.

    Args:
        api_key: proves who we are; else ``username`` and ``password`` do, else nothing.
        certificates: file of authorities to trust in place of the system's.

    Raises:
        Broken: an address, or the file of certificates, is not usable.
    """
    options: dict[str, Any] = {"request_timeout": SECONDS, "serializers": {_Serializer.mimetype: _Serializer()}}
    if api_key:
        options["api_key"] = api_key
    elif username:
        options["basic_auth"] = (username, password)
    if certificates:
        options["ca_certs"] = certificates
    try:
        return Elasticsearch(list(urls), **options)
    except (ValueError, OSError) as error:
        remedy = "Check elasticsearch.urls and elasticsearch.certificates"
        raise Broken(f"the settings make no connection ({type(error).__name__})", place=PLACE, remedy=remedy) from None


@contextmanager
def faults(place: str) -> Iterator[None]:
    """Turn Elasticsearch's errors into ours.

    Args:
        place: the index or alias that is asked, for the message.

    Raises:
        Unavailable: it does not answer, is busy, or may not be written to for now.
        BadInput: it can never take what it was sent.
        Broken: anything else.
    """
    try:
        yield
    except ApiError as error:
        if isinstance(error, UnsupportedProductError):
            raise Broken("this is no Elasticsearch", place=PLACE, remedy="Check elasticsearch.urls") from None
        raise _of_answer(error.status_code, _kind(error), place) from None
    except TlsError:
        raise Broken("its certificate is not trusted", place=PLACE, remedy="Check elasticsearch.certificates") from None
    except (NoConnection, ConnectionTimeout) as error:
        kind = "it does not answer in time" if isinstance(error, ConnectionTimeout) else "it cannot be reached"
        raise Unavailable(kind, place=PLACE, remedy="It is tried again") from None
    except TransportError as error:
        raise Broken(f"an answer makes no sense ({type(error).__name__})", place=PLACE) from None


def of_item(result: Mapping[str, Any]) -> TurvaktError | None:
    """The error of one operation of a bulk request; ``None`` if it was done, or lost against another writer."""
    status, place = result["status"], result["_index"]
    if "error" not in result or status == 409:
        return None
    if is_missing(result):
        return Unavailable("it was replaced this moment", place=f"{PLACE} {place}", remedy="It is tried again")
    return _of_answer(status, result["error"]["type"], place)


def of_read(hit: Mapping[str, Any]) -> TurvaktError | None:
    """The error of one document of a read of many; ``None`` if it is there, or certainly not."""
    if "error" not in hit:
        return None
    where, kind = f"{PLACE} {hit['_index']}", hit["error"]["type"]
    return Unavailable(f"it cannot be read at this moment ({kind})", place=where, remedy="It is tried again")


def is_missing(result: Mapping[str, Any]) -> bool:
    """Whether an operation of a bulk request failed because its index does not exist."""
    return bool("error" in result and result["error"]["type"] == "index_not_found_exception")


def _kind(error: ApiError) -> str:
    body = error.body
    if isinstance(body, Mapping) and isinstance(body.get("error"), Mapping):
        return str(body["error"].get("type"))
    return "no reason given"


def _of_answer(status: int, kind: str, place: str) -> TurvaktError:
    where = f"{PLACE} {place}"
    if kind == "cluster_block_exception":
        remedy = (
            "It is tried again. It goes on when a reindexing ends ('turvakt index show'), or when the disk has room"
        )
        return Unavailable("it may not be written to for now", place=where, remedy=remedy)
    # Also a fault of its own (500): while it starts or stops, a shard fails in ways that the next try no longer sees.
    # And a search that it has lost between two pages (404).
    if status in (408, 429) or status >= 500 or (status == 404 and kind.startswith("search_")):
        return Unavailable(f"it is busy or away ({status} {kind})", place=where, remedy="It is tried again")
    if status == 404 and kind == "index_not_found_exception":
        return Broken("there is no such index", place=where, remedy="Run 'turvakt index apply'")
    if kind == "strict_dynamic_mapping_exception":
        remedy = "Run 'turvakt index apply', then 'turvakt reindex'"
        return Broken("the index does not know a field that this program writes", place=where, remedy=remedy)
    if status in (401, 403):
        return Broken(f"it refuses us ({status})", place=where, remedy="Check elasticsearch.api_key and its rights")
    if status in (400, 413):
        return BadInput(f"it cannot be indexed ({kind})", place=where)
    return Broken(f"it refused a request ({status} {kind})", place=where)
