"""The index contract over Elasticsearch."""

import pytest
from elasticsearch import Elasticsearch

from flow.errors import BadInput, Unavailable
from registry.official import Official
from review.index import Index, Query, every
from review.indexes.elasticsearch.documents import Holding, document
from review.indexes.elasticsearch.index import ElasticsearchIndex
from review.indexes.elasticsearch.known import Known
from review.indexes.elasticsearch.names import document_id
from review.indexes.elasticsearch.reindexing import Reindexing
from tests.review.contract_index import IndexContract
from tests.review.elastic.conftest import OFFICIALS, MakeIndex, set_up
from tests.review.people import at, verdict
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


def test_what_a_newer_program_wrote_is_left_out_and_waits_to_be_erased(index: ElasticsearchIndex) -> None:
    posts = [verdict(each, severity="high", labels=("threat",), judged=1) for each in "abc"]
    index.write_verdicts(posts)
    newer = document("jsonl:b", Holding(Known(posts[1]))) | {"records": {"verdict": '{"kind":"verdict","version":99}'}}
    (name,) = index.generations.current()
    index.client.index(index=name, id=document_id("jsonl:b"), document=newer, refresh=True)
    page = index.search(Query(limit=2))
    assert [item.verdict.post.id for item in page.items] == ["jsonl:c"]
    assert (page.unread, page.next is not None) == (1, True)
    assert [item.verdict.post.id for item in every(index, Query())] == ["jsonl:c", "jsonl:a"]
    assert [len(each) for each in index.old("flagged", at(9))] == [2]
    with pytest.raises(BadInput, match="wire version 99"):
        index.get("jsonl:b")
    with pytest.raises(Unavailable, match="wire version 99"):
        index.erase("anna")
