"""A reindexing that is disturbed: whatever fails before the aliases move leaves all as it was, and writers go on."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from elastic_transport import ConnectionError as NoConnection
from elastic_transport import Urllib3HttpNode
from elasticsearch import Elasticsearch

from flow.errors import BadInput, Broken, TurvaktError, Unavailable
from review.indexes.elasticsearch.applying import outdated
from review.indexes.elasticsearch.generations import Generations
from review.indexes.elasticsearch.index import ElasticsearchIndex
from review.indexes.elasticsearch.reindexing import Reindexing, abandon
from review.indexes.elasticsearch.templates import load
from tests.review.elastic.conftest import OFFICIALS, MakeIndex
from tests.review.elastic.statistics import statistics
from tests.review.people import verdict
from tests.servers.fixtures import Place


def reindexing(index: ElasticsearchIndex, client: Elasticsearch | None = None, **how: Any) -> Reindexing:
    return Reindexing(client or index.client, names=index.names, officials=OFFICIALS.get, **how)


def is_as_it_was(index: ElasticsearchIndex) -> None:
    assert index.generations.current() == (f"{index.names.items}-000001",)
    for alias in (index.names.items, index.names.statistics("haabo")):
        assert Generations(index.client, alias).outside() == ()
    index.write_verdicts([verdict("a", edited=1), verdict("b")])
    assert len(statistics(index)) == 2


def _fail_in(monkeypatch: pytest.MonkeyPatch, where: type, name: str) -> None:
    """Where a step is done but its answer does not come."""
    step = getattr(where, name)

    def do(*args: object) -> None:
        step(*args)
        raise Unavailable("no answer")

    monkeypatch.setattr(where, name, do)


@pytest.mark.parametrize(("where", "step"), [(Generations, "block"), (Reindexing, "_show"), (Reindexing, "_moves")])
def test_what_fails_while_the_old_indices_are_closed_opens_them_again(
    index: ElasticsearchIndex, monkeypatch: pytest.MonkeyPatch, where: type, step: str
) -> None:
    index.write_verdicts([verdict("a")])
    with monkeypatch.context() as patched:
        _fail_in(patched, where, step)
        with pytest.raises(Unavailable, match="no answer"):
            reindexing(index).run()
    is_as_it_was(index)


def test_a_move_that_is_refused_leaves_all_as_it_was(
    index: ElasticsearchIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.write_verdicts([verdict("a")])
    missing = [{"remove_index": {"index": f"{index.names.items}-999999"}}]
    monkeypatch.setattr(Reindexing, "_moves", lambda *_: missing)
    with pytest.raises((BadInput, Broken)):
        reindexing(index).run()
    is_as_it_was(index)


_CUT_OFF = NoConnection("cut off")


class _Deaf(Urllib3HttpNode):
    """Does not hear the first answer to a request that ends with ``deaf_to``."""

    deaf_to = ""
    error: BaseException = _CUT_OFF

    def perform_request(self, method: str, target: str, *args: Any, **kwargs: Any) -> Any:
        answer = super().perform_request(method, target, *args, **kwargs)
        if method in ("PUT", "POST") and _Deaf.deaf_to and target.endswith(_Deaf.deaf_to):
            _Deaf.deaf_to = ""
            raise _Deaf.error
        return answer


@pytest.fixture
def deaf(elasticsearch: Place) -> Iterator[Callable[..., Elasticsearch]]:
    with ExitStack() as stack:

        def make(to: str, error: BaseException = _CUT_OFF) -> Elasticsearch:
            _Deaf.deaf_to, _Deaf.error = to, error
            return stack.enter_context(Elasticsearch([elasticsearch.address], node_class=_Deaf))

        yield make


def test_an_index_that_was_made_unheard_is_not_taken_for_anothers(
    index: ElasticsearchIndex, deaf: Callable[..., Elasticsearch]
) -> None:
    index.write_verdicts([verdict("a")])
    with pytest.raises(Unavailable):
        reindexing(index, deaf("-items-000002")).run()
    assert abandon(index.client, index.names) == [f"{index.names.items}-000002"]
    is_as_it_was(index)


def test_a_move_without_an_answer_is_left_to_a_person_and_not_tried_twice(
    index: ElasticsearchIndex, deaf: Callable[..., Elasticsearch]
) -> None:
    index.write_verdicts([verdict("a")])
    with pytest.raises(Broken, match="no answer while the aliases moved"):
        reindexing(index, deaf("/_aliases")).run()
    assert index.generations.current() == (f"{index.names.items}-000002",)
    index.write_verdicts([verdict("b")])
    assert len(statistics(index)) == 2


def test_who_interrupts_the_move_loses_nothing(index: ElasticsearchIndex, deaf: Callable[..., Elasticsearch]) -> None:
    index.write_verdicts([verdict("a")])
    with pytest.raises(KeyboardInterrupt):
        reindexing(index, deaf("/_aliases", KeyboardInterrupt())).run()
    assert index.generations.current() == (f"{index.names.items}-000002",)
    assert index.get("jsonl:a") is not None


def test_writers_for_a_new_tenant_need_not_wait_until_the_end(make_index: MakeIndex) -> None:
    """The item of its first post has been written, and its statistics have not yet."""
    index, other = make_index(), make_index()
    index.write_verdicts([verdict("a", officials=("bo",))])
    Generations(index.client, index.names.statistics("habo")).delete([f"{index.names.statistics('habo')}-000001"])
    errors: list[TurvaktError] = []

    def write(copied: int) -> None:
        try:
            other.write_verdicts([verdict("b", officials=("bo",))])
        except TurvaktError as error:
            errors.append(error)

    reindexing(index, told=write).run()
    assert errors == []
    assert len(statistics(index)) == 2


def test_all_indices_have_the_present_mapping_then(index: ElasticsearchIndex) -> None:
    """Also those of a tenant of whom nothing is held any more."""
    templates = load(index.names, shards=1, replicas=0)
    index.write_verdicts([verdict("a"), verdict("b", officials=("bo",))])
    index.forget(["jsonl:b"])
    aliases = [index.names.items, *(index.names.statistics(tenant) for tenant in ("haabo", "habo"))]
    for alias in aliases:
        index.client.indices.put_mapping(index=alias, meta={"version": 0})
    assert outdated(index.client, index.names, templates) == [f"{alias}-000001" for alias in aliases]
    assert reindexing(index).run() == 1
    assert outdated(index.client, index.names, templates) == []
