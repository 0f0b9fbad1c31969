"""The index contract over Elasticsearch."""

import pytest

from review.index import Index
from tests.review.contract_index import IndexContract
from tests.review.elastic.conftest import MakeIndex


class TestElasticsearchIndex(IndexContract):
    @pytest.fixture
    def index(self, make_index: MakeIndex) -> Index:
        return make_index()
