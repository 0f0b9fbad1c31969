"""What cannot be read whole at this moment is waited for."""

from collections.abc import Callable

import pytest

from flow.errors import Unavailable
from review.indexes.elasticsearch.client import faults
from review.indexes.elasticsearch.index import ElasticsearchIndex
from review.indexes.elasticsearch.reading import count, pages
from review.trends.reading import Reading, Without
from review.trends.writing import Writing
from tests.review.people import START, verdict


def lose(index: ElasticsearchIndex, alias: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A further index behind ``alias``, none of whose shards is anywhere. A refresh would wait for it."""
    monkeypatch.setattr(index.client.indices, "refresh", lambda **_: None)
    nowhere = {"index.routing.allocation.require._name": "nowhere", "index.refresh_interval": "-1"}
    index.client.indices.create(
        index=f"{alias}-000009", settings=nowhere, aliases={alias: {}}, wait_for_active_shards=0
    )


READS: dict[str, Callable[[ElasticsearchIndex], object]] = {
    "items": lambda index: index.generations.count(index.names.items),
    "hers": lambda index: index.count("bo"),
    "days": lambda index: Reading(index.client, index.names).days(Without("bo", None)),
    "first": lambda index: Reading(index.client, index.names).first(),
    "mentioned": lambda index: list(Reading(index.client, index.names).mentioned(START.date())),
}


@pytest.mark.parametrize("read", READS)
def test_an_answer_from_half_of_the_shards_is_none(
    index: ElasticsearchIndex, read: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.write_verdicts([verdict("a")])
    READS[read](index)
    lose(index, index.names.items if read == "items" else index.names.statistics("haabo"), monkeypatch)
    with pytest.raises(Unavailable):
        READS[read](index)


@pytest.mark.parametrize("where", ["items", "statistics"])
def test_nor_is_it_proven_that_files_are_clean_while_a_shard_is_away(
    index: ElasticsearchIndex, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.scrub()
    lose(index, index.names.items if where == "items" else index.names.statistics("haabo"), monkeypatch)
    with pytest.raises(Unavailable, match="a shard is away"):
        index.scrub()


def test_nor_are_pages_of_half_of_the_trends(index: ElasticsearchIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    writing = Writing(index.client, index.names)
    assert writing.replace(START.date(), [], only_flagged=False) == 0
    lose(index, index.names.trends("haabo"), monkeypatch)
    with pytest.raises(Unavailable):
        writing.replace(START.date(), [], only_flagged=False)


def test_pages_are_of_one_moment(index: ElasticsearchIndex) -> None:
    index.write_verdicts([verdict(str(number)) for number in range(5)])
    read = pages(index.client, index.names.items, {"match_all": {}}, size=2)
    first = next(read)
    index.write_verdicts([verdict(str(number)) for number in range(5, 9)])
    assert [len(first), *map(len, read)] == [2, 2, 1]
    assert count(index.client, index.names.items) == 9


def test_a_search_that_is_lost_between_two_pages_is_waited_for(index: ElasticsearchIndex) -> None:
    point = index.client.open_point_in_time(index=index.names.items, keep_alive="1m")["id"]
    index.client.close_point_in_time(id=point)
    with pytest.raises(Unavailable), faults(index.names.items):
        index.client.search(pit={"id": point, "keep_alive": "1m"})
