"""The index over a real server, with officials who are in the registry."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from elasticsearch import Elasticsearch

from registry.official import Consent, Official
from review.indexes.elasticsearch.applying import plan
from review.indexes.elasticsearch.client import connect
from review.indexes.elasticsearch.index import ElasticsearchIndex
from review.indexes.elasticsearch.names import Names
from review.indexes.elasticsearch.templates import load
from tests.review.people import at
from tests.servers.fixtures import Place


def official(id: str, municipality: str) -> Official:
    consent = Consent(("*",), since=at(-9999))
    return Official(
        id=id,
        given_names=(id.title(),),
        family_names=("Lindqvist",),
        forms=(),
        language="sv",
        role="councillor",
        party="Example",
        municipality=municipality,
        country="SE",
        handles={},
        consents=(consent,),
        contacts=(),
    )


OFFICIALS = {"anna": official("anna", "Håbo"), "bo": official("bo", "Habo"), "eva": official("eva", "Habo")}


def set_up(client: Elasticsearch, prefix: str) -> None:
    """Templates and indices."""
    names = Names(prefix)
    for step in plan(client, names, load(names, shards=2, replicas=0)):
        step.do()


MakeIndex = Callable[[], ElasticsearchIndex]


@pytest.fixture
def client(elasticsearch: Place) -> Iterator[Elasticsearch]:
    with connect([elasticsearch.address]) as client:
        yield client


@pytest.fixture
def make_index(elasticsearch: Place, client: Elasticsearch) -> Iterator[MakeIndex]:
    """Further indexes over the same place, each as in a process of its own."""
    set_up(client, elasticsearch.prefix)
    with ExitStack() as stack:

        def make() -> ElasticsearchIndex:
            own = stack.enter_context(connect([elasticsearch.address]))
            return ElasticsearchIndex(own, prefix=elasticsearch.prefix, officials=OFFICIALS.get, refresh=True)

        yield make


@pytest.fixture
def index(make_index: MakeIndex) -> ElasticsearchIndex:
    return make_index()
