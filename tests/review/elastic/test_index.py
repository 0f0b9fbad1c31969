"""The index contract over Elasticsearch."""

import pytest
from elasticsearch import Elasticsearch

from registry.official import Official
from review.index import Index
from review.indexes.elasticsearch.index import ElasticsearchIndex
from review.indexes.elasticsearch.reindexing import Reindexing
from tests.review.contract_index import IndexContract
from tests.review.elastic.conftest import OFFICIALS, MakeIndex, set_up
from tests.review.people import verdict
from tests.servers.fixtures import Place


class TestElasticsearchIndex(IndexContract):
    @pytest.fixture
    def index(self, make_index: MakeIndex) -> Index:
        return make_index()


def test_each_official_is_asked_for_once_in_a_batch(client: Elasticsearch, elasticsearch: Place) -> None:
    """Where many processes write, each question is a query to their common registry."""
    asked: list[str] = []

    def ask(id: str) -> Official | None:
        asked.append(id)
        return OFFICIALS.get(id)

    set_up(client, elasticsearch.prefix)
    index = ElasticsearchIndex(client, prefix=elasticsearch.prefix, officials=ask, refresh=True)
    index.write_verdicts([verdict(str(each), officials=("anna", "bo")) for each in range(20)])
    assert sorted(asked) == ["anna", "bo"]
    asked.clear()
    Reindexing(client, names=index.names, officials=ask).run()
    assert sorted(set(asked)) == ["anna", "bo"]
    assert len(asked) < 20
