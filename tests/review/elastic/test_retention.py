"""Retention over Elasticsearch: what holds over the other indexes holds here, and the statistics go with the posts."""

import pytest

from review.indexes.elasticsearch.index import ElasticsearchIndex
from tests.review.elastic.statistics import statistics
from tests.review.test_retention import (
    GRAVE,
    LOW,
    Place,
    test_a_post_that_is_no_longer_flagged_takes_the_place_of_what_was_known_of_it,
    test_a_tenant_may_have_its_own_days,
    test_each_kind_has_its_days,
    test_what_is_held_as_evidence_stays,
)

__all__ = [
    "test_a_post_that_is_no_longer_flagged_takes_the_place_of_what_was_known_of_it",
    "test_a_tenant_may_have_its_own_days",
    "test_each_kind_has_its_days",
    "test_what_is_held_as_evidence_stays",
]


@pytest.fixture
def place(index: ElasticsearchIndex) -> Place:
    return Place(index)


def test_statistics_go_with_their_posts(place: Place, index: ElasticsearchIndex) -> None:
    place.write(LOW, GRAVE)
    assert len(statistics(index)) == 2
    assert place.after(30.1) == {"ekvik": {"low": 1}}
    assert len(statistics(index)) == 1
    assert place.after(365.1) == {"ekvik": {"flagged": 1}}
    assert statistics(index) == {}
